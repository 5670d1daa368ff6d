/**
 * Packs blocks into a CAR shard of the blob store.
 * @module
 */
import { carFrame, encodeCarHeader } from '@turnpike/core/car/encode'
import { BLOCK_BYTES_MAX, SHARD_BYTES_MAX } from '@turnpike/core/limits'
import { SHARD_GROUP_BYTES, SHARD_LEAF_BYTES_MIN } from '@turnpike/core/limits/store'
import type { Link } from '@turnpike/core/link'
import { decodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { fail, ok, type Awaitable, type Result, type Unit } from '@turnpike/core/result'
import type { BlobDraft, StoredBlob } from './draft.ts'
import { storeFault, type StoreFault } from './store-fault.ts'

/** Where a block's bytes lie in a shard: `length` bytes from `offset`. */
export interface ShardSlice {
  readonly multihash: Uint8Array
  readonly offset: number
  readonly length: number
}

/** A finished shard. */
export interface Shard extends StoredBlob {
  /** Blocks in the order of `append`, each as often as it was appended. */
  readonly slices: readonly ShardSlice[]
}

/** What a shard writer needs of a store. */
export interface ShardPlace {
  beginBlob(): Promise<BlobDraft>
}

const DONE: Result<Unit, never> = ok({})

/**
 * Writes one shard. The header comes first in a CAR and names its roots, so a shard of leaves,
 * whose root is not known yet, has none; the shard that ends a DAG is begun when it is.
 *
 * A block of at least 64 KiB is a sidecar chunk of its own, under the digest that its caller
 * computed; smaller frames are grouped to about 256 KiB. Calls must not overlap. After a failure
 * only `abort` may be called.
 */
export class ShardWriter {
  readonly #draft: BlobDraft
  readonly #slices: ShardSlice[] = []

  /** Use {@link createShardWriter}. */
  constructor(draft: BlobDraft) {
    this.#draft = draft
  }

  /** Size of the shard so far, header included. */
  get sizeBytes(): number {
    return this.#draft.sizeBytes
  }

  /** Number of blocks so far. */
  get count(): number {
    return this.#slices.length
  }

  /** Whether the shard with one more block stays within `SHARD_BYTES_MAX`, or is empty. */
  fits(link: Link, blockBytes: number): boolean {
    if (this.count === 0) return true
    const frameBytes = carFrame(link, blockBytes).length + blockBytes
    return this.sizeBytes + frameBytes <= SHARD_BYTES_MAX
  }

  /**
   * Appends a block whose multihash the caller computed from `bytes`. Both `bytes` and the link
   * may be reused when this returns or resolves, except the link's multihash, which is kept.
   *
   * @throws {RangeError} when the block is larger than `BLOCK_BYTES_MAX`
   */
  append(link: Link, bytes: Uint8Array): Awaitable<Result<Unit, StoreFault>> {
    if (bytes.length > BLOCK_BYTES_MAX)
      throw new RangeError(`"bytes" expected <= ${BLOCK_BYTES_MAX} bytes, got ${bytes.length}`)
    const prefix = carFrame(link, bytes.length)
    const { multihash } = link
    this.#slices.push({
      multihash,
      offset: this.sizeBytes + prefix.length,
      length: bytes.length,
    })
    const waiting = this.#draft.write(prefix)
    if (waiting !== undefined) return this.#settle(waiting.then(() => this.#block(link, bytes)))
    const more = this.#block(link, bytes)
    return more === undefined ? DONE : this.#settle(more)
  }

  #block(link: Link, bytes: Uint8Array): Promise<void> | undefined {
    const draft = this.#draft
    if (bytes.length < SHARD_LEAF_BYTES_MIN) {
      const waiting = draft.write(bytes)
      if (draft.chunkBytes >= SHARD_GROUP_BYTES) draft.endChunk()
      return waiting
    }
    const hash = decodeMultihash(link.multihash)
    if (hash?.code === SHA2_256 && hash.digest.length === 32)
      return draft.writeChunk(bytes, hash.digest)
    draft.endChunk()
    const waiting = draft.write(bytes)
    draft.endChunk()
    return waiting
  }

  async #settle(work: Promise<void>): Promise<Result<Unit, StoreFault>> {
    try {
      await work
      return DONE
    } catch (error) {
      return fail(storeFault(error))
    }
  }

  /** Makes the shard durable and visible, or finds it there already. */
  async finish(): Promise<Result<Shard, StoreFault>> {
    try {
      return ok({ ...(await this.#draft.commit()), slices: this.#slices })
    } catch (error) {
      await this.abort()
      return fail(storeFault(error))
    }
  }

  /** Gives the shard up; nothing of it is left. Idempotent. */
  abort(): Promise<void> {
    return this.#draft.abort()
  }
}

/**
 * Begins a shard in `store`.
 *
 * @example
 * const { ok: writer } = await createShardWriter(store, { roots: [] })
 * await writer?.append(link, bytes)
 * const shard = await writer?.finish()
 */
export async function createShardWriter(
  store: ShardPlace,
  options: { readonly roots: readonly Link[] },
): Promise<Result<ShardWriter, StoreFault>> {
  try {
    const draft = await store.beginBlob()
    await draft.write(encodeCarHeader(options.roots))
    return ok(new ShardWriter(draft))
  } catch (error) {
    return fail(storeFault(error))
  }
}
