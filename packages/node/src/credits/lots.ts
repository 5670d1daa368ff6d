/**
 * What providers hold, and what they spend of it.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { spendFrom, type CreditLot, type CreditShort } from '@turnpike/core/credits/lots'
import { fail, ok, type Result } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'
import { change, rowsOf } from './rows.ts'
import { moveCredits } from './sums.ts'

/** What a provider spends, once by its id. */
export interface CreditSpend {
  readonly id: string
  readonly provider: string
  readonly micros: bigint
  readonly note: string
  /** Hour of now, and wall-clock ms. */
  readonly epoch: number
  readonly atMs: number
}

/** Something else was spent under this id. */
export class CreditSpendDiffers extends Error {
  override readonly name = 'CreditSpendDiffers'
  readonly id: string
  constructor(id: string) {
    super(`"id" expected a new one, or what was spent under it before, got ${id} again`)
    this.id = id
  }
}

/** Lots of a provider. */
export function lotsOf(database: DatabaseSync, provider: string): CreditLot[] {
  return rowsOf(database, 'SELECT * FROM credit_lots WHERE provider = ?', provider).map((row) => ({
    number: Number(row['issuance']),
    amount: row['micros'] as bigint,
    epoch: Number(row['epoch']),
    endEpoch: Number(row['end_epoch']),
    decayPpmPerHour: Number(row['decay_ppm']),
  }))
}

/** What lots are worth together, each by itself as `worthOf` says, in micro-credits. */
export function worthOfAll(
  lots: readonly CreditLot[],
  worthOf: (lot: CreditLot) => bigint,
): bigint {
  return lots.reduce((sum, lot) => sum + worthOf(lot), 0n)
}

/** Providers that hold credits, in ascending order; at most `countMax`. */
export function creditHolders(database: DatabaseSync, countMax: number): string[] {
  const sql = 'SELECT DISTINCT provider FROM credit_lots ORDER BY provider LIMIT ?'
  return rowsOf(database, sql, countMax).map(({ provider }) => String(provider))
}

/**
 * Spends a provider's credits, those that expire first before others. The same spend again changes
 * nothing.
 *
 * @returns whether it was not known before
 * @example
 * const { ok: spent, error } = spendCredits(billing, { id, provider, micros, note, epoch, atMs })
 */
export function spendCredits(
  database: DatabaseSync,
  spend: CreditSpend,
): Result<{ readonly spent: boolean }, CreditSpendDiffers | CreditShort> {
  const { id, provider, micros, note, epoch, atMs } = spend
  return transact(database, () => {
    const sql = 'SELECT provider, micros FROM credit_spends WHERE id = ?'
    const [known] = rowsOf(database, sql, id)
    if (known !== undefined)
      return known['provider'] === provider && known['micros'] === micros
        ? ok({ spent: false })
        : fail(new CreditSpendDiffers(id))
    const spending = spendFrom(lotsOf(database, provider), micros, epoch)
    if (spending.error !== undefined) return spending
    for (const lot of spending.ok.touched) keepLot(database, provider, lot)
    change(
      database,
      `INSERT INTO credit_spends (id, provider, micros, epoch, note, at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
      [id, provider, micros, epoch, note, atMs],
    )
    moveCredits(database, { spent: micros, sunk: spending.ok.sunk })
    return ok({ spent: true })
  })
}

/** Spends, the last first; at most `countMax`. */
export function creditSpends(database: DatabaseSync, countMax: number): CreditSpend[] {
  const sql = 'SELECT * FROM credit_spends ORDER BY number DESC LIMIT ?'
  return rowsOf(database, sql, countMax).map((row) => ({
    id: String(row['id']),
    provider: String(row['provider']),
    micros: row['micros'] as bigint,
    note: String(row['note']),
    epoch: Number(row['epoch']),
    atMs: Number(row['at_ms']),
  }))
}

function keepLot(database: DatabaseSync, provider: string, lot: CreditLot): void {
  const { number, amount, epoch } = lot
  if (amount === 0n)
    change(database, 'DELETE FROM credit_lots WHERE provider = ? AND issuance = ?', [
      provider,
      number,
    ])
  else
    change(
      database,
      'UPDATE credit_lots SET micros = ?, epoch = ? WHERE provider = ? AND issuance = ?',
      [amount, epoch, provider, number],
    )
}
