/**
 * Rows of reports about usage.
 * @module
 */
import { addCounts, noCounts } from '@turnpike/core/billing/counts'
import { USAGE_ROWS_MAX } from '@turnpike/core/limits/log'
import type { UsageCounts } from '@turnpike/core/ports/ledger'
import type { UsageSums } from './billed.ts'

/** Sums of a customer, a space, a CID or a time. */
export interface ReportRow extends UsageSums {
  /**
   * As that of a `UsageRow`; by customer also `operator`, and `suspense` for nobody's. Empty where
   * there is none.
   */
  readonly key: string
}

/** What is left of sums when others are taken out. */
export function rest(total: UsageSums, others: readonly UsageSums[]): UsageSums {
  const taken = { ...noCounts(), storageByteMs: 0n }
  for (const other of others) {
    addCounts(taken, other)
    taken.storageByteMs += other.storageByteMs
  }
  return {
    reads: total.reads - taken.reads,
    denied: total.denied - taken.denied,
    errors: total.errors - taken.errors,
    bytes: total.bytes - taken.bytes,
    bytesDelivered: total.bytesDelivered - taken.bytesDelivered,
    bytesFetched: total.bytesFetched - taken.bytesFetched,
    bytesVoided: total.bytesVoided - taken.bytesVoided,
    storageByteMs: total.storageByteMs - taken.storageByteMs,
  }
}

/** Whether anything was read or stored. */
export function isSome(sums: UsageSums): boolean {
  return Object.values(sums).some((sum) => sum !== 0 && sum !== 0n)
}

/** Most bytes first. */
export function byBytes(a: ReportRow, b: ReportRow): number {
  if (a.bytes !== b.bytes) return a.bytes < b.bytes ? 1 : -1
  return a.key < b.key ? -1 : 1
}

/** As many rows as an answer has, and how many more there are than that. */
export function cut(
  rows: readonly ReportRow[],
  leftOff: number,
): { readonly rows: readonly ReportRow[]; readonly rowsLeftOff: number } {
  const more = Math.max(0, rows.length - USAGE_ROWS_MAX)
  return { rows: rows.slice(0, USAGE_ROWS_MAX), rowsLeftOff: leftOff + more }
}

/** A row with some sums. */
export function rowFrom(key: string, counts: UsageCounts & Partial<UsageSums>): ReportRow {
  return { key, ...sumsFrom(counts) }
}

/** Sums alone of what has them; storage is 0 where it is not said. */
export function sumsFrom(counts: UsageCounts & Partial<UsageSums>): UsageSums {
  const { reads, denied, errors, bytes, bytesDelivered, bytesFetched, bytesVoided } = counts
  const sums = { reads, denied, errors, bytes, bytesDelivered, bytesFetched, bytesVoided }
  return { ...sums, storageByteMs: counts.storageByteMs ?? 0n }
}
