/**
 * Sums over all credits, and the law that they keep.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { change, rowsOf } from './rows.ts'

/** Where all micro-credits are that were ever put into the pool. */
export interface CreditSums {
  readonly seeded: bigint
  /** Not issued yet, seeds of later hours included. */
  readonly pool: bigint
  /** In lots: what they were worth when they were issued, or last spent from. */
  readonly held: bigint
  readonly spent: bigint
  /** What lots had lost when they were spent from, and what expired. */
  readonly sunk: bigint
}

/** What is in the pool: the other sums take a look at all lots. */
export function poolOf(database: DatabaseSync): bigint {
  return rowsOf(database, 'SELECT pool FROM credit_sums')[0]!['pool'] as bigint
}

/** The sums now. */
export function creditSums(database: DatabaseSync): CreditSums {
  const [row] = rowsOf(
    database,
    `SELECT seeded, pool, spent, sunk,
       (SELECT coalesce(sum(micros), 0) FROM credit_lots) AS held FROM credit_sums`,
  )
  return { ...row } as unknown as CreditSums
}

/**
 * Moves micro-credits between sums, after lots were changed, within the caller's transaction.
 *
 * @throws {RangeError} when they no longer add up: the transaction must not be committed
 * @example
 * moveCredits(database, { spent: 5n, sunk: 1n })
 */
export function moveCredits(
  database: DatabaseSync,
  { seeded = 0n, pool = 0n, spent = 0n, sunk = 0n }: Partial<Omit<CreditSums, 'held'>>,
): void {
  change(
    database,
    `UPDATE credit_sums SET seeded = seeded + ?, pool = pool + ?, spent = spent + ?,
       sunk = sunk + ?`,
    [seeded, pool, spent, sunk],
  )
  const now = creditSums(database)
  const found = now.pool + now.held + now.spent + now.sunk
  if (found !== now.seeded)
    throw new RangeError(`credits expected to add up to ${now.seeded}, got ${found}`)
}
