/**
 * Reading HAMT-sharded folders: which link of a shard leads on to a name.
 * Source: UnixFS specification, section "HAMT-sharded directories".
 * @module
 */
import { murmur364 } from '@multiformats/murmur3'
import { MalformedBlock } from '../malformed.ts'
import type { DagPbNode } from '../dag-pb/decode.ts'
import { HAMT_DEPTH_MAX, HAMT_FANOUT_MAX } from '../limits.ts'
import { type Result, fail, ok } from '../result.ts'
import type { UnixfsNode } from './decode.ts'

const toUtf8 = new TextEncoder()
const utf8 = new TextDecoder()

/** A step towards a name: an entry found, a shard to go on in, or nothing by that name. */
export type HamtStep =
  | { readonly found: 'entry' | 'shard'; readonly linkIndex: number }
  | { readonly found: 'nothing' }

/** How a shard's links are to be read: the number of hex digits before each name. */
export interface HamtShape {
  readonly prefixChars: number
  readonly bitsPerLevel: number
}

/**
 * Checks a shard's fanout and derives how to read its links.
 *
 * @example
 * // a shard of fanout 256 has two hex digits before each name and takes 8 bits a level
 */
export function hamtShape(node: UnixfsNode): Result<HamtShape, MalformedBlock> {
  const { fanout } = node
  const bitsPerLevel = Math.log2(fanout)
  if (!Number.isInteger(bitsPerLevel) || fanout < 8 || fanout > HAMT_FANOUT_MAX)
    return fail(
      new MalformedBlock(
        `HAMT fanout expected a power of two in 8..${HAMT_FANOUT_MAX}, got ${fanout}`,
      ),
    )
  if (node.data.length > fanout / 8)
    return fail(
      new MalformedBlock(`HAMT bitfield expected <= ${fanout / 8} bytes, got ${node.data.length}`),
    )
  return ok({ prefixChars: (fanout - 1).toString(16).length, bitsPerLevel })
}

/** Hash of a name as the HAMT uses it: MurmurHash3 x64, the first 64 bits. */
export function hamtHash(name: string): Uint8Array {
  const digest = murmur364.encode(toUtf8.encode(name))
  if (digest instanceof Promise) throw new TypeError('murmur3 expected to be synchronous')
  return digest
}

/**
 * Bucket of a hash at a level, taking bits from the front, most significant first; undefined when
 * the hash has no bits left there.
 */
export function hamtBucket(
  hash: Uint8Array,
  level: number,
  bitsPerLevel: number,
): number | undefined {
  const firstBit = level * bitsPerLevel
  if (firstBit + bitsPerLevel > hash.length * 8) return undefined
  let bucket = 0
  for (let bit = firstBit; bit < firstBit + bitsPerLevel; bit++)
    bucket = bucket * 2 + ((hash[bit >>> 3]! >>> (7 - (bit & 7))) & 1)
  return bucket
}

/**
 * Looks for `name` in one shard at `level` (0 for the root shard).
 *
 * @throws nothing: a bad shape is a `MalformedBlock` in the result
 */
export function hamtStep(
  shard: DagPbNode,
  node: UnixfsNode,
  name: string,
  hash: Uint8Array,
  level: number,
): Result<HamtStep, MalformedBlock> {
  const shape = hamtShape(node)
  if (shape.error) return shape
  const { prefixChars, bitsPerLevel } = shape.ok
  const bucket = level < HAMT_DEPTH_MAX ? hamtBucket(hash, level, bitsPerLevel) : undefined
  if (bucket === undefined) return ok({ found: 'nothing' })
  const prefix = bucket.toString(16).toUpperCase().padStart(prefixChars, '0')
  for (let i = 0; i < shard.linkCount; i++) {
    const linkName = shard.nameBytes(i)
    if (!startsWith(linkName, prefix)) continue
    if (linkName.length === prefixChars) return ok({ found: 'shard', linkIndex: i })
    const entry = utf8.decode(linkName.subarray(prefixChars))
    return ok(entry === name ? { found: 'entry', linkIndex: i } : { found: 'nothing' })
  }
  return ok({ found: 'nothing' })
}

/**
 * Name of the folder entry that link `index` of a shard leads to, or undefined when it leads to a
 * further shard.
 */
export function hamtEntryName(
  shard: DagPbNode,
  shape: HamtShape,
  index: number,
): string | undefined {
  const bytes = shard.nameBytes(index)
  if (bytes.length <= shape.prefixChars) return undefined
  return utf8.decode(bytes.subarray(shape.prefixChars))
}

function startsWith(bytes: Uint8Array, prefix: string): boolean {
  if (bytes.length < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix.charCodeAt(i)) return false
  return true
}
