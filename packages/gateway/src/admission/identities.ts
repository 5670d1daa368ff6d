/**
 * How often one reader may come whose leave to read was verified, from whatever addresses.
 * @module
 */
import { keyOf } from '@turnpike/core/bytes'
import type { Authorization } from '@turnpike/core/ports/content'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { Awaitable } from '@turnpike/core/result'
import type { Answer } from '../meter.ts'
import type { RateLimiter } from './rate.ts'
import type { Refusals } from './refusals.ts'

/** Whoever was let read comes too often. */
export class TooOften extends Error {
  override readonly name = 'TooOften'
  /** Until the next token, 1 or more. */
  readonly waitMs: number
  constructor(waitMs: number) {
    super(`requests of one reader expected at most as its bucket allows: wait ${waitMs} ms`)
    this.waitMs = waitMs
  }
}

/** What limits of identities are made of. */
export interface IdentitiesOptions {
  readonly limiter: RateLimiter
  readonly refusals: Refusals
  readonly hasher: Hasher
}

const utf8 = new TextEncoder()

/**
 * The limits of those who read. An identity is a token that opened a space, by its hash, or else a
 * DID: that of who signed a request.
 */
export class Identities {
  readonly #options: IdentitiesOptions

  constructor(options: IdentitiesOptions) {
    this.#options = options
  }

  /**
   * Takes a token from the bucket of whoever has the access token that opened a space. Others are
   * nobody in particular: were made-up tokens counted, they would fill the table.
   *
   * @example
   * const refusal = await identities.take(authorization, 'open sesame')
   */
  take(
    { space, byToken }: Authorization,
    token: string | undefined,
  ): Awaitable<TooOften | undefined> {
    if (!byToken || token === undefined) return undefined
    const hash = this.#options.hasher.sha256(utf8.encode(`${space} ${token}`))
    return this.#take(`token:${keyOf(hash)}`)
  }

  /** Takes a token from the bucket of whoever signed an invocation that was found to hold. */
  takeSigner(did: string): Awaitable<TooOften | undefined> {
    return this.#take(did)
  }

  #take(key: string): Awaitable<TooOften | undefined> {
    const waitMs = this.#options.limiter.take(key)
    return typeof waitMs === 'number' ? refusal(waitMs) : waitMs.then(refusal)
  }

  /** What whoever comes too often is told. */
  answer({ waitMs }: TooOften): Answer {
    return this.#options.refusals.answer('identity', waitMs)
  }
}

function refusal(waitMs: number): TooOften | undefined {
  return waitMs > 0 ? new TooOften(waitMs) : undefined
}
