/**
 * The process's one place where blocks are fetched, verified, shared and kept.
 * @module
 */
import { LRUCache } from 'lru-cache'
import {
  BLOCK_CACHE_KEEP_BYTES_MAX,
  READ_LOCAL_BYTES_MAX,
  RECENT_BLOCKS_MAX,
  SLABS_KEPT_MAX,
} from '@turnpike/core/limits'
import type {
  BlobReader,
  BlobSite,
  OriginFault,
  Slice,
  WholeBlobs,
} from '@turnpike/core/ports/blob'
import type { ContentIndex } from '@turnpike/core/ports/content'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { BlockItem, type ItemOwner } from './block-item.ts'
import { type Place, groupRuns, nextPlace } from './group-runs.ts'
import { Run, type RunDeps } from './run.ts'
import type { SiteOrder } from '@turnpike/core/origin/order-sites'
import type { FetchCapReached, FetchCaps } from '../admission/fetch-caps.ts'
import type { FetchFor } from './fetch-tally.ts'
import type { Observer } from '../observer.ts'
import { ReadBudget } from './budget.ts'
import { SlabPool } from './slab.ts'

/** What the engine is made of. */
export interface BlockDeps {
  readonly index: ContentIndex
  readonly readers: readonly BlobReader[]
  readonly hasher: Hasher
  readonly observer: Observer
  /** Remembers which sites failed lately, so that others are tried first. */
  readonly sites: SiteOrder
  readonly blockCacheBytesMax: number
  readonly readAheadBytesMax: number
  /** What may be fetched in a day; any number of bytes unless told. */
  readonly fetchCaps?: FetchCaps | undefined
  /** Freed read buffers that are kept; `SLABS_KEPT_MAX` unless told. */
  readonly slabsKeptMax?: number
  /**
   * Where blocks come from that are too large to be verified in one piece; nowhere unless given.
   */
  readonly wholeBlobs?: WholeBlobs
}

/** A block that is to be fetched, and where its bytes lie. */
export interface Wanted {
  readonly key: string
  readonly multihash: Uint8Array
  readonly slices: readonly Slice[]
  /** Whether it is read ahead: then its bytes were reserved from the budget. */
  readonly ahead: boolean
}

/**
 * Fetches blocks for all requests of a process. Whoever wants a block that is on its way or still
 * held shares it; keys carry the space, so that nothing is shared between spaces.
 */
export class BlockEngine implements ItemOwner {
  readonly index: ContentIndex
  readonly budget: ReadBudget
  readonly observer: Observer
  readonly wholeBlobs: WholeBlobs | undefined
  readonly #runDeps: RunDeps
  readonly #orderSites: (sites: readonly BlobSite[]) => readonly BlobSite[]
  readonly #cache: LRUCache<string, Uint8Array>
  /**
   * Blocks that were read once and not kept, with their sizes: a second read of one tells that it
   * is
   * worth keeping. Bounded by the cache's bytes, or a second scan of a large file would copy every
   * leaf into a cache that can't hold it (2.4 CPU-s a GiB then, 1.4 now).
   */
  readonly #recent: LRUCache<string, number>
  readonly #items = new Map<string, BlockItem>()
  readonly #runs = new Map<BlockItem, Run>()

