/**
 * Sums as SQL and as values, exact or refused.
 * @module
 */
import type { SQLOutputValue } from 'node:sqlite'
import { exactCount } from '@turnpike/core/billing/counts'
import type { UsageCounts } from '@turnpike/core/ports/ledger'

/**
 * A row: its columns in order, integers as bigints. As an object it would take twice the time to
 * read, which is most of what an answer of 10,000 rows costs.
 */
export type Row = readonly SQLOutputValue[]

/**
 * Selects the sums of a table's rows. SQLite's `sum` of integers is exact, and an error beyond
 * 2^63 - 1.
 */
export const SUMS = `
  sum(reads) AS reads,
  sum(denied) AS denied,
  sum(errors) AS errors,
  sum(bytes) AS bytes,
  sum(bytes_delivered) AS bytes_delivered,
  sum(bytes_fetched) AS bytes_fetched,
  sum(bytes_voided) AS bytes_voided
`

/** Columns of sums, in the order of the tables. */
export const SUM_COLUMNS =
  'reads, denied, errors, bytes, bytes_delivered, bytes_fetched, bytes_voided'

/**
 * Adds what an INSERT brings to the row that is there. An integer that overflows becomes a REAL,
 * which a STRICT table refuses: the batch fails, and no sum is wrong.
 */
export const ADD_SUMS = `
  ON CONFLICT DO UPDATE SET
    reads = reads + excluded.reads,
    denied = denied + excluded.denied,
    errors = errors + excluded.errors,
    bytes = bytes + excluded.bytes,
    bytes_delivered = bytes_delivered + excluded.bytes_delivered,
    bytes_fetched = bytes_fetched + excluded.bytes_fetched,
    bytes_voided = bytes_voided + excluded.bytes_voided
`

/**
 * Sums of a row, those in the columns from `first` on; zeros where it sums no rows at all.
 *
 * @throws {RangeError} when a count of reads passes 2^53 - 1
 */
export function countsOf(row: Row, first: number): UsageCounts {
  return {
    reads: numberOf(row[first]),
    denied: numberOf(row[first + 1]),
    errors: numberOf(row[first + 2]),
    bytes: bigintOf(row[first + 3]),
    bytesDelivered: bigintOf(row[first + 4]),
    bytesFetched: bigintOf(row[first + 5]),
    bytesVoided: bigintOf(row[first + 6]),
  }
}

/**
 * An integer of a row as a number; 0 for NULL.
 *
 * @throws {RangeError} when a number would not be exact
 */
export function numberOf(value: SQLOutputValue | undefined): number {
  return exactCount(Number(bigintOf(value)))
}

/** An integer of a row; 0 for NULL. */
export function bigintOf(value: SQLOutputValue | undefined): bigint {
  return (value as bigint | null) ?? 0n
}
