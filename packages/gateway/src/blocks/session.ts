/**
 * One request's way to the blocks of one space.
 * @module
 */
import { BLOCK_BYTES_MAX, LOCATED_BLOCKS_MAX } from '@turnpike/core/limits'
import { IDENTITY, SHA2_256, decodeMultihash } from '@turnpike/core/multihash'
import { type Link, linkToString } from '@turnpike/core/link'
import { type Awaitable, type Result, fail, ok } from '@turnpike/core/result'
import type { BodySource } from '@turnpike/core/body'
import type { ByteRange } from '@turnpike/core/range'
import { LOCAL_URL } from './group-runs.ts'
import type { OriginFault, Slice } from '@turnpike/core/ports/blob'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { type BlockError, BlockMissing, BlockTooLarge } from './errors.ts'
import type { BlockEngine } from './engine.ts'
import type { BlockItem } from './block-item.ts'
import { type FetchFor, FetchTally } from './fetch-tally.ts'
import { ReadGuard } from '../deny/guard.ts'
import { bytesEqual, keyOf } from '@turnpike/core/bytes'

/** A block by its multihash, and its key in the engine. */
export interface KeyedBlock {
  readonly key: string
  readonly multihash: Uint8Array
}

/**
 * Reads blocks of one space for one request: every look-up, cache key and shared fetch carries the
 * space, so a link to another space's block finds nothing.
 */
export class BlockSession {
  readonly space: SpaceDid
  readonly engine: BlockEngine
  /** Says which blocks are denied. */
  readonly guard: ReadGuard
  readonly tally: FetchTally
  readonly fetchFor: FetchFor
  /** Blocks that were not in a cache. 0 at the end: the answer came from memory alone. */
  fetched = 0
  /** Whether nodes are taken only from memory and our own store, and no origin is asked. */
  hereOnly = false
  readonly #located = new Map<string, readonly Slice[]>()

  constructor(
    engine: BlockEngine,
    space: SpaceDid,
    guard: ReadGuard = new ReadGuard(),
    tally: FetchTally = new FetchTally(),
  ) {
    this.tally = tally
    this.engine = engine
    this.guard = guard
    this.space = space
    this.fetchFor = { space, tally }
  }

  /** Key of a block of this space in the engine. */
  keyOf(multihash: Uint8Array): string {
    return `${this.space} ${keyOf(multihash)}`
  }

