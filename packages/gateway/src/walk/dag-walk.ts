/**
 * The blocks of a DAG in the order of a depth-first walk, each once or as often as it is met.
 * @module
 */
import { type Branch, type Expand, expandAll } from './expand.ts'
import { DAG_BLOCKS_SEEN_MAX, DAG_DEPTH_MAX } from '@turnpike/core/limits'
import { type Link, RAW } from '@turnpike/core/link'
import { type BlockSession, identityBytes } from '../blocks/session.ts'
import type { HeldBlock } from '../blocks/block-item.ts'
import { ReadClosed } from '../blocks/errors.ts'
import { Lookahead } from '../blocks/lookahead.ts'
import { MalformedBlock } from '@turnpike/core/malformed'
import { RequestError } from '../errors.ts'
import { keyOf } from '@turnpike/core/bytes'

/** A block of the walk, verified. The caller releases it. */
export interface WalkedBlock {
  readonly link: Link
  readonly held: HeldBlock
}

/** What is walked. */
export interface WalkPlan {
  /** Blocks of the path to the target: handed out first, not looked into. */
  readonly trail: readonly Link[]
  readonly target: Link
  /** How the walk goes on from the target; undefined: not at all. */
  readonly expand: Expand | undefined
  /** Whether a block is handed out each time that it is met. */
  readonly dups: boolean
  /** Whether blocks that identity links carry are handed out, too. */
  readonly inlined?: boolean
  /** Visits of the walk, different ones without `dups`. */
  readonly blocksMax?: number
}

/** A node whose links are still to be followed. */
interface Frame {
  /** The node, but for the frames that the walk begins with. */
  readonly link?: Link
  readonly branch: Branch
  index: number
}

/**
 * Walks a DAG: first the blocks of the path to it, then the target and what of it the plan wants.
 * Identity links carry their blocks themselves and are followed but, unless told, not handed out.
 */
export class DagWalk {
  readonly #blocksMax: number
  readonly #lookahead: Lookahead
  readonly #frames: Frame[]
  readonly #dups: boolean
  readonly #inlined: boolean
  #visits = 0
  /**
   * Blocks that were met as leaves, and those that were met as nodes, with how these were last
   * expanded: one may be both.
   */
  readonly #seenRaw = new Set<string>()
  readonly #seenNodes = new Map<string, Expand | undefined>()
  #closed = false
  readonly #leave: () => void

  constructor(session: BlockSession, plan: WalkPlan) {
    const { trail, target, expand } = plan
    this.#blocksMax = plan.blocksMax ?? DAG_BLOCKS_SEEN_MAX
    this.#dups = plan.dups
    this.#inlined = plan.inlined ?? false
    this.#lookahead = new Lookahead(session)
    this.#leave = session.guard.inside(() => this.#frames.flatMap(({ link }) => link ?? []))
    this.#frames = [
      { branch: { links: [target], expandOf: () => expand }, index: 0 },
      { branch: { links: trail, expandOf: () => undefined }, index: 0 },
    ]
  }

  /**
   * The next block, or undefined at the end.
   *
   * @throws {Error} a `BlockError` or `RequestError` when a block can't be had or followed
   */
  async next(): Promise<WalkedBlock | undefined> {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const index = frame.index++
      const link = frame.branch.links[index]
      if (link === undefined) {
        this.#frames.pop()
        continue
      }
      const expand = frame.branch.expandOf(index)
      const met = this.#isSeen(link)
      if (met && !this.#leadsOn(link, expand)) continue
      this.#note(link, expand)
      const taken = await this.#lookahead.take(link, () => this.#upcoming())
      if (taken.error) throw taken.error
      if (this.#visit(link, taken.ok, expand, !met)) return { link, held: taken.ok }
    }
    return undefined
  }

  /** Stops what is being read ahead. */
  close(): void {
    this.#closed = true
    this.#frames.length = 0
    this.#leave()
    this.#lookahead.close()
  }

  /** Follows a block's links; says whether it is handed out. */
  #visit(link: Link, held: HeldBlock, expand: Expand | undefined, isNew: boolean): boolean {
    let handedOut = false
    try {
      if (this.#closed) throw new ReadClosed()
      if (expand !== undefined) this.#enter(link, expand(link, held.bytes))
      handedOut = isNew && (this.#inlined || identityBytes(link) === undefined)
      return handedOut
    } finally {
      if (!handedOut) held.release()
    }
  }

  #enter(link: Link, branch: Branch | undefined): void {
    if (branch === undefined || branch.links.length === 0) return
    if (this.#frames.length >= DAG_DEPTH_MAX)
      throw new MalformedBlock(`DAG expected to be at most ${DAG_DEPTH_MAX} nodes deep`)
    this.#frames.push({ link, branch, index: 0 })
  }

  #isSeen(link: Link): boolean {
    if (this.#dups) return false
    const key = keyOf(link.multihash)
    return link.codec === RAW ? this.#seenRaw.has(key) : this.#seenNodes.has(key)
  }

  /**
   * Whether a block that was met before may lead to others that were not: a range may have touched
   * another part of it.
   */
  #leadsOn(link: Link, expand: Expand | undefined): boolean {
    if (link.codec === RAW || expand === undefined) return false
    const before = this.#seenNodes.get(keyOf(link.multihash))
    return before !== expandAll && before !== expand
  }

  #note(link: Link, expand: Expand | undefined): void {
    if (++this.#visits > this.#blocksMax)
      throw new RequestError(
        'BlockTooLarge',
        `DAG expected to have at most ${this.#blocksMax} blocks: ask for parts of it`,
      )
    if (this.#dups) return
    const key = keyOf(link.multihash)
    if (link.codec === RAW) this.#seenRaw.add(key)
    else this.#seenNodes.set(key, expand)
  }

  *#upcoming(): Generator<Link> {
    for (let depth = this.#frames.length - 1; depth >= 0; depth--) {
      const { branch, index } = this.#frames[depth]!
      for (let i = index; i < branch.links.length; i++) {
        const link = branch.links[i]!
        if (!this.#isSeen(link)) yield link
      }
    }
  }
}
