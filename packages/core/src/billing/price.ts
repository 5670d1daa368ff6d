/**
 * What a part of a month costs, and what bytes cost at prices with tiers. Whole numbers: each
 * amount is computed exactly and then rounded once.
 * @module
 */
import { EPOCH_MS } from './epoch.ts'
import { GIB_BYTES } from './money.ts'
import type { MeterTerms } from './plan.ts'
import type { EpochSpan } from './ownership.ts'

/**
 * The part of a month's amount that some of its hours get: what is due at their end, less what was
 * due at their start, each rounded down. Parts that make up a month add up to its amount, whatever
 * the cuts; what rounding leaves over is in the last.
 *
 * @throws {RangeError} for hours outside of the month
 * @example
 * prorated(100n, { firstEpoch: 0, endEpoch: 248 }, { firstEpoch: 0, endEpoch: 744 }) // 33n
 */
export function prorated(amount: bigint, part: EpochSpan, month: EpochSpan): bigint {
  const { firstEpoch, endEpoch } = part
  if (firstEpoch < month.firstEpoch || endEpoch > month.endEpoch || firstEpoch > endEpoch)
    throw new RangeError(
      `"part" expected in ${month.firstEpoch}-${month.endEpoch}, got ${firstEpoch}-${endEpoch}`,
    )
  const hours = BigInt(month.endEpoch - month.firstEpoch)
  const due = (epoch: number): bigint => (amount * BigInt(epoch - month.firstEpoch)) / hours
  return due(endEpoch) - due(firstEpoch)
}

/** Milliseconds of hours in a row. */
export function msOf({ firstEpoch, endEpoch }: EpochSpan): bigint {
  return BigInt(endEpoch - firstEpoch) * BigInt(EPOCH_MS)
}

/** What is priced: overage from `from` to before `to`, counted from the month's first. */
export interface Overage {
  readonly from: bigint
  readonly to: bigint
  /** What one byte is in the unit of `from` and `to`: 1, or a month's ms for byte-ms. */
  readonly unitsPerByte: bigint
}

/**
 * Price of overage in micro-units, by the tiers that it lies in: exact, then rounded down once.
 *
 * @throws {RangeError} for overage that ends before it begins
 * @example
 * priceMicros(plan.egress, { from: 0n, to: 5n * GIB_BYTES, unitsPerByte: 1n })
 */
export function priceMicros(terms: MeterTerms, { from, to, unitsPerByte }: Overage): bigint {
  if (from < 0n || to < from) throw new RangeError(`"to" expected >= ${from} >= 0, got ${to}`)
  let exact = 0n
  let at = from
  for (const { upToBytes, microsPerGib } of terms.tiers) {
    const end = least(to, upToBytes * unitsPerByte)
    if (end <= at) continue
    exact += (end - at) * microsPerGib
    at = end
  }
  exact += (to - at) * terms.overageMicrosPerGib
  return exact / (GIB_BYTES * unitsPerByte)
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
