/**
 * So many a second, and no more: for each of many, in bounded memory.
 * @module
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from '@turnpike/core/ports/runtime'

const SECOND_MS = 1000
/** Sums of times are not exact; requests are not this close. */
const ROUNDING_MS = 1e-6

/** What a rate limit is made of. */
export interface RateLimitOptions {
  readonly clock: Clock
  /** Requests a second, which may also come all at once; may be a fraction. */
  readonly perSecond: number
  /** Keys that are remembered. A forgotten one starts anew, as if it had been silent. */
  readonly keysMax: number
}

/**
 * A token bucket for each key, which holds what one second allows, or one request where that is
 * less. Kept is one number: when the bucket will be full again (the "virtual scheduling" form of
 * the generic cell rate algorithm, ITU-T I.371).
 */
export class RateLimit {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #depthMs: number
  readonly #fullAtMs: LRUCache<string, number>

  constructor({ clock, perSecond, keysMax }: RateLimitOptions) {
    this.#clock = clock
    this.#intervalMs = SECOND_MS / perSecond
    this.#depthMs = Math.max(SECOND_MS, this.#intervalMs) + ROUNDING_MS
    this.#fullAtMs = new LRUCache({ max: keysMax })
  }

  /**
   * Takes one from the bucket of `key`; false, and nothing is taken, when it is empty.
   *
   * @example
   * if (!limit.take('192.0.2.1')) refuse()
   */
  take(key: string): boolean {
    const nowMs = this.#clock.monotonicMs()
    const fullAtMs = Math.max(this.#fullAtMs.get(key) ?? nowMs, nowMs) + this.#intervalMs
    if (fullAtMs - nowMs > this.#depthMs) return false
    this.#fullAtMs.set(key, fullAtMs)
    return true
  }
}
