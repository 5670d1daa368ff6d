/**
 * Unsigned LEB128 varints (multiformats/unsigned-varint), at most 9 bytes and 2^53 - 1.
 * @module
 */

/** A decoded varint: its value and the offset just after it. */
export interface Varint {
  readonly value: number
  readonly next: number
}

const VARINT_BYTES_MAX = 8

/**
 * Reads a varint at `offset`; undefined when the bytes end before it does.
 *
 * @throws {RangeError} when it is longer than 8 bytes or over 2^53 - 1
 * @example
 * readVarint(new Uint8Array([0x80, 0x01]), 0) // { value: 128, next: 2 }
 */
export function readVarint(bytes: Uint8Array, offset: number): Varint | undefined {
  let value = 0
  let scale = 1
  for (let i = offset; i < bytes.length; i++) {
    if (i - offset >= VARINT_BYTES_MAX)
      throw new RangeError(`varint at ${offset} expected <= ${VARINT_BYTES_MAX} bytes`)
    const byte = bytes[i]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) {
      if (value > Number.MAX_SAFE_INTEGER)
        throw new RangeError(`varint at ${offset} expected <= 2^53 - 1`)
      return { value, next: i + 1 }
    }
    scale *= 128
  }
  return undefined
}

/**
 * {@link readVarint} for bytes that anybody may have written: undefined also when it is too long.
 */
export function tryVarint(bytes: Uint8Array, offset: number): Varint | undefined {
  try {
    return readVarint(bytes, offset)
  } catch {
    return undefined
  }
}

/** Number of bytes that {@link writeVarint} writes for `value`. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

/**
 * Writes a varint at `offset` and returns the offset after it.
 *
 * @throws {RangeError} when `value` is not a safe non-negative integer
 * @example
 * writeVarint(new Uint8Array(2), 0, 128) // 2
 */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`"value" expected a safe integer >= 0, got ${value}`)
  let rest = value
  let at = offset
  while (rest >= 128) {
    target[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  target[at++] = rest
  return at
}
