/**
 * What a deployment publishes of its content for others to serve: where blocks lie, whose they are,
 * which spaces may be served. An exporter makes it, an adapter writes it in its own form.
 * @module
 */
import type { IndexedSlice } from './blob-index.ts'
import type { BlobSite } from './ports/blob.ts'
import type { SpaceDid } from './ports/content.ts'

/** A space that holds a blob. */
export interface Holder {
  readonly space: SpaceDid
  /** Place in the order in which the deployment accepted blobs; smaller is earlier. */
  readonly accepted: number
}

/** A blob with its blocks. */
export interface PublishedBlob {
  readonly multihash: Uint8Array
  readonly sizeBytes: number
  /** Whether the blob itself is in the deployment's own store. */
  readonly local: boolean
  /** Other places of it. */
  readonly sites: readonly BlobSite[]
  readonly holders: readonly Holder[]
  readonly slices: readonly IndexedSlice[]
}

/** Leave to serve a space. */
export interface Grant {
  readonly space: SpaceDid
  /** Wall-clock ms at which it begins, or undefined for always. */
  readonly startsMs: number | undefined
  /** Wall-clock ms at which it ends, or undefined for never. */
  readonly expiresMs: number | undefined
}

/** All that a deployment publishes at one time. */
export interface Publication {
  readonly blobs: readonly PublishedBlob[]
  readonly grants: readonly Grant[]
}
