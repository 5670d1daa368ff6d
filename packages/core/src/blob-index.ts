/**
 * Sharded DAG indexes: in which shards a DAG lies, and where in them each block.
 *
 * A CAR whose root is DAG-CBOR `{ 'index/sharded/dag@0.1': { content, shards } }`; each shard is a
 * block `[shard, [[slice, [offset, length]], …]]` of multihashes. Both lists are sorted by digest
 * (not multihash). Offsets are of a block's bytes, behind length and CID. A shard also lists
 * itself, from 0.
 * Source: Storacha, "w3-index" specification, in the form that its implementations write
 * (`[offset, length]` nested), with which this writer agrees to the byte.
 * @module
 */
import { decode, encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { bytesEqual, compareBytes, keyOf, type BytesKey } from './bytes.ts'
import { decodeCar, type CarFrame } from './car/decode.ts'
import { encodeCar } from './car/encode.ts'
import { CAR_CID_BYTES_MAX, DAG_INDEX_BYTES_MAX, DAG_INDEX_SHARDS_MAX } from './limits.ts'
import {
  CAR,
  DAG_CBOR,
  linkFromCid,
  linkToBytes,
  linkToCid,
  linkToString,
  type Link,
} from './link.ts'
import { decodeMultihash, encodeMultihash, SHA2_256 } from './multihash.ts'
import type { Hasher } from './ports/runtime.ts'
import { fail, ok, type Result } from './result.ts'

/** Format of the index, the key of its root. */
export const DAG_INDEX_VERSION = 'index/sharded/dag@0.1'

/** Bytes of a multihash in an index: what a CAR's CID may hold. */
const MULTIHASH_BYTES_MAX = CAR_CID_BYTES_MAX

/** A block in a shard: `length` bytes from `offset`. */
export interface IndexedSlice {
  readonly multihash: Uint8Array
  readonly offset: number
  readonly length: number
}

/** One shard of an index. */
export interface IndexedShard {
  readonly multihash: Uint8Array
  /** Size in bytes, or undefined when the index does not list the shard itself. */
  readonly sizeBytes: number | undefined
  /** Blocks, without the shard itself. Decoded ones are sorted by digest. */
  readonly slices: readonly IndexedSlice[]
}

/** Where a DAG lies. */
export interface DagIndex {
  /** The DAG's root. */
  readonly content: Link
  readonly shards: readonly IndexedShard[]
}

/** The archive is no sharded DAG index, or a block of it does not match its hash. */
export class DagIndexMalformed extends Error {
  override readonly name = 'DagIndexMalformed'
}

/**
 * Encodes an index as a CAR. Of a block that a shard holds several times the first is listed.
 *
 * @throws {RangeError} on more than `DAG_INDEX_SHARDS_MAX` shards
 * @example
 * const archive = encodeDagIndex({ content, shards }, hasher)
 */
export function encodeDagIndex(index: DagIndex, hasher: Hasher): Uint8Array {
  if (index.shards.length > DAG_INDEX_SHARDS_MAX)
    throw new RangeError(`"shards" expected <= ${DAG_INDEX_SHARDS_MAX}, got ${index.shards.length}`)
  const block = (value: unknown): { link: Link; bytes: Uint8Array } => {
    const bytes = encode(value)
    const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
    return { link: { version: 1, codec: DAG_CBOR, multihash }, bytes }
  }
  const blocks = byDigest(index.shards).map((shard) =>
    block([shard.multihash, listed(shard).map((s) => [s.multihash, [s.offset, s.length]])]),
  )
  const root = block({
    [DAG_INDEX_VERSION]: {
      content: linkToCid(index.content),
      shards: blocks.map(({ link }) => linkToCid(link)),
    },
  })
  return encodeCar([root.link], [root, ...blocks])
}

/** CID of an archive: CAR codec, sha2-256 of the whole. What claims call the index. */
export function dagIndexLink(archive: Uint8Array, hasher: Hasher): Link {
  return {
    version: 1,
    codec: CAR,
    multihash: encodeMultihash(SHA2_256, hasher.sha256(archive)),
  }
}

/** Slices as they are written: the shard itself among them, each multihash once, sorted. */
function listed(shard: IndexedShard): IndexedSlice[] {
  const { multihash, sizeBytes } = shard
  const slices = new Map<BytesKey, IndexedSlice>()
  if (sizeBytes !== undefined)
    slices.set(keyOf(multihash), { multihash, offset: 0, length: sizeBytes })
  for (const slice of shard.slices) {
    const key = keyOf(slice.multihash)
    if (!slices.has(key)) slices.set(key, slice)
  }
  return byDigest([...slices.values()])
}

function byDigest<T extends { readonly multihash: Uint8Array }>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, digest: decodeMultihash(item.multihash)!.digest }))
    .toSorted((a, b) => compareBytes(a.digest, b.digest))
    .map(({ item }) => item)
}

/**
 * Decodes an index after checking every block of it against its hash. What it says about shards
 * is a hint, true only as far as the shards bear it out.
 *
 * @example
 * const index = decodeDagIndex(archive, hasher)
 */
