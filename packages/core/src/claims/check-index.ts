/**
 * Checks an index of others against the shards that it is about, before it is trusted: a slice that
 * lies takes its whole index with it.
 * @module
 */
import type { DagIndex, IndexedSlice } from '../blob-index.ts'
import { bytesEqual } from '../bytes.ts'
import { BLOCK_BYTES_MAX } from '../limits.ts'
import { INDEX_CHECK_BYTES_MAX, INDEX_CHECKS_MAX } from '../limits/claims.ts'
import { slicesAt, type LocatedBlob } from '../locate/sites.ts'
import { decodeMultihash } from '../multihash.ts'
import type { BlobReader, Slice } from '../ports/blob.ts'
import type { Hasher, Random } from '../ports/runtime.ts'
import { fail, ok, type Awaitable, type Result } from '../result.ts'

/** An index says that a block lies where other bytes do. It is not to be taken in again. */
export class IndexLied extends Error {
  override readonly name = 'IndexLied'
}

/** An index, or what it is about, can't be read now, so that it can't be checked. */
export class IndexUnavailable extends Error {
  override readonly name = 'IndexUnavailable'
}

/** What checking an index takes. */
export interface CheckIndexDeps {
  /** Reads at addresses that others named, and nowhere else. */
  readonly reader: BlobReader
  readonly hasher: Hasher
  readonly random: Random
  /** Where a shard lies, by claims. */
  locate(shard: Uint8Array): Awaitable<readonly LocatedBlob[]>
  readonly signal: AbortSignal
}

/** What was checked. */
export interface CheckedIndex {
  /** Slices whose bytes were read and hashed. */
  readonly checked: number
}

/** A slice to be checked. */
interface Choice extends IndexedSlice {
  readonly shard: Uint8Array
}

/**
 * Reads slices of an index from the shards and hashes them: all of them when they are few, else
 * `INDEX_CHECKS_MAX` by chance, at most `INDEX_CHECK_BYTES_MAX` in all. Whoever reads a block later
 * hashes it again. A slice lies when no address has its bytes and some address has others.
 *
 * @example
 * const checked = await checkIndex(index, { reader, hasher, random, locate, signal })
 */
export async function checkIndex(
  index: DagIndex,
  deps: CheckIndexDeps,
): Promise<Result<CheckedIndex, IndexLied | IndexUnavailable>> {
  let checked = 0
  for (const choice of chosen(index, deps.random)) {
    const blobs = await deps.locate(choice.shard)
    const slices = slicesAt(choice, blobs)
    if (slices.length === 0)
      return fail(new IndexUnavailable('a claim where each shard of the index lies expected first'))
    const found = await checkSlice(choice, slices, deps)
    if (found === 'lie')
      return fail(
        new IndexLied('index expected to say where blocks lie, but other bytes are there'),
      )
    if (found === 'unread')
      return fail(new IndexUnavailable('shards of the index expected to be readable, are not now'))
    checked++
  }
  return ok({ checked })
}

/** A sample without repetition, in the order of chance, within the bounds. */
function chosen(index: DagIndex, random: Random): Choice[] {
  const all: Choice[] = []
  for (const { multihash: shard, slices } of index.shards)
    for (const { multihash, offset, length } of slices)
      if (length <= BLOCK_BYTES_MAX) all.push({ multihash, offset, length, shard })
  const sample: Choice[] = []
  let bytes = 0
  const dice = new DataView(new Uint8Array(random.bytes(4 * INDEX_CHECKS_MAX)).buffer)
  for (let i = 0; i < INDEX_CHECKS_MAX && i < all.length; i++) {
    const at = i + (dice.getUint32(4 * i) % (all.length - i))
    const taken = all[at]!
    all[at] = all[i]!
    if (bytes + taken.length > INDEX_CHECK_BYTES_MAX) break
    bytes += taken.length
    sample.push(taken)
  }
  return sample
}

async function checkSlice(
  { multihash }: Choice,
  slices: readonly Slice[],
  deps: CheckIndexDeps,
): Promise<'good' | 'lie' | 'unread'> {
  let read = false
  for (const slice of slices)
    for (const site of slice.blob.sites) {
      const bytes = await readSlice(slice, site, deps)
      if (bytes === undefined) continue
      if (isHashOf(multihash, bytes, deps.hasher)) return 'good'
      read = true
    }
  return read ? 'lie' : 'unread'
}

async function readSlice(
  { blob, offset, length }: Slice,
  site: Slice['blob']['sites'][number],
  { reader, signal }: CheckIndexDeps,
): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length)
  if (length === 0) return bytes
  const opened = await reader.open(blob, site, { first: offset, last: offset + length - 1 }, signal)
  if (opened.error) return undefined
  const filled = await opened.ok.fill(bytes)
  opened.ok.close()
  return filled.ok && bytes
}

function isHashOf(multihash: Uint8Array, bytes: Uint8Array, hasher: Hasher): boolean {
  const hash = decodeMultihash(multihash)
  const digest = hash && hasher.digest(hash.code, bytes)
  return digest !== undefined && bytesEqual(digest, hash!.digest)
}
