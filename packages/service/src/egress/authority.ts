/**
 * Whether a gateway may record egress of a space: whether the space let it serve.
 * Sources: UCAN 0.9.1, sections 4 and 5; Storacha, `space/content/serve`.
 * @module
 */
import type { BytesKey } from '@turnpike/core/bytes'
import { CHAINS_KEPT_MAX, DID_RETRY_MS } from '@turnpike/core/limits/ucan'
import type { DelegationStore } from '@turnpike/core/ports/delegations'
import type { Clock } from '@turnpike/core/ports/runtime'
import { Recent } from '@turnpike/core/recent'
import type { Ucan, UcanBlocks } from '@turnpike/core/ucan/archive'
import { mayRecord, RECORDING, recordingAllowedBy } from '@turnpike/core/ucan/record'
import { cidsOf, withoutRevoked } from '@turnpike/core/ucan/serve'
import { findServeChains, type ChainRules, type ServeChain } from '@turnpike/core/ucan/serve-chains'

/** What authority is judged by. */
export interface AuthorityDeps extends Pick<ChainRules, 'attesters' | 'checks'> {
  /** All DIDs of this service. */
  readonly dids: readonly string[]
  readonly delegations: Pick<DelegationStore, 'generation' | 'revoked'>
  readonly clock: Clock
}

/** Chains by which one gateway may record for one space, as of a generation of revocations. */
interface Found {
  readonly chains: readonly ServeChain[]
  readonly faults: readonly string[]
  /** Monotonic ms until which the keys in them may be relied on. */
  readonly holdsUntilMs: number
}

interface Standing {
  readonly generation: number
  readonly chains: readonly ServeChain[]
}

/**
 * Judges the proofs of records, and remembers: thousands of records a second stand on the same.
 *
 * @example
 * const fault = await authority.faultOf(ucan, blocks, signal)
 */
export class EgressAuthority {
  readonly #deps: AuthorityDeps
  readonly #found = new Recent<string, Found>(CHAINS_KEPT_MAX)
  readonly #standing = new WeakMap<Found, Standing>()

  constructor(deps: AuthorityDeps) {
    this.#deps = deps
  }

  /**
   * Why the issuer of an invocation may not record for the space in its `with`; undefined when it
   * may. Whether it signed the invocation is for others to ask.
   */
  async faultOf(ucan: Ucan, blocks: UcanBlocks, signal: AbortSignal): Promise<string | undefined> {
    const { issuer } = ucan
    const space = ucan.capabilities[0]!.with
    if (issuer === space) return undefined
    const nowMs = this.#deps.clock.nowMs()
    const faults: string[] = []
    for (const key of ucan.proofs) {
      const found = await this.#chainsOf(key, blocks, { issuer, space, signal })
      const chains = found === undefined ? [] : await this.#standingOf(found)
      if (chains.some(({ startsMs, expiresMs }) => startsMs <= nowMs && nowMs < expiresMs))
        return undefined
      faults.push(...(found === undefined ? ['proof expected in the message'] : whyNot(found)))
    }
    const why = faults.length === 0 ? 'no proof of it came along' : faults.slice(0, 8).join('; ')
    return `${issuer} expected to be let serve ${space}, or record its egress: ${why}`
  }

  async #chainsOf(
    key: BytesKey,
    blocks: UcanBlocks,
    { issuer, space, signal }: Asking,
  ): Promise<Found | undefined> {
    const { clock } = this.#deps
    const name = `${issuer} ${space} ${key}`
    const known = this.#found.get(name)
    if (known !== undefined && clock.monotonicMs() < known.holdsUntilMs) return known
    const root = blocks.find(key)
    if (root === undefined) return undefined
    const found = await this.#search(root, blocks, { issuer, space, signal })
    // With proofs in other messages, the same proof may yet lead somewhere.
    return found.chains.length > 0 ? this.#found.keep(name, found) : found
  }

  async #search(
    root: Ucan,
    { find }: UcanBlocks,
    { issuer, space, signal }: Asking,
  ): Promise<Found> {
    const { attesters, checks, clock } = this.#deps
    const rules = {
      space,
      gateways: [issuer],
      attesters,
      checks,
      signal,
      allowedBy: recordingAllowedBy,
    }
    if (!root.capabilities.some((one) => mayRecord(one) && one.with === space)) {
      const faults = [`delegation expected of ${[...RECORDING].join(' or ')}`]
      return { chains: [], faults, holdsUntilMs: Infinity }
    }
    const { chains, faults, holdsMs } = await findServeChains({ root, find }, rules)
    const holdsUntilMs = clock.monotonicMs() + Math.max(holdsMs, DID_RETRY_MS)
    return { chains, faults, holdsUntilMs }
  }

  /** Revocations are looked up once for each change of them. */
  async #standingOf(found: Found): Promise<readonly ServeChain[]> {
    const { delegations, dids } = this.#deps
    const generation = delegations.generation()
    const known = this.#standing.get(found)
    if (known?.generation === generation) return known.chains
    const revocations = await delegations.revoked(cidsOf(found.chains))
    const chains = withoutRevoked(found.chains, revocations, dids)
    this.#standing.set(found, { generation, chains })
    return chains
  }
}

/** Who wants to record for whom. */
interface Asking {
  readonly issuer: string
  readonly space: string
  readonly signal: AbortSignal
}

function whyNot({ chains, faults }: Found): readonly string[] {
  return chains.length === 0 ? faults : ['what it stands on was revoked, or is not in force']
}
