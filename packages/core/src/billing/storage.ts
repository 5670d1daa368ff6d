/**
 * Storage as byte-milliseconds: the area below the curve of a space's size. Whole numbers
 * throughout, so that 1 PiB over a month (3 · 10^24) is exact.
 * @module
 */
import type { LedgerUnit } from '../ports/ledger.ts'
import { STORAGE_SETTLE_MS } from '../limits/billing.ts'
import { EPOCH_MS, epochOf } from './epoch.ts'
import type { EpochSpan } from './ownership.ts'
import { unitFirstEpoch, unitOf } from './unit.ts'

/** A change of a size; a `StorageDelta` is one. */
export interface SizeChange {
  readonly atMs: number
  readonly deltaBytes: bigint
}

/** Time in ms: `fromMs` is in it and `toMs` is not. */
export interface MsRange {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * The first hour whose storage may still change: all before it are over, and so is every commit
 * that can date a change in them.
 *
 * @example
 * storedUntil(Date.UTC(2026, 11, 1, 0, 2)) // 498_912: all of November is final
 */
export function storedUntil(nowMs: number): number {
  return Math.max(0, epochOf(nowMs - STORAGE_SETTLE_MS))
}

/**
 * Byte-milliseconds of a range that begins with `initialBytes`. Changes lie in the range, in any
 * order; one counts from its own millisecond on.
 *
 * @throws {RangeError} for a range that ends before it begins, or a change outside of it
 * @example
 * storageByteMs(100n, [{ atMs: 6, deltaBytes: 50n }], { fromMs: 0, toMs: 10 }) // 1200n
 */
export function storageByteMs(
  initialBytes: bigint,
  changes: Iterable<SizeChange>,
  range: MsRange,
): bigint {
  const { fromMs, toMs } = range
  if (!(fromMs <= toMs)) throw new RangeError(`"toMs" expected >= ${fromMs}, got ${toMs}`)
  let byteMs = initialBytes * BigInt(toMs - fromMs)
  for (const { atMs, deltaBytes } of changes) {
    checkIn(range, atMs)
    byteMs += deltaBytes * BigInt(toMs - atMs)
  }
  return byteMs
}

/** What was stored in one hour, UTC day or UTC month, counted from the Unix epoch. */
export interface StorageSum {
  readonly time: number
  readonly byteMs: bigint
}

/**
 * Byte-milliseconds of each hour, day or month of a span that begins with `initialBytes`, in order;
 * those with nothing in them are left out. Changes lie in the span, in the order of their times.
 *
 * @throws {RangeError} for a change that lies outside of the span, or before the one ahead of it
 * @example
 * for (const { time, byteMs } of storageSums(0n, deltas, span, 'hour')) add(time, byteMs)
 */
export function* storageSums(
  initialBytes: bigint,
  changes: Iterable<SizeChange>,
  { firstEpoch, endEpoch }: EpochSpan,
  unit: LedgerUnit,
): Generator<StorageSum> {
  const end = { atMs: endEpoch * EPOCH_MS, deltaBytes: 0n }
  let size = initialBytes
  let atMs = firstEpoch * EPOCH_MS
  let time = unitOf(unit, firstEpoch)
  let byteMs = 0n
  for (const change of withEnd(changes, { fromMs: atMs, toMs: end.atMs }, end)) {
    for (;;) {
      const nextMs = unitFirstEpoch(unit, time + 1) * EPOCH_MS
      const toMs = Math.min(nextMs, change.atMs)
      byteMs += size * BigInt(toMs - atMs)
      atMs = toMs
      if (nextMs > change.atMs) break
      if (byteMs !== 0n) yield { time, byteMs }
      byteMs = 0n
      // Centuries may pass before anything is stored.
      if (size === 0n) atMs = change.atMs
      time = size === 0n ? unitOf(unit, epochOf(atMs)) : time + 1
    }
    size += change.deltaBytes
  }
  if (byteMs !== 0n) yield { time, byteMs }
}

/** Changes, checked, and the end of the span after them. */
function* withEnd(
  changes: Iterable<SizeChange>,
  { fromMs, toMs }: MsRange,
  end: SizeChange,
): Generator<SizeChange> {
  let lastMs = fromMs
  for (const change of changes) {
    checkIn({ fromMs: lastMs, toMs }, change.atMs)
    lastMs = change.atMs
    yield change
  }
  if (toMs > lastMs) yield end
}

function checkIn({ fromMs, toMs }: MsRange, atMs: number): void {
  if (!(atMs >= fromMs && atMs < toMs))
    throw new RangeError(`"atMs" expected from ${fromMs} to before ${toMs}, got ${atMs}`)
}
