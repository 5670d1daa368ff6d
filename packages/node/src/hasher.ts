/**
 * The `Hasher` port on `node:crypto`.
 * @module
 */
import { hash } from 'node:crypto'
import { IDENTITY, SHA2_256, SHA2_512 } from '@turnpike/core/multihash'
import type { Hasher } from '@turnpike/core/ports/runtime'

/**
 * Hashes synchronously: sha2-256, sha2-512 and identity. OpenSSL offers BLAKE2b with 512 bits
 * only, which can't be cut to BLAKE2b-256, so that function is unknown here.
 *
 * @example
 * nodeHasher.sha256(new Uint8Array([1])) // Uint8Array(32)
 */
export const nodeHasher: Hasher = Object.freeze({
  sha256: (bytes: Uint8Array) => hash('sha256', bytes, 'buffer'),
  digest(code: number, bytes: Uint8Array): Uint8Array | undefined {
    if (code === SHA2_256) return hash('sha256', bytes, 'buffer')
    if (code === SHA2_512) return hash('sha512', bytes, 'buffer')
    if (code === IDENTITY) return new Uint8Array(bytes)
    return undefined
  },
})
