/**
 * Who may ask what: ucanto's validator with our keys, our clock and our revocations.
 * @module
 */
import { Delegation } from '@ucanto/core'
import type * as API from '@ucanto/interface'
import { DIDResolutionError, Failure } from '@ucanto/validator'
import { bytesEqual } from '@turnpike/core/bytes'
import { MESSAGE_SIGNATURES_MAX } from '@turnpike/core/limits/ucan'
import type { Revocation } from '@turnpike/core/ports/delegations'
import { principals } from '@turnpike/core/ucan/verifier'
import type { FrontDoorDeps } from './deps.ts'

type Deps = Pick<FrontDoorDeps, 'identity' | 'resolver' | 'signatures' | 'clock' | 'delegations'>

/** What ucanto's validator works with while one invocation is judged. */
export interface Judging {
  readonly context: API.InvocationContext
  /** Whether somebody's keys could not be had: another time the verdict may be another. */
  readonly passing: () => boolean
}

/**
 * This gateway's word that the attestations of others count as its own, which ucanto looks for
 * among proofs. Signed before the first message is read, so that none is judged without.
 */
export function trustAttesters({
  identity: { signer },
  attesters,
}: Pick<FrontDoorDeps, 'identity' | 'attesters'>): Promise<readonly API.Delegation[]> {
  const trust = (did: string): Promise<API.Delegation> =>
    Delegation.delegate({
      issuer: signer,
      audience: { did: () => did as API.UCAN.DID },
      capabilities: [{ can: 'ucan/attest', with: signer.did() }],
      expiration: Infinity,
    })
  return Promise.all(attesters.map(trust))
}

/** What the invocations of one message may cost together. */
export class Effort {
  readonly signal: AbortSignal
  #signatures = 0

  /** @param signal ends look-ups of DIDs */
  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  /** Whether another signature may be looked at. */
  admit(): boolean {
    this.#signatures += 1
    return this.#signatures <= MESSAGE_SIGNATURES_MAX
  }
}

/** Sets up the judging of one invocation. */
export function judge(deps: Deps, trusted: readonly API.Delegation[], effort: Effort): Judging {
  let isPassing = false
  const admit = (): boolean => effort.admit()
  const context: API.InvocationContext = {
    id: deps.identity.signer,
    principal: principals(deps.signatures, admit) as unknown as API.PrincipalParser,
    proofs: [...trusted],
    async resolveDIDKey(did) {
      const resolved = await deps.resolver.resolve(did, effort.signal)
      if (resolved.ok) return { ok: [...resolved.ok.keys] }
      isPassing ||= resolved.error.fault === 'unavailable'
      const unresolved = new DIDResolutionError(did, new Failure(resolved.error.message))
      return { error: unresolved as API.DIDKeyResolutionError }
    },
    validateAuthorization: (authorization) => stands(authorization, deps),
  }
  return { context, passing: () => isPassing }
}

/** A link of a chain was taken back, or is not in force. ucanto has one name for both. */
class ChainBroken extends Failure {
  override readonly name = 'Revoked'
  readonly #why: string
  constructor(why: string) {
    super()
    this.#why = why
  }
  override describe(): string {
    return this.#why
  }
}

/** A link, and who may take it back: its issuer, and those of what it was derived from. */
interface ChainLink {
  readonly delegation: API.Delegation
  readonly revokers: readonly string[]
}

/** Checks all links of a chain by our clock, and that nobody took one back. */
async function stands(
  authorization: API.Authorization,
  { clock, delegations }: Pick<Deps, 'clock' | 'delegations'>,
): Promise<API.Result<API.Unit, API.Revoked>> {
  const links: ChainLink[] = []
  addLinks(authorization, links)
  const nowMs = clock.nowMs()
  for (const { delegation } of links) {
    const { cid, expiration, notBefore = -Infinity } = delegation
    if (expiration * 1000 <= nowMs) return broken(`Proof ${cid} has expired`)
    if (notBefore * 1000 > nowMs) return broken(`Proof ${cid} is not valid yet`)
  }
  const revocations = await delegations.revoked(links.map(({ delegation }) => delegation.cid.bytes))
  for (const link of links)
    if (revocations.some((revocation) => takesBack(revocation, link)))
      return broken(`Proof ${link.delegation.cid} has been revoked`)
  return { ok: {} }
}

function broken(why: string): { error: API.Revoked } {
  return { error: new ChainBroken(why) as unknown as API.Revoked }
}

function takesBack({ cid, issuer }: Revocation, { delegation, revokers }: ChainLink): boolean {
  return bytesEqual(cid, delegation.cid.bytes) && revokers.includes(issuer)
}

/** Adds the links of a chain from its far end on; returns the issuers of those added. */
function addLinks({ delegation, proofs }: API.Authorization, links: ChainLink[]): string[] {
  const issuers = proofs.flatMap((proof) => addLinks(proof, links))
  issuers.push(delegation.issuer.did())
  links.push({ delegation, revokers: [...issuers] })
  return issuers
}
