/**
 * Ports for delegations by which spaces let this gateway serve them, and for their revocations.
 * @module
 */
import type { Awaitable, Result, Unit } from '../result.ts'
import type { SpaceDid } from './content.ts'

/** A delegation that was checked before it was stored, with everything it stands on. */
export interface StoredDelegation {
  /** Binary CID of the UCAN. */
  readonly cid: Uint8Array
  /** The space that it is about: the `with` of its capability. */
  readonly space: SpaceDid
  readonly can: string
  /** DID of who issued it: the space, or somebody in whose hands the space put it. */
  readonly issuer: string
  readonly audience: string
  /** Wall-clock ms from which, and before which, it holds; undefined for always, and never. */
  readonly startsMs: number | undefined
  readonly expiresMs: number | undefined
  readonly storedMs: number
  /** The UCAN and its proofs, as ucanto archives them (a CAR). */
  readonly archive: Uint8Array
}

/**
 * Somebody takes a UCAN back, once and for all. Whether they may is decided when chains are judged;
 * the operator of this gateway, who need not use what it was given, always may.
 */
export interface Revocation {
  /** Binary CID of the UCAN. */
  readonly cid: Uint8Array
  /** DID of who revoked it. */
  readonly issuer: string
  readonly revokedMs: number
  /** The `ucan/revoke` invocation in an archive; undefined for what the operator revoked. */
  readonly archive: Uint8Array | undefined
}

/**
 * What serving reads. A process sees its own changes at once, and those of others with the next
 * call.
 */
export interface DelegationStore {
  /** Differs after each change of delegations or revocations. Cheap enough for every request. */
  generation(): number
  /**
   * Delegations of a space, oldest first, at most `DELEGATIONS_PER_SPACE_MAX`; some may be over.
   */
  forSpace(space: SpaceDid): Awaitable<readonly StoredDelegation[]>
  /** Revocations of these UCANs, by anybody. */
  revoked(cids: readonly Uint8Array[]): Awaitable<readonly Revocation[]>
}

/** There is no room for more delegations, or revocations. */
export class DelegationsFull extends Error {
  override readonly name = 'DelegationsFull'
}

/** No delegation with this CID is stored. */
export class DelegationUnknown extends Error {
  override readonly name = 'DelegationUnknown'
}

/** What changes them, for the store's owner. Each change is durable, and whole, when it ends. */
export interface DelegationWriter {
  /**
   * Stores a delegation that its caller has checked. Storing one twice changes nothing. Those of
   * its space that are over may be forgotten to make room.
   */
  put(
    delegation: StoredDelegation,
  ): Awaitable<Result<{ readonly stored: boolean }, DelegationsFull>>
  /** Forgets a delegation. It may be stored again, unlike one that was revoked. */
  withdraw(cid: Uint8Array): Awaitable<Result<Unit, DelegationUnknown>>
  /**
   * Keeps a revocation, of a UCAN that is stored or not, that its caller has checked. The same
   * issuer's second one of a UCAN changes nothing.
   */
  revoke(revocation: Revocation): Awaitable<Result<Unit, DelegationsFull>>
}
