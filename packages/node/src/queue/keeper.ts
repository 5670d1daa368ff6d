/**
 * The queue for those who watch over it: what waits, what is dead, and what becomes of that.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import {
  QUEUE_DEAD_KEPT_MS,
  QUEUE_LISTED_MAX,
  QUEUE_MESSAGES_MAX,
} from '@turnpike/core/limits/queue'
import type { QueueCount, QueueKeeper, QueueRow, QueueSelection } from '@turnpike/core/ports/queue'
import type { Clock } from '@turnpike/core/ports/runtime'
import { transact } from '../catalog/database.ts'

const ROW = `
  id, topic, key, length(body) AS sizeBytes, attempts, put_ms AS putMs,
  not_before_ms AS notBeforeMs, dead_ms AS deadMs, reason
`
const SELECTED = '(:topic IS NULL OR topic = :topic) AND (:id IS NULL OR id = :id)'
const REDRIVE = `
  UPDATE queue SET dead_ms = NULL, attempts = 0, not_before_ms = :now
  WHERE id IN (
    SELECT id FROM queue WHERE topic = :topic AND dead_ms IS NOT NULL
      AND (:id IS NULL OR id = :id)
    ORDER BY dead_ms LIMIT :room
  )
`

/**
 * Watches over the queues in `database`.
 *
 * @example
 * new SqliteQueueKeeper(billing, clock).redrive({ topic: 'egress' })
 */
export class SqliteQueueKeeper implements QueueKeeper {
  readonly #database: DatabaseSync
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #messagesMax: number

  /** @param messagesMax messages of one topic that may wait */
  constructor(
    database: DatabaseSync,
    clock: Pick<Clock, 'nowMs'>,
    messagesMax: number = QUEUE_MESSAGES_MAX,
  ) {
    this.#database = database
    this.#clock = clock
    this.#messagesMax = messagesMax
  }

  counts(): readonly QueueCount[] {
    const rows = this.#database
      .prepare(
        `SELECT topic, count(*) - count(dead_ms) AS waiting, count(dead_ms) AS dead
         FROM queue GROUP BY topic ORDER BY topic`,
      )
      .all()
    return rows as unknown as QueueCount[]
  }

  list({ isDead, ...selection }: QueueSelection & { readonly isDead: boolean }): QueueRow[] {
    const which = `dead_ms IS ${isDead ? 'NOT NULL' : 'NULL'} AND ${SELECTED}`
    const rows = this.#database
      .prepare(`SELECT ${ROW} FROM queue WHERE ${which} ORDER BY id LIMIT ${QUEUE_LISTED_MAX}`)
      .all(named(selection))
    return rows.map((row) => rowOf(row as unknown as StoredRow))
  }

  redrive(selection: QueueSelection): number {
    return transact(this.#database, () => {
      let redriven = 0
      for (const { topic, waiting, dead } of this.counts()) {
        if (dead === 0 || (selection.topic ?? topic) !== topic) continue
        const room = Math.max(0, this.#messagesMax - waiting)
        const values = { ...named({ ...selection, topic }), now: this.#clock.nowMs(), room }
        redriven += Number(this.#database.prepare(REDRIVE).run(values).changes)
      }
      return redriven
    })
  }

  wake(topic: string): void {
    const sql = `UPDATE queue SET not_before_ms = :now
      WHERE topic = :topic AND dead_ms IS NULL AND not_before_ms > :now`
    this.#database.prepare(sql).run({ topic, now: this.#clock.nowMs() })
  }

  buryAll(topic: string, reason: string): void {
    const sql = `UPDATE queue SET dead_ms = :now, reason = :reason, lease = lease + 1
      WHERE topic = :topic AND dead_ms IS NULL`
    this.#database.prepare(sql).run({ topic, reason, now: this.#clock.nowMs() })
  }

  purge(): readonly QueueRow[] {
    const rows = this.#database
      .prepare(
        `DELETE FROM queue WHERE id IN (
           SELECT id FROM queue WHERE dead_ms <= ? ORDER BY id LIMIT ${QUEUE_LISTED_MAX}
         ) RETURNING ${ROW}`,
      )
      .all(this.#clock.nowMs() - QUEUE_DEAD_KEPT_MS)
    return rows.map((row) => rowOf(row as unknown as StoredRow))
  }
}

interface StoredRow extends Omit<QueueRow, 'notBeforeMs' | 'deadMs'> {
  readonly notBeforeMs: number
  readonly deadMs: number | null
}

function rowOf({ notBeforeMs, deadMs, ...row }: StoredRow): QueueRow {
  return deadMs === null
    ? { ...row, notBeforeMs, deadMs: undefined }
    : { ...row, notBeforeMs: undefined, deadMs }
}

function named({ topic, id }: QueueSelection): { topic: string | null; id: number | null } {
  return { topic: topic ?? null, id: id ?? null }
}
