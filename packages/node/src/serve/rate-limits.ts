/**
 * How often addresses and identities may come, in one process or over all of them.
 * @module
 */
import { RATE_KEYS_MAX } from '@turnpike/core/limits'
import {
  type Asked,
  type Granted,
  grantOf,
  LeasedBuckets,
  leaseTokens,
} from '@turnpike/gateway/admission/leased-buckets'
import type { Rate, RateLimiter } from '@turnpike/gateway/admission/rate'
import { TokenBuckets } from '@turnpike/gateway/admission/token-buckets'
import type { BoundSettings } from '../config/bounds.ts'
import { nodeClock } from '../runtime.ts'

/** Who is limited. */
export type Limited = 'addresses' | 'identities'

/** A limiter for each who is limited; none for others. */
export type RateLimiters = { readonly [K in Limited]?: RateLimiter }

/** Buckets that all processes draw from. */
export type SharedBuckets = { readonly [K in Limited]?: TokenBuckets }

/** What a worker asks its primary. */
export interface TokensAsked {
  readonly limited: Limited
  readonly asked: readonly Asked[]
}

/** How a worker reaches its primary; undefined when there is no answer in time. */
export type AskPrimary = (question: TokensAsked) => Promise<unknown>

/** Settings that rates come from. */
export type RateSettings = Pick<
  BoundSettings,
  | 'addressTokensPerMinute'
  | 'addressBurstTokens'
  | 'identityTokensPerMinute'
  | 'identityBurstTokens'
>

function ratesOf(settings: RateSettings): { readonly [K in Limited]: Rate | undefined } {
  const { addressTokensPerMinute, identityTokensPerMinute } = settings
  return {
    addresses: rateOf(addressTokensPerMinute, settings.addressBurstTokens),
    identities: rateOf(identityTokensPerMinute, settings.identityBurstTokens),
  }
}

function rateOf(tokensPerMinute: number | undefined, burst: number | undefined): Rate | undefined {
  if (tokensPerMinute === undefined) return undefined
  return { tokensPerMinute, burstTokens: burst ?? tokensPerMinute }
}

/** Makes the limiter of each rate that is set. */
function forEach<T>(
  settings: RateSettings,
  make: (rate: Rate, limited: Limited) => T,
): { readonly [K in Limited]?: T } {
  const rates = Object.entries(ratesOf(settings)) as [Limited, Rate | undefined][]
  return Object.fromEntries(
    rates.flatMap(([limited, rate]) =>
      rate === undefined ? [] : [[limited, make(rate, limited)]],
    ),
  )
}

/**
 * The buckets of a deployment: of its only process, or of the primary that its workers ask.
 *
 * @example
 * const limiters = openBuckets(settings)
 */
export function openBuckets(settings: RateSettings): SharedBuckets {
  const clock = nodeClock
  return forEach(settings, (rate) => new TokenBuckets({ ...rate, clock, keysMax: RATE_KEYS_MAX }))
}

/** The answer of the process that has the buckets. */
export function answerTokens(
  buckets: SharedBuckets,
  { limited, asked }: TokensAsked,
): readonly Granted[] | undefined {
  const shared = buckets[limited]
  return shared && grantOf(shared, asked)
}

/**
 * A worker's limiters, which draw from the buckets of its primary.
 *
 * @example
 * const limiters = leaseBuckets(settings, askPrimary)
 */
export function leaseBuckets(
  settings: RateSettings & { readonly workers: number },
  askPrimary: AskPrimary,
): RateLimiters {
  return forEach(settings, ({ burstTokens }, limited) => {
    const ask = (asked: readonly Asked[]): Promise<readonly Granted[] | undefined> =>
      askPrimary({ limited, asked }) as Promise<readonly Granted[] | undefined>
    const held = leaseTokens(burstTokens, settings.workers)
    return new LeasedBuckets({ clock: nodeClock, leaseTokens: held, ask })
  })
}
