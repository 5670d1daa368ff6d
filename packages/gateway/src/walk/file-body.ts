/**
 * A UnixFS file's bytes, leaf by leaf, each leaf verified before its first byte is handed on.
 * @module
 */
import { copyBytes } from '@turnpike/core/bytes'
import type { BodyReader, BodySource } from '@turnpike/core/body'
import { CHUNK_BYTES_MAX, DAG_DEPTH_MAX } from '@turnpike/core/limits'
import { type Link, RAW, linkToString } from '@turnpike/core/link'
import { type LoadedNode, type Nodes, type PbNode, decodePb } from './nodes.ts'
import type { BlockSession } from '../blocks/session.ts'
import type { ByteRange } from '@turnpike/core/range'
import type { HeldBlock } from '../blocks/block-item.ts'
import { BlockReader } from './block-body.ts'
import { Lookahead } from '../blocks/lookahead.ts'
import { MalformedBlock } from '@turnpike/core/malformed'
import { ReadClosed } from '../blocks/errors.ts'
import { rangeLength } from '@turnpike/core/range'

/** A file to read from: its node, and the size that the node claims. */
export interface FileSource {
  readonly nodes: Nodes
  readonly session: BlockSession
  readonly root: LoadedNode
}

/**
 * The bytes `range` of a file. Only leaves that the range touches are fetched.
 *
 * @example
 * const body = fileBody({ nodes, session, root }, { first: 0, last: 99 })
 */
export function fileBody(source: FileSource, range: ByteRange): BodySource {
  const { nodes, session, root } = source
  return {
    length: rangeLength(range),
    open: (signal) =>
      root.kind === 'dag-pb'
        ? new FileReader(nodes, session, root, range)
        : new BlockReader(session, root.link, range, signal),
  }
}

/** A node whose links are being followed. */
interface Frame {
  readonly node: PbNode
  /** The next link, and the file offset of its first byte. */
  index: number
  at: number
}

class FileReader implements BodyReader {
  readonly #nodes: Nodes
  readonly #session: BlockSession
  readonly #lookahead: Lookahead
  readonly #range: ByteRange
  readonly #frames: Frame[] = []
  /** What of the current leaf is still to be handed out. */
  #rest: Uint8Array | undefined
  #held: HeldBlock | undefined
  #closed = false
  readonly #leave: () => void

  constructor(nodes: Nodes, session: BlockSession, root: PbNode, range: ByteRange) {
    this.#nodes = nodes
    this.#session = session
    this.#lookahead = new Lookahead(session)
    this.#range = range
    this.#enter(root, 0)
    this.#leave = session.guard.inside(() => this.#frames.map(({ node }) => node.link))
  }

  read(): Promise<Uint8Array | null> | Uint8Array | null {
    const rest = this.#rest
    if (rest !== undefined && rest.length > 0) return this.#cut(rest)
    this.#letGo()
    return this.#advance()
  }

  close(): void {
    this.#closed = true
    this.#letGo()
    this.#frames.length = 0
    this.#leave()
    this.#lookahead.close()
  }

