/**
 * A blob in the making: its bytes, its sidecar, and the moment it becomes visible.
 * @module
 */
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { encodeSidecar } from '@turnpike/core/sidecar'
import { createHash, type Hash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { makeDirectory, publishFile, syncDirectory, tempPath, writeSynced } from '../durable.ts'
import { blobPaths } from './paths.ts'
import { Spool, type SpoolPlace } from './spool.ts'

/** A blob that was stored. */
export interface StoredBlob {
  /** sha2-256 multihash of the whole. */
  readonly multihash: Uint8Array
  readonly sizeBytes: number
  /** False when the store held it already. */
  readonly isNew: boolean
}

/** Where drafts are made: the store's folder, its folder for temps. */
export interface DraftPlace extends SpoolPlace {
  readonly root: string
  readonly temps: string
  readonly hasher: Hasher
}

/**
 * Takes a blob's bytes in order and divides them into chunks for the sidecar where the caller
 * says. Methods reject with the file system's error; then only `abort` may be called.
 */
export class BlobDraft {
  readonly #place: DraftPlace
  readonly #spool: Spool
  readonly #chunks: { length: number; digest: Uint8Array }[] = []
  #hash: Hash | undefined
  #chunkBytes = 0

  private constructor(place: DraftPlace, spool: Spool) {
    this.#place = place
    this.#spool = spool
  }

  static async begin(place: DraftPlace): Promise<BlobDraft> {
    return new BlobDraft(place, await Spool.open(tempPath(place.temps), place))
  }

  /** Bytes taken so far. */
  get sizeBytes(): number {
    return this.#spool.sizeBytes
  }

  /** Bytes of the chunk that is open. */
  get chunkBytes(): number {
    return this.#chunkBytes
  }

  /** Appends `bytes` to the open chunk. They may be reused when this returns or resolves. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    this.#hash ??= createHash('sha256')
    this.#hash.update(bytes)
    this.#chunkBytes += bytes.length
    return this.#spool.write(bytes)
  }

  /** Ends the open chunk, if it has bytes. */
  endChunk(): void {
    if (this.#hash !== undefined && this.#chunkBytes > 0)
      this.#chunks.push({ length: this.#chunkBytes, digest: this.#hash.digest() })
    this.#hash = undefined
    this.#chunkBytes = 0
  }

  /** Appends a chunk of its own whose sha2-256 `digest` is known: it is not hashed again. */
  writeChunk(bytes: Uint8Array, digest: Uint8Array): Promise<void> | undefined {
    this.endChunk()
    this.#chunks.push({ length: bytes.length, digest })
    return this.#spool.write(bytes)
  }

  /**
   * Makes the blob visible, durably; stores nothing when it is there already.
   *
   * Crash order: the blob's bytes are down (`finish`), then the sidecar under its name, and only
   * then the blob under its name, which alone makes it visible. A crash in between leaves a
   * sidecar without a blob: nobody looks for it, and storing the blob again replaces it.
   */
  async commit(): Promise<StoredBlob> {
    this.endChunk()
    const { sizeBytes, path: temp } = this.#spool
    const digest = await this.#spool.finish()
    const multihash = encodeMultihash(SHA2_256, digest)
    const paths = blobPaths(this.#place.root, multihash)!
    const there = await stat(paths.blob).catch(() => undefined)
    if (there?.size === sizeBytes) {
      // Its name may be seen before it is down: by a commit beside this one, or after a kill.
      await syncDirectory(paths.directory)
      await rm(temp)
      return { multihash, sizeBytes, isNew: false }
    }
    const sidecarTemp = tempPath(this.#place.temps)
    try {
      await writeSynced(sidecarTemp, encodeSidecar(digest, this.#chunks, this.#place.hasher))
      await makeDirectory(paths.directory)
      await publishFile(sidecarTemp, paths.sidecar)
      await publishFile(temp, paths.blob)
    } catch (error) {
      await rm(sidecarTemp, { force: true })
      throw error
    }
    return { multihash, sizeBytes, isNew: true }
  }

  /** Gives the draft up; nothing of it is left. Idempotent. */
  abort(): Promise<void> {
    return this.#spool.abort()
  }
}
