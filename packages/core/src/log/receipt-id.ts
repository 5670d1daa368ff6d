/**
 * Public names of reads: what the world may see of an entry's secret `id`.
 * Source: design, "The log", READ.
 * @module
 */
import type { Hasher } from '../ports/runtime.ts'
import { ENTRY_ID_BYTES } from './encode.ts'
import { ENTRY_TYPE, ENTRY_VERSION } from './entry.ts'

/** Each byte as two hex digits: formatting them one by one took 0.8 us a read. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Bytes of a public receipt id: the first half of a SHA-256. */
export const RECEIPT_ID_BYTES = 16

/**
 * Public bytes for a read: the first 16 of SHA-256(`id`). A nonce towards other services.
 *
 * @throws {RangeError} when `id` is not 16 bytes
 * @example
 * const nonce = receiptNonceOf(read.id, hasher)
 */
export function receiptNonceOf(id: Uint8Array, hasher: Hasher): Uint8Array {
  if (id.length !== ENTRY_ID_BYTES)
    throw new RangeError(`"id" expected ${ENTRY_ID_BYTES} bytes, got ${id.length}`)
  return hasher.sha256(id).slice(0, RECEIPT_ID_BYTES)
}

/**
 * Value of the header `X-Receipt-Id`: {@link receiptNonceOf} in 32 lower-case hex digits, which
 * any shell and any language makes from a log entry without a library.
 *
 * @throws {RangeError} when `id` is not 16 bytes
 * @example
 * headers.set('X-Receipt-Id', receiptIdOf(read.id, hasher))
 */
export function receiptIdOf(id: Uint8Array, hasher: Hasher): string {
  let hex = ''
  for (const byte of receiptNonceOf(id, hasher)) hex += HEX[byte]
  return hex
}

/** Heads of an encoded READ before its id: an array of 16, version 1, type 1, 16 bytes. */
const READ_HEAD = [0x90, ENTRY_VERSION, ENTRY_TYPE.read, 0x40 + ENTRY_ID_BYTES] as const

/**
 * The `id` of an encoded entry of the log, when that is a READ: to decode all of it takes ten
 * times as long. A view of `entry`.
 *
 * @example
 * const id = idOfRead(entry)
 */
export function idOfRead(entry: Uint8Array): Uint8Array | undefined {
  if (!READ_HEAD.every((byte, at) => entry[at] === byte)) return undefined
  return entry.subarray(READ_HEAD.length, READ_HEAD.length + ENTRY_ID_BYTES)
}
