/**
 * How often somebody may come, and who says whether it is too often.
 * @module
 */
import type { Awaitable } from '@turnpike/core/result'

/** How fast a bucket fills, and how much it holds. */
export interface Rate {
  /** Whole tokens a minute, 1 to `RATE_TOKENS_MAX`. */
  readonly tokensPerMinute: number
  /** Whole tokens that may be taken at once, 1 to `RATE_TOKENS_MAX`. */
  readonly burstTokens: number
}

/** Says who comes too often. A request takes one token of the bucket of whoever sent it. */
export interface RateLimiter {
  /**
   * Takes a token from the bucket of `key`, and gives 0; or takes none, and gives the whole
   * milliseconds until there is one, 1 or more. Never rejects.
   *
   * @example
   * const waitMs = await limiter.take('192.0.2.1')
   */
  take(key: string): Awaitable<number>
}
