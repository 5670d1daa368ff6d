/**
 * Ports for blobs: immutable byte strings (CAR shards, mostly) that blocks are read from.
 * @module
 */
import type { Awaitable, Result, Unit } from '../result.ts'
import type { BodySource } from '../body.ts'
import type { ByteRange } from '../range.ts'
import type { SpaceDid } from './content.ts'

/** A blob and where its bytes may lie. Sites are tried in order. */
export interface BlobRef {
  /** Multihash of the whole blob, or undefined when only its address is known. */
  readonly multihash: Uint8Array | undefined
  /** Stable key of the blob in this process, for caches and for joining reads. */
  readonly key: string
  /** Size in bytes, when known. */
  readonly size: number | undefined
  readonly sites: readonly BlobSite[]
}

/** One place of a blob. */
export interface BlobSite {
  /** `local:` for this deployment's own store, else an address that some reader serves. */
  readonly url: string
  /** Who is paid for bytes from here: a DID, or the URL's origin. Empty for our own store. */
  readonly provider: string
  /** Whom to show that the space lets us have the blob, where that may be asked for. */
  readonly guard?: SiteGuard | undefined
}

/** Who holds a blob at a place, and in whose name. */
export interface SiteGuard {
  /** DID of the node that says that it holds it. */
  readonly node: string
  readonly space: SpaceDid
}

/** A block's bytes inside a blob: `length` bytes from `offset`. */
export interface Slice {
  readonly blob: BlobRef
  readonly offset: number
  readonly length: number
}

/**
 * An origin did not deliver what was asked of it. Never served; another site is tried, and when
 * none is left the answer is 504 for `OriginTimeout` and 502 for the others.
 */
export class OriginFault extends Error {
  override readonly name:
    | 'OriginUnavailable'
    | 'OriginTimeout'
    | 'OriginLied'
    | 'OriginMissing'
    | 'OriginForbidden'
  /** The site's provider, for logs and metrics: never a full URL, which may carry a token. */
  readonly provider: string
  constructor(name: OriginFault['name'], provider: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = name
    this.provider = provider
  }
}

/** Bytes of one opened range, handed out in order. Not safe for overlapping calls. */
export interface BlobStream {
  /**
   * Fills all of `target` with the next bytes of the range. Whatever comes short, late or over
   * is an `OriginFault`; after one, only `close` may be called.
   */
  fill(target: Uint8Array): Awaitable<Result<Unit, OriginFault>>
  /** Ends the transfer at once. Idempotent; a `fill` under way fails. */
  close(): void
}

/**
 * Reads ranges of blobs. Consistency: blobs are immutable, any two reads agree or one of them is
 * an origin's fault. No retry of its own: the caller tries the next site.
 */
export interface BlobReader {
  /** Whether this reader serves addresses like `url`. */
  serves(url: string): boolean
  /**
   * Opens `range` of the blob at `site`. At most one request to the origin, but for those by which
   * a guarded one is shown what lets us have it.
   */
  open(
    blob: BlobRef,
    site: BlobSite,
    range: ByteRange,
    signal: AbortSignal,
  ): Awaitable<Result<BlobStream, OriginFault>>
}

/**
 * Blobs of this deployment's own store that were verified when they came, chunk by chunk, so that
 * any part of one can be checked without reading the rest.
 */
export interface WholeBlobs {
  /** A range of a blob as a body; each byte is verified again before it is handed out. */
  openVerified(multihash: Uint8Array, range: ByteRange): Awaitable<Result<BodySource, OriginFault>>
}
