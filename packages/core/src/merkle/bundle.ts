/**
 * Entry bundles: entries one after the other, each behind its length in two bytes.
 * Source: C2SP tlog-tiles, "Log Entries".
 * @module
 */
import { ENTRY_BYTES_MAX } from '../limits/log.ts'

/** Bytes before each entry. */
export const BUNDLE_HEAD_BYTES = 2

/** Bytes that an entry takes in a bundle. */
export function bundledBytes(entry: Uint8Array): number {
  return BUNDLE_HEAD_BYTES + entry.length
}

/**
 * Writes an entry at `offset` of a bundle, and returns the offset after it.
 *
 * @throws {RangeError} when the entry is empty or over 1,024 bytes, or doesn't fit
 * @example
 * const end = writeBundled(bundle, 0, entry)
 */
export function writeBundled(target: Uint8Array, offset: number, entry: Uint8Array): number {
  const { length } = entry
  if (length === 0 || length > ENTRY_BYTES_MAX)
    throw new RangeError(`entry expected 1 to ${ENTRY_BYTES_MAX} bytes, got ${length}`)
  const end = offset + BUNDLE_HEAD_BYTES + length
  if (end > target.length)
    throw new RangeError(`bundle expected room for ${end} bytes, got ${target.length}`)
  target[offset] = length >>> 8
  target[offset + 1] = length & 0xff
  target.set(entry, offset + BUNDLE_HEAD_BYTES)
  return end
}

/**
 * Entries of a bundle, as views; undefined when it isn't exactly `count` entries.
 *
 * @example
 * const entries = readBundle(bytes, 256)
 */
export function readBundle(bytes: Uint8Array, count: number): Uint8Array[] | undefined {
  const entries: Uint8Array[] = []
  let offset = 0
  while (offset < bytes.length && entries.length < count) {
    if (offset + BUNDLE_HEAD_BYTES > bytes.length) return undefined
    const length = bytes[offset]! * 256 + bytes[offset + 1]!
    const start = offset + BUNDLE_HEAD_BYTES
    if (length === 0 || length > ENTRY_BYTES_MAX || start + length > bytes.length) return undefined
    entries.push(bytes.subarray(start, start + length))
    offset = start + length
  }
  return entries.length === count && offset === bytes.length ? entries : undefined
}
