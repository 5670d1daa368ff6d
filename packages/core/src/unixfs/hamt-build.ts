/**
 * Builds the HAMT of a large folder, shard by shard, as boxo does.
 * @module
 */
import { type BytesKey, bytesOfKey } from '../bytes.ts'
import { encodePbNode } from '../dag-pb/encode.ts'
import type { PbLink } from '../dag-pb/encode.ts'
import { linkFromBytes } from '../link.ts'
import type { Hasher } from '../ports/runtime.ts'
import { interiorBlock } from './block.ts'
import type { DagNode, UnixfsBlock } from './block.ts'
import { shardData } from './encode.ts'
import type { UnixfsMetadata } from './encode.ts'
import { HAMT_FANOUT } from './profile.ts'
import type { UnixfsProfile } from './profile.ts'

/**
 * An entry of a folder while the folder is built. CIDs and hashes are strings of one char a byte: a
 * third of the memory of arrays, and a folder may have a million of them.
 */
export interface HeldEntry {
  readonly name: string
  /** Binary CID. */
  readonly cid: BytesKey
  readonly dagBytes: number
}

/** An entry with its place in the HAMT. */
export interface HashedEntry {
  readonly entry: HeldEntry
  /** From `hamtHash`: at a fanout of 256, byte `n` is the slot at depth `n`. */
  readonly hash: BytesKey
}

/**
 * The node that an entry leads to.
 *
 * @throws {TypeError} when its CID is none
 */
export function nodeOf({ name, cid, dagBytes }: HeldEntry): DagNode {
  const link = linkFromBytes(bytesOfKey(cid))
  if (link === undefined) throw new TypeError(`entry "${name}" expected a CID`)
  return { link, dagBytes }
}

const utf8 = new TextEncoder()

/** Link name prefixes, `00` to `FF`. */
const PREFIXES: readonly string[] = Array.from({ length: HAMT_FANOUT }, (_, slot) =>
  slot.toString(16).toUpperCase().padStart(2, '0'),
)

/** What all shards of a HAMT share. */
interface Build {
  readonly profile: UnixfsProfile
  readonly hasher: Hasher
  /** Sorted by hash: each shard's entries lie next to each other. */
  readonly entries: readonly HashedEntry[]
}

/**
 * Bitfield of the slots in use: slot 0 is the last bit, and leading zero bytes are left out as
 * go-bitfield does.
 */
function bitfieldOf(slots: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(HAMT_FANOUT / 8)
  for (const slot of slots) bytes[bytes.length - 1 - (slot >> 3)]! |= 1 << (slot & 7)
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0))
}

/** End of the run of entries from `first` that share the slot at `depth`. */
function runEnd(build: Build, first: number, end: number, depth: number): number {
  const slot = build.entries[first]!.hash.charCodeAt(depth)
  let next = first + 1
  while (next < end && build.entries[next]!.hash.charCodeAt(depth) === slot) next++
  return next
}

/**
 * One shard: entries `first` to before `end`. A slot with one entry links to it, a slot with more
 * to a shard one level down, so the shape depends only on the names.
 */
function* buildShard(
  build: Build,
  first: number,
  end: number,
  depth: number,
  metadata: UnixfsMetadata,
): Generator<UnixfsBlock, UnixfsBlock> {
  const links: PbLink[] = []
  const slots: number[] = []
  let belowBytes = 0
  for (let at = first; at < end;) {
    const next = runEnd(build, at, end, depth)
    const { entry, hash } = build.entries[at]!
    const slot = hash.charCodeAt(depth)
    const isOnly = next - at === 1
    const child = isOnly ? nodeOf(entry) : yield* buildShard(build, at, next, depth + 1, {})
    const name = isOnly ? PREFIXES[slot]! + entry.name : PREFIXES[slot]!
    links.push({ link: child.link, name: utf8.encode(name), tsize: child.dagBytes })
    slots.push(slot)
    belowBytes += child.dagBytes
    at = next
  }
  const bytes = encodePbNode(links, shardData(bitfieldOf(slots), HAMT_FANOUT, metadata))
  const block = interiorBlock(build.profile, build.hasher, bytes, 0, belowBytes)
  yield block
  return block
}

/** Orders entries as their shards hold them. */
export function compareHashed(a: HashedEntry, b: HashedEntry): number {
  return a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0
}

/**
 * Yields the shards of a folder, each after those below it; the root comes last and is returned.
 * At most one unfinished shard a level is held. Only the root carries metadata.
 *
 * `entries` are sorted by {@link compareHashed}, and no two have the same hash.
 *
 * @example
 * const sorted = entries.toSorted(compareHashed)
 * for (const shard of hamtBlocks(profile, hasher, sorted, {})) store(shard)
 */
export function hamtBlocks(
  profile: UnixfsProfile,
  hasher: Hasher,
  entries: readonly HashedEntry[],
  metadata: UnixfsMetadata,
): Generator<UnixfsBlock, UnixfsBlock> {
  return buildShard({ profile, hasher, entries }, 0, entries.length, 0, metadata)
}
