/**
 * Byte strings: comparing, joining, and keys for maps.
 * @module
 */

/** A byte string as a map key: one char a byte (latin1). Made by {@link keyOf}. */
export type BytesKey = string & { readonly bytesKey: unique symbol }

const KEY_CHUNK_BYTES = 4096

/**
 * Key of a byte string for `Map` and `Set`; two keys are equal when the bytes are.
 *
 * @throws {RangeError} on more than 4,096 bytes: keys are for digests, not for content
 * @example
 * const seen = new Set([keyOf(new Uint8Array([1, 2]))])
 */
export function keyOf(bytes: Uint8Array): BytesKey {
  if (bytes.length > KEY_CHUNK_BYTES)
    throw new RangeError(`"bytes" expected <= ${KEY_CHUNK_BYTES} bytes, got ${bytes.length}`)
  return String.fromCharCode.apply(null, bytes as unknown as number[]) as BytesKey
}

/**
 * The byte string that a key was made of.
 *
 * @example
 * bytesOfKey(keyOf(new Uint8Array([1, 2]))) // Uint8Array [1, 2]
 */
export function bytesOfKey(key: BytesKey): Uint8Array {
  const bytes = new Uint8Array(key.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = key.charCodeAt(i)
  return bytes
}

/** Whether two byte strings are the same. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Orders byte strings as RFC 8949 and the sharded DAG index do: bytewise, shorter first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/**
 * Joins byte strings into one new array.
 *
 * @example
 * const frame = concatBytes([new Uint8Array([1]), new Uint8Array([2])])
 */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/**
 * A copy of its own. `slice()` would do for a `Uint8Array`, but the `slice` of a Node `Buffer`,
 * which
 * fits every `Uint8Array` parameter, is a view.
 *
 * @example
 * const kept = copyBytes(lent)
 */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