  constructor(deps: BlockDeps) {
    this.index = deps.index
    this.observer = deps.observer
    this.wholeBlobs = deps.wholeBlobs
    this.budget = new ReadBudget(deps.readAheadBytesMax)
    this.#orderSites = (sites) => (sites.length > 1 ? deps.sites.order(sites) : sites)
    this.#cache = new LRUCache({
      maxSize: Math.max(1, deps.blockCacheBytesMax),
      sizeCalculation: (bytes) => Math.max(1, bytes.length),
    })
    this.#recent = new LRUCache({
      max: RECENT_BLOCKS_MAX,
      maxSize: Math.max(1, deps.blockCacheBytesMax),
      sizeCalculation: (bytes) => Math.max(1, bytes),
    })
    this.#runDeps = {
      readers: deps.readers,
      hasher: deps.hasher,
      observer: deps.observer,
      pool: new SlabPool({
        slabBytes: READ_LOCAL_BYTES_MAX,
        keptMax: deps.slabsKeptMax ?? SLABS_KEPT_MAX,
      }),
      sites: deps.sites,
      caps: deps.fetchCaps,
      lied: (multihash, place, url) => deps.index.lied?.(multihash, place, url),
      retry: (items, fault, fetchFor) => this.#retry(items, fault, fetchFor),
      abandon: (items) => items.forEach((item) => this.#forget(item)),
    }
  }

  /** A kept block, or undefined. */
  cached(key: string): Uint8Array | undefined {
    const bytes = this.#cache.get(key)
    this.observer.cache('block', bytes !== undefined)
    return bytes
  }

  /** Whether a block is kept or on its way, so that nobody need fetch it. */
  has(key: string): boolean {
    return this.#cache.has(key) || this.#items.has(key)
  }

  /** A block on its way or held by somebody, with one more holder; undefined when there is none. */
  share(key: string): BlockItem | undefined {
    const item = this.#items.get(key)
    if (item === undefined) return undefined
    if (!item.held && item.pending) this.#runs.get(item)?.wantedAgain(item)
    item.retain()
    item.shared = true
    return item
  }

  /** What is on its way or held: nothing when nobody reads. */
  get inUse(): { readonly blocks: number; readonly slabs: number } {
    return { blocks: this.#items.size + this.#runs.size, slabs: this.#runDeps.pool.lent }
  }

  /** Starts fetching blocks, in as few range reads as their places allow. Each has one holder. */
  begin(wanted: readonly Wanted[], fetchFor: FetchFor): BlockItem[] {
    const items = wanted.map((one) => {
      const ahead = one.ahead ? 1 : 0
      const item = new BlockItem(this, one.key, one.multihash, one.slices, ahead)
      item.shared = this.#recent.has(one.key)
      this.#items.set(one.key, item)
      return item
    })
    this.#launch(items, fetchFor)
    return items
  }

  /**
   * Says that one more reader holds the block ahead of its client. However many do, the budget
   * counts it once; false when the budget is spent.
   */
  holdAhead(item: BlockItem): boolean {
    if (item.aheadHolders === 0 && !this.budget.reserve(item.sizeBytes)) return false
    item.aheadHolders++
    return true
  }

  /** Takes {@link holdAhead} back: a client waits for the block now, or never will. */
  drawn(item: BlockItem): void {
    if (--item.aheadHolders === 0) this.budget.release(item.sizeBytes)
  }

  unwanted(item: BlockItem): void {
    this.#runs.get(item)?.unwanted(item)
  }

  done(item: BlockItem): void {
    this.#forget(item)
    if (item.error !== undefined || item.pending) return
    if (item.shared || item.sizeBytes <= BLOCK_CACHE_KEEP_BYTES_MAX)
      this.#cache.set(item.key, item.ownedBytes())
    else this.#recent.set(item.key, item.sizeBytes)
  }

  #forget(item: BlockItem): void {
    if (this.#items.get(item.key) === item) this.#items.delete(item.key)
    this.#runs.delete(item)
  }

  #launch(items: readonly BlockItem[], fetchFor: FetchFor): void {
    const placed: { item: BlockItem; place: Place }[] = []
    for (const item of items) {
      const place = nextPlace(item, this.#orderSites)
      if (place === undefined) throw new RangeError('"slices" expected a site, has none')
      placed.push({ item, place })
    }
    for (const plan of groupRuns(placed)) {
      const run = new Run(this.#runDeps, plan, fetchFor)
      for (const part of plan.parts) this.#runs.set(part.item, run)
      void run.pump()
    }
  }

  /** Tries blocks at their next place; one that has none left fails with the last fault. */
  #retry(
    items: readonly BlockItem[],
    fault: OriginFault | FetchCapReached,
    fetchFor: FetchFor,
  ): void {
    const again: BlockItem[] = []
    for (const item of items) {
      if (item.held && nextPlace(item, this.#orderSites) !== undefined) again.push(item)
      else item.reject(fault)
    }
    if (again.length > 0) this.#launch(again, fetchFor)
  }
}
