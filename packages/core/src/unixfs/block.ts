/**
 * Finished blocks of UnixFS DAGs, and what a parent must know of them.
 * @module
 */
import type { Hasher } from '../ports/runtime.ts'
import type { Link } from '../link.ts'
import { DAG_PB, RAW } from '../link.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { UnixfsProfile } from './profile.ts'

/** A finished DAG, as a folder sees it. */
export interface DagNode {
  readonly link: Link
  /** Bytes of all blocks under the link, its own included, each as often as it is linked: Tsize. */
  readonly dagBytes: number
}

/** A finished part of a file, as the node above it sees it. */
export interface FileNode extends DagNode {
  /** Bytes of the file's content under the link. */
  readonly fileBytes: number
}

/**
 * Where a block belongs when blocks are packed: a `leaf` carries a file's content, everything else
 * is `interior` and is read on the way to content.
 */
export type BlockKind = 'leaf' | 'interior'

/** A block that is ready to be stored. */
export interface UnixfsBlock extends FileNode {
  readonly kind: BlockKind
  readonly bytes: Uint8Array
}

const DIGEST_BYTES = 32

/** Link by the SHA-256 digest of a block's bytes. */
function linkOf(profile: UnixfsProfile, codec: number, digest: Uint8Array): Link {
  if (digest.length !== DIGEST_BYTES)
    throw new RangeError(`"digest" expected ${DIGEST_BYTES} bytes, got ${digest.length}`)
  const version = codec === RAW ? 1 : profile.cidVersion
  return { version, codec, multihash: encodeMultihash(SHA2_256, digest) }
}

/** A leaf whose bytes were hashed by the caller. */
export function leafBlock(
  profile: UnixfsProfile,
  codec: number,
  bytes: Uint8Array,
  fileBytes: number,
  digest: Uint8Array,
): UnixfsBlock {
  const link = linkOf(profile, codec, digest)
  return { kind: 'leaf', link, bytes, fileBytes, dagBytes: bytes.length }
}

/** An interior dag-pb block: `belowBytes` and `fileBytes` are the sums over its links. */
export function interiorBlock(
  profile: UnixfsProfile,
  hasher: Hasher,
  bytes: Uint8Array,
  fileBytes: number,
  belowBytes: number,
): UnixfsBlock {
  const link = linkOf(profile, DAG_PB, hasher.sha256(bytes))
  return { kind: 'interior', link, bytes, fileBytes, dagBytes: bytes.length + belowBytes }
}
