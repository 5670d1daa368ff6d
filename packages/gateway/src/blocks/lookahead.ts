/**
 * Reads a sequence of blocks ahead of a client, no further than it reads on.
 * @module
 */
import type { Slice } from '@turnpike/core/ports/blob'
import {
  BLOCK_BYTES_MAX,
  READ_AHEAD_LINKS_MAX,
  READ_AHEAD_LOCAL_BYTES_MAX,
  READ_REMOTE_BYTES_MAX,
  READ_LOCAL_BYTES_MAX,
  READ_WINDOW_BYTES_MIN,
} from '@turnpike/core/limits'
import { type Result, fail, ok } from '@turnpike/core/result'
import { type BlockSession, type KeyedBlock, knownBytes, refuse } from './session.ts'
import type { BlockItem, HeldBlock } from './block-item.ts'
import { type BlockError, ReadClosed } from './errors.ts'
import { LOCAL_URL } from './group-runs.ts'
import type { Link } from '@turnpike/core/link'
import { MalformedBlock } from '@turnpike/core/malformed'
import type { Wanted } from './engine.ts'

/** Links that a body will need next, in order; asked for only when more is to be started. */
export type Upcoming = () => Iterable<Link>

const nothing = (): void => {}

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
  #local = false
  /** Size of the block that was taken last: what the next ones are expected to have. */
  #usualBytes = 0
  #planning: Promise<unknown> | undefined
  /** The block that the client waits for. */
  #awaited: BlockItem | undefined
  #started = false
  #closed = false

  constructor(session: BlockSession) {
    this.#session = session
  }

  /** The block of `link`, verified. The caller releases it when its bytes are no longer needed. */
  async take(link: Link, upcoming: Upcoming): Promise<Result<HeldBlock, BlockError>> {
    if (this.#closed) return fail(new ReadClosed())
    const denied = this.#session.guard.block(link)
    if (denied !== undefined) return fail(denied)
    const inline = knownBytes(link)
    if (inline !== undefined) return ok({ bytes: inline, release: nothing })
    const key = this.#session.keyOf(link.multihash)
    // A plan under way may be about to start this very block.
    if (this.#planning !== undefined && !this.#held.has(key)) await this.#planning
    const item = this.#heldItem(key) ?? this.#session.engine.share(key)
    if (item === undefined) return this.#takeFresh(link, key, upcoming)
    this.#readOn(upcoming)
    return this.#settled(item, link)
  }

  /** Lets go of a block that was read ahead and turns out not to be needed. */
  skip(link: Link): void {
    if (this.#held.size > 0) this.#heldItem(this.#session.keyOf(link.multihash))?.release()
  }

  /** Lets go of everything: transfers that nobody else waits for stop. A `take` under way fails. */
  close(): void {
    this.#closed = true
    this.#awaited?.release()
    this.#awaited = undefined
    for (const item of this.#held.values()) {
      this.#session.engine.drawn(item)
      item.release()
    }
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
    const { engine, fetchFor } = this.#session
    const cached = engine.cached(key)
    if (cached !== undefined) return ok({ bytes: cached, release: nothing })
    const slices = await this.#session.locateOne(key, link.multihash)
    const refusal = refuse(link, slices)
    if (refusal !== undefined) return fail(refusal)
    const first = { key, multihash: link.multihash, slices, ahead: false }
    this.#usualBytes = slices[0]!.length
    if (this.#started) this.#grow()
    this.#started = true
    const item = (await this.#plan(first, upcoming)) ?? engine.share(key)
    if (item !== undefined) return this.#settled(item, link)
    if (this.#closed) return fail(new ReadClosed())
    // Another request had it meanwhile and let go of it.
    const keptNow = engine.cached(key)
    if (keptNow !== undefined) return ok({ bytes: keptNow, release: nothing })
    this.#session.fetched++
    return this.#settled(engine.begin([first], fetchFor)[0]!, link)
  }

  async #settled(item: BlockItem, link: Link): Promise<Result<HeldBlock, BlockError>> {
    this.#usualBytes = item.sizeBytes
    if (this.#closed) {
      item.release()
      return fail(new ReadClosed())
    }
    if (item.pending) {
      this.#awaited = item
      await item.settled()
      if (this.#awaited === undefined) return fail(new ReadClosed())
      this.#awaited = undefined
    }
    // It may have been denied while it was waited for.
    const error = item.error ?? this.#session.guard.block(link)
    if (error === undefined) return ok(item)
    item.release()
    return fail(error)
  }

  #grow(): void {
    this.#windowBytes = Math.min(this.#windowBytes * 2, this.#windowBytesMax())
  }

  /** Windows over our own store stay at two reads: one being sent, one being read. */
  #windowBytesMax(): number {
    return this.#local ? 2 * READ_LOCAL_BYTES_MAX : READ_REMOTE_BYTES_MAX
  }

  /**
   * Starts the next window when half of what the last one brought was taken, or three quarters from
   * afar, where each request counts: not sooner, or a walk that finds its links bit by bit would
   * fetch them bit by bit.
   */
  #readOn(upcoming: Upcoming): void {
    const share = this.#local ? 2 : 4
    if (this.#planning !== undefined || this.#heldBytes * share > this.#plannedBytes) return
    this.#grow()
    // What goes wrong ahead of the client, the client will meet when it gets there.
    this.#planning = this.#plan(undefined, upcoming)
      .catch(nothing)
      .finally(() => {
        this.#planning = undefined
      })
  }

  /**
   * Finds out what comes next, as far as the window and the budget reach, and fetches it. Returns
   * the item of `first` if it was to be fetched.
   */
  async #plan(first: Wanted | undefined, upcoming: Upcoming): Promise<BlockItem | undefined> {
    const { engine, fetchFor } = this.#session
    const firstBytes = first?.slices[0]!.length ?? 0
    const ahead = this.#unstarted(first?.key, upcoming, this.#roomBytes(firstBytes))
    // Where what comes later lies, the client needs to know when it gets there.
    const located = ahead.length === 0 ? [] : await this.#session.locate(ahead).catch(() => [])
    if (this.#closed) return undefined
    const fetchesFirst = first !== undefined && !engine.has(first.key)
    const wanted: Wanted[] = fetchesFirst ? [first] : []
    let roomBytes = this.#roomBytes(firstBytes)
    for (const [i, { key, multihash }] of ahead.entries()) {
      const slices = located[i] ?? []
      const sizeBytes = slices[0]?.length ?? Infinity
      if (sizeBytes > Math.min(roomBytes, BLOCK_BYTES_MAX)) break
      roomBytes -= sizeBytes
      if (engine.has(key)) {
        if (!this.#shareAhead(key)) break
      } else if (engine.budget.reserve(sizeBytes, this.#leftBytes(slices)))
        wanted.push({ key, multihash, slices, ahead: true })
      else break
    }
    this.#fit(wanted[0])
    this.#session.fetched += wanted.length
    const items = engine.begin(wanted, fetchFor)
    for (let i = fetchesFirst ? 1 : 0; i < items.length; i++) this.#hold(items[i]!)
    this.#plannedBytes = this.#heldBytes
    return fetchesFirst ? items[0] : undefined
  }

  /**
   * Reads of our own store leave most of the budget to origins: a few of them gain by reading
   * ahead,
   * while among many each read covers another's wait.
   */
  #leftBytes(slices: readonly Slice[]): number {
    const isLocal = slices[0]?.blob.sites[0]?.url === LOCAL_URL
    const { bytesMax } = this.#session.engine.budget
    return isLocal ? Math.max(0, bytesMax - READ_AHEAD_LOCAL_BYTES_MAX) : 0
  }

  #roomBytes(firstBytes: number): number {
    return this.#windowBytes - this.#heldBytes - firstBytes
  }

  /**
   * Blocks ahead that this body does not hold yet, each once: about as many as have room, since
   * naming and locating all that may come costs more than hashing them.
   */
  #unstarted(firstKey: string | undefined, upcoming: Upcoming, roomBytes: number): KeyedBlock[] {
    const blocks: KeyedBlock[] = []
    const seen = new Set<string>()
    const countMax = Math.min(READ_AHEAD_LINKS_MAX, Math.ceil(roomBytes / (this.#usualBytes + 1)))
    let looked = 0
    try {
      for (const link of upcoming()) {
        if (blocks.length >= countMax || ++looked > 2 * READ_AHEAD_LINKS_MAX) break
        if (knownBytes(link) !== undefined) continue
        // The client will not get past it.
        if (this.#session.guard.block(link) !== undefined) break
        const key = this.#session.keyOf(link.multihash)
        if (key === firstKey || seen.has(key) || this.#held.has(key)) continue
        seen.add(key)
        blocks.push({ key, multihash: link.multihash })
      }
    } catch (error) {
      // What comes before a malformed link can be read all the same.
      if (!(error instanceof MalformedBlock)) throw error
    }
    return blocks
  }

  /**
   * Takes a share in a block that somebody else is fetching, or that is kept; false without budget.
   */
  #shareAhead(key: string): boolean {
    const { engine } = this.#session
    const item = engine.share(key)
    if (item === undefined) return true
    if (engine.holdAhead(item)) {
      this.#hold(item)
      return true
    }
    item.release()
    return false
  }

  #hold(item: BlockItem): void {
    this.#held.set(item.key, item)
    this.#heldBytes += item.sizeBytes
  }

  #fit(first: Wanted | undefined): void {
    if (first === undefined) return
    this.#local = first.slices[0]!.blob.sites[0]!.url === LOCAL_URL
    this.#windowBytes = Math.min(this.#windowBytes, this.#windowBytesMax())
  }
}
