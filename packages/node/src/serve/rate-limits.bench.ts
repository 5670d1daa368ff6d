/**
 * What the look at who sends a request costs the thread that serves.
 * @module
 */
import { RATE_KEYS_MAX } from '@turnpike/core/limits'
import { grantOf, LeasedBuckets, leaseTokens } from '@turnpike/gateway/admission/leased-buckets'
import type { RateLimiter } from '@turnpike/gateway/admission/rate'
import { Refusals } from '@turnpike/gateway/admission/refusals'
import { RequestLimits } from '@turnpike/gateway/admission/request-limits'
import { TokenBuckets } from '@turnpike/gateway/admission/token-buckets'
import { silentObserver } from '@turnpike/gateway/observer'
import { nodeHasher } from '../hasher.ts'
import { networkOf } from '../http/trusted-proxies.ts'
import { nodeClock, nodeRandom, nodeTimer } from '../runtime.ts'

/** Microseconds for one request. */
export interface RateLimitFigures {
  /** Addresses are not limited. */
  readonly offUs: number
  /** One address, with tokens. */
  readonly oneUs: number
  /** As many addresses in turn as are remembered. */
  readonly manyUs: number
  /** Twice as many, so that each takes the place of another. */
  readonly tooManyUs: number
  /** One address without tokens, and the answer that tells it so. */
  readonly refusedUs: number
  /** One address in a worker, which asks its primary now and then. */
  readonly leasedUs: number
}

const RATE = { tokensPerMinute: 1_000_000, burstTokens: 1_000_000 }

/**
 * Measures each over so many requests.
 *
 * @example
 * const { offUs, oneUs } = await benchRateLimits(100_000)
 */
export async function benchRateLimits(requests: number): Promise<RateLimitFigures> {
  const refusals = openRefusals()
  const addresses = Array.from(
    { length: 2 * RATE_KEYS_MAX },
    (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
  )
  const time = async (limiter: RateLimiter | undefined, keys: number): Promise<number> => {
    const limits = new RequestLimits({ refusals, addresses: limiter })
    for (let i = 0; i < keys; i++) await limits.refusalOf(0, () => networkOf(addresses[i]!))
    const startMs = performance.now()
    for (let i = 0; i < requests; i++) {
      const refusal = limits.refusalOf(0, () => networkOf(addresses[i % keys]!))
      if (refusal instanceof Promise) await refusal
    }
    return ((performance.now() - startMs) * 1000) / requests
  }
  try {
    return {
      offUs: await time(undefined, 1),
      oneUs: await time(open(RATE), 1),
      manyUs: await time(open(RATE), RATE_KEYS_MAX),
      tooManyUs: await time(open(RATE), 2 * RATE_KEYS_MAX),
      refusedUs: await time(open({ tokensPerMinute: 1, burstTokens: 1 }), 1),
      leasedUs: await time(lease(open(RATE)), 1),
    }
  } finally {
    refusals.close()
  }
}

function open(rate: { tokensPerMinute: number; burstTokens: number }): TokenBuckets {
  return new TokenBuckets({ ...rate, clock: nodeClock, keysMax: RATE_KEYS_MAX })
}

/** A worker whose primary answers at once: the way between them is not measured. */
function lease(buckets: TokenBuckets): LeasedBuckets {
  const held = leaseTokens(RATE.burstTokens, 2)
  return new LeasedBuckets({
    clock: nodeClock,
    leaseTokens: held,
    ask: (asked) => Promise.resolve(grantOf(buckets, asked)),
  })
}

function openRefusals(): Refusals {
  return new Refusals({
    journal: { admit: () => ({ start() {}, mark() {}, end() {} }) },
    observer: silentObserver,
    clock: nodeClock,
    timer: nodeTimer,
    random: nodeRandom,
    hasher: nodeHasher,
    provider: 'did:key:gateway',
    region: 'bench',
  })
}
