/**
 * Reads a sequence of blocks ahead of a client, no further than it reads on.
 * @module
 */
import {
  READ_AHEAD_LINKS_MAX,
  READ_REMOTE_BYTES_MAX,
  READ_LOCAL_BYTES_MAX,
  READ_WINDOW_BYTES_MIN,
} from '@turnpike/core/limits'
import { type Result, fail, ok } from '@turnpike/core/result'
import { type BlockSession, knownBytes, refuse } from './session.ts'
import type { BlockItem, HeldBlock } from './block-item.ts'
import type { BlockError } from './errors.ts'
import { LOCAL_URL } from './group-runs.ts'
import type { Link } from '@turnpike/core/link'
import type { Slice } from '@turnpike/core/ports/blob'
import type { Wanted } from './engine.ts'

/** Links that a body will need next, in order; asked for only when more is to be started. */
export type Upcoming = () => Iterable<Link>

const keep = (): void => {}

/**
 * Hands out blocks one by one and keeps a window of the following ones on their way. The window
 * starts at 1 MiB and doubles each time it was used up; what it holds is drawn from the process's
 * budget, except the block that the client waits for.
 *
 * From our own store a small window is enough: a positional read takes 0.3 ms a MiB from the page
 * cache, while a remote window must cover the origin's latency.
 */
export class Lookahead {
  readonly #session: BlockSession
  readonly #held = new Map<string, BlockItem>()
  #heldBytes = 0
  /** What was held when the last plan was made. */
  #plannedBytes = 0
  #windowBytes = READ_WINDOW_BYTES_MIN
  #windowBytesMax = READ_REMOTE_BYTES_MAX
  #planning: Promise<void> | undefined
  #started = false
  #closed = false

  constructor(session: BlockSession) {
    this.#session = session
  }

  /** The block of `link`, verified. The caller releases it when its bytes are no longer needed. */
  async take(link: Link, upcoming: Upcoming): Promise<Result<HeldBlock, BlockError>> {
    const inline = knownBytes(link)
    if (inline !== undefined) return ok({ bytes: inline, release: keep })
    const key = this.#session.keyOf(link.multihash)
    // A plan under way may be about to start this very block.
    if (this.#planning !== undefined && !this.#held.has(key)) await this.#planning
    const item = this.#heldItem(key) ?? this.#session.engine.share(key)
    if (item === undefined) return this.#takeFresh(link, key, upcoming)
    this.#readOn(upcoming)
    return settledBlock(item)
  }

  /** Lets go of everything that was read ahead: transfers that nobody else waits for stop. */
  close(): void {
    this.#closed = true
    for (const item of this.#held.values()) item.release()
    this.#held.clear()
    this.#heldBytes = 0
  }

  #heldItem(key: string): BlockItem | undefined {
    const item = this.#held.get(key)
    if (item === undefined) return undefined
    this.#held.delete(key)
    this.#heldBytes -= item.sizeBytes
    this.#session.engine.drawn(item)
    return item
  }

  async #takeFresh(
    link: Link,
    key: string,
    upcoming: Upcoming,
  ): Promise<Result<HeldBlock, BlockError>> {
    const cached = this.#session.engine.cached(key)
    if (cached !== undefined) return ok({ bytes: cached, release: keep })
    const [slices] = await this.#session.locate([link.multihash])
    const refusal = refuse(link, slices ?? [])
    if (refusal !== undefined) return fail(refusal)
    const first = { key, multihash: link.multihash, slices: slices!, reservedBytes: 0 }
    if (this.#started) this.#grow()
    this.#started = true
    await this.#plan(first, upcoming)
    return this.#obtain(first)
  }

  /** The planned block; where another request had it meanwhile, its item, the cache, or once more. */
  async #obtain(first: Wanted): Promise<Result<HeldBlock, BlockError>> {
    const { engine, tally } = this.#session
    const item = this.#heldItem(first.key) ?? engine.share(first.key)
    if (item !== undefined) return settledBlock(item)
    const cached = engine.cached(first.key)
    if (cached !== undefined) return ok({ bytes: cached, release: keep })
    return settledBlock(engine.fetch([first], tally)[0]!)
  }

