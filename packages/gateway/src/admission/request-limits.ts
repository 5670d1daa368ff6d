/**
 * Whether a request is let in, decided before any work is done for it.
 * @module
 */
import { RATE_ADDRESSES_MAX, REQUESTS_MAX } from '@turnpike/core/limits'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { Answer } from '../meter.ts'
import { RateLimit } from './rate-limit.ts'
import type { Refusals } from './refusals.ts'

/** What may be asked of one process. */
export interface RequestLimitsOptions {
  readonly clock: Clock
  readonly refusals: Refusals
  /** Requests answered at once; `REQUESTS_MAX` unless told. */
  readonly requestsMax?: number
  /** Requests a second from one address, or network; undefined: any number. */
  readonly perAddressPerSecondMax?: number | undefined
}

/** The limits of one process. */
export class RequestLimits {
  readonly #refusals: Refusals
  readonly #requestsMax: number
  readonly #addresses: RateLimit | undefined

  constructor({ clock, refusals, requestsMax, perAddressPerSecondMax }: RequestLimitsOptions) {
    this.#refusals = refusals
    this.#requestsMax = requestsMax ?? REQUESTS_MAX
    if (perAddressPerSecondMax !== undefined)
      this.#addresses = new RateLimit({
        clock,
        perSecond: perAddressPerSecondMax,
        keysMax: RATE_ADDRESSES_MAX,
      })
  }

  /**
   * The answer to a request that is not let in; undefined for one that is.
   *
   * @param inFlight requests that are being answered, this one left out
   * @param address tells what stands for the client: its address, or its network
   * @example
   * const refusal = limits.refusalOf(inFlight, () => '192.0.2.1')
   */
  refusalOf(inFlight: number, address: () => string): Answer | undefined {
    if (this.#addresses !== undefined && !this.#addresses.take(address()))
      return this.#refusals.answer('address')
    return inFlight >= this.#requestsMax ? this.#refusals.answer('load') : undefined
  }
}
