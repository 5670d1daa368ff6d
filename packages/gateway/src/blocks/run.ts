/**
 * One range read at work: opened, filled piece by piece, each block verified before it is handed
 * on.
 * @module
 */
import {
  READ_GAP_BYTES_MAX,
  READ_LOCAL_BYTES_MAX,
  READ_REMOTE_STEP_BYTES,
} from '@turnpike/core/limits'
import { type BlobReader, type BlobStream, OriginFault } from '@turnpike/core/ports/blob'
import type { ContentIndex } from '@turnpike/core/ports/content'
import type { Hasher } from '@turnpike/core/ports/runtime'
import {
  LOCAL_URL,
  type RunPart,
  type RunPlan,
  fillSteps,
  placeName,
  slabPieces,
} from './group-runs.ts'
import type { Slab, SlabPool } from './slab.ts'
import { UnknownHash } from './errors.ts'
import type { BlockItem } from './block-item.ts'
import { copyBytes } from '@turnpike/core/bytes'
import { decodeMultihash } from '@turnpike/core/multihash'
import type { FetchCapReached, FetchCaps } from '../admission/fetch-caps.ts'
import type { FetchFor } from './fetch-tally.ts'
import type { Observer } from '../observer.ts'
import type { SiteOrder } from '@turnpike/core/origin/order-sites'
import { verifyBlock } from './verify.ts'

/** Why a run gave less than it was to give. */
export type RunFault = OriginFault | FetchCapReached

/** What a run needs from its engine. */
export interface RunDeps {
  readonly readers: readonly BlobReader[]
  readonly hasher: Hasher
  readonly observer: Observer
  readonly pool: SlabPool
  /** Told how a site did, so that others are asked first after a failure. */
  readonly sites: SiteOrder
  /** Says what may be fetched; anything unless told. */
  readonly caps: FetchCaps | undefined
  /** Hears of bytes that are not the block's. */
  readonly lied: NonNullable<ContentIndex['lied']>
  /** Takes blocks that this run could not give, to try them elsewhere. */
  readonly retry: (items: readonly BlockItem[], fault: RunFault, fetchFor: FetchFor) => void
  /** Hears at once of blocks that this run will not give, since nobody wants them any longer. */
  readonly abandon: (items: readonly BlockItem[]) => void
}

/**
 * A range read. It belongs to the process, not to the request that opened it: others may share it.
 */
export class Run {
  readonly #deps: RunDeps
  readonly #plan: RunPlan
  readonly #fetchFor: FetchFor
  readonly #abort = new AbortController()
  /** Blocks whose bytes did not match, until they are tried elsewhere. */
  #bad: BlockItem[] = []
  /** Parts that were verified or found bad: they come in the plan's order. */
  #checked = 0
  /** How many of the other parts somebody holds. */
  #wanted: number
  #reported = false

  constructor(deps: RunDeps, plan: RunPlan, fetchFor: FetchFor) {
    this.#deps = deps
    this.#plan = plan
    this.#fetchFor = fetchFor
    this.#wanted = plan.parts.length
  }

