/**
 * The blocks of a DAG in the order of a depth-first walk, each once.
 * @module
 */
import { copyBytes, keyOf } from '@turnpike/core/bytes'
import { DAG_BLOCKS_SEEN_MAX, DAG_DEPTH_MAX } from '@turnpike/core/limits'
import { DAG_PB, type Link, RAW } from '@turnpike/core/link'
import { type BlockSession, identityBytes } from '../blocks/session.ts'
import type { HeldBlock } from '../blocks/block-item.ts'
import { ReadClosed } from '../blocks/errors.ts'
import { Lookahead } from '../blocks/lookahead.ts'
import { MalformedBlock } from '@turnpike/core/malformed'
import { RequestError } from '../errors.ts'
import { decodeDagPb } from '@turnpike/core/dag-pb/decode'

/** A block of the walk, verified. The caller releases it. */
export interface WalkedBlock {
  readonly link: Link
  readonly held: HeldBlock
}

/** A node whose links are still to be followed. */
interface Frame {
  readonly links: readonly Link[]
  index: number
  /** Whether what the links lead to is followed further: not so for the blocks of a path. */
  readonly follow: boolean
}

/**
 * Walks a DAG: first the blocks of the path to it, which are not followed, then the target and all
 * below it. Identity links carry their blocks themselves and are followed but not handed out.
 */
export class DagWalk {
  readonly #blocksMax: number
  readonly #lookahead: Lookahead
  readonly #frames: Frame[]
  /** Blocks that were sent as leaves, and those that were followed: one may be both. */
  readonly #seenRaw = new Set<string>()
  readonly #seenNodes = new Set<string>()
  #closed = false

  constructor(
    session: BlockSession,
    trail: readonly Link[],
    target: Link,
    blocksMax: number = DAG_BLOCKS_SEEN_MAX,
  ) {
    this.#blocksMax = blocksMax
    this.#lookahead = new Lookahead(session)
    this.#frames = [
      { links: [target], index: 0, follow: true },
      { links: trail, index: 0, follow: false },
    ]
  }

  /**
   * The next block, or undefined at the end.
   *
   * @throws {Error} a `BlockError` or `RequestError` when a block can't be had or followed
   */
  async next(): Promise<WalkedBlock | undefined> {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const link = frame.links[frame.index++]
      if (link === undefined) {
        this.#frames.pop()
        continue
      }
      if (!this.#firstVisit(link)) continue
      const taken = await this.#lookahead.take(link, () => this.#upcoming())
      if (taken.error) throw taken.error
      if (this.#visit(link, taken.ok, frame.follow)) return { link, held: taken.ok }
    }
    return undefined
  }

  /** Stops what is being read ahead. */
  close(): void {
    this.#closed = true
    this.#frames.length = 0
    this.#lookahead.close()
  }

  /** Follows a block's links; says whether it is handed out. */
  #visit(link: Link, held: HeldBlock, follow: boolean): boolean {
    let handedOut = false
    try {
      if (this.#closed) throw new ReadClosed()
      if (follow) this.#enter(link, held.bytes)
      handedOut = identityBytes(link) === undefined
      return handedOut
    } finally {
      if (!handedOut) held.release()
    }
  }

  #enter(link: Link, lent: Uint8Array): void {
    if (link.codec === RAW) return
    if (this.#frames.length >= DAG_DEPTH_MAX)
      throw new MalformedBlock(`DAG expected to be at most ${DAG_DEPTH_MAX} nodes deep`)
    const links = linksOf(link, lent)
    if (links.length > 0) this.#frames.push({ links, index: 0, follow: true })
  }

  #seenOf(link: Link): Set<string> {
    return link.codec === RAW ? this.#seenRaw : this.#seenNodes
  }

  #firstVisit(link: Link): boolean {
    const seen = this.#seenOf(link)
    const key = keyOf(link.multihash)
    if (seen.has(key)) return false
    if (this.#seenRaw.size + this.#seenNodes.size >= this.#blocksMax)
      throw new RequestError(
        'BlockTooLarge',
        `DAG expected to have at most ${this.#blocksMax} blocks: ask for parts of it`,
      )
    seen.add(key)
    return true
  }

  *#upcoming(): Generator<Link> {
    for (let depth = this.#frames.length - 1; depth >= 0; depth--) {
      const frame = this.#frames[depth]!
      for (let i = frame.index; i < frame.links.length; i++) {
        const link = frame.links[i]!
        if (!this.#seenOf(link).has(keyOf(link.multihash))) yield link
      }
    }
  }
}

/** Links of a node in the order in which it has them. Lent bytes are copied: links are views. */
function linksOf(link: Link, lent: Uint8Array): Link[] {
  if (link.codec !== DAG_PB)
    throw new RequestError(
      'UnsupportedCodec',
      `codec expected raw or dag-pb, got 0x${link.codec.toString(16)}`,
    )
  const node = decodeDagPb(copyBytes(lent))
  if (node.error) throw node.error
  return Array.from({ length: node.ok.linkCount }, (_, i) => node.ok.link(i))
}