  /**
   * A whole verified block, which the caller may keep. Meant for nodes that are decoded; leaves of
   * a body go through `Lookahead`, which reuses buffers.
   */
  async get(link: Link): Promise<Result<Uint8Array, BlockError>> {
    const denied = this.guard.node(link)
    if (denied !== undefined) return fail(denied)
    const inline = knownBytes(link)
    if (inline !== undefined) return ok(inline)
    const key = this.keyOf(link.multihash)
    const cached = this.engine.cached(key)
    if (cached !== undefined) return ok(cached)
    if (this.hereOnly && !(await this.isHere(link)))
      return fail(new BlockMissing(linkToString(link)))
    const started = this.engine.share(key) ?? (await this.#start(link, key))
    if (started instanceof Error) return fail(started)
    return this.#whole(started)
  }

  /** Whether a block can be had without asking an origin. */
  async isHere(link: Link): Promise<boolean> {
    if (knownBytes(link) !== undefined) return true
    const key = this.keyOf(link.multihash)
    if (this.engine.cached(key) !== undefined) return true
    const slices = await this.locateOne(key, link.multihash)
    return slices.some(({ blob }) => blob.sites.some(({ url }) => url === LOCAL_URL))
  }

  /** Size of a block in bytes, from the index alone; undefined when the space has no such block. */
  async sizeOf(link: Link): Promise<number | undefined> {
    const inline = knownBytes(link)
    if (inline !== undefined) return inline.length
    const slices = await this.locateOne(this.keyOf(link.multihash), link.multihash)
    return slices[0]?.length
  }

  /**
   * A range of a block that is too large to be buffered and is, whole, a blob of our own store;
   * undefined for any other block.
   */
  openWhole(link: Link, range: ByteRange): Awaitable<Result<BodySource, OriginFault> | undefined> {
    const { wholeBlobs } = this.engine
    if (wholeBlobs === undefined || knownBytes(link) !== undefined) return undefined
    const key = this.keyOf(link.multihash)
    const slices = this.#located.get(key)
    const open = (found: readonly Slice[]): ReturnType<BlockSession['openWhole']> =>
      found.some((slice) => isLargeOwnBlob(slice, link.multihash))
        ? wholeBlobs.openVerified(link.multihash, range)
        : undefined
    return slices === undefined ? this.locateOne(key, link.multihash).then(open) : open(slices)
  }

  /**
   * For each block, where it lies; asks the index once for each.
   *
   * @throws {LocatorFault} when others who may know did not say
   */
  async locate(blocks: readonly KeyedBlock[]): Promise<readonly (readonly Slice[])[]> {
    const unknown = blocks.filter(({ key }) => !this.#located.has(key))
    const known = unknown.length < blocks.length ? blocks.map((b) => this.#located.get(b.key)) : []
    if (unknown.length === 0) return known as (readonly Slice[])[]
    const multihashes = unknown.map(({ multihash }) => multihash)
    const { index } = this.engine
    const asked = this.hereOnly ? (index.here ?? index) : index
    const found = await asked.slices(this.space, multihashes)
    if (this.#located.size + unknown.length > LOCATED_BLOCKS_MAX) this.#located.clear()
    const fresh = unknown.map(({ key }, i) => {
      const slices = usable(found[i] ?? [])
      this.#located.set(key, slices)
      return slices
    })
    let next = 0
    return blocks.map((_, i) => known[i] ?? fresh[next++]!)
  }

  /** Where one block lies. */
  async locateOne(key: string, multihash: Uint8Array): Promise<readonly Slice[]> {
    return this.#located.get(key) ?? (await this.locate([{ key, multihash }]))[0]!
  }

  async #start(link: Link, key: string): Promise<BlockItem | BlockError> {
    const slices = await this.locateOne(key, link.multihash)
    const refusal = refuse(link, slices)
    if (refusal !== undefined) return refusal
    // Another request may have started the same block while the index was asked.
    const shared = this.engine.share(key)
    if (shared !== undefined) return shared
    this.fetched++
    const wanted = { key, multihash: link.multihash, slices, ahead: false }
    return this.engine.begin([wanted], this.fetchFor)[0]!
  }

  async #whole(item: BlockItem): Promise<Result<Uint8Array, BlockError>> {
    await item.settled()
    if (item.error !== undefined) {
      const { error } = item
      item.release()
      return fail(error)
    }
    item.shared = true
    const bytes = item.ownedBytes()
    item.release()
    return ok(bytes)
  }
}

/** Bytes of an identity link, which carries its block itself. */
export function identityBytes(link: Link): Uint8Array | undefined {
  if (link.multihash[0] !== IDENTITY) return undefined
  return decodeMultihash(link.multihash)?.digest
}

/** SHA2-256 multihash of no bytes: the block that needs no reading. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const EMPTY_MULTIHASH = Uint8Array.from([
  SHA2_256,
  32,
  ...EMPTY_SHA256.match(/../g)!.map((hex) => Number.parseInt(hex, 16)),
])
const NO_BYTES = new Uint8Array(0)

/** Bytes of a link that tells them all itself: an identity link, or that of the empty block. */
export function knownBytes(link: Link): Uint8Array | undefined {
  if (link.multihash[2] === EMPTY_MULTIHASH[2] && bytesEqual(link.multihash, EMPTY_MULTIHASH))
    return NO_BYTES
  return identityBytes(link)
}

/** Why a located block can't be fetched, or undefined when it can. */
export function refuse(link: Link, slices: readonly Slice[]): BlockError | undefined {
  const first = slices[0]
  if (first === undefined) return new BlockMissing(linkToString(link))
  if (first.length > BLOCK_BYTES_MAX) return new BlockTooLarge(first.length, BLOCK_BYTES_MAX)
  return undefined
}

/** Whether a slice is a blob of our own store, by its own hash, too large to be buffered. */
function isLargeOwnBlob({ blob, offset, length }: Slice, multihash: Uint8Array): boolean {
  if (length <= BLOCK_BYTES_MAX) return false
  if (offset !== 0 || length !== blob.size || blob.multihash === undefined) return false
  return bytesEqual(blob.multihash, multihash) && blob.sites.some((site) => site.url === LOCAL_URL)
}

/** Slices that can be read: all of the size of the first, each with a site. */
function usable(slices: readonly Slice[]): readonly Slice[] {
  const sited = slices.filter((slice) => slice.blob.sites.length > 0)
  return sited.filter((slice) => slice.length === sited[0]!.length)
}
