/**
 * The `CreditIssuer` port on `billing.sqlite`.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import {
  debtAfter,
  issuanceJson,
  issue,
  LIMIT_REASONS,
  type Issuance,
  type IssuanceJson,
} from '@turnpike/core/credits/issuance'
import type { CreditIssuer, FinalEpoch } from '@turnpike/core/ports/credit-issuer'
import { policyAt, waitingSeeds } from './events.ts'
import { change, rowsOf } from './rows.ts'
import { moveCredits, poolOf } from './sums.ts'

/**
 * Issues credits once for each epoch of each log, within the transaction of its caller.
 *
 * @example
 * const credits = new SqliteCreditIssuer(billing)
 * epochs.finalize(epoch, () => credits.issue({ statement, rows }))
 */
export class SqliteCreditIssuer implements CreditIssuer {
  readonly #database: DatabaseSync

  /** @param billing has the schema `CREDITS_SCHEMA` */
  constructor(billing: DatabaseSync) {
    this.#database = billing
  }

  issue({ statement: { logId, epoch }, rows }: FinalEpoch): IssuanceJson {
    const database = this.#database
    const sql = 'SELECT issuance FROM credit_issuances WHERE log_id = ? AND epoch = ?'
    const [known] = rowsOf(database, sql, logId, epoch)
    if (known !== undefined) return JSON.parse(String(known['issuance'])) as IssuanceJson
    const issuance = issue({
      epoch,
      rows,
      policy: policyAt(database, epoch),
      pool: this.#issuable(),
      seeds: waitingSeeds(database, epoch),
      debtOf: (provider, region) => this.#debt(provider, region),
    })
    const json = issuanceJson(issuance)
    this.#keep(issuance, this.#number(logId, epoch, JSON.stringify(json)))
    const sunk = this.#expire(epoch)
    moveCredits(database, { pool: -issuance.issued, sunk })
    return json
  }

  /** What the issuance before left: seeds that none has had yet are not in it. */
  #issuable(): bigint {
    const waiting = waitingSeeds(this.#database, Number.MAX_SAFE_INTEGER)
    return waiting.reduce((pool, { amount }) => pool - amount, poolOf(this.#database))
  }

  #debt(provider: string, region: string): bigint {
    const sql = 'SELECT bytes FROM credit_debts WHERE provider = ? AND region = ?'
    const [row] = rowsOf(this.#database, sql, provider, region)
    return row === undefined ? 0n : BigInt(String(row['bytes']))
  }

  #number(logId: Uint8Array, epoch: number, issuance: string): bigint {
    const sql = 'INSERT INTO credit_issuances (log_id, epoch, issuance) VALUES (?, ?, ?)'
    return BigInt(this.#database.prepare(sql).run(logId, epoch, issuance).lastInsertRowid)
  }

  #keep({ epoch, policy, seeds, shares, withheld }: Issuance, number: bigint): void {
    const database = this.#database
    for (const { id } of seeds)
      change(database, 'UPDATE credit_events SET issuance = ? WHERE id = ?', [number, id])
    for (const share of shares) {
      const { provider, region, amount } = share
      const debt = String(debtAfter(share))
      if (share.debt > 0n || debt !== '0') this.#owe(provider, region, debt)
      if (amount === 0n) continue
      change(
        database,
        `INSERT INTO credit_lots VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET micros = micros + excluded.micros`,
        [provider, number, amount, epoch, epoch + policy!.ttlHours, policy!.decayPpmPerHour],
      )
      change(
        database,
        `INSERT INTO credit_regions (region, issued) VALUES (?, ?)
         ON CONFLICT DO UPDATE SET issued = issued + excluded.issued`,
        [region, amount],
      )
    }
    for (const reason of LIMIT_REASONS)
      if (withheld[reason] > 0n)
        change(
          database,
          'INSERT INTO credit_limits VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1',
          [reason],
        )
  }

  #owe(provider: string, region: string, bytes: string): void {
    if (bytes === '0')
      return change(this.#database, 'DELETE FROM credit_debts WHERE provider = ? AND region = ?', [
        provider,
        region,
      ])
    change(
      this.#database,
      `INSERT INTO credit_debts VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET bytes = excluded.bytes`,
      [provider, region, bytes],
    )
  }

  /** Lets lots go that are worth nothing in this hour or later. */
  #expire(epoch: number): bigint {
    const sql = 'DELETE FROM credit_lots WHERE end_epoch <= ? RETURNING micros'
    return rowsOf(this.#database, sql, epoch).reduce(
      (sum, { micros }) => sum + (micros as bigint),
      0n,
    )
  }
}
