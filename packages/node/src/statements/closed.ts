/**
 * Months that were closed, and what their statements were.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { parsePeriod, type Period } from '@turnpike/core/billing/period'
import { transact } from '../catalog/database.ts'

/** A month that was closed. */
export interface ClosedPeriod {
  readonly period: Period
  /** Wall-clock ms. */
  readonly closedMs: number
  /** DID that the gateway had then. */
  readonly gateway: string
  /** SHA-256 of the summary's JSON, in hexadecimal. */
  readonly digest: string
}

/** One statement of a closed month. */
export interface ClosedStatement {
  readonly account: string
  /** SHA-256 of the statement's JSON, in hexadecimal. */
  readonly digest: string
}

/**
 * Closed months in `billing.sqlite`. They are written once and never changed.
 *
 * @example
 * const closed = new ClosedBooks(billing)
 * closed.openEpoch() // first hour that no closed month has
 */
export class ClosedBooks {
  readonly #billing: DatabaseSync

  constructor(billing: DatabaseSync) {
    this.#billing = billing
  }

  /** The last month that was closed. */
  last(): ClosedPeriod | undefined {
    return this.#period('SELECT * FROM closed_periods ORDER BY end_epoch DESC LIMIT 1')
  }

  /** First hour that no closed month has; 0 while none is closed. */
  openEpoch(): number {
    return this.last()?.period.endEpoch ?? 0
  }

  /** A month, if it is closed. */
  period(name: string): ClosedPeriod | undefined {
    return this.#period('SELECT * FROM closed_periods WHERE period = ?', name)
  }

  /** Closed months after the one that ends at `endEpoch`, oldest first. */
  after(endEpoch: number): ClosedPeriod[] {
    const rows = this.#billing
      .prepare('SELECT * FROM closed_periods WHERE end_epoch > ? ORDER BY end_epoch')
      .all(endEpoch)
    return rows.map(periodOfRow)
  }

  /** Accounts that a closed month has statements of, each with its digest. */
  statements(period: string): { readonly account: string; readonly digest: string }[] {
    const rows = this.#billing
      .prepare('SELECT account, digest FROM closed_statements WHERE period = ? ORDER BY account')
      .all(period)
    return rows.map((row) => ({ account: String(row['account']), digest: String(row['digest']) }))
  }

  /** Digest of an account's statement of a closed month. */
  digest(period: string, account: string): string | undefined {
    const row = this.#billing
      .prepare('SELECT digest FROM closed_statements WHERE period = ? AND account = ?')
      .get(period, account)
    return row && String(row['digest'])
  }

  /**
   * Closes a month: all of it, or nothing.
   *
   * @param within is called inside of the transaction, for what belongs to it
   */
  close(closed: ClosedPeriod, statements: readonly ClosedStatement[], within: () => void): void {
    const { period, closedMs, gateway, digest } = closed
    const insert = this.#billing.prepare('INSERT INTO closed_statements VALUES (?, ?, ?)')
    transact(this.#billing, () => {
      this.#billing
        .prepare('INSERT INTO closed_periods VALUES (?, ?, ?, ?, ?, ?)')
        .run(period.name, period.firstEpoch, period.endEpoch, closedMs, gateway, digest)
      for (const one of statements) insert.run(period.name, one.account, one.digest)
      within()
    })
  }

  /**
   * All DIDs that the operator has had, those given included: they are remembered. Of this gateway,
   * and of the hosts whose journals are counted here, on whose account is what no space owns there.
   */
  operators(dids: readonly string[]): ReadonlySet<string> {
    const insert = this.#billing.prepare('INSERT OR IGNORE INTO operator_dids VALUES (?)')
    for (const did of dids) insert.run(did)
    const rows = this.#billing.prepare('SELECT did FROM operator_dids').all()
    return new Set(rows.map(({ did }) => String(did)))
  }

  /** Whether the operator has, or had, this DID. */
  isOperator(did: string): boolean {
    return this.#billing.prepare('SELECT 1 FROM operator_dids WHERE did = ?').get(did) !== undefined
  }

  #period(sql: string, ...values: readonly string[]): ClosedPeriod | undefined {
    const row = this.#billing.prepare(sql).get(...values)
    return row && periodOfRow(row)
  }
}

function periodOfRow(row: Readonly<Record<string, unknown>>): ClosedPeriod {
  return {
    period: parsePeriod(String(row['period']))!,
    closedMs: Number(row['closed_ms']),
    gateway: String(row['gateway']),
    digest: String(row['digest']),
  }
}
