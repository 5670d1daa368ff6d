/**
 * Retention of log entries: writes down what old epochs add up to, then lets their entries go.
 *
 * Hash tiles, summary rows and SEALs stay, so that root, proofs and statements hold as before. What
 * else stays of an old epoch: reads that were voided, and the 65,536 entries before the first
 * that is kept, among which a FETCH may find its READ.
 *
 * Crash order: (1) the epochs' sums are down, (2) the file `kept` names the first entry that is
 * kept, and up to where bundles are to go, (3) they go, (4) `kept` says that they went. A crash
 * after 2 leaves bundles that nobody needs, which the next call drops.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import {
  DROP_BUNDLES_MAX,
  DROP_EPOCHS_MAX,
  FETCH_WINDOW_ENTRIES_MAX,
} from '@turnpike/core/limits/log'
import { TILE_WIDTH, bundlePath } from '@turnpike/core/merkle/tile'
import type { LedgerBatch, LedgerView } from '@turnpike/core/ports/ledger'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { EntryCounter } from '../count-entries.ts'
import { BatchBuilder } from '../ledger-batch.ts'
import { LogReader } from '../reader.ts'
import type { EpochRange } from '../reader.ts'
import { SealChain } from '../seal-chain.ts'
import { decodeState } from '../state.ts'
import { namesAllSpaces, sealedRows, spaceThatDiffers } from './check-sums.ts'
import { sumsFile, sumsPath } from './epoch-sums.ts'
import { KEPT_PATH, keptFile, readKept } from './kept.ts'
import type { Kept } from './kept.ts'
import { LogCorrupt } from '../errors.ts'

/** Which entries may go. */
export interface DropQuery {
  /** Those of epochs before this one. */
  readonly beforeEpoch: number
  /** Those that all who follow the log have read: before this index. */
  readonly beforeIndex: number
}

/** What a call did. */
export interface Dropped {
  /** First index from which all entries are kept now. */
  readonly keptFrom: number
  /** Bundles that went. */
  readonly bundles: number
  /** Whether there is more to drop: call again. */
  readonly more: boolean
}

/** How much one call does, and what it leaves. */
export interface DropBounds {
  readonly epochsMax: number
  readonly bundlesMax: number
  /** Entries before the first that is kept that stay, too: no FETCH is further from its READ. */
  readonly windowEntries: number
}

const DROP_BOUNDS: DropBounds = {
  epochsMax: DROP_EPOCHS_MAX,
  bundlesMax: DROP_BUNDLES_MAX,
  windowEntries: FETCH_WINDOW_ENTRIES_MAX,
}

/** Drops entries of one log. Calls don't overlap. */
export class EntryDropper {
  readonly #store: LogStore
  readonly #hasher: Hasher
  readonly #ledger: Pick<LedgerView, 'watermark' | 'hasVoided'>
  readonly #bounds: DropBounds
  readonly #chain = new SealChain()
  readonly #counter = new EntryCounter(this.#chain)

  /** Smaller `bounds` than the default are for tests, whose logs are short. */
  constructor(
    store: LogStore,
    hasher: Hasher,
    ledger: Pick<LedgerView, 'watermark' | 'hasVoided'>,
    bounds: DropBounds = DROP_BOUNDS,
  ) {
    this.#bounds = bounds
    this.#store = store
    this.#hasher = hasher
    this.#ledger = ledger
  }

  /**
   * Drops what may go, up to its bounds.
   *
   * @throws {TypeError} when the ledger has not counted the whole log
   * @throws {LogCorrupt} when an epoch does not add up to what its SEAL says: its entries stay
   * @example
   * const { more } = await dropper.drop({ beforeEpoch, beforeIndex })
   */
  async drop({ beforeEpoch, beforeIndex }: DropQuery): Promise<Dropped> {
    const committed = await this.#store.load()
    if (committed === undefined) return { keptFrom: 0, bundles: 0, more: false }
    const state = decodeState(this.#hasher, committed.bytes)
    const reader = new LogReader(this.#store, this.#hasher, state)
    const kept = await readKept(this.#store, this.#hasher)
    const counted = await this.#ledger.watermark()
    // What is voided is known from there: a read that a VOID names must stay.
    if (counted < state.size)
      throw new TypeError(`ledger expected to have counted ${state.size} entries, got ${counted}`)
    const sealed = await this.#chain.sealedFrom(reader, kept.from)
    const old = sealed.filter(({ epoch, end }) => epoch < beforeEpoch && end <= beforeIndex)
    const from = await this.#sumUp(reader, kept.from, old.slice(0, this.#bounds.epochsMax))
    const { bundles, done } = await this.#dropBundles(reader, { ...kept, from })
    return { keptFrom: from, bundles, more: !done || (from > kept.from && from < old.at(-1)!.end) }
  }

  /** Writes down the sums of epochs; returns the first index of what follows them. */
  async #sumUp(
    reader: LogReader,
    keptFrom: number,
    ranges: readonly EpochRange[],
  ): Promise<number> {
    let from = keptFrom
    for (const range of ranges) {
      const batch = await this.#sumsOf(reader, range)
      if (batch === undefined) break
      await this.#store.put([sumsFile(this.#hasher, range, batch)])
      from = range.end
    }
    return from
  }

  /** What the entries of an epoch add up to; undefined for one that must be kept. */
  async #sumsOf(reader: LogReader, range: EpochRange): Promise<LedgerBatch | undefined> {
    const rows = await sealedRows(this.#store, this.#hasher, await reader.seal(range.end))
    if (!namesAllSpaces(rows)) return undefined
    const batch = new BatchBuilder(range.first, { cids: false })
    await this.#counter.startAt(reader, range.first)
    for await (const run of reader.runs(range.first, range.end))
      await this.#counter.count(reader, batch, range.epoch, run)
    const sums = batch.build(range.end)
    const different = spaceThatDiffers(sums, rows)
    if (different !== undefined)
      throw new LogCorrupt(sumsPath(range.epoch), different, 'expected the sums of the SEAL')
    return sums
  }

  async #dropBundles(
    reader: LogReader,
    kept: Kept,
  ): Promise<{ readonly bundles: number; readonly done: boolean }> {
    const limit = Math.floor(Math.max(0, kept.from - this.#bounds.windowEntries) / TILE_WIDTH)
    const first = kept.droppedBundles
    const end = Math.min(limit, first + this.#bounds.bundlesMax)
    const dropping = { ...kept, droppingBundles: Math.max(first, end) }
    await this.#keep(dropping)
    if (end <= first) return { bundles: 0, done: true }
    const sealed = await this.#chain.sealedFrom(reader, first * TILE_WIDTH)
    const withSeal = new Set(sealed.map((range) => Math.floor((range.end - 1) / TILE_WIDTH)))
    const paths: string[] = []
    for (let bundle = first; bundle < end; bundle++) {
      if (withSeal.has(bundle)) continue
      const start = bundle * TILE_WIDTH
      if (!(await this.#ledger.hasVoided(start, start + TILE_WIDTH))) paths.push(bundlePath(bundle))
    }
    await this.#store.drop(paths)
    await this.#keep({ ...dropping, droppedBundles: end })
    return { bundles: paths.length, done: end === limit }
  }

  async #keep(kept: Kept): Promise<void> {
    const file = keptFile(this.#hasher, kept)
    const known = await this.#store.get(KEPT_PATH)
    if (known !== undefined && bytesEqual(known, file.bytes)) return
    await this.#store.put([file])
  }
}
