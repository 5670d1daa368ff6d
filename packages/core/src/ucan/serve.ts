/**
 * Judges delegations before they are stored, and says what of their chains was taken back.
 * @module
 */
import { bytesEqual, keyOf } from '../bytes.ts'
import type { SpaceDid } from '../ports/content.ts'
import type { DelegationStore, Revocation, StoredDelegation } from '../ports/delegations.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok, type Result } from '../result.ts'
import { retrievingAllowedBy } from '../retrieve/caveats.ts'
import {
  type ArchiveInvalid,
  readUcanArchive,
  type Ucan,
  type UcanArchive,
  type UcanCapability,
} from './archive.ts'
import { allowedBy } from './serve-caveats.ts'
import {
  type ChainLink,
  type ChainRules,
  findServeChains,
  type FoundChains,
  type ServeChain,
} from './serve-chains.ts'

/** A delegation lets this gateway neither serve a space's content nor fetch it. */
export class DelegationRefused extends Error {
  override readonly name = 'DelegationRefused'
  /** Each way through its proofs, and where it failed; a few of them. */
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`delegation expected to let this gateway serve a space: ${faults.join('; ')}`)
    this.faults = faults
  }
}

/** What a delegation is judged by. */
export interface CheckOptions extends Omit<ChainRules, 'space'> {
  /** The space that it must be about; undefined for the one that it names. */
  readonly space: SpaceDid | undefined
  readonly nowMs: number
  readonly hasher: Hasher
  /** Where revocations are kept. */
  readonly store: Pick<DelegationStore, 'revoked'>
}

/**
 * Checks a delegation that somebody wants stored: its form, the hash of each block, each chain with
 * its signatures, time, and revocations. One that holds only from a later time on is taken. So is
 * one for `space/content/retrieve`, by which this gateway fetches from nodes that ask for leave.
 *
 * @param bytes the delegation and its proofs, as ucanto archives them
 * @returns what to put into the store
 * @example
 * const checked = await checkServeDelegation(archive, { space: undefined, gateways: [did], … })
 */
export async function checkServeDelegation(
  bytes: Uint8Array,
  { nowMs, hasher, store, ...options }: CheckOptions,
): Promise<Result<StoredDelegation, ArchiveInvalid | DelegationRefused>> {
  const archive = readUcanArchive(bytes, hasher)
  if (archive.error) return archive
  const { root } = archive.ok
  const space = options.space ?? spaceOf(root)
  if (space === undefined) return refused('one space expected in "with", got none, or several')
  const found = await findChains(archive.ok, { ...options, space })
  if (found.chains.length === 0) return refused(...found.faults)
  const revocations = await store.revoked(cidsOf(found.chains))
  const kept = withoutRevoked(found.chains, revocations, options.gateways)
  if (kept.length === 0) return refused('no link expected to be revoked, one is')
  if (!kept.some(({ startsMs, expiresMs }) => expiresMs > Math.max(nowMs, startsMs)))
    return refused(`to be in force now or later expected, is over`)
  const { cid, issuer, audience, startsMs, expiresMs } = root
  const can = root.capabilities.find((one) => isUseful(one, space))!.can
  const times = { startsMs, expiresMs, storedMs: nowMs }
  return ok({ cid, space, can, issuer, audience, ...times, archive: bytes })
}

/** Chains for serving; without any, those for fetching the content from who holds it. */
async function findChains(archive: UcanArchive, rules: ChainRules): Promise<FoundChains> {
  const serving = await findServeChains(archive, rules)
  if (serving.chains.length > 0) return serving
  const fetching = await findServeChains(archive, { ...rules, allowedBy: retrievingAllowedBy })
  return fetching.chains.length > 0 ? fetching : serving
}

/** Whether a capability is of use to a gateway. */
function isUseful(capability: UcanCapability, space: string): boolean {
  return (allowedBy(capability, space) ?? retrievingAllowedBy(capability, space)) !== undefined
}

function refused(...faults: readonly string[]): Result<never, DelegationRefused> {
  return fail(new DelegationRefused(faults))
}

/** The one space whose content a UCAN is about; undefined when it names none, or several. */
function spaceOf({ capabilities }: Ucan): SpaceDid | undefined {
  const spaces = new Set<string>()
  for (const capability of capabilities) {
    const { with: resource } = capability
    if (resource.startsWith('did:key:') && isUseful(capability, resource)) spaces.add(resource)
  }
  const [space] = spaces
  return spaces.size === 1 ? (space as SpaceDid) : undefined
}

/** CIDs of all UCANs that chains stand on, each once. */
export function cidsOf(chains: readonly ServeChain[]): readonly Uint8Array[] {
  const cids = new Map<string, Uint8Array>()
  for (const { links } of chains) for (const { key, cid } of links) cids.set(key, cid)
  return [...cids.values()]
}

/**
 * Chains of which no link was revoked by somebody who may: who issued it, or anything that it was
 * derived from, or this gateway, which need not use what it was given.
 *
 * @example
 * withoutRevoked(chains, await store.revoked(cidsOf(chains)), gateways)
 */
export function withoutRevoked(
  chains: readonly ServeChain[],
  revocations: readonly Revocation[],
  gateways: readonly string[],
): readonly ServeChain[] {
  if (revocations.length === 0) return chains
  const counts = ({ cid, issuer, archive }: Revocation, link: ChainLink): boolean =>
    bytesEqual(cid, link.cid) &&
    // Without an invocation it was the operator, whose identity may have changed since.
    (archive === undefined || gateways.includes(issuer) || link.revokers.includes(issuer))
  return chains.filter(({ links }) =>
    links.every((link) => !revocations.some((revocation) => counts(revocation, link))),
  )
}

/** Key of a delegation's chains for one space. */
export function chainsKey({ cid, space }: Pick<StoredDelegation, 'cid' | 'space'>): string {
  return `${space} ${keyOf(cid)}`
}
