import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { QUEUE_CONTRACT, type QueueSubject } from '@turnpike/core/contract/queue'
import { SqliteQueueKeeper } from './keeper.ts'
import { SqliteQueue } from './queue.ts'
import { QUEUE_SCHEMA } from './schema.ts'

function openQueue(): QueueSubject {
  const database = new DatabaseSync(':memory:')
  database.exec(QUEUE_SCHEMA)
  let nowMs = 1_800_000_000_000
  const clock = { nowMs: () => nowMs }
  const [messagesMax, deadMax] = [8, 3]
  return {
    queue: new SqliteQueue(database, clock, { messagesMax, deadMax }),
    keeper: new SqliteQueueKeeper(database, clock, messagesMax),
    advance: (ms) => (nowMs += ms),
    nowMs: () => nowMs,
    messagesMax,
    deadMax,
  }
}

for (const { name, run } of QUEUE_CONTRACT) test(`queue on SQLite: ${name}`, () => run(openQueue()))
