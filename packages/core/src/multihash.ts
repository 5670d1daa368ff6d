/**
 * Multihashes as bytes: hash function code, length, digest (multiformats/multihash).
 * @module
 */
import { tryVarint, varintLength, writeVarint } from './varint.ts'

/** Codes of the hash functions that Turnpike verifies. */
export const IDENTITY = 0x00
export const SHA2_256 = 0x12
export const SHA2_512 = 0x13
export const BLAKE2B_256 = 0xb220

/** A multihash taken apart; `digest` is a view of the input. */
export interface Multihash {
  readonly code: number
  readonly digest: Uint8Array
}

/**
 * Takes a multihash apart; undefined when it is malformed (wrong length included).
 *
 * @example
 * decodeMultihash(new Uint8Array([0x00, 1, 7])) // { code: 0, digest: Uint8Array [7] }
 */
export function decodeMultihash(bytes: Uint8Array): Multihash | undefined {
  const code = tryVarint(bytes, 0)
  const length = code && tryVarint(bytes, code.next)
  if (code === undefined || length === undefined) return undefined
  if (bytes.length - length.next !== length.value) return undefined
  return { code: code.value, digest: bytes.subarray(length.next) }
}

/**
 * Puts a multihash together.
 *
 * @example
 * const multihash = encodeMultihash(SHA2_256, new Uint8Array(32))
 */
export function encodeMultihash(code: number, digest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(varintLength(code) + varintLength(digest.length) + digest.length)
  const next = writeVarint(bytes, writeVarint(bytes, 0, code), digest.length)
  bytes.set(digest, next)
  return bytes
}
