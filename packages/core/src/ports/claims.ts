/**
 * Ports for content claims: signed statements about where bytes lie, and what they are parts of.
 * @module
 */
import type { Awaitable, Result, Unit } from '../result.ts'
import type { SpaceDid } from './content.ts'

/** What a claim says: the ability behind `assert/`. */
export type ClaimKind = 'location' | 'index' | 'equals' | 'inclusion' | 'partition' | 'relation'

/** A claim that was verified before it was stored: it is what its issuer signed. */
export interface StoredClaim {
  /** Binary CID of the UCAN. */
  readonly cid: Uint8Array
  readonly kind: ClaimKind
  /** DID of who signed it. */
  readonly issuer: string
  /** Multihash of what it is about. */
  readonly content: Uint8Array
  /** The space that it names; whether that is so is decided when it is read, by its issuer. */
  readonly space: SpaceDid | undefined
  /** Wall-clock ms from which, and before which, it holds; undefined for always, and never. */
  readonly startsMs: number | undefined
  readonly expiresMs: number | undefined
  /** Whether its issuer was one to believe when it was stored: others have less room. */
  readonly believed: boolean
  /** The UCAN, as ucanto archives it (a CAR). */
  readonly archive: Uint8Array
}

/**
 * Finds claims. What has not begun, has expired, or was revoked by its issuer is left out. A
 * process sees its own changes at once, and those of others with the next call.
 */
export interface ClaimStore {
  /**
   * All claims about a multihash, of some kinds or of all: those that were believed first, each in
   * the order in which they came. However many there are; memory holds some of them at a time.
   */
  byContent(content: Uint8Array, kinds?: readonly ClaimKind[]): AsyncIterable<StoredClaim>
  byCid(cid: Uint8Array): Awaitable<StoredClaim | undefined>
}

/** Where a block lies by an index: `length` bytes from `offset` of a shard. */
export interface CoveredPlace {
  /** Multihash of the shard. */
  readonly shard: Uint8Array
  readonly offset: number
  readonly length: number
}

/** An index that lists a block. */
export interface CoveringIndex {
  /** The `assert/index` claim that says so. */
  readonly claim: StoredClaim
  /** Multihash of the index's archive. */
  readonly index: Uint8Array
  readonly place: CoveredPlace
}

/** Finds claims about the DAGs that a block is part of, and the indexes that they name. */
export interface IndexFinder {
  /**
   * Indexes that list a block, one for each claim and shard, as far as they were taken in: those of
   * our own content, and those of others that were checked. Of more than
   * `COVERING_INDEXES_MAX` some are left out: each is as good as another.
   */
  covering(multihash: Uint8Array): Awaitable<readonly CoveringIndex[]>
  /** An index's archive, by its multihash; undefined when it is neither ours nor kept. */
  archive(multihash: Uint8Array): Awaitable<Uint8Array | undefined>
}

/** There is no room for more claims: in all, or about this content from who is not believed. */
export class ClaimsFull extends Error {
  override readonly name = 'ClaimsFull'
}

/** No claim with this CID is stored. */
export class ClaimUnknown extends Error {
  override readonly name = 'ClaimUnknown'
}

/** What changes them: for the store's owner. Each change is durable, and whole, when it ends. */
export interface ClaimWriter {
  /** Stores a claim that its caller has verified. Storing one twice changes nothing. */
  put(claim: StoredClaim): Awaitable<Result<{ readonly stored: boolean }, ClaimsFull>>
  /** Forgets a claim, and all that follows from it. */
  withdraw(cid: Uint8Array): Awaitable<Result<Unit, ClaimUnknown>>
}
