/**
 * Byte ranges.
 * @module
 */

/** Bytes `first` to `last`, both inclusive, counted from 0. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/**
 * Number of bytes in a range.
 *
 * @example
 * rangeLength({ first: 0, last: 9 }) // 10
 */
export function rangeLength(range: ByteRange): number {
  return range.last - range.first + 1
}
