/**
 * Files that end with the SHA-256 of what stands before it.
 * @module
 */
import { bytesEqual, concatBytes } from '@turnpike/core/bytes'
import { HASH_BYTES } from '@turnpike/core/log/encode'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from '../errors.ts'

/** `body`, then its SHA-256. */
export function withChecksum(hasher: Hasher, body: Uint8Array): Uint8Array {
  return concatBytes([body, hasher.sha256(body)])
}

/**
 * What stands before the checksum.
 *
 * @throws {LogCorrupt} when the checksum is another; `path` names the file
 */
export function checkedBody(hasher: Hasher, bytes: Uint8Array, path: string): Uint8Array {
  const body = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES))
  if (!bytesEqual(hasher.sha256(body), bytes.subarray(body.length)))
    throw new LogCorrupt(path, 'checksum', 'expected the SHA-256 of what stands before it')
  return body
}
