/**
 * Decoded nodes of one request's space, kept between requests.
 * @module
 */
import { DAG_PB, type Link, RAW } from '@turnpike/core/link'
import { type DagPbNode, decodeDagPb } from '@turnpike/core/dag-pb/decode'
import { type Result, fail, ok } from '@turnpike/core/result'
import { type UnixfsNode, decodeUnixfs } from '@turnpike/core/unixfs/decode'
import type { BlockError } from '../blocks/errors.ts'
import type { BlockSession } from '../blocks/session.ts'
import { LRUCache } from 'lru-cache'
import type { RequestError } from '../errors.ts'
import { unsupported } from './unsupported.ts'

/** A dag-pb block with the UnixFS node in it. */
export interface PbNode {
  readonly kind: 'dag-pb'
  readonly link: Link
  readonly node: DagPbNode
  readonly unixfs: UnixfsNode
  readonly blockBytes: number
}

/** A raw block: a file's bytes, not loaded yet. */
export interface RawNode {
  readonly kind: 'raw'
  readonly link: Link
}

/** A block of another codec: not loaded yet, and led on from by its links' names only. */
export interface OtherNode {
  readonly kind: 'other'
  readonly link: Link
}

/** What a file's bytes can be read from. */
export type FileNode = PbNode | RawNode

export type LoadedNode = FileNode | OtherNode

/** Every way in which walking a DAG can fail. */
export type WalkError = BlockError | RequestError

/** Loads and decodes nodes; keeps decoded ones by space and multihash, bounded by their bytes. */
export class Nodes {
  readonly #kept: LRUCache<string, PbNode>

  constructor(bytesMax: number) {
    this.#kept = new LRUCache({
      maxSize: bytesMax,
      sizeCalculation: (node) => node.node.sizeBytes + 8 * node.unixfs.blockSizes.length + 256,
    })
  }

  /** The node of a link. Only a block of dag-pb is fetched for it. */
  async load(session: BlockSession, link: Link): Promise<Result<LoadedNode, WalkError>> {
    if (link.codec !== DAG_PB) return unloaded(session, link)
    const kept = this.#known(session, link)
    session.engine.observer.cache('node', kept !== undefined)
    if (kept !== undefined) {
      const denied = session.guard.node(link)
      return denied === undefined ? ok(kept) : fail(denied)
    }
    const block = await session.get(link)
    return block.error ? block : this.keep(session, link, block.ok)
  }

  /** A node that was decoded lately, without loading it; none that is denied. */
  kept(session: BlockSession, link: Link): PbNode | undefined {
    const kept = this.#known(session, link)
    return kept === undefined || session.guard.block(link) !== undefined ? undefined : kept
  }

  #known(session: BlockSession, link: Link): PbNode | undefined {
    if (link.codec !== DAG_PB) return undefined
    const kept = this.#kept.get(session.keyOf(link.multihash))
    // A CID of the other version names the same block, but an answer repeats what it was asked for.
    return kept === undefined || kept.link.version === link.version ? kept : { ...kept, link }
  }

  /** Decodes a verified block whose bytes the caller gives away, and keeps the node. */
  keep(session: BlockSession, link: Link, bytes: Uint8Array): Result<PbNode, WalkError> {
    const decoded = decodePb(link, bytes)
    if (decoded.ok) this.#kept.set(session.keyOf(link.multihash), decoded.ok)
    return decoded
  }
}

/** A block that is led on from, or sent, without being decoded first. */
function unloaded(session: BlockSession, link: Link): Result<LoadedNode, WalkError> {
  const denied = session.guard.node(link)
  if (denied !== undefined) return fail(denied)
  return ok(link.codec === RAW ? { kind: 'raw', link } : { kind: 'other', link })
}

/** Decodes a verified dag-pb block and its UnixFS data. */
export function decodePb(link: Link, bytes: Uint8Array): Result<PbNode, WalkError> {
  if (link.codec !== DAG_PB) return fail(unsupported(link.codec))
  const node = decodeDagPb(bytes)
  if (node.error) return node
  const unixfs = decodeUnixfs(node.ok.data)
  if (unixfs.error) return unixfs
  return ok({ kind: 'dag-pb', link, node: node.ok, unixfs: unixfs.ok, blockBytes: bytes.length })
}
