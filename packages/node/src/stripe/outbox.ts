/**
 * The outbox of the Stripe sink: each hour of each customer and meter, until Stripe has it.
 * @module
 */
import { createHash } from 'node:crypto'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { transact } from '../catalog/database.ts'

/** Usage of one customer and meter in one hour. */
export interface HourUsage {
  readonly customer: string
  /** The meter's event name. */
  readonly meter: string
  readonly epoch: number
  /** All of it, whatever was sent before. */
  readonly total: bigint
}

/** An event on its way to Stripe. */
export interface OutboxEvent extends Omit<HourUsage, 'total'> {
  readonly id: number
  /** 0 for the hour itself, then one more for each correction. */
  readonly revision: number
  /** Follows from customer, meter, hour and revision. */
  readonly identifier: string
  /** What this event adds; below zero where it takes back. */
  readonly value: bigint
  /** Attempts so far. */
  readonly attempts: number
  /** Wall-clock ms of the first attempt, which may have reached Stripe; undefined before it. */
  readonly triedMs: number | undefined
  readonly stripeId: string
}

/** An event that somebody has to look at. */
export interface StuckEvent {
  readonly customer: string
  readonly meter: string
  readonly epoch: number
  readonly identifier: string
  readonly reason: string
}

const STRIPE_ID = /^cus_[A-Za-z0-9]{1,64}$/

/** Text that is no id of a customer at Stripe, or that of another one. */
export class InvalidStripeId extends Error {
  override readonly name = 'InvalidStripeId'
  constructor(text: string, other?: string) {
    super(
      other === undefined
        ? `expected the id of a customer at Stripe (cus_…), got "${text}"`
        : `${text} expected to be of one customer, and is that of ${other}`,
    )
  }
}

/**
 * Identifier of an event: the same whenever it is sent again. 64 characters of at most 100.
 *
 * @example
 * identifierOf('did:mailto:example.com:alice', 'turnpike_egress_bytes', 498_576, 0)
 */
export function identifierOf(
  customer: string,
  meter: string,
  epoch: number,
  revision: number,
): string {
  const text = JSON.stringify([customer, meter, epoch, revision])
  return createHash('sha256').update(text).digest('hex')
}

/** Events in `billing.sqlite`. */
export class StripeOutbox {
  readonly #billing: DatabaseSync
  // Prepared once, when needed: a month late is a million rows.
  #before: StatementSync | undefined
  #insert: StatementSync | undefined

  constructor(billing: DatabaseSync) {
    this.#billing = billing
  }

  /** First hour that was not put down yet; undefined before the first was. */
  watermark(): number | undefined {
    const row = this.#one('SELECT end_epoch FROM stripe_watermark')
    return row && Number(row['end_epoch'])
  }