  #grow(): void {
    this.#windowBytes = Math.min(this.#windowBytes * 2, this.#windowBytesMax)
  }

  /**
   * Starts the next window when half of what the last one brought was taken: not sooner, or a walk
   * that finds its links bit by bit would fetch them bit by bit.
   */
  #readOn(upcoming: Upcoming): void {
    if (this.#planning !== undefined || this.#heldBytes * 2 > this.#plannedBytes) return
    this.#grow()
    this.#planning = this.#plan(undefined, upcoming).finally(() => {
      this.#planning = undefined
    })
  }

  /** Finds out what comes next, as far as the window and the budget reach, and fetches it. */
  async #plan(first: Wanted | undefined, upcoming: Upcoming): Promise<void> {
    const { engine } = this.#session
    const links = this.#unstarted(first?.key, upcoming)
    const located = await this.#session.locate(links.map((link) => link.multihash))
    if (this.#closed && first === undefined) return
    const wanted: Wanted[] = []
    if (first !== undefined && !engine.has(first.key)) wanted.push(first)
    let roomBytes = this.#windowBytes - this.#heldBytes - (first?.slices[0]!.length ?? 0)
    for (const [i, link] of links.entries()) {
      const slices = located[i]!
      const sizeBytes = slices[0]?.length ?? 0
      if (refuse(link, slices) !== undefined || sizeBytes > roomBytes) break
      const key = this.#session.keyOf(link.multihash)
      if (this.#shareAhead(key)) continue
      if (!engine.budget.reserve(sizeBytes)) break
      roomBytes -= sizeBytes
      wanted.push({ key, multihash: link.multihash, slices, reservedBytes: sizeBytes })
    }
    this.#fit(wanted[0])
    this.#session.fetched += wanted.length
    for (const item of engine.fetch(wanted, this.#session.tally)) this.#hold(item)
    this.#plannedBytes = this.#heldBytes
    if (this.#closed) this.close()
  }

  /** Links ahead that this body does not hold yet, each once. */
  #unstarted(firstKey: string | undefined, upcoming: Upcoming): Link[] {
    const links: Link[] = []
    const seen = new Set<string>()
    let looked = 0
    for (const link of upcoming()) {
      if (links.length >= READ_AHEAD_LINKS_MAX || ++looked > 2 * READ_AHEAD_LINKS_MAX) break
      if (knownBytes(link) !== undefined) continue
      const key = this.#session.keyOf(link.multihash)
      if (key === firstKey || seen.has(key) || this.#held.has(key)) continue
      seen.add(key)
      links.push(link)
    }
    return links
  }

  /** Takes a share in a block that somebody else is fetching; true as well when it is kept. */
  #shareAhead(key: string): boolean {
    if (!this.#session.engine.has(key)) return false
    const item = this.#session.engine.share(key)
    if (item !== undefined) this.#hold(item)
    return true
  }

  #hold(item: BlockItem): void {
    this.#held.set(item.key, item)
    this.#heldBytes += item.sizeBytes
  }

  /** Windows over our own store stay at two reads: one being sent, one being read. */
  #fit(first: { readonly slices: readonly Slice[] } | undefined): void {
    if (first?.slices[0]?.blob.sites[0]?.url !== LOCAL_URL) return
    this.#windowBytesMax = 2 * READ_LOCAL_BYTES_MAX
    this.#windowBytes = Math.min(this.#windowBytes, this.#windowBytesMax)
  }
}

async function settledBlock(item: BlockItem): Promise<Result<HeldBlock, BlockError>> {
  await item.settled()
  if (item.error === undefined) return ok(item)
  const { error } = item
  item.release()
  return fail(error)
}
