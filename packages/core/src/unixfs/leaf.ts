/**
 * Leaves of files, and files that are nothing but one leaf.
 * @module
 */
import { concatBytes } from '../bytes.ts'
import { encodePbNode, pbDataHead } from '../dag-pb/encode.ts'
import { DAG_PB, RAW } from '../link.ts'
import type { Hasher } from '../ports/runtime.ts'
import { leafBlock } from './block.ts'
import type { UnixfsBlock } from './block.ts'
import { fileData, fileDataAround, hasMetadata } from './encode.ts'
import type { UnixfsMetadata } from './encode.ts'
import type { UnixfsProfile } from './profile.ts'

function checkChunk(profile: UnixfsProfile, bytes: number): void {
  if (bytes > profile.chunkBytes)
    throw new RangeError(`"chunk" expected <= ${profile.chunkBytes} bytes, got ${bytes}`)
}

/**
 * Bytes of the leaf block that carries `chunk`: what {@link leafOfDigest} wants the SHA-256 of. Raw
 * leaves are the chunk itself, not a copy.
 *
 * @throws {RangeError} when the chunk is longer than the profile's
 * @example
 * const bytes = leafBytes(profile, chunk) // hash these, in a worker perhaps
 */
export function leafBytes(profile: UnixfsProfile, chunk: Uint8Array): Uint8Array {
  checkChunk(profile, chunk.length)
  return profile.rawLeaves ? chunk : encodePbNode([], fileData(chunk, {}))
}

/** Bytes before a chunk in its leaf at most, and after it: `LeafFrame`'s, of any chunk. */
export const LEAF_FRAME_BYTES_MAX = 16

/** What a leaf has around its chunk; nothing, when leaves are raw. */
export interface LeafFrame {
  readonly before: Uint8Array
  readonly after: Uint8Array
}

const RAW_FRAME: LeafFrame = { before: new Uint8Array(), after: new Uint8Array() }

/**
 * What {@link leafBytes} puts around a chunk of `chunkBytes`: who has room there needs no copy.
 *
 * @throws {RangeError} when that is longer than the profile's chunks
 * @example
 * const { before, after } = leafFrame(profile, chunk.length)
 */
export function leafFrame(profile: UnixfsProfile, chunkBytes: number): LeafFrame {
  checkChunk(profile, chunkBytes)
  if (profile.rawLeaves) return RAW_FRAME
  const { before, after } = fileDataAround(chunkBytes)
  const head = pbDataHead(before.length + chunkBytes + after.length)
  return { before: concatBytes([head, before]), after }
}

/**
 * The leaf with `bytes` from {@link leafBytes}, hashed elsewhere: `digest` is their SHA-256, and
 * `fileBytes` the length of the chunk. Nothing is hashed or checked here.
 *
 * @throws {RangeError} when `digest` has not 32 bytes
 * @example
 * const leaf = leafOfDigest(profile, bytes, chunk.length, digest)
 */
export function leafOfDigest(
  profile: UnixfsProfile,
  bytes: Uint8Array,
  fileBytes: number,
  digest: Uint8Array,
): UnixfsBlock {
  return leafBlock(profile, profile.rawLeaves ? RAW : DAG_PB, bytes, fileBytes, digest)
}

/**
 * The leaf that carries `chunk`, hashed here.
 *
 * @throws {RangeError} when the chunk is longer than the profile's
 * @example
 * const { link } = leafOf(PROFILES['unixfs-v1-2025'], hasher, new Uint8Array([1, 2, 3]))
 */
export function leafOf(profile: UnixfsProfile, hasher: Hasher, chunk: Uint8Array): UnixfsBlock {
  const bytes = leafBytes(profile, chunk)
  return leafOfDigest(profile, bytes, chunk.length, hasher.sha256(bytes))
}

/**
 * A whole file that fits one block, the empty file too. Without metadata that is its only leaf;
 * with metadata it is a dag-pb node that holds the content, because a raw block has no place for
 * them.
 *
 * @throws {RangeError} when the content is longer than one chunk of the profile
 * @example
 * const { link } = smallFile(profile, hasher, content, { mode: 0o755 })
 */
export function smallFile(
  profile: UnixfsProfile,
  hasher: Hasher,
  content: Uint8Array,
  metadata: UnixfsMetadata = {},
): UnixfsBlock {
  if (!hasMetadata(metadata)) return leafOf(profile, hasher, content)
  checkChunk(profile, content.length)
  const bytes = encodePbNode([], fileData(content, metadata))
  return leafBlock(profile, DAG_PB, bytes, content.length, hasher.sha256(bytes))
}