export function decodeDagIndex(
  archive: Uint8Array,
  hasher: Hasher,
): Result<DagIndex, DagIndexMalformed> {
  if (archive.length > DAG_INDEX_BYTES_MAX)
    return fail(
      new DagIndexMalformed(`index of <= ${DAG_INDEX_BYTES_MAX} bytes, got ${archive.length}`),
    )
  const car = decodeCar(archive, { blockBytesMax: DAG_INDEX_BYTES_MAX })
  if (car.error) return fail(new DagIndexMalformed(car.error.message, { cause: car.error }))
  try {
    const blocks = verifiedBlocks(car.ok.frames, hasher)
    const [root, ...more] = car.ok.header.roots
    check(root !== undefined && more.length === 0, 'one root', `${car.ok.header.roots.length}`)
    return ok(readIndex(root, blocks))
  } catch (error) {
    if (error instanceof DagIndexMalformed) return fail(error)
    throw error
  }
}

type Blocks = ReadonlyMap<BytesKey, Uint8Array>

function check(holds: boolean, expected: string, got: string): asserts holds {
  if (!holds) throw new DagIndexMalformed(`index expected ${expected}, got ${got}`)
}

function verifiedBlocks(frames: readonly CarFrame[], hasher: Hasher): Blocks {
  const blocks = new Map<BytesKey, Uint8Array>()
  for (const { link, bytes } of frames) {
    const hash = decodeMultihash(link.multihash)
    const digest = hash && hasher.digest(hash.code, bytes)
    check(
      digest !== undefined && bytesEqual(digest, hash!.digest),
      'blocks that match their hashes',
      `another for ${linkToString(link)}`,
    )
    blocks.set(keyOf(linkToBytes(link)), bytes)
  }
  return blocks
}

function readBlock(link: Link, blocks: Blocks): unknown {
  check(link.codec === DAG_CBOR, 'DAG-CBOR blocks', `codec 0x${link.codec.toString(16)}`)
  check(link.multihash.length <= MULTIHASH_BYTES_MAX, 'a link to a hash', 'a longer one')
  const bytes = blocks.get(keyOf(linkToBytes(link)))
  check(bytes !== undefined, `block ${linkToString(link)} in the archive`, 'none')
  try {
    return decode(bytes)
  } catch (error) {
    throw new DagIndexMalformed(`index expected DAG-CBOR, got: ${String(error)}`, { cause: error })
  }
}

function readIndex(root: Link, blocks: Blocks): DagIndex {
  const value = readBlock(root, blocks) as Record<string, unknown> | null
  const index = value?.[DAG_INDEX_VERSION] as Record<string, unknown> | null | undefined
  check(typeof index === 'object' && index !== null, `"${DAG_INDEX_VERSION}"`, typeof value)
  const { shards } = index
  check(Array.isArray(shards), '"shards" to be a list', typeof shards)
  check(
    shards.length <= DAG_INDEX_SHARDS_MAX,
    `<= ${DAG_INDEX_SHARDS_MAX} shards`,
    `${shards.length}`,
  )
  return {
    content: readLink(index['content']),
    shards: shards.map((shard: unknown) => readShard(readBlock(readLink(shard), blocks))),
  }
}

function readLink(value: unknown): Link {
  const cid = CID.asCID(value)
  check(cid !== null, 'a link', typeof value)
  return linkFromCid(cid)
}

function readShard(value: unknown): IndexedShard {
  check(Array.isArray(value) && value.length === 2, 'a pair for a shard', typeof value)
  const multihash = readMultihash(value[0])
  check(Array.isArray(value[1]), 'a list of slices', typeof value[1])
  let sizeBytes: number | undefined
  const slices: IndexedSlice[] = []
  for (const entry of value[1] as unknown[]) {
    const slice = readSlice(entry)
    if (slice.offset === 0 && bytesEqual(slice.multihash, multihash)) sizeBytes = slice.length
    else slices.push(slice)
  }
  return { multihash, sizeBytes, slices: byDigest(slices) }
}

function readSlice(entry: unknown): IndexedSlice {
  check(Array.isArray(entry) && entry.length === 2, 'a pair for a slice', typeof entry)
  const at: unknown = entry[1]
  check(Array.isArray(at) && at.length === 2, 'offset and length', typeof at)
  const [offset, length] = at as [unknown, unknown]
  check(isSize(offset) && isSize(length), 'safe integers >= 0', `${offset}, ${length}`)
  check(isSize(offset + length), 'slices that end before 2^53', `${offset} + ${length}`)
  return { multihash: readMultihash(entry[0]), offset, length }
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function readMultihash(value: unknown): Uint8Array {
  check(
    value instanceof Uint8Array && value.length <= MULTIHASH_BYTES_MAX,
    'a multihash',
    typeof value,
  )
  try {
    if (decodeMultihash(value) !== undefined) return value
  } catch {
    // An overlong varint: as malformed as the rest.
  }
  throw new DagIndexMalformed('index expected a multihash, got other bytes')
}
