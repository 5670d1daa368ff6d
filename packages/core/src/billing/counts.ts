/**
 * Sums of usage that are added to, exact or refused.
 * @module
 */
import type { UsageCounts } from '../ports/ledger.ts'

/** Sums while they are added up. */
export type MutableCounts = { -readonly [K in keyof UsageCounts]: UsageCounts[K] }

/** Sums of nothing. */
export function noCounts(): MutableCounts {
  return {
    reads: 0,
    denied: 0,
    errors: 0,
    bytes: 0n,
    bytesDelivered: 0n,
    bytesFetched: 0n,
    bytesVoided: 0n,
  }
}

/**
 * Adds `more` to `sums`.
 *
 * @throws {RangeError} when a count of reads passes 2^53 - 1, beyond which it would be rounded
 * @example
 * const sums = noCounts()
 * for (const row of rows) addCounts(sums, row)
 */
export function addCounts(sums: MutableCounts, more: UsageCounts): void {
  sums.reads = exactCount(sums.reads + more.reads)
  sums.denied = exactCount(sums.denied + more.denied)
  sums.errors = exactCount(sums.errors + more.errors)
  sums.bytes += more.bytes
  sums.bytesDelivered += more.bytesDelivered
  sums.bytesFetched += more.bytesFetched
  sums.bytesVoided += more.bytesVoided
}

/**
 * The count, when it is one that a number says exactly.
 *
 * @throws {RangeError} when it is none
 */
export function exactCount(count: number): number {
  if (!Number.isSafeInteger(count))
    throw new RangeError(`count expected an integer up to 2^53 - 1, got ${count}`)
  return count
}
