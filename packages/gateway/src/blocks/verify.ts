/**
 * Checking a block against its multihash.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { SHA2_256, decodeMultihash } from '@turnpike/core/multihash'
import type { Hasher } from '@turnpike/core/ports/runtime'

/** What a check says. `unknown`: this runtime has no such hash function. */
export type Verdict = 'good' | 'bad' | 'unknown'

/**
 * Hashes `bytes` and compares with `multihash`.
 *
 * @example
 * // verifyBlock(hasher, multihash, bytes) === 'good' before a byte of it is handed on
 */
export function verifyBlock(hasher: Hasher, multihash: Uint8Array, bytes: Uint8Array): Verdict {
  if (multihash[0] === SHA2_256 && multihash[1] === 32 && multihash.length === 34)
    return sameDigest(hasher.sha256(bytes), multihash, 2) ? 'good' : 'bad'
  const decoded = decodeMultihash(multihash)
  if (decoded === undefined) return 'unknown'
  const digest = hasher.digest(decoded.code, bytes)
  if (digest === undefined) return 'unknown'
  return bytesEqual(digest, decoded.digest) ? 'good' : 'bad'
}

function sameDigest(digest: Uint8Array, multihash: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 32; i++) if (digest[i] !== multihash[offset + i]) return false
  return true
}
