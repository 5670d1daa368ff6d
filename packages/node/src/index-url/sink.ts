/**
 * What indexing needs of a catalog.
 * @module
 */
import type { IndexedSlice } from '@turnpike/core/blob-index'
import type { Link } from '@turnpike/core/link'
import type { BlobSite } from '@turnpike/core/ports/blob'
import type { Awaitable } from '@turnpike/core/result'

/** A CAR where it lies. */
export interface CarSource {
  readonly site: BlobSite
  readonly sizeBytes: number
}

/** A CAR that was read and verified to its end. */
export interface IndexedCar {
  readonly site: BlobSite
  /** sha2-256 multihash of the whole file. */
  readonly multihash: Uint8Array
  readonly sizeBytes: number
  /** Roots of its header, at most `CAR_ROOTS_MAX`. */
  readonly roots: readonly Link[]
  /** Frames of the file that were handed on as slices, each time a block occurs. */
  readonly slices: number
}

/** Takes what is found. Nothing may be visible to readers before `commit`. */
export interface IndexSink {
  /** Begins a blob whose multihash is not known yet. */
  begin(source: CarSource): Awaitable<IndexDraft>
}

/** A blob that is being indexed. Ends with `commit` or `abort`, exactly once. */
export interface IndexDraft {
  /**
   * Slices in the order of the file, all verified, at most `INDEX_BATCH_SLICES_MAX` at once. A
   * block may occur twice in a file. The batch is the sink's to keep.
   */
  slices(batch: readonly IndexedSlice[]): Awaitable<void>
  /** Makes blob, site and slices visible, durably and together. */
  commit(car: IndexedCar): Awaitable<void>
  /** Forgets all of it. */
  abort(): Awaitable<void>
}