  /**
   * A pending block lost its last holder: when no such block has one, the transfer stops at once.
   */
  unwanted(item: BlockItem): void {
    if (this.#bad.includes(item)) return
    this.#wanted--
    this.#stopIfAlone()
  }

  /** A pending block that had no holder left is wanted again. */
  wantedAgain(item: BlockItem): void {
    if (!this.#bad.includes(item)) this.#wanted++
  }

  /** Reads, verifies and resolves every block of the plan. Never rejects. */
  async pump(): Promise<void> {
    const { site } = this.#plan
    const { space, tally } = this.#fetchFor
    const capped = this.#isRemote ? this.#deps.caps?.reached(space, site.provider) : undefined
    if (capped !== undefined) return this.#giveUp(capped)
    tally.begin(site.provider)
    const fault = await this.#transfer().catch((error: unknown) => this.#crashed(error))
    this.#retryBad()
    if (fault !== undefined) {
      if (!this.#abort.signal.aborted) this.#report(fault)
      this.#retry(this.#left(), fault)
    } else if (!this.#reported && site.provider !== '') this.#deps.sites.succeeded(site)
    tally.end()
  }

  get #isRemote(): boolean {
    return this.#plan.site.provider !== ''
  }

  /** Nothing may be fetched from here: whoever wants the blocks hears of it a turn later. */
  async #giveUp(capped: FetchCapReached): Promise<void> {
    await undefined
    this.#retry(this.#left(), capped)
  }

  /** Counts bytes that are asked of the origin, whether or not they come. */
  #count(bytes: number): void {
    const { space } = this.#fetchFor
    if (this.#isRemote) this.#deps.caps?.fetched(space, this.#plan.site.provider, bytes)
  }

  /** Returns what ended the transfer early. */
  async #transfer(): Promise<OriginFault | undefined> {
    const { blob, site, parts } = this.#plan
    const range = { first: parts[0]!.offset, last: parts.at(-1)!.end - 1 }
    if (range.last < range.first) return this.#takeEmpty()
    const reader = this.#deps.readers.find((one) => one.serves(site.url))
    if (reader === undefined)
      return new OriginFault('OriginUnavailable', site.provider, 'no reader serves this address')
    if (site.provider !== '') this.#deps.observer.originRequest(site.provider)
    const opened = await reader.open(blob, site, range, this.#abort.signal)
    if (opened.error) return opened.error
    try {
      return await this.#fill(opened.ok)
    } finally {
      opened.ok.close()
    }
  }

  /** Blocks of no bytes need no reading, and no range says "none". */
  #takeEmpty(): undefined {
    const slab = this.#deps.pool.take(0)
    for (const part of this.#plan.parts) this.#check(part, slab.bytes, slab)
    slab.release()
  }

  async #fill(stream: BlobStream): Promise<OriginFault | undefined> {
    let at = this.#plan.parts[0]!.offset
    for (const piece of slabPieces(this.#plan.parts, READ_LOCAL_BYTES_MAX)) {
      if (this.#abort.signal.aborted) return this.#leftAlone()
      const start = piece[0]!.offset
      if (start > at) {
        this.#count(start - at)
        const skipped = await stream.fill(new Uint8Array(Math.min(start - at, READ_GAP_BYTES_MAX)))
        if (skipped.error) return skipped.error
      }
      at = piece.at(-1)!.end
      // Where a reader throws, its slab is left to the garbage collector: it may still write there.
      const slab = this.#deps.pool.take(at - start)
      const fault = await this.#fillSlab(stream, slab, piece)
      slab.release()
      this.#retryBad()
      if (fault !== undefined) return fault
    }
    return undefined
  }

  /** From afar each block is handed on as it comes; at home one read for all of them is cheaper. */
  async #fillSlab(
    stream: BlobStream,
    slab: Slab,
    piece: readonly RunPart[],
  ): Promise<OriginFault | undefined> {
    const start = piece[0]!.offset
    const local = this.#plan.site.url === LOCAL_URL
    const keeper = isWasteful(slab, piece) ? undefined : slab
    let filledTo = 0
    for (const step of local ? [piece] : fillSteps(piece, READ_REMOTE_STEP_BYTES)) {
      const end = step.at(-1)!.end - start
      this.#count(end - filledTo)
      const filled = await stream.fill(slab.bytes.subarray(filledTo, end))
      if (filled.error) return filled.error
      filledTo = end
      for (const part of step)
        this.#check(part, slab.bytes.subarray(part.offset - start, part.end - start), keeper)
      this.#stopIfAlone()
      if (this.#abort.signal.aborted) return this.#leftAlone()
    }
    return undefined
  }

  /** Hands a block on if its bytes are right; they stay in `slab`, or are copied without one. */
  #check({ item, offset }: RunPart, bytes: Uint8Array, slab: Slab | undefined): void {
    const verdict = verifyBlock(this.#deps.hasher, item.multihash, bytes)
    this.#checked++
    if (item.held) this.#wanted--
    if (verdict === 'good') {
      this.#fetchFor.tally.verified(this.#plan.site.provider, bytes.length)
      item.resolve(slab === undefined ? copyBytes(bytes) : bytes, slab)
    } else if (verdict === 'bad') {
      this.#bad.push(item)
      this.#deps.lied(item.multihash, { blob: this.#plan.blob, offset }, this.#plan.site.url)
    } else item.reject(new UnknownHash(decodeMultihash(item.multihash)?.code ?? 0))
  }

  /** Parts that were not reached. */
  #left(): BlockItem[] {
    return this.#plan.parts.slice(this.#checked).map((part) => part.item)
  }

  #stopIfAlone(): void {
    if (this.#wanted > 0 || this.#abort.signal.aborted) return
    const left = this.#left()
    if (left.length === 0) return
    this.#abort.abort()
    this.#deps.abandon(left)
  }

  #retryBad(): void {
    if (this.#bad.length === 0) return
    const bad = this.#bad
    this.#bad = []
    const { provider } = this.#plan.site
    const message = 'block expected to match its hash, does not'
    const fault = new OriginFault('OriginLied', provider, message)
    this.#report(fault)
    this.#retry(bad, fault)
  }

  #retry(items: readonly BlockItem[], fault: RunFault): void {
    if (items.length === 0) return
    const name = placeName(this.#plan)
    for (const item of items) item.markTried(name)
    this.#deps.retry(items, fault, this.#fetchFor)
  }

  /** Makes a failure known; a read that fails in several ways failed once. */
  #report(fault: OriginFault): void {
    if (this.#reported) return
    this.#reported = true
    const { site } = this.#plan
    // `local:` names all blobs of our store: one that is missing must not speak against the others.
    if (site.provider !== '') this.#deps.sites.failed(site, fault)
    this.#fetchFor.tally.failed(site.provider)
    this.#deps.observer.originFault(fault)
  }

  #leftAlone(): OriginFault {
    const { provider } = this.#plan.site
    return new OriginFault('OriginUnavailable', provider, 'transfer stopped: nobody waits for it')
  }

  #crashed(error: unknown): OriginFault {
    this.#deps.observer.crash(error)
    const { provider } = this.#plan.site
    return new OriginFault('OriginUnavailable', provider, 'origin reader failed', error)
  }
}

/** Whether most of a slab lies between blocks: then they would keep much more than they are. */
function isWasteful(slab: Slab, piece: readonly RunPart[]): boolean {
  let usedBytes = 0
  for (const part of piece) usedBytes += part.end - part.offset
  return usedBytes * 2 < slab.bytes.length
}
