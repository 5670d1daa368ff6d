/**
 * Ports for what a pure function may not reach for itself: time, waiting, chance, hashing.
 * @module
 */

/** Time. `nowMs` may step in both directions; `monotonicMs` never goes back and has no epoch. */
export interface Clock {
  nowMs(): number
  monotonicMs(): number
  /** Like `monotonicMs`, but coarse, and runs on while the machine sleeps; where there is one. */
  uptimeMs?(): number
}

/** Calls back later. Cheap enough to be used for every read that waits. */
export interface Timer {
  /**
   * Calls `call` once, `delayMs` from now or a little later; never before this function returns.
   * What it returns calls that off, and does nothing after it has happened.
   */
  after(delayMs: number, call: () => void): () => void
}

/** Cryptographically strong random bytes. */
export interface Random {
  bytes(length: number): Uint8Array
}

/** Hashes known to the runtime, synchronously: `node:crypto` on Node and on Workers alike. */
export interface Hasher {
  /** SHA-256 of `bytes`: 32 bytes, owned by the caller. */
  sha256(bytes: Uint8Array): Uint8Array
  /** Digest by multihash code, or undefined when this runtime does not know the function. */
  digest(code: number, bytes: Uint8Array): Uint8Array | undefined
}
