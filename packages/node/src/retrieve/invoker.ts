/**
 * Invocations that this gateway signs, to fetch what spaces let it fetch from nodes that ask.
 * @module
 */
import { RETRIEVE_LIFE_MS } from '@turnpike/core/limits/ucan'
import type { SiteGuard } from '@turnpike/core/ports/blob'
import type { DelegationStore } from '@turnpike/core/ports/delegations'
import type { Clock, Random } from '@turnpike/core/ports/runtime'
import { covering, type RetrieveWish } from '@turnpike/core/retrieve/caveats'
import { signRetrieval, type SignedRetrieval } from '@turnpike/core/retrieve/invoke'
import type { GatewaySigner } from '@turnpike/core/retrieve/message'
import type { ChainRules } from '@turnpike/core/ucan/serve-chains'
import { proofsOf } from '../authorize/stored-proofs.ts'
import { nodeHasher } from '../hasher.ts'

/** What invocations are made with. */
export interface InvokerOptions extends Pick<ChainRules, 'attesters' | 'checks'> {
  readonly store: Pick<DelegationStore, 'forSpace' | 'revoked'>
  /** DIDs that the gateway's key signs as. */
  readonly signsAs: readonly string[]
  readonly signAs: (did: string) => GatewaySigner
  readonly clock: Clock
  readonly random: Random
}

/** Signs for who fetches. */
export interface RetrievalInvoker {
  /** Undefined where the space has not let this gateway fetch that. */
  invoke(
    guard: SiteGuard,
    wish: RetrieveWish,
    signal: AbortSignal,
  ): Promise<SignedRetrieval | undefined>
}

/**
 * Signs by what a store holds now: each invocation is another one, since nodes take none twice.
 *
 * @example
 * const invoker = new StoredInvoker(options)
 * const signed = await invoker.invoke({ node, space }, { digest, range }, signal)
 */
export class StoredInvoker implements RetrievalInvoker {
  readonly #options: InvokerOptions

  constructor(options: InvokerOptions) {
    this.#options = options
  }

  async invoke(
    { node, space }: SiteGuard,
    wish: RetrieveWish,
    signal: AbortSignal,
  ): Promise<SignedRetrieval | undefined> {
    const { store, clock, random, signsAs, signAs } = this.#options
    const rules = { ...this.#options, gateways: signsAs, signal, allowedBy: covering(wish) }
    for (const delegation of await store.forSpace(space)) {
      if (!signsAs.includes(delegation.audience)) continue
      const proofs = await proofsOf(delegation, rules)
      if (proofs === undefined) continue
      const expiresMs = clock.nowMs() + RETRIEVE_LIFE_MS
      const nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString('base64url')
      const asked = { node, space, wish, proofs, expiresMs, nonce }
      const signer = signAs(delegation.audience)
      return signRetrieval(asked, { signer, hasher: nodeHasher })
    }
    return undefined
  }
}

const NONCE_BYTES = 12
