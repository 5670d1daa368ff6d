/**
 * The blob store of the embedded default: immutable files named by their multihash.
 *
 * `blobs/ab/cd/<multihash in hex>.blob` with its sidecar `.sum` beside, `blobs/temps/` for what is
 * being written. A blob is visible when its `.blob` is; see `durable.ts` and `draft.ts` for the
 * order in which that comes about.
 * @module
 */
import type { BodySource } from '@turnpike/core/body'
import { READ_SYNC_BYTES_MAX } from '@turnpike/core/limits'
import {
  OriginFault,
  type BlobReader,
  type BlobRef,
  type BlobSite,
  type BlobStream,
} from '@turnpike/core/ports/blob'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { ByteRange } from '@turnpike/core/range'
import { fail, ok, type Awaitable, type Result } from '@turnpike/core/result'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory, removeTemps, syncDirectory } from '../durable.ts'
import { BlobDraft, type StoredBlob } from './draft.ts'
import { BlobFiles, rangeFault, readFault, streamFile, type BlobFile } from './files.ts'
import { HashThread } from './hash-thread.ts'
import { blobPaths, multihashOfName } from './paths.ts'
import { Slots } from './slots.ts'
import { storeFault, type StoreFault } from './store-fault.ts'
import { Sidecars, verifiedBody } from './verified.ts'

/** How to open a store. */
export interface BlobStoreOptions {
  /** The store's folder (`data/blobs`); made when absent. */
  readonly root: string
  readonly hasher: Hasher
  /** Whether this process owns the data folder: only then are leftover temps removed. */
  readonly owner: boolean
  /**
   * Targets of at most so many bytes are filled synchronously; `READ_SYNC_BYTES_MAX` unless told,
   * 0 for a slow disk, whose reads would hold up everything else.
   */
  readonly syncBytesMax?: number
}

/** Bytes of a sidecar chunk of a blob that is no shard. */
const PUT_CHUNK_BYTES = 1024 * 1024

/** See the module. Safe for any number of readers and writers at once in one process. */
export class BlobStore implements BlobReader {
  readonly #root: string
  readonly #temps: string
  readonly #hasher: Hasher
  readonly #files = new BlobFiles()
  readonly #sidecars: Sidecars
  readonly #thread = new HashThread()
  /** Memory for batches. Content that was read into a slot is stored fastest. */
  readonly slots: Slots = new Slots()
  readonly #syncBytesMax: number

  /** Use {@link openBlobStore}. */
  constructor(options: BlobStoreOptions) {
    this.#root = options.root
    this.#temps = join(options.root, 'temps')
    this.#hasher = options.hasher
    this.#sidecars = new Sidecars(options.hasher)
    this.#syncBytesMax = options.syncBytesMax ?? READ_SYNC_BYTES_MAX
  }

  serves(url: string): boolean {
    return url.startsWith('local:')
  }

  /** Opens a range of a blob of this store; the blob is found by its multihash alone. */
  open(
    blob: BlobRef,
    _site: BlobSite,
    range: ByteRange,
    signal: AbortSignal,
  ): Awaitable<Result<BlobStream, OriginFault>> {
    const path = blob.multihash && blobPaths(this.#root, blob.multihash)?.blob
    if (path === undefined) return fail(notHeld())
    return this.#openPath(path, range, signal)
  }

  #openPath(
    path: string,
    range: ByteRange,
    signal: AbortSignal,
  ): Awaitable<Result<BlobStream, OriginFault>> {
    const file = this.#files.take(path)
    if (!(file instanceof Promise)) return this.#stream(file, range, signal)
    return file.then(
      (opened) => this.#stream(opened, range, signal),
      (error: unknown) => fail(readFault(error)),
    )
  }

