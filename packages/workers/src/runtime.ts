/**
 * Time, waiting, chance and hashing in a Worker, as ports.
 * @module
 */
import { createHash } from 'node:crypto'
import { IDENTITY, SHA2_256, SHA2_512 } from '@turnpike/core/multihash'
import type { Clock, Hasher, Random, Timer } from '@turnpike/core/ports/runtime'

/** The runtime's clock. On Cloudflare it stands still while a request computes. */
export const workerClock: Clock = Object.freeze({
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
})

/** The runtime's timers: each belongs to the request that waits, so they are not shared. */
export const workerTimer: Timer = Object.freeze({
  after(delayMs: number, call: () => void): () => void {
    const timeout = setTimeout(call, delayMs)
    return () => clearTimeout(timeout)
  },
})

/** The runtime's random numbers; not at module scope, where workerd refuses them. */
export const workerRandom: Random = Object.freeze({
  bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
})

/** Hashes synchronously: sha2-256, sha2-512 and identity, as the Node adapter does. */
export const workerHasher: Hasher = Object.freeze({
  sha256: (bytes: Uint8Array) => digestOf('sha256', bytes),
  digest(code: number, bytes: Uint8Array): Uint8Array | undefined {
    if (code === SHA2_256) return digestOf('sha256', bytes)
    if (code === SHA2_512) return digestOf('sha512', bytes)
    if (code === IDENTITY) return new Uint8Array(bytes)
    return undefined
  },
})

function digestOf(name: string, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(name).update(bytes).digest())
}