  #cut(rest: Uint8Array): Uint8Array {
    if (rest.length <= CHUNK_BYTES_MAX) {
      this.#rest = undefined
      return rest
    }
    this.#rest = rest.subarray(CHUNK_BYTES_MAX)
    return rest.subarray(0, CHUNK_BYTES_MAX)
  }

  #letGo(): void {
    this.#rest = undefined
    this.#held?.release()
    this.#held = undefined
  }

  async #advance(): Promise<Uint8Array | null> {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      if (frame.index >= frame.node.node.linkCount) {
        this.#frames.pop()
        continue
      }
      const at = frame.at
      if (at > this.#range.last) return null
      const link = frame.node.node.link(frame.index)
      const sizeBytes = frame.node.unixfs.blockSizes[frame.index]!
      frame.index++
      frame.at += sizeBytes
      // An empty part is not looked into: nodes of none could be nested without end.
      if (sizeBytes === 0 || frame.at <= this.#range.first) continue
      await this.#load(link, at, sizeBytes)
      if (this.#rest !== undefined) return this.#cut(this.#rest)
    }
    return null
  }

  /** Loads what a link of a file leads to: a leaf's bytes are set aside, a node is entered. */
  async #load(link: Link, at: number, sizeBytes: number): Promise<void> {
    const kept = this.#nodes.kept(this.#session, link)
    if (kept !== undefined) {
      this.#lookahead.skip(link)
      this.#checkSize(link, kept.unixfs.fileSizeBytes, sizeBytes)
      return this.#enter(kept, at)
    }
    const lent = await this.#take(link)
    if (link.codec === RAW) {
      this.#checkSize(link, lent.length, sizeBytes)
      return this.#setAside(lent, at)
    }
    const leaf = decodePb(link, lent)
    if (leaf.error) throw leaf.error
    this.#checkSize(link, leaf.ok.unixfs.fileSizeBytes, sizeBytes)
    if (leaf.ok.node.linkCount === 0) {
      checkFileNode(leaf.ok)
      return this.#setAside(leaf.ok.unixfs.data, at)
    }
    // The lent bytes go back to their slab; a node that is walked for a while needs its own.
    const node = this.#nodes.keep(this.#session, link, copyBytes(lent))
    this.#letGo()
    if (node.error) throw node.error
    return this.#enter(node.ok, at)
  }

  /** Bytes of a block, lent until `#letGo`. */
  async #take(link: Link): Promise<Uint8Array> {
    const taken = await this.#lookahead.take(link, () => this.#upcoming())
    if (taken.error) throw taken.error
    this.#held = taken.ok
    if (this.#closed) {
      this.#letGo()
      throw new ReadClosed()
    }
    return taken.ok.bytes
  }

  #enter(node: PbNode, at: number): void {
    const { unixfs } = node
    checkFileNode(node)
    if (this.#frames.length >= DAG_DEPTH_MAX)
      throw new MalformedBlock(`file expected to be at most ${DAG_DEPTH_MAX} nodes deep`)
    this.#frames.push({ node, index: 0, at: at + unixfs.data.length })
    if (unixfs.data.length > 0) this.#setAside(unixfs.data, at)
  }

  /** Keeps what of `bytes`, which start at file offset `at`, lies in the range. */
  #setAside(bytes: Uint8Array, at: number): void {
    const start = Math.max(0, this.#range.first - at)
    const end = Math.min(bytes.length, this.#range.last + 1 - at)
    this.#rest = end > start ? bytes.subarray(start, end) : undefined
  }

  #checkSize(link: Link, got: number, expected: number): void {
    if (got !== expected)
      throw new MalformedBlock(
        `${linkToString(link)}: expected ${expected} bytes of file below it, got ${got}`,
      )
  }

  /** Links that the range still needs: of the innermost node first, then of those around it. */
  *#upcoming(): Generator<Link> {
    for (let depth = this.#frames.length - 1; depth >= 0; depth--) {
      const frame = this.#frames[depth]!
      let at = frame.at
      for (let i = frame.index; i < frame.node.node.linkCount && at <= this.#range.last; i++) {
        const end = at + frame.node.unixfs.blockSizes[i]!
        if (end > this.#range.first) yield frame.node.node.link(i)
        at = end
      }
    }
  }
}

/**
 * A node's parts must be what it says: or a part would be served at another's place.
 *
 * @throws {MalformedBlock} when they are not
 */
export function checkFileNode({ link, node, unixfs }: PbNode): void {
  if (unixfs.type !== 'file' && unixfs.type !== 'raw')
    throw new MalformedBlock(`${linkToString(link)}: expected a file, got a ${unixfs.type}`)
  if (unixfs.blockSizes.length !== node.linkCount)
    throw new MalformedBlock(
      `${linkToString(link)}: expected a block size for each of ${node.linkCount} links`,
    )
  let sizeBytes = unixfs.data.length
  for (const part of unixfs.blockSizes) sizeBytes += part
  if (sizeBytes !== unixfs.fileSizeBytes)
    throw new MalformedBlock(
      `${linkToString(link)}: expected parts of ${unixfs.fileSizeBytes} bytes, got ${sizeBytes}`,
    )
}
