/**
 * Whether a request is let in, decided before any work is done for it.
 * @module
 */
import { LOADED_RETRY_MS, REQUESTS_MAX } from '@turnpike/core/limits'
import type { Awaitable } from '@turnpike/core/result'
import type { Answer } from '../meter.ts'
import type { RateLimiter } from './rate.ts'
import type { Refusals } from './refusals.ts'

/** What may be asked of one process. */
export interface RequestLimitsOptions {
  readonly refusals: Refusals
  /** Requests answered at once; `REQUESTS_MAX` unless told. */
  readonly requestsMax?: number
  /** How often one address, or network, may come; undefined: as often as it likes. */
  readonly addresses?: RateLimiter | undefined
}

/** The limits of one process. */
export class RequestLimits {
  readonly #refusals: Refusals
  readonly #requestsMax: number
  readonly #addresses: RateLimiter | undefined

  constructor({ refusals, requestsMax, addresses }: RequestLimitsOptions) {
    this.#refusals = refusals
    this.#requestsMax = requestsMax ?? REQUESTS_MAX
    this.#addresses = addresses
  }

  /**
   * The answer to a request that is not let in; undefined for one that is.
   *
   * Measured, in microseconds: 0.04 where addresses are not limited; where they are, 0.2 beside a
   * few, 0.8 beside 65,536; 0.4 more for one of IPv6; 2.2 for a refusal.
   *
   * @param inFlight requests that are being answered, this one left out
   * @param address tells what stands for the client: its address, or its network
   * @example
   * const refusal = await limits.refusalOf(inFlight, () => '192.0.2.1')
   */
  refusalOf(inFlight: number, address: () => string): Awaitable<Answer | undefined> {
    const waitMs = this.#addresses?.take(address()) ?? 0
    if (typeof waitMs === 'number' && waitMs > 0) return this.#refusals.answer('address', waitMs)
    if (inFlight >= this.#requestsMax) return this.#refusals.answer('load', LOADED_RETRY_MS)
    if (typeof waitMs === 'number') return undefined
    return waitMs.then((ms) => (ms > 0 ? this.#refusals.answer('address', ms) : undefined))
  }
}
