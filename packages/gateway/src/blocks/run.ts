/**
 * One range read at work: opened, filled piece by piece, each block verified before it is handed on.
 * @module
 */
import { READ_GAP_BYTES_MAX, READ_LOCAL_BYTES_MAX } from '@turnpike/core/limits'
import { type BlobReader, type BlobStream, OriginFault } from '@turnpike/core/ports/blob'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { type RunPart, type RunPlan, placeName, slabPieces } from './group-runs.ts'
import { UnknownHash } from './errors.ts'
import type { BlockItem } from './block-item.ts'
import { decodeMultihash } from '@turnpike/core/multihash'
import type { FetchTally } from './fetch-tally.ts'
import type { Observer } from '../observer.ts'
import type { SiteOrder } from '@turnpike/core/origin/order-sites'
import type { SlabPool } from './slab.ts'
import { verifyBlock } from './verify.ts'

/** What a run needs from its engine. */
export interface RunDeps {
  readonly readers: readonly BlobReader[]
  readonly hasher: Hasher
  readonly observer: Observer
  readonly pool: SlabPool
  /** Told how a site did, so that others are asked first after a failure. */
  readonly sites: SiteOrder
  /** Takes blocks that this run could not give, to try them elsewhere. */
  readonly retry: (items: readonly BlockItem[], fault: OriginFault, tally: FetchTally) => void
}

/** A range read. It belongs to the process, not to the request that opened it: others may share it. */
export class Run {
  readonly #deps: RunDeps
  readonly #plan: RunPlan
  readonly #tally: FetchTally
  readonly #abort = new AbortController()
  /** Blocks not verified yet, and how many of those somebody holds. */
  #pending: number
  #wanted: number

  constructor(deps: RunDeps, plan: RunPlan, tally: FetchTally) {
    this.#deps = deps
    this.#plan = plan
    this.#tally = tally
    this.#pending = plan.parts.length
    this.#wanted = plan.parts.length
  }

  /** A pending block has no holder left: when no pending block has one, the transfer stops at once. */
  unwanted(): void {
    this.#wanted--
    this.#stopIfAlone()
  }

  /** A block that had no holder left is wanted again. */
  wantedAgain(): void {
    this.#wanted++
  }

  get aborted(): boolean {
    return this.#abort.signal.aborted
  }

  /** Reads, verifies and resolves every block of the plan. Never rejects. */
  async pump(): Promise<void> {
    const { site, parts } = this.#plan
    this.#tally.begin(site.provider)
    const bad: BlockItem[] = []
    const fault = await this.#transfer(bad).catch((error: unknown) => this.#crashed(error))
    if (fault !== undefined) bad.push(...parts.map((p) => p.item).filter((item) => item.pending))
    const failed = [...new Set(bad)]
    const name = placeName(this.#plan)
    for (const item of failed) item.tried.add(name)
    if (!this.aborted) this.#report(failed, fault)
    if (failed.length > 0) this.#deps.retry(failed, fault ?? this.#lied(), this.#tally)
    this.#tally.end()
  }

  #report(failed: readonly BlockItem[], fault: OriginFault | undefined): void {
    const { site } = this.#plan
    if (failed.length === 0) {
      if (site.provider !== '') this.#deps.sites.succeeded(site)
      return
    }
    const reason = fault ?? this.#lied()
    // `local:` names all blobs of our store: one that is missing must not speak against the others.
    if (site.provider !== '') this.#deps.sites.failed(site, reason)
    this.#tally.failed(site.provider)
    this.#deps.observer.originFault(reason)
  }

  /** Fills `bad` with blocks whose bytes are wrong; returns what ended the transfer early. */
  async #transfer(bad: BlockItem[]): Promise<OriginFault | undefined> {
    const { blob, site, parts } = this.#plan
    const reader = this.#deps.readers.find((one) => one.serves(site.url))
    if (reader === undefined)
      return new OriginFault('OriginUnavailable', site.provider, 'no reader serves this address')
    if (site.provider !== '') this.#deps.observer.originRequest(site.provider)
    const range = { first: parts[0]!.offset, last: parts.at(-1)!.end - 1 }
    const opened = await reader.open(blob, site, range, this.#abort.signal)
    if (opened.error) return opened.error
    try {
      return await this.#fill(opened.ok, range.first, bad)
    } finally {
      opened.ok.close()
    }
  }

  async #fill(
    stream: BlobStream,
    first: number,
    bad: BlockItem[],
  ): Promise<OriginFault | undefined> {
    let at = first
    for (const piece of slabPieces(this.#plan.parts, READ_LOCAL_BYTES_MAX)) {
      if (this.aborted) return this.#leftAlone()
      const start = piece[0]!.offset
      if (start > at) {
        const gap = new Uint8Array(Math.min(start - at, READ_GAP_BYTES_MAX))
        const skipped = await stream.fill(gap)
        if (skipped.error) return skipped.error
      }
      at = piece.at(-1)!.end
      const slab = this.#deps.pool.take(at - start)
      const filled = await stream.fill(slab.bytes)
      if (filled.ok) for (const part of piece) this.#check(part, slab, start, bad)
      slab.release()
      if (filled.error) return filled.error
      this.#stopIfAlone()
    }
    return undefined
  }

  #check(part: RunPart, slab: ReturnType<SlabPool['take']>, start: number, bad: BlockItem[]): void {
    const bytes = slab.bytes.subarray(part.offset - start, part.end - start)
    this.#pending--
    if (part.item.held) this.#wanted--
    const verdict = verifyBlock(this.#deps.hasher, part.item.multihash, bytes)
    if (verdict === 'good') {
      this.#tally.verified(this.#plan.site.provider, bytes.length)
      part.item.resolve(bytes, slab)
    } else if (verdict === 'bad') bad.push(part.item)
    else part.item.reject(new UnknownHash(decodeMultihash(part.item.multihash)?.code ?? 0))
  }

  #stopIfAlone(): void {
    if (this.#wanted === 0 && this.#pending > 0) this.#abort.abort()
  }

  #lied(): OriginFault {
    const { provider } = this.#plan.site
    return new OriginFault('OriginLied', provider, 'block expected to match its hash, does not')
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
