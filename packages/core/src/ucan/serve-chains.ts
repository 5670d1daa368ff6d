/**
 * Finds the chains by which a space lets this gateway serve its content.
 * Source: UCAN 0.9.1, sections 4 and 5; Storacha, "w3-session" for attestations.
 * @module
 */
import { keyOf, type BytesKey } from '../bytes.ts'
import { CHAIN_DEPTH_MAX, CHAIN_STEPS_MAX } from '../limits/ucan.ts'
import type { Ucan, UcanArchive, UcanCapability } from './archive.ts'
import {
  allowedBy as servingAllowedBy,
  bothAllow,
  type Allowed,
  type TokenCaveat,
} from './serve-caveats.ts'
import type { SignatureChecks } from './signed-by.ts'

/** One UCAN that a chain stands on, and who may take it back. */
export interface ChainLink {
  readonly cid: Uint8Array
  readonly key: BytesKey
  /** DIDs of its issuer, and of those whose UCANs it was derived from. */
  readonly revokers: readonly string[]
}

/** A chain from a space to this gateway, every link signed by who issued it. */
export interface ServeChain {
  readonly token: TokenCaveat
  /** The time in which all of its links hold, wall-clock ms; `expiresMs` is the first after it. */
  readonly startsMs: number
  readonly expiresMs: number
  readonly links: readonly ChainLink[]
}

/** What a delegation is worth, until somebody revokes a part of it. */
export interface FoundChains {
  readonly chains: readonly ServeChain[]
  /**
   * How long that may be relied on, ms; Infinity for always. Keys of a DID that is no key change,
   * or could not be had.
   */
  readonly holdsMs: number
  /** Why ways led nowhere, for whoever made the delegation. */
  readonly faults: readonly string[]
}

/** What chains must lead from and to, and what decides. */
export interface ChainRules {
  readonly space: string
  /** DIDs of this gateway: the one that it has, and those that it had. */
  readonly gateways: readonly string[]
  /** DIDs whose word counts that somebody who has no key of their own issued a UCAN. */
  readonly attesters: readonly string[]
  readonly checks: SignatureChecks
  readonly signal: AbortSignal
  /** What a capability allows of what is asked; of serving, unless told. */
  readonly allowedBy?: (capability: UcanCapability, space: string) => Allowed | undefined
}

/**
 * Finds all chains in an archive. A request has to be covered by each link of its chain, so that a
 * link that says more than what it was derived from gives no more.
 *
 * Bounded: chains are at most `CHAIN_DEPTH_MAX` links long, and `CHAIN_STEPS_MAX` steps are gone.
 *
 * @example
 * const { chains } = await findServeChains(archive, { space, gateways, attesters, checks, signal })
 */
export async function findServeChains(
  archive: UcanArchive,
  rules: ChainRules,
): Promise<FoundChains> {
  const search = new Search(archive, rules)
  await search.run()
  return { chains: search.chains, holdsMs: search.holdsMs, faults: [...search.faults] }
}

/** Links that were passed, from the gateway's towards the space's. */
interface Passed {
  readonly ucan: Ucan
  /** Who said that its issuer made it, when no key of theirs did. */
  readonly attestation: Ucan | undefined
  readonly allowed: Allowed
  readonly before: Passed | undefined
  readonly depth: number
}

const FAULTS_KEPT_MAX = 8

class Search {
  readonly chains: ServeChain[] = []
  readonly faults = new Set<string>()
  holdsMs = Infinity
  readonly #archive: UcanArchive
  readonly #rules: ChainRules
  readonly #signatures = new Map<BytesKey, boolean>()
  #steps = 0

  constructor(archive: UcanArchive, rules: ChainRules) {
    this.#archive = archive
    this.#rules = rules
  }