  #stream(file: BlobFile, range: ByteRange, signal: AbortSignal): Result<BlobStream, OriginFault> {
    if (range.first >= 0 && range.first <= range.last && range.last < file.sizeBytes)
      return ok(streamFile(this.#files, file, range, signal, this.#syncBytesMax))
    this.#files.give(file)
    return fail(rangeFault(range, file.sizeBytes))
  }

  /** Whether the store holds the blob. */
  async has(multihash: Uint8Array): Promise<boolean> {
    const path = blobPaths(this.#root, multihash)?.blob
    return path !== undefined && (await stat(path).catch(() => undefined)) !== undefined
  }

  /**
   * A range of a blob as a body whose every byte was verified against the sidecar before it is
   * handed out. Its reader holds one sidecar chunk at a time.
   */
  async openVerified(
    multihash: Uint8Array,
    range: ByteRange,
  ): Promise<Result<BodySource, OriginFault>> {
    const paths = blobPaths(this.#root, multihash)
    if (paths === undefined) return fail(notHeld())
    const sidecar = await this.#sidecars.get(multihash, paths)
    if (sidecar.error) return sidecar
    const covering = sidecar.ok.chunksCovering(range)
    if (covering === undefined) return fail(rangeFault(range, sidecar.ok.sizeBytes))
    const open = (whole: ByteRange, signal: AbortSignal) =>
      this.#openPath(paths.blob, whole, signal)
    return ok(verifiedBody(sidecar.ok, covering, range, open, this.#hasher))
  }

  /** Begins a blob whose chunks the caller decides. For shards, see `createShardWriter`. */
  beginBlob(): Promise<BlobDraft> {
    const place = { root: this.#root, temps: this.#temps, hasher: this.#hasher }
    return BlobDraft.begin({ ...place, thread: this.#thread, slots: this.slots })
  }

  /** Stores what `source` yields as one blob. A source that fails rejects, and leaves nothing. */
  async putWhole(source: AsyncIterable<Uint8Array>): Promise<Result<StoredBlob, StoreFault>> {
    const draft = await this.beginBlob().catch((error: unknown) => storeFault(error))
    if (draft instanceof Error) return fail(draft)
    try {
      for await (const bytes of source) {
        const fault = await writeChunks(draft, bytes)
        if (fault === undefined) continue
        await draft.abort()
        return fail(fault)
      }
    } catch (error) {
      await draft.abort()
      throw error
    }
    try {
      return ok(await draft.commit())
    } catch (error) {
      await draft.abort()
      return fail(storeFault(error))
    }
  }

  /** Multihashes of all blobs, in no order. Blobs that come or go meanwhile may be missed. */
  async *list(): AsyncGenerator<Uint8Array> {
    for (const first of await readdir(this.#root)) {
      if (!/^[0-9a-f]{2}$/.test(first)) continue
      for (const second of await readdir(join(this.#root, first)))
        for (const name of await readdir(join(this.#root, first, second))) {
          const multihash = multihashOfName(name)
          if (multihash !== undefined) yield multihash
        }
    }
  }

  /**
   * Removes a blob; streams that read it go on. The blob goes first and its sidecar after, so
   * that no crash leaves a visible blob without one. Not while the same blob may be stored: the
   * caller keeps the two apart. Says whether there was one.
   */
  async remove(multihash: Uint8Array): Promise<boolean> {
    const paths = blobPaths(this.#root, multihash)
    if (paths === undefined || !(await this.has(multihash))) return false
    this.#files.forget(paths.blob)
    this.#sidecars.forget(multihash)
    await rm(paths.blob, { force: true })
    await syncDirectory(paths.directory)
    await rm(paths.sidecar, { force: true })
    return true
  }

  /** Removes leftovers of killed writers: the owner's first act. */
  async prepare(owner: boolean): Promise<void> {
    await makeDirectory(this.#temps)
    if (owner) await removeTemps(this.#temps)
  }

  /** Closes files and ends the hash thread. Drafts under way fail. */
  async close(): Promise<void> {
    this.#files.clear()
    await this.#thread.close()
  }
}

async function writeChunks(draft: BlobDraft, bytes: Uint8Array): Promise<StoreFault | undefined> {
  try {
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + PUT_CHUNK_BYTES - draft.chunkBytes)
      await draft.write(bytes.subarray(at, end))
      if (draft.chunkBytes === PUT_CHUNK_BYTES) draft.endChunk()
      at = end
    }
    return undefined
  } catch (error) {
    return storeFault(error)
  }
}

function notHeld(): OriginFault {
  return new OriginFault('OriginMissing', '', 'the local store holds sha2-256 blobs only')
}

/**
 * Opens the blob store in a folder.
 *
 * @example
 * const store = await openBlobStore({ root: 'data/blobs', hasher: nodeHasher, owner: true })
 */
export async function openBlobStore(options: BlobStoreOptions): Promise<BlobStore> {
  const store = new BlobStore(options)
  await store.prepare(options.owner)
  return store
}
