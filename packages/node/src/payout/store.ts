/**
 * The `Payouts` port on SQLite.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { consolidationOf, payoutMonth } from '@turnpike/accounting/payout/outcome'
import { dayOf } from '@turnpike/core/billing/period'
import { epochOf } from '@turnpike/core/billing/epoch'
import { BATCHES_WAITING_MAX } from '@turnpike/core/limits/payout'
import {
  BatchesFull,
  type CheckedBatch,
  type Consolidation,
  type IssuedReceipt,
  type NewBatch,
  type PaidRow,
  type Payouts,
  type ProvenRetrieval,
  type WaitingBatch,
} from '@turnpike/core/ports/payouts'
import type { Queue } from '@turnpike/core/ports/queue'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'

/** Topic of the queue: the key of a message is the id of a batch, and its body is empty. */
export const BATCH_TOPIC = 'payout-batch'

const WAITING = `
  SELECT b.id, n.did AS node, b.batch, b.url, b.tracked_ms AS trackedMs, b.task, b.invocation
  FROM payout_batches b JOIN payout_nodes n ON n.id = b.node
  WHERE b.id = ? AND b.receipt IS NULL
`
const ADD_DAY = `
  INSERT INTO payout_days (node, month, day, space, bytes, receipts) VALUES (?, ?, ?, ?, ?, 1)
  ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, receipts = receipts + 1
`
const PAID = `
  SELECT d.day, s.did AS space, d.bytes, d.receipts
  FROM payout_days d JOIN payout_spaces s ON s.id = d.space
  WHERE d.node = (SELECT id FROM payout_nodes WHERE did = ?) AND d.month = ?
  ORDER BY d.day, s.did
`

/** What it is made of. */
export interface PayoutsOptions {
  /** `billing.sqlite`. */
  readonly billing: DatabaseSync
  /** In the same database, so that a batch and its message are put down together. */
  readonly queue: Queue
  readonly clock: Pick<Clock, 'nowMs'>
  readonly waitingMax?: number
}

/**
 * Batches and what they came to, in `billing.sqlite`.
 *
 * @example
 * const payouts = new SqlitePayouts({ billing, queue, clock: nodeClock })
 */
export class SqlitePayouts implements Payouts {
  readonly #billing: DatabaseSync
  readonly #queue: Queue
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #waitingMax: number

  constructor({ billing, queue, clock, waitingMax = BATCHES_WAITING_MAX }: PayoutsOptions) {
    this.#billing = billing
    this.#queue = queue
    this.#clock = clock
    this.#waitingMax = waitingMax
  }

  track(batch: NewBatch): Result<{ readonly task: Uint8Array }, BatchesFull> {
    return transact(this.#billing, () => {
      const node = this.#idOf('payout_nodes', batch.node)
      const known = this.#billing
        .prepare(
          `SELECT id, task, receipt IS NULL AS waits FROM payout_batches
           WHERE node = ? AND batch = ?`,
        )
        .get(node, batch.batch)
      if (known !== undefined) {
        if (known['waits'] === 1) {
          const id = Number(known['id'])
          this.#run('UPDATE payout_batches SET url = ? WHERE id = ?', batch.url, id)
          // It may have been given up, and then forgotten by the queue.
          this.#enqueue(String(id))
        }
        return ok({ task: known['task'] as Uint8Array })
      }
      const { waiting } = this.#billing
        .prepare(
          'SELECT count(*) AS waiting FROM payout_batches WHERE node = ? AND receipt IS NULL',
        )
        .get(node)!
      if (Number(waiting) >= this.#waitingMax)
        return fail(new BatchesFull(`batches of ${batch.node} expected < ${this.#waitingMax}`))
      const { lastInsertRowid } = this.#billing
        .prepare(
          `INSERT INTO payout_batches (node, batch, url, tracked_ms, task, invocation)
           VALUES (?, ?, ?, ?, ?, ?)`,
        )
        .run(node, batch.batch, batch.url, batch.trackedMs, batch.task, batch.invocation)
      this.#enqueue(String(lastInsertRowid))
      return ok({ task: batch.task })
    })
  }

  #enqueue(key: string): void {
    const put = this.#queue.put([{ topic: BATCH_TOPIC, key, body: new Uint8Array() }])
    if (put instanceof Promise) throw new TypeError('"queue" expected in the same database')
    if (put.error) throw put.error
  }

  waiting(id: number): WaitingBatch | undefined {
    const row = this.#billing.prepare(WAITING).get(id)
    return row && ({ ...row } as unknown as WaitingBatch)
  }

  consolidate(
    id: number,
    checked: CheckedBatch,
    issue: (outcome: Consolidation) => IssuedReceipt,
  ): void {
    transact(this.#billing, () => {
      const batch = this.waiting(id)
      if (batch === undefined) return
      const nowMs = this.#clock.nowMs()
      const node = this.#idOf('payout_nodes', batch.node)
      const seen = this.#billing.prepare(
        'INSERT INTO payout_seen VALUES (?, ?) ON CONFLICT DO NOTHING',
      )
      const isNew = (task: Uint8Array): boolean => seen.run(node, task).changes > 0
      const { outcome, counted } = consolidationOf(checked, isNew)
      this.#addDays(node, counted, nowMs)
      this.#keep(id, issue(outcome), nowMs)
    })
  }

  giveUp(id: number, receipt: IssuedReceipt): void {
    transact(this.#billing, () => {
      if (this.waiting(id) !== undefined) this.#keep(id, receipt, this.#clock.nowMs())
    })
  }

  *paid(node: string, month: string): Generator<PaidRow> {
    const statement = this.#billing.prepare(PAID)
    statement.setReadBigInts(true)
    for (const row of statement.iterate(node, month))
      yield {
        day: Number(row['day']),
        space: String(row['space']),
        bytes: row['bytes'] as bigint,
        receipts: Number(row['receipts']),
      }
  }

  nodes(): string[] {
    const rows = this.#billing.prepare('SELECT did FROM payout_nodes ORDER BY did').all()
    return rows.map(({ did }) => String(did))
  }

  #addDays(node: number, counted: readonly ProvenRetrieval[], nowMs: number): void {
    const add = this.#billing.prepare(ADD_DAY)
    const spaces = new Map<string, number>()
    for (const { space, bytes, servedMs } of counted) {
      const spaceId = spaces.get(space) ?? this.#idOf('payout_spaces', space)
      spaces.set(space, spaceId)
      add.run(node, payoutMonth(servedMs, nowMs), dayOf(epochOf(servedMs)), spaceId, bytes)
    }
  }

  #keep(id: number, { cid, bytes }: IssuedReceipt, nowMs: number): void {
    this.#billing
      .prepare(
        'UPDATE payout_batches SET receipt_cid = ?, receipt = ?, consolidated_ms = ? WHERE id = ?',
      )
      .run(cid, bytes, nowMs, id)
  }

  #idOf(table: 'payout_nodes' | 'payout_spaces', did: string): number {
    this.#run(`INSERT INTO ${table} (did) VALUES (?) ON CONFLICT DO NOTHING`, did)
    return Number(this.#billing.prepare(`SELECT id FROM ${table} WHERE did = ?`).get(did)!['id'])
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#billing.prepare(sql).run(...values)
  }
}