  async run(): Promise<void> {
    const { root } = this.#archive
    if (!this.#rules.gateways.includes(root.audience))
      return this.#fault(`audience expected ${this.#rules.gateways[0]}, got ${root.audience}`)
    await this.#step(root, [], undefined)
  }

  /** Passes `ucan` in every way that it allows, and goes on to what it was derived from. */
  async #step(ucan: Ucan, siblings: readonly Ucan[], before: Passed | undefined): Promise<void> {
    if (this.#steps >= CHAIN_STEPS_MAX)
      return this.#fault(`ways through the proofs expected <= ${CHAIN_STEPS_MAX}`)
    const depth = (before?.depth ?? 0) + 1
    if (depth > CHAIN_DEPTH_MAX)
      return this.#fault(`chain expected <= ${CHAIN_DEPTH_MAX} links, got more`)
    const ways = waysThrough(ucan, this.#rules, before?.allowed)
    if (ways.length === 0)
      return this.#fault(`capability of ${ucan.issuer} expected to cover what is asked, does not`)
    this.#steps += ways.length
    const signed = await this.#signed(ucan, siblings)
    if (signed === undefined)
      return this.#fault(`signature expected by ${ucan.issuer}, got none that proves to be theirs`)
    for (const allowed of ways) {
      const passed = { ucan, attestation: signed.attestation, allowed, before, depth }
      if (ucan.issuer === this.#rules.space) this.chains.push(chainOf(passed))
      else await this.#derived(passed)
    }
  }

  async #derived(passed: Passed): Promise<void> {
    const { ucan } = passed
    const proofs = ucan.proofs.map((key) => this.#archive.find(key))
    const aligned = proofs.filter((proof) => proof?.audience === ucan.issuer) as Ucan[]
    if (aligned.length === 0)
      return this.#fault(`proof expected that ${this.#rules.space} let ${ucan.issuer} do so`)
    for (const proof of aligned) if (!isAttestation(proof)) await this.#step(proof, aligned, passed)
  }

  /** By a key of its issuer's, or by the word of somebody who is believed in that. */
  async #signed(
    ucan: Ucan,
    siblings: readonly Ucan[],
  ): Promise<{ readonly attestation: Ucan | undefined } | undefined> {
    const { attesters } = this.#rules
    if (!ucan.issuer.startsWith('did:key:'))
      for (const sibling of siblings) {
        if (!attests(sibling, ucan, attesters)) continue
        if (await this.#signedBy(sibling)) return { attestation: sibling }
      }
    return (await this.#signedBy(ucan)) ? { attestation: undefined } : undefined
  }

  /** Checks each signature once, on however many ways it lies. */
  async #signedBy(ucan: Ucan): Promise<boolean> {
    const known = this.#signatures.get(ucan.key)
    if (known !== undefined) return known
    const { checks, signal } = this.#rules
    const { signed, holdsMs } = await checks.signedBy(ucan, signal)
    this.holdsMs = Math.min(this.holdsMs, holdsMs)
    this.#signatures.set(ucan.key, signed)
    return signed
  }

  #fault(text: string): void {
    if (this.faults.size < FAULTS_KEPT_MAX) this.faults.add(text)
  }
}

/** What a UCAN allows of what was allowed so far, each different thing once. */
function waysThrough(
  ucan: Ucan,
  { space, allowedBy = servingAllowedBy }: ChainRules,
  before: Allowed | undefined,
): readonly Allowed[] {
  const ways: Allowed[] = []
  for (const capability of ucan.capabilities) {
    const own = allowedBy(capability, space)
    const allowed = own && (before === undefined ? own : bothAllow(before, own))
    if (allowed !== undefined && !ways.some(({ token }) => token === allowed.token))
      ways.push(allowed)
  }
  return ways
}

const ATTEST = 'ucan/attest'

function isAttestation(ucan: Ucan): boolean {
  return ucan.capabilities[0]?.can === ATTEST
}

/** Whether `statement` says, by somebody who is believed, that the issuer of `ucan` made it. */
function attests(statement: Ucan, ucan: Ucan, attesters: readonly string[]): boolean {
  if (!isAttestation(statement) || !attesters.includes(statement.issuer)) return false
  return statement.capabilities.some(({ can, with: resource, nb }) => {
    if (can !== ATTEST || resource !== statement.issuer) return false
    const proof = (nb as { readonly proof?: { readonly bytes?: Uint8Array } } | undefined)?.proof
    return proof?.bytes !== undefined && keyOf(proof.bytes) === ucan.key
  })
}

/** The chain whose last step, the space's own, is `top`. */
function chainOf(top: Passed): ServeChain {
  const links: ChainLink[] = []
  let startsMs = -Infinity
  let expiresMs = Infinity
  const issuers: string[] = []
  const add = ({ cid, key, ...ucan }: Ucan, by: readonly string[]): void => {
    links.push({ cid, key, revokers: by })
    startsMs = Math.max(startsMs, ucan.startsMs ?? -Infinity)
    expiresMs = Math.min(expiresMs, ucan.expiresMs ?? Infinity)
  }
  for (let at: Passed | undefined = top; at !== undefined; at = at.before) {
    issuers.push(at.ucan.issuer)
    add(at.ucan, issuers.slice())
    if (at.attestation !== undefined) add(at.attestation, [at.attestation.issuer])
  }
  return { token: top.allowed.token, startsMs, expiresMs, links }
}
