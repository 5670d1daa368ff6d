/**
 * The `Queue` port on SQLite.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  QUEUE_BACKOFF_MS_MAX,
  QUEUE_BODY_BYTES_MAX,
  QUEUE_DEAD_MAX,
  QUEUE_DELAY_MS_MAX,
  QUEUE_KEY_CHARS_MAX,
  QUEUE_MESSAGES_MAX,
  QUEUE_REASON_CHARS_MAX,
  QUEUE_TAKEN_MAX,
  QUEUE_TOPIC_CHARS_MAX,
} from '@turnpike/core/limits/queue'
import {
  type HeldMessage,
  type Queue,
  type QueuedMessage,
  QueueFull,
  type Settlement,
  type TakeOptions,
} from '@turnpike/core/ports/queue'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'

/** How many messages of a topic may wait, and be dead. */
export interface QueueRoom {
  readonly messagesMax: number
  readonly deadMax: number
}

const ROOM: QueueRoom = { messagesMax: QUEUE_MESSAGES_MAX, deadMax: QUEUE_DEAD_MAX }

const PUT = `
  INSERT INTO queue (topic, key, body, put_ms, not_before_ms) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING
`
// A clock that was ahead for a while may have put messages off for years.
const RESCUE = `
  UPDATE queue SET not_before_ms = ? WHERE topic = ? AND dead_ms IS NULL AND not_before_ms > ?
`
const TAKE = `
  UPDATE queue SET attempts = attempts + 1, lease = lease + 1, not_before_ms = ?
  WHERE id IN (
    SELECT id FROM queue WHERE topic = ? AND dead_ms IS NULL AND not_before_ms <= ?
    ORDER BY not_before_ms LIMIT ?
  )
  RETURNING id, topic, key, body, attempts AS attempt, lease, put_ms AS putMs
`
const HELD = 'WHERE id = ? AND lease = ? AND dead_ms IS NULL'

/**
 * A queue in a table of `database`. What is put inside a transaction of the caller is there if and
 * when that transaction is; otherwise each call is a transaction of its own.
 *
 * @example
 * const queue = new SqliteQueue(billing, clock)
 * transact(billing, () => { moveWatermark(); queue.put([{ topic, key, body }]) })
 */
export class SqliteQueue implements Queue {
  readonly #database: DatabaseSync
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #room: QueueRoom
  readonly #put: StatementSync
  readonly #rescue: StatementSync
  readonly #take: StatementSync
  readonly #done: StatementSync
  readonly #retry: StatementSync
  readonly #bury: StatementSync

  /** @param database has `QUEUE_SCHEMA`; several queues may share it */
  constructor(database: DatabaseSync, clock: Pick<Clock, 'nowMs'>, room: QueueRoom = ROOM) {
    this.#database = database
    this.#clock = clock
    this.#room = room
    this.#put = database.prepare(PUT)
    this.#rescue = database.prepare(RESCUE)
    this.#take = database.prepare(TAKE)
    this.#done = database.prepare(`DELETE FROM queue ${HELD}`)
    this.#retry = database.prepare(
      `UPDATE queue SET not_before_ms = ?, reason = ?, lease = lease + 1 ${HELD}`,
    )
    this.#bury = database.prepare(
      `UPDATE queue SET dead_ms = ?, reason = ?, lease = lease + 1 ${HELD}`,
    )
  }

  put(messages: readonly QueuedMessage[]): Result<{ readonly added: number }, QueueFull> {
    for (const message of messages) checkBounds(message)
    const nowMs = this.#clock.nowMs()
    return this.#within(() => {
      const full = this.#full(messages)
      if (full !== undefined) return fail(full)
      let added = 0
      for (const { topic, key, body, notBeforeMs = nowMs } of messages)
        added += Number(this.#put.run(topic, key, body, nowMs, atMost(notBeforeMs, nowMs)).changes)
      return ok({ added })
    })
  }

  take(topic: string, { limit, visibilityMs }: TakeOptions): readonly HeldMessage[] {
    if (limit < 1 || limit > QUEUE_TAKEN_MAX)
      throw new RangeError(`"limit" expected 1 to ${QUEUE_TAKEN_MAX}, got ${limit}`)
    const nowMs = this.#clock.nowMs()
    return this.#within(() => {
      this.#rescue.run(nowMs, topic, nowMs + QUEUE_DELAY_MS_MAX)
      const untilMs = atMost(nowMs + visibilityMs, nowMs)
      return this.#take.all(untilMs, topic, nowMs, limit) as unknown as HeldMessage[]
    })
  }

  settle(settlements: readonly Settlement[]): number {
    return this.#within(() => settlements.reduce((sum, one) => sum + this.#settleOne(one), 0))
  }

  nextMs(topic: string): number | undefined {
    const next = this.#database
      .prepare('SELECT min(not_before_ms) AS ms FROM queue WHERE topic = ? AND dead_ms IS NULL')
      .get(topic)!['ms']
    return next === null ? undefined : atMost(Number(next), this.#clock.nowMs())
  }

  #settleOne({ held: { id, lease }, outcome }: Settlement): number {
    const nowMs = this.#clock.nowMs()
    if (outcome.kind === 'done') return Number(this.#done.run(id, lease).changes)
    const reason = outcome.reason.slice(0, QUEUE_REASON_CHARS_MAX)
    if (outcome.kind === 'dead' && this.#mayBury(id))
      return Number(this.#bury.run(nowMs, reason, id, lease).changes)
    const againMs = outcome.kind === 'dead' ? nowMs + QUEUE_BACKOFF_MS_MAX : outcome.notBeforeMs
    return Number(this.#retry.run(atMost(againMs, nowMs), reason, id, lease).changes)
  }

  #mayBury(id: number): boolean {
    const topic = this.#database.prepare('SELECT topic FROM queue WHERE id = ?').get(id)?.['topic']
    return topic === undefined || this.#count(String(topic), true) < this.#room.deadMax
  }

  #full(messages: readonly QueuedMessage[]): QueueFull | undefined {
    const { messagesMax } = this.#room
    for (const [topic, { length }] of Map.groupBy(messages, (message) => message.topic))
      if (this.#count(topic, false) + length > messagesMax) return new QueueFull(topic, messagesMax)
    return undefined
  }

  #count(topic: string, isDead: boolean): number {
    const where = `topic = ? AND dead_ms IS ${isDead ? 'NOT NULL' : 'NULL'}`
    const sql = `SELECT count(*) AS count FROM queue WHERE ${where}`
    return Number(this.#database.prepare(sql).get(topic)!['count'])
  }

  #within<T>(work: () => T): T {
    return this.#database.isTransaction ? work() : transact(this.#database, work)
  }
}

/** A time that is no further ahead than any message may wait. */
function atMost(ms: number, nowMs: number): number {
  return Math.min(Math.floor(ms), nowMs + QUEUE_DELAY_MS_MAX)
}

function checkBounds({ topic, key, body }: QueuedMessage): void {
  checkLength('topic', topic.length, QUEUE_TOPIC_CHARS_MAX)
  checkLength('key', key.length, QUEUE_KEY_CHARS_MAX)
  checkLength('body', body.length, QUEUE_BODY_BYTES_MAX)
}

function checkLength(name: string, length: number, max: number): void {
  if (length > max) throw new RangeError(`"${name}" expected length <= ${max}, got ${length}`)
}
