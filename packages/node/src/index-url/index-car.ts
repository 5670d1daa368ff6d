/**
 * Indexes a CAR where it lies, without copying it: one pass, every block verified.
 * @module
 */
import type { IndexedSlice } from '@turnpike/core/blob-index'
import type { CarFrame, CarMalformed } from '@turnpike/core/car/decode'
import { readCar } from '@turnpike/core/car/read'
import { CAR_ROOTS_MAX } from '@turnpike/core/limits'
import { INDEX_BATCH_SLICES_MAX } from '@turnpike/core/limits/store'
import { linkToString, type Link } from '@turnpike/core/link'
import { encodeMultihash, IDENTITY, SHA2_256 } from '@turnpike/core/multihash'
import { OriginFault } from '@turnpike/core/ports/blob'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { verifyBlock } from '@turnpike/gateway/blocks/verify'
import { createHash } from 'node:crypto'
import { readBlob, type ReadBlobDeps } from './read-blob.ts'
import type { CarSource, IndexDraft, IndexedCar, IndexSink } from './sink.ts'

/** A block of a CAR does not match its CID, or its hash function is unknown here. */
export class BlockRefused extends Error {
  override readonly name = 'BlockRefused'
  readonly cid: string
  /** Where in the file the block starts. */
  readonly offset: number
  constructor(link: Link, offset: number, verdict: 'bad' | 'unknown') {
    const cid = linkToString(link)
    const got = verdict === 'bad' ? 'other bytes' : 'a hash function that this program lacks'
    super(`block ${cid} at byte ${offset} of the CAR expected to match its CID, got ${got}`)
    this.cid = cid
    this.offset = offset
  }
}

/** Why a CAR can't be indexed; nothing of it was committed. */
export type IndexRefused = OriginFault | CarMalformed | BlockRefused

/** What indexing needs beside the CAR. */
export interface IndexDeps extends ReadBlobDeps {
  readonly hasher: Hasher
  readonly sink: IndexSink
}

/** How an indexing is watched and stopped. */
export interface IndexOptions {
  readonly signal: AbortSignal
  /** Called after each MiB or so, with the bytes of this CAR that were read. */
  readonly onProgress?: (bytesDone: number, source: CarSource) => void
}

/**
 * Reads a CAR once, verifies each block against its CID, and hands its slices, in batches, and its
 * sha2-256 to the sink. Memory is bounded whatever the size: one chunk, one block, one batch.
 * Blocks of identity CIDs are verified and left out, as their CIDs carry them.
 *
 * @throws what the sink throws, and the signal's reason when it is aborted, after `abort`
 * @example
 * const indexed = await indexCar({ reader, random, hasher, sink }, source, { signal })
 */
export async function indexCar(
  deps: IndexDeps,
  source: CarSource,
  options: IndexOptions,
): Promise<Result<IndexedCar, IndexRefused>> {
  const draft = await deps.sink.begin(source)
  let committing = false
  try {
    const read = await readInto(draft, deps, source, options)
    if (read.error === undefined) {
      committing = true
      await draft.commit(read.ok)
    } else await draft.abort()
    return read
  } catch (error) {
    if (!committing) await draft.abort()
    if (error instanceof OriginFault) return fail(error)
    throw error
  }
}

async function readInto(
  draft: IndexDraft,
  deps: IndexDeps,
  source: CarSource,
  options: IndexOptions,
): Promise<Result<IndexedCar, IndexRefused>> {
  const whole = createHash('sha256')
  const chunks = readBlob(deps, source, options.signal)
  let bytesDone = 0
  async function* hashed(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const { value, done } = await chunks.next()
      if (done === true) return
      whole.update(value)
      bytesDone += value.length
      options.onProgress?.(bytesDone, source)
      yield value
    }
  }
  try {
    const car = await readCar(hashed())
    if (car.error !== undefined) return car
    const batches = new Batches(draft)
    for await (const frame of car.ok.frames) {
      if (frame.error !== undefined) return fail(frame.error)
      const refused = check(deps.hasher, frame.ok)
      if (refused !== undefined) return fail(refused)
      if (batches.add(frame.ok)) await batches.flush()
    }
    await batches.flush()
    // What follows the blocks, an index of CAR version 2 for instance, is of the blob as well.
    for await (const _ of hashed());
    const multihash = encodeMultihash(SHA2_256, whole.digest())
    const roots = car.ok.header.roots.slice(0, CAR_ROOTS_MAX)
    const { site, sizeBytes } = source
    return ok({ site, multihash, sizeBytes, roots, slices: batches.slices })
  } finally {
    await chunks.return()
  }
}

function check(hasher: Hasher, frame: CarFrame): BlockRefused | undefined {
  const verdict = verifyBlock(hasher, frame.link.multihash, frame.bytes)
  return verdict === 'good' ? undefined : new BlockRefused(frame.link, frame.offset, verdict)
}

/** Slices on their way to the sink. */
class Batches {
  /** Slices taken so far. */
  slices = 0
  readonly #draft: IndexDraft
  #batch: IndexedSlice[] = []

  constructor(draft: IndexDraft) {
    this.#draft = draft
  }

  /** Takes a frame's slice; true when the batch is full and must be flushed. */
  add({ link, offset, bytes }: CarFrame): boolean {
    if (link.multihash[0] === IDENTITY) return false
    this.slices++
    this.#batch.push({ multihash: link.multihash, offset, length: bytes.length })
    return this.#batch.length === INDEX_BATCH_SLICES_MAX
  }

  async flush(): Promise<void> {
    if (this.#batch.length === 0) return
    const batch = this.#batch
    this.#batch = []
    await this.#draft.slices(batch)
  }
}
