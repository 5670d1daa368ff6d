/**
 * The entries of one epoch that are charged to some spaces, with those that they point at.
 * @module
 */
import { FETCH_WINDOW_ENTRIES_MAX } from '@turnpike/core/limits/log'
import type { LogEntry } from '@turnpike/core/log/entry'
import { TILE_WIDTH } from '@turnpike/core/merkle/tile'
import { Charges } from '../charge.ts'
import { EntriesDropped } from '../errors.ts'
import { decodeLogged } from '../reader.ts'
import type { EpochRange, LogReader } from '../reader.ts'
import { readKept } from '../retention/kept.ts'
import { voidedBy } from '../summary-count.ts'
import type { Leaf } from './part.ts'
import { BundleRefused } from './refused.ts'

/** How much is listed, and who else gets a turn meanwhile. */
export interface ListingBounds {
  readonly entriesMax: number
  /** Lets others have a turn; awaited between bundles of the log. */
  breathe(): Promise<void>
}

/**
 * Entries of an epoch that are charged to the spaces, in order. Entries from before the epoch are
 * among them where one needs them: a FETCH its READ, a VOID what it takes back.
 *
 * @throws {BundleRefused} when they are too many, or no longer kept
 * @example
 * const leaves = await ownedEntries(reader, range, new Set(['did:key:z6Mk…']), bounds)
 */
export async function ownedEntries(
  reader: LogReader,
  range: EpochRange,
  spaces: ReadonlySet<string>,
  bounds: ListingBounds,
): Promise<Leaf[]> {
  try {
    return await new Listing(reader, range, spaces, bounds).run()
  } catch (error) {
    if (error instanceof EntriesDropped) throw new BundleRefused(error.message)
    throw error
  }
}

class Listing {
  readonly #reader: LogReader
  readonly #range: EpochRange
  readonly #spaces: ReadonlySet<string>
  readonly #bounds: ListingBounds
  readonly #charges = new Charges()
  /** READs of the spaces that a FETCH may belong to. */
  readonly #reads = new Map<string, Leaf>()
  readonly #leaves = new Map<number, Leaf>()

  constructor(
    reader: LogReader,
    range: EpochRange,
    spaces: ReadonlySet<string>,
    bounds: ListingBounds,
  ) {
    this.#reader = reader
    this.#range = range
    this.#spaces = spaces
    this.#bounds = bounds
  }

  async run(): Promise<Leaf[]> {
    const { first, end } = this.#range
    const { droppingBundles } = await readKept(this.#reader.store, this.#reader.hasher)
    const start = Math.max(first - FETCH_WINDOW_ENTRIES_MAX, droppingBundles * TILE_WIDTH, 0)
    for await (const run of this.#reader.runs(Math.min(start, first), end)) {
      for (const [i, bytes] of run.entries.entries()) await this.#take(run.first + i, bytes)
      await this.#bounds.breathe()
    }
    return [...this.#leaves.values()].toSorted((a, b) => a.index - b.index)
  }

  async #take(index: number, bytes: Uint8Array): Promise<void> {
    const logged = decodeLogged(index, bytes)
    const leaf = { index, bytes }
    const voided = index < this.#range.first ? undefined : await voidedBy(this.#reader, logged)
    const charge = this.#charges.charge(index, logged, voided)
    if (charge === undefined || !this.#spaces.has(charge.space)) return
    if (logged.kind === 'read') this.#reads.set(keyOf(logged.entry.id), leaf)
    if (index < this.#range.first) return
    await this.#addTarget(logged)
    this.#add(leaf)
  }

  async #addTarget(logged: LogEntry): Promise<void> {
    if (logged.kind === 'fetch') {
      const read = this.#reads.get(keyOf(logged.entry.id))
      if (read !== undefined) this.#add(read)
    }
    if (logged.kind !== 'void') return
    const { index } = logged.entry
    for await (const { entries } of this.#reader.runs(index, index + 1))
      this.#add({ index, bytes: entries[0]! })
  }

  #add(leaf: Leaf): void {
    this.#leaves.set(leaf.index, leaf)
    if (this.#leaves.size > this.#bounds.entriesMax)
      throw new BundleRefused(
        `bundle expected <= ${this.#bounds.entriesMax} entries, got more: leave --entries out, ` +
          'and for an hour that is not over, ask again after it',
      )
  }
}

function keyOf(id: Uint8Array): string {
  return String.fromCharCode(...id)
}