  /** First hour that was put down. */
  firstEpoch(): number {
    return Number(this.#one('SELECT first_epoch FROM stripe_watermark')?.['first_epoch'] ?? 0)
  }

  /**
   * Puts usage down and moves the watermark, in one transaction. What was put down before counts:
   * only the difference becomes an event, as a further revision of its hour.
   *
   * @param span all hours that usage was looked for in: they begin where the last ones ended
   * @returns how many events came of it
   */
  put(usage: readonly HourUsage[], span?: EpochSpan): number {
    return transact(this.#billing, () => {
      let added = 0
      for (const one of usage) added += this.#add(one)
      if (span !== undefined)
        this.#run(
          `INSERT INTO stripe_watermark VALUES (1, ?, ?)
           ON CONFLICT DO UPDATE SET end_epoch = excluded.end_epoch`,
          span.firstEpoch,
          span.endEpoch,
        )
      return added
    })
  }

  #add({ customer, meter, epoch, total }: HourUsage): number {
    this.#before ??= this.#billing.prepare(
      `SELECT value, revision FROM stripe_outbox WHERE customer = ? AND meter = ? AND epoch = ?
       ORDER BY revision`,
    )
    const before = this.#before.all(customer, meter, epoch)
    const value = before.reduce((left, row) => left - BigInt(String(row['value'])), total)
    if (value === 0n) return 0
    const revision = Number(before.at(-1)?.['revision'] ?? -1) + 1
    const identifier = identifierOf(customer, meter, epoch, revision)
    this.#insert ??= this.#billing.prepare(
      `INSERT INTO stripe_outbox
         (customer, meter, epoch, revision, identifier, value, state, attempts, not_before_ms,
          reason)
       VALUES (?, ?, ?, ?, ?, ?, 'waiting', 0, 0, '')`,
    )
    this.#insert.run(customer, meter, epoch, revision, identifier, String(value))
    return 1
  }

  /**
   * Events whose time has come, of customers who are known at Stripe, oldest hour first. A revision
   * waits for those before it: of one hour, only one event at a time is in doubt.
   */
  due(nowMs: number, limit: number): OutboxEvent[] {
    const rows = this.#billing
      .prepare(
        `SELECT o.*, c.stripe_id FROM stripe_outbox o JOIN stripe_customers c USING (customer)
         WHERE state = 'waiting' AND not_before_ms <= ? AND NOT EXISTS (
           SELECT 1 FROM stripe_outbox e WHERE e.customer = o.customer AND e.meter = o.meter
             AND e.epoch = o.epoch AND e.revision < o.revision AND e.state = 'waiting')
         ORDER BY epoch, id LIMIT ?`,
      )
      .all(nowMs, limit)
    return rows.map((row) => ({
      id: Number(row['id']),
      customer: String(row['customer']),
      meter: String(row['meter']),
      epoch: Number(row['epoch']),
      revision: Number(row['revision']),
      identifier: String(row['identifier']),
      value: BigInt(String(row['value'])),
      attempts: Number(row['attempts']),
      triedMs: row['tried_ms'] === null ? undefined : Number(row['tried_ms']),
      stripeId: String(row['stripe_id']),
    }))
  }

  /** Says, durably, that an event is about to be sent: it may reach Stripe from now on. */
  trying(id: number, nowMs: number): void {
    const set = 'attempts = attempts + 1, tried_ms = coalesce(tried_ms, ?)'
    this.#run(`UPDATE stripe_outbox SET ${set} WHERE id = ?`, nowMs, id)
  }

  /** Stripe has it. */
  sent(id: number, nowMs: number): void {
    this.#run("UPDATE stripe_outbox SET state = 'sent', sent_ms = ? WHERE id = ?", nowMs, id)
  }

  /** To be sent again, not before a time. */
  retry(id: number, notBeforeMs: number, reason: string): void {
    const set = 'not_before_ms = ?, reason = ?'
    this.#run(`UPDATE stripe_outbox SET ${set} WHERE id = ?`, notBeforeMs, reason, id)
  }

  /** Forgets the attempts so far: Stripe does not have it, and would not know its identifier. */
  notThere(id: number): void {
    this.#run('UPDATE stripe_outbox SET tried_ms = NULL WHERE id = ?', id)
  }

  /** Stripe does not take it, and will not. */
  failed(id: number, reason: string): void {
    this.#run("UPDATE stripe_outbox SET state = 'failed', reason = ? WHERE id = ?", reason, id)
  }

  /** Stripe took an event first, and refused it later. */
  refusedLater(identifier: string, reason: string): void {
    const sql = "UPDATE stripe_outbox SET state = 'failed', reason = ? WHERE identifier = ?"
    this.#run(sql, reason, identifier)
  }

  /** Values of a customer and meter in some hours: all of them, or those that Stripe has. */
  sum(customer: string, meter: string, span: EpochSpan, only: 'all' | 'sent'): bigint {
    const rows = this.#billing
      .prepare(
        `SELECT value FROM stripe_outbox WHERE customer = ? AND meter = ?
         AND epoch >= ? AND epoch < ? AND (? = 'all' OR state = 'sent')`,
      )
      .all(customer, meter, span.firstEpoch, span.endEpoch, only)
    return rows.reduce((sum, row) => sum + BigInt(String(row['value'])), 0n)
  }

  /** Events that failed, and those that wait for hours before `epoch`: at most `limit`. */
  stuck(epoch: number, limit: number): StuckEvent[] {
    const rows = this.#billing
      .prepare(
        `SELECT customer, meter, epoch, identifier,
           CASE WHEN state = 'waiting' AND reason = '' THEN 'not sent yet' ELSE reason END AS reason
         FROM stripe_outbox WHERE state = 'failed' OR (state = 'waiting' AND epoch < ?)
         ORDER BY epoch, id LIMIT ?`,
      )
      .all(epoch, limit)
    return rows as unknown as StuckEvent[]
  }

  /**
   * Lets failed events be sent again, each as a further revision: Stripe may know its identifier,
   * as that of an event which it refused. Returns how many.
   */
  redrive(): number {
    return transact(this.#billing, () => {
      const rows = this.#billing.prepare("SELECT * FROM stripe_outbox WHERE state = 'failed'").all()
      for (const { id, customer, meter, epoch } of rows) {
        const { revision } = this.#billing
          .prepare(
            `SELECT max(revision) + 1 AS revision FROM stripe_outbox
             WHERE customer = ? AND meter = ? AND epoch = ?`,
          )
          .get(customer!, meter!, epoch!)!
        const number = Number(revision)
        this.#run(
          `UPDATE stripe_outbox SET state = 'waiting', revision = ?, identifier = ?, attempts = 0,
             tried_ms = NULL, not_before_ms = 0, reason = '' WHERE id = ?`,
          number,
          identifierOf(String(customer), String(meter), Number(epoch), number),
          id!,
        )
      }
      return rows.length
    })
  }

  /** First of some hours of which a customer and meter had an event sent after a time. */
  firstSentSince(
    customer: string,
    meter: string,
    span: EpochSpan,
    sinceMs: number,
  ): number | undefined {
    const row = this.#billing
      .prepare(
        `SELECT min(epoch) AS epoch FROM stripe_outbox
         WHERE customer = ? AND meter = ? AND epoch >= ? AND epoch < ? AND sent_ms > ?`,
      )
      .get(customer, meter, span.firstEpoch, span.endEpoch, sinceMs)
    return row?.['epoch'] === null ? undefined : Number(row!['epoch'])
  }

  /** Says who a customer is at Stripe. */
  map(customer: string, stripeId: string): void {
    if (!STRIPE_ID.test(stripeId)) throw new InvalidStripeId(stripeId)
    const other = this.#billing
      .prepare('SELECT customer FROM stripe_customers WHERE stripe_id = ? AND customer <> ?')
      .get(stripeId, customer)
    if (other !== undefined) throw new InvalidStripeId(stripeId, String(other['customer']))
    this.#run('INSERT OR REPLACE INTO stripe_customers VALUES (?, ?)', customer, stripeId)
  }

  /** Who customers are at Stripe. */
  mapped(): { readonly customer: string; readonly stripeId: string }[] {
    const rows = this.#billing
      .prepare('SELECT customer, stripe_id AS stripeId FROM stripe_customers ORDER BY customer')
      .all()
    return rows as { customer: string; stripeId: string }[]
  }

  /** How many events are in each state. */
  counts(): Readonly<Record<'waiting' | 'sent' | 'failed', number>> {
    const counts = { waiting: 0, sent: 0, failed: 0 }
    const sql = 'SELECT state, count(*) AS events FROM stripe_outbox GROUP BY state'
    for (const { state, events } of this.#billing.prepare(sql).all())
      counts[state as keyof typeof counts] = Number(events)
    return counts
  }

  #one(sql: string): Readonly<Record<string, unknown>> | undefined {
    return this.#billing.prepare(sql).get()
  }

  #run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#billing.prepare(sql).run(...values).changes)
  }
}
