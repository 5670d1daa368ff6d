/**
 * Reads content claims and checks who made them. What a claim says of a space is another question:
 * see `trust.ts`.
 * Source: Storacha, "content claims" (`assert/*`), in the forms that its JavaScript and Go
 * implementations write.
 * @module
 */
import { keyOf, type BytesKey } from '../bytes.ts'
import type { StoredClaim } from '../ports/claims.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok, type Result } from '../result.ts'
import { readUcanArchive, type Ucan } from '../ucan/archive.ts'
import type { SignatureChecks } from '../ucan/signed-by.ts'
import { contentOf, saidBy, type ClaimSays } from './says.ts'

/** What is wrong with a claim. `unresolved`: who knows its issuer's keys can't be reached now. */
export type ClaimFault = 'malformed' | 'expired' | 'early' | 'signature' | 'unresolved'

/** A claim is not to be believed, not even as a hint. */
export class ClaimInvalid extends Error {
  override readonly name = 'ClaimInvalid'
  readonly fault: ClaimFault
  constructor(fault: ClaimFault, expected: string) {
    super(`claim expected ${expected}`)
    this.fault = fault
  }
}

/** A claim that its issuer signed and that is in force. */
export interface Claim {
  /** Binary CID of the UCAN. */
  readonly cid: Uint8Array
  /** DID of who signed it. */
  readonly issuer: string
  /** Multihash of what it is about. */
  readonly content: Uint8Array
  readonly says: ClaimSays
  /** Wall-clock ms from which, and before which, it holds; undefined for always, and never. */
  readonly startsMs: number | undefined
  readonly expiresMs: number | undefined
  /** The UCAN, as ucanto archives it. */
  readonly archive: Uint8Array
}

/** What reading a claim takes. */
export interface ReadClaimDeps {
  readonly hasher: Hasher
  readonly checks: SignatureChecks
  /** Wall-clock ms: the claim must be in force at this time. */
  readonly nowMs: number
  readonly signal: AbortSignal
}

/**
 * Reads a claim: every block of its archive is hashed, its issuer's signature checked, its time by
 * our clock. Bounded by `DELEGATION_ARCHIVE_BYTES_MAX` and what `says.ts` states.
 *
 * @param archive as ucanto archives a UCAN (a CAR)
 * @example
 * const claim = await readClaim(archive, { hasher, checks, nowMs, signal })
 * if (claim.ok?.says.kind === 'location') claim.ok.says.urls // where its content lies
 */
export async function readClaim(
  archive: Uint8Array,
  deps: ReadClaimDeps,
): Promise<Result<Claim, ClaimInvalid>> {
  const decoded = decodeClaim(archive, deps.hasher)
  if (decoded.error) return decoded
  const { claim, ucan } = decoded.ok
  const { startsMs = -Infinity, expiresMs = Infinity } = claim
  if (expiresMs <= deps.nowMs) return invalid('expired', 'to be in force, but it has expired')
  if (startsMs > deps.nowMs) return invalid('early', 'to be in force, but it begins later')
  const { signed, holdsMs } = await deps.checks.signedBy(ucan, deps.signal)
  if (signed) return ok(claim)
  return holdsMs === 0
    ? invalid('unresolved', `the keys of ${claim.issuer}, which can not be had now`)
    : invalid('signature', `a signature by ${claim.issuer}`)
}

/**
 * Reads a claim that was checked before, such as one out of our own store. Its time and its
 * signature are not looked at.
 *
 * @example
 * const says = readKnownClaim(stored.archive, nodeHasher).ok?.says
 */
export function readKnownClaim(archive: Uint8Array, hasher: Hasher): Result<Claim, ClaimInvalid> {
  const decoded = decodeClaim(archive, hasher)
  return decoded.error ? decoded : ok(decoded.ok.claim)
}

/**
 * A claim as it is stored.
 *
 * @param believed whether its issuer is one to believe (`trust.ts`)
 * @example
 * await writer.put(toStored(claim, true))
 */
export function toStored(claim: Claim, believed: boolean): StoredClaim {
  const { says, ...rest } = claim
  const space = says.kind === 'location' ? says.space : undefined
  return { ...rest, kind: says.kind, space, believed }
}

/** Key of a claim for maps: that of its CID. */
export function claimKey({ cid }: Pick<Claim, 'cid'>): BytesKey {
  return keyOf(cid)
}

function invalid(fault: ClaimFault, expected: string): Result<never, ClaimInvalid> {
  return fail(new ClaimInvalid(fault, expected))
}

function decodeClaim(
  archive: Uint8Array,
  hasher: Hasher,
): Result<{ readonly claim: Claim; readonly ucan: Ucan }, ClaimInvalid> {
  const read = readUcanArchive(archive, hasher)
  if (read.error) return invalid('malformed', `an archived UCAN: ${read.error.message}`)
  const ucan = read.ok.root
  const [capability, ...more] = ucan.capabilities
  if (capability === undefined || more.length > 0)
    return invalid('malformed', `1 capability, got ${ucan.capabilities.length}`)
  const content = contentOf(capability.nb)
  if (content === undefined) return invalid('malformed', '"content": a link, or { digest }')
  const says = saidBy(capability)
  if (says === undefined)
    return invalid('malformed', `a well-formed assert/*, got ${capability.can.slice(0, 40)}`)
  const { cid, issuer, startsMs, expiresMs } = ucan
  return ok({ ucan, claim: { cid, issuer, content, says, startsMs, expiresMs, archive } })
}
