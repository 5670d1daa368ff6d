/**
 * Storage as byte-milliseconds: the area below the curve of a space's size. Whole numbers
 * throughout, so that 1 PiB over a month (3 · 10^24) is exact.
 * @module
 */
import type { StorageHour } from '../ports/usage.ts'
import { STORAGE_SETTLE_MS } from '../limits/billing.ts'
import { EPOCH_MS, epochOf } from './epoch.ts'
import type { EpochSpan } from './ownership.ts'

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
 * storedUntil(Date.UTC(2026, 11, 1, 0, 2)) // 499_296: all of November is final
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

/**
 * Byte-milliseconds of each hour of a span that begins with `initialBytes`, in order; hours with
 * nothing in them are left out. Changes lie in the span, in the order of their times.
 *
 * @throws {RangeError} for a change that lies outside of the span, or before the one ahead of it
 * @example
 * for (const { epoch, byteMs } of storageHours(0n, deltas, span)) add(epoch, byteMs)
 */
export function* storageHours(
  initialBytes: bigint,
  changes: Iterable<SizeChange>,
  span: EpochSpan,
): Generator<StorageHour> {
  let size = initialBytes
  let epoch = span.firstEpoch
  let byteMs = 0n
  let atMs = span.firstEpoch * EPOCH_MS
  /** Goes on to `toMs` with the size as it is; gives the hours that end on the way. */
  function* moveTo(toMs: number): Generator<StorageHour> {
    while ((epoch + 1) * EPOCH_MS <= toMs) {
      const endMs = (epoch + 1) * EPOCH_MS
      byteMs += size * BigInt(endMs - atMs)
      if (byteMs !== 0n) yield { epoch, byteMs }
      atMs = endMs
      epoch += 1
      byteMs = 0n
      // Centuries may pass before anything is stored.
      if (size === 0n) {
        epoch = Math.max(epoch, Math.floor(toMs / EPOCH_MS))
        atMs = epoch * EPOCH_MS
      }
    }
    byteMs += size * BigInt(toMs - atMs)
    atMs = toMs
  }
  const toMs = span.endEpoch * EPOCH_MS
  for (const change of changes) {
    checkIn({ fromMs: atMs, toMs }, change.atMs)
    yield* moveTo(change.atMs)
    size += change.deltaBytes
  }
  if (toMs > atMs) yield* moveTo(toMs)
}

function checkIn({ fromMs, toMs }: MsRange, atMs: number): void {
  if (!(atMs >= fromMs && atMs < toMs))
    throw new RangeError(`"atMs" expected from ${fromMs} to before ${toMs}, got ${atMs}`)
}
