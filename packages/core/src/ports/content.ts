/**
 * Ports that say where blocks lie, whose they are, and who may have them served.
 * @module
 */
import type { Awaitable, Result } from '../result.ts'
import type { Slice } from './blob.ts'

/** A space's DID (`did:key:…`). */
export type SpaceDid = `did:${string}:${string}`

/**
 * Others who may know where content lies did not say: that it is nowhere can't be told from it. The
 * answer is 504 for `LocatorTimeout` and 502 for `LocatorUnavailable`.
 */
export class LocatorFault extends Error {
  override readonly name: 'LocatorUnavailable' | 'LocatorTimeout'
  /** The service's address without path and query, for logs; empty when several failed. */
  readonly service: string
  constructor(name: LocatorFault['name'], service: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = name
    this.service = service
  }
}

/**
 * Finds blocks by space and multihash. Read-after-write within one process; another process sees
 * a change within a second. An index that asks others throws, or rejects with, a
 * {@link LocatorFault} when it can't tell.
 */
export interface ContentIndex {
  /** The same without asking others; absent where none are asked. It never fails. */
  readonly here?: ContentIndex
  /**
   * Spaces that hold the block, in the order in which this deployment accepted their first claim
   * of it, then by DID. Empty when nobody does.
   */
  spaces(multihash: Uint8Array): Awaitable<readonly SpaceDid[]>
  /** For each multihash, where its bytes lie in blobs of this space, best first; maybe nowhere. */
  slices(
    space: SpaceDid,
    multihashes: readonly Uint8Array[],
  ): Awaitable<readonly (readonly Slice[])[]>
  /**
   * Hears that a block was not where a slice of this index says, at the site with this URL. When
   * that is so at all sites, an index of others has lied. Absent where nothing comes of it.
   */
  lied?(multihash: Uint8Array, place: Pick<Slice, 'blob' | 'offset'>, url: string): void
}

/** Leave to serve a space's content for one request. */
export interface Authorization {
  readonly space: SpaceDid
  /** Wall-clock ms at which it ends, or undefined for never. */
  readonly expiresMs: number | undefined
  /** Whether it hangs on the request's token: then no shared cache may keep the answer. */
  readonly byToken: boolean
}

/** The space has not let this gateway serve its content to this request. */
export class Unauthorized extends Error {
  override readonly name = 'Unauthorized'
  readonly space: SpaceDid
  constructor(space: SpaceDid, message: string) {
    super(message)
    this.space = space
  }
}

/** Decides whether a space lets this gateway serve it. A change is in force within a second. */
export interface Authorizer {
  authorize(
    space: SpaceDid,
    token: string | undefined,
  ): Awaitable<Result<Authorization, Unauthorized>>
}
