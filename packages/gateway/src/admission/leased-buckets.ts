/**
 * One process's part of buckets that several processes draw from.
 * @module
 */
import { LRUCache } from 'lru-cache'
import { RATE_ASKED_MAX, RATE_KEYS_MAX, RATE_LEASE_TOKENS_MAX } from '@turnpike/core/limits'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { RateLimiter } from './rate.ts'
import type { TokenBuckets } from './token-buckets.ts'

/** How many tokens are asked of the bucket of a key. */
export type Asked = readonly [key: string, wanted: number]
/** How many were granted, and ms until there is another one when that is fewer than asked. */
export type Granted = readonly [tokens: number, waitMs: number]

/** What leases are made of. */
export interface LeasedBucketsOptions {
  readonly clock: Clock
  /** Tokens of one bucket that are kept in reserve; see {@link leaseTokens}. */
  readonly leaseTokens: number
  /** Asks who has the buckets; undefined when nobody answers. Never rejects. */
  readonly ask: (asked: readonly Asked[]) => Promise<readonly Granted[] | undefined>
  /** Leases that are remembered; `RATE_KEYS_MAX` unless told. */
  readonly keysMax?: number
}

/** What is held of one bucket. */
interface Lease {
  tokens: number
  /** Until then, on the monotonic clock, the bucket is known to be empty. */
  emptyUntilMs: number
  /** Requests that wait for tokens. */
  waiting: ((waitMs: number) => void)[]
}

/** How many of the tokens that a bucket holds may lie in reserve, in all processes together. */
const RESERVED_SHARE = 4

/**
 * Tokens that each process keeps in reserve of a bucket: so many that all of them together hold a
 * quarter of it at most, which is what a client can miss on one connection or have beyond its
 * bucket on several. None for a small bucket, of which each token is then asked for.
 *
 * @example
 * leaseTokens(100, 2) // 12
 */
export function leaseTokens(burstTokens: number, processes: number): number {
  const share = Math.floor(burstTokens / (RESERVED_SHARE * processes))
  return Math.min(share, RATE_LEASE_TOKENS_MAX)
}

/**
 * Answers what processes ask of the buckets that they share.
 *
 * @example
 * grantOf(buckets, [['192.0.2.1', 13]]) // [[13, 0]]
 */
export function grantOf(buckets: TokenBuckets, asked: readonly Asked[]): readonly Granted[] {
  return asked.map(([key, wanted]) => {
    const tokens = buckets.draw(key, wanted)
    return [tokens, tokens < wanted ? Math.max(1, buckets.waitMs(key)) : 0]
  })
}

/**
 * Draws from buckets that another process has, some tokens at a time. A request whose key has none
 * left here waits until that process has answered; what it said of an empty bucket counts until
 * there is a token again, so that a flood asks nothing. While it does not answer, requests are let
 * in: that one process is slow must not shut readers out.
 */
export class LeasedBuckets implements RateLimiter {
  readonly #options: LeasedBucketsOptions
  readonly #leases: LRUCache<string, Lease>
  /** Leases that are to be asked for: a second round while the first is out. */
  #due = new Map<string, Lease>()
  #asking = false

  constructor(options: LeasedBucketsOptions) {
    this.#options = options
    this.#leases = new LRUCache({ max: options.keysMax ?? RATE_KEYS_MAX })
  }

  take(key: string): number | Promise<number> {
    let lease = this.#leases.get(key)
    if (lease === undefined) {
      lease = { tokens: 0, emptyUntilMs: -Infinity, waiting: [] }
      this.#leases.set(key, lease)
    } else if (lease.tokens > 0) {
      lease.tokens -= 1
      return 0
    } else if (lease.waiting.length === 0) {
      const waitMs = Math.ceil(lease.emptyUntilMs - this.#options.clock.monotonicMs())
      if (waitMs > 0) return waitMs
    }
    const { promise, resolve } = Promise.withResolvers<number>()
    if (lease.waiting.push(resolve) === 1) this.#due.set(key, lease)
    if (!this.#asking) void this.#askAll()
    return promise
  }

  async #askAll(): Promise<void> {
    this.#asking = true
    // What comes in the same turn is asked together.
    await undefined
    while (this.#due.size > 0) {
      const round = [...this.#due].slice(0, RATE_ASKED_MAX)
      for (const [key] of round) this.#due.delete(key)
      const asked = round.map(([key, { waiting }]) => {
        return [key, waiting.length + this.#options.leaseTokens] as const
      })
      const granted = await this.#options.ask(asked)
      const nowMs = this.#options.clock.monotonicMs()
      for (const [i, [key, lease]] of round.entries()) this.#deal(key, lease, granted?.[i], nowMs)
    }
    this.#asking = false
  }

  #deal(key: string, lease: Lease, granted: Granted | undefined, nowMs: number): void {
    const [tokens, waitMs] = granted ?? [lease.waiting.length, 0]
    const admitted = lease.waiting.splice(0, tokens)
    lease.tokens += tokens - admitted.length
    for (const resolve of admitted) resolve(0)
    if (waitMs > 0) {
      lease.emptyUntilMs = nowMs + waitMs
      for (const resolve of lease.waiting.splice(0)) resolve(waitMs)
    } else if (lease.waiting.length > 0) this.#due.set(key, lease)
  }
}
