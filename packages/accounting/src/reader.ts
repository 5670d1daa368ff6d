/**
 * Reads what a committed state covers, each entry checked against its leaf hash.
 * @module
 */
import { decodeEntry } from '@turnpike/core/log/decode'
import type { LogEntry, SealEntry } from '@turnpike/core/log/entry'
import { readBundle } from '@turnpike/core/merkle/bundle'
import { TILE_WIDTH, bundlePath, edgeWidth, fullTiles } from '@turnpike/core/merkle/tile'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { EntriesDropped, LogCorrupt } from './errors.ts'
import { readKept } from './retention/kept.ts'
import { checkLeaves, readTile } from './right-edge.ts'
import type { LogState } from './state.ts'

/** Entries that follow each other in the log. */
export interface EntryRun {
  /** Index of the first. */
  readonly first: number
  readonly entries: readonly Uint8Array[]
}

/** An epoch and the entries in it. */
export interface EpochRange {
  readonly epoch: number
  readonly first: number
  /** Index after its last entry: the SEAL, or for the open epoch the newest entry. */
  readonly end: number
}

/**
 * Reads the log as of one state; later commits don't change what it says.
 *
 * @example
 * const reader = new LogReader(store, hasher, state)
 * for await (const run of reader.runs(0, state.size)) count += run.entries.length
 */
export class LogReader {
  readonly store: LogStore
  readonly hasher: Hasher
  readonly state: LogState

  constructor(store: LogStore, hasher: Hasher, state: LogState) {
    this.store = store
    this.hasher = hasher
    this.state = state
  }

  /**
   * Entries from `first` to before `end`, a bundle at a time, in order.
   *
   * @throws {LogCorrupt} when a file is missing or altered
   * @throws {EntriesDropped} when entries are no longer kept
   */
  async *runs(first: number, end: number): AsyncGenerator<EntryRun> {
    if (first < 0 || end > this.state.size)
      throw new RangeError(`entries expected 0 to ${this.state.size}, got ${first} to ${end}`)
    for (let next = first; next < end;) {
      const bundle = Math.floor(next / TILE_WIDTH)
      const start = bundle * TILE_WIDTH
      const entries = await this.#bundle(bundle)
      yield { first: next, entries: entries.slice(next - start, end - start) }
      next = start + TILE_WIDTH
    }
  }

  /**
   * The entry at `index`, decoded.
   *
   * @throws {LogCorrupt} when a file is missing or altered
   * @throws {EntriesDropped} when it is no longer kept
   */
  async entry(index: number): Promise<LogEntry> {
    const entries = await this.#bundle(Math.floor(index / TILE_WIDTH))
    const entry = entries[index % TILE_WIDTH]
    if (entry === undefined)
      throw new RangeError(`"index" expected < ${this.state.size}, got ${index}`)
    return decodeLogged(index, entry)
  }

  /** Epochs that have entries from `first` on, oldest first, found by way of their SEALs. */
  async epochs(first: number): Promise<EpochRange[]> {
    const ranges: EpochRange[] = []
    const { open, sealed, size } = this.state
    if (open !== null && size > first)
      ranges.push({ epoch: open.epoch, first: open.first, end: size })
    let end = sealed?.end ?? 0
    while (end > first) {
      const range = await this.sealedEpoch(end)
      ranges.push(range)
      end = range.first
    }
    return ranges.toReversed()
  }

  /** The sealed epoch that ends before `end`. */
  async sealedEpoch(end: number): Promise<EpochRange> {
    const { epoch, first } = await this.seal(end)
    return { epoch, first, end }
  }

  /**
   * The SEAL that is the last entry before `end`.
   *
   * @throws {LogCorrupt} when there is none
   */
  async seal(end: number): Promise<SealEntry> {
    const found = await this.entry(end - 1)
    const place = `entry ${(end - 1) % TILE_WIDTH}`
    if (found.kind !== 'seal' || found.entry.end !== end || found.entry.first >= end)
      throw new LogCorrupt(
        bundlePath(Math.floor((end - 1) / TILE_WIDTH)),
        place,
        `expected the SEAL of entries before ${end}, got another entry`,
      )
    return found.entry
  }

  async #bundle(index: number): Promise<readonly Uint8Array[]> {
    const { size, bundle } = this.state
    if (index === fullTiles(size, 0)) return readBundle(bundle, edgeWidth(size, 0)) ?? []
    const path = bundlePath(index)
    const bytes = await this.store.get(path)
    if (bytes === undefined) throw await this.#absent(index, path)
    const entries = readBundle(bytes, TILE_WIDTH)
    if (entries === undefined)
      throw new LogCorrupt(path, 'all', `expected ${TILE_WIDTH} whole entries, got other bytes`)
    checkLeaves(this.hasher, entries, await readTile(this.store, 0, index), path)
    return entries
  }

  /** Why a bundle isn't there. */
  async #absent(index: number, path: string): Promise<EntriesDropped | LogCorrupt> {
    const { from, droppingBundles } = await readKept(this.store, this.hasher)
    if (index < droppingBundles) return new EntriesDropped(index * TILE_WIDTH, from)
    return new LogCorrupt(path, 'all', 'expected a bundle, got none')
  }
}

/**
 * An entry of the log, decoded.
 *
 * @throws {LogCorrupt} when it is none
 */
export function decodeLogged(index: number, bytes: Uint8Array): LogEntry {
  const { ok, error } = decodeEntry(bytes)
  if (ok !== undefined) return ok
  const place = `entry ${index % TILE_WIDTH}`
  throw new LogCorrupt(bundlePath(Math.floor(index / TILE_WIDTH)), place, error.message)
}
