/**
 * Invocations that this gateway signs, to fetch what spaces let it fetch from nodes that ask.
 * @module
 */
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import {
  DELEGATION_ARCHIVE_BYTES_MAX,
  DELEGATION_BLOCKS_MAX,
  RETRIEVE_LIFE_MS,
  RETRIEVE_PROOFS_MAX,
} from '@turnpike/core/limits/ucan'
import type { SiteGuard } from '@turnpike/core/ports/blob'
import type { DelegationStore, StoredDelegation } from '@turnpike/core/ports/delegations'
import type { Clock, Random } from '@turnpike/core/ports/runtime'
import { covering, type RetrieveWish } from '@turnpike/core/retrieve/caveats'
import { signRetrieval, type SignedRetrieval } from '@turnpike/core/retrieve/invoke'
import { type GatewaySigner, type MessageBlock, ucanBlock } from '@turnpike/core/retrieve/message'
import { readUcanBlocks } from '@turnpike/core/ucan/archive'
import { cidsOf, withoutRevoked } from '@turnpike/core/ucan/serve'
import { findServeChains, type ChainRules } from '@turnpike/core/ucan/serve-chains'
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
    for (const delegation of await store.forSpace(space)) {
      if (!signsAs.includes(delegation.audience)) continue
      const proofs = await this.#proofsOf(delegation, wish, signal)
      if (proofs === undefined) continue
      const expiresMs = clock.nowMs() + RETRIEVE_LIFE_MS
      const nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString('base64url')
      const asked = { node, space, wish, proofs, expiresMs, nonce }
      const signer = signAs(delegation.audience)
      return signRetrieval(asked, { signer, hasher: nodeHasher })
    }
    return undefined
  }

  /** A delegation and all that it leads to, if it covers the wish now. */
  async #proofsOf(
    { cid, space, archive }: StoredDelegation,
    wish: RetrieveWish,
    signal: AbortSignal,
  ): Promise<readonly MessageBlock[] | undefined> {
    const { store, clock, signsAs: gateways, attesters, checks } = this.#options
    const bounds = { bytesMax: DELEGATION_ARCHIVE_BYTES_MAX, blocksMax: DELEGATION_BLOCKS_MAX }
    const read = readUcanBlocks(archive, nodeHasher, bounds)
    const root = read.ok?.find(keyOf(cid))
    if (read.error || root === undefined) return undefined
    const rules = { space, gateways, attesters, checks, signal, allowedBy: covering(wish) }
    const { chains } = await findServeChains({ root, find: read.ok.find }, rules)
    if (chains.length === 0) return undefined
    const nowMs = clock.nowMs()
    const holds = withoutRevoked(chains, await store.revoked(cidsOf(chains)), gateways).some(
      ({ startsMs, expiresMs }) => startsMs <= nowMs && nowMs < expiresMs,
    )
    if (!holds) return undefined
    const blocks = new Map<BytesKey, MessageBlock>()
    const waiting = [root.key]
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      const block = blocks.has(key) ? undefined : ucanBlock(key, read.ok)
      if (block === undefined) continue
      if (blocks.size >= RETRIEVE_PROOFS_MAX) return undefined
      blocks.set(key, block)
      waiting.push(...(read.ok.find(key)?.proofs ?? []))
    }
    return [...blocks.values()]
  }
}

const NONCE_BYTES = 12
