/**
 * Entries of a log, bundle by bundle (docs/reference/log-files.md).
 * @module
 */
import { BadCbor } from './cbor.ts'
import { decodeEntry } from './entry.ts'
import type { Entry } from './entry.ts'
import type { Findings } from './findings.ts'
import { decodeKept } from './kept.ts'
import type { Kept } from './kept.ts'
import type { LogFolder, LogState } from './log-folder.ts'
import { TILE_WIDTH, tilePath } from './tree.ts'

/** The log can't be read beyond a place, which is in the findings. */
export class LogBroken extends Error {
  override readonly name = 'LogBroken'
}

/** Entries were let go of while the log was read: no difference, but to be read again. */
export class EntriesWent extends Error {
  override readonly name = 'EntriesWent'
  constructor(bundle: number) {
    super(`bundle ${bundle} was let go of while the log was audited: run it again`)
  }
}

/** Bundles that are kept for those who look back: VOIDs and ACKs. */
const RECENT_MAX = 16

/** Reads bundles, whole files and what the state has of the last one. */
export class Bundles {
  readonly #folder: LogFolder
  readonly #state: LogState
  readonly #kept: Kept
  readonly #findings: Findings
  readonly #recent = new Map<number, readonly Uint8Array[]>()

  constructor(folder: LogFolder, state: LogState, kept: Kept, findings: Findings) {
    this.#folder = folder
    this.#state = state
    this.#kept = kept
    this.#findings = findings
  }

  /** Whether a bundle is one that old entries were dropped with. */
  isGone(index: number): boolean {
    if (index >= this.#kept.droppingBundles) return false
    return this.#folder.file(tilePath(undefined, index)) === undefined
  }

  /**
   * Entries of a bundle.
   *
   * @throws {LogBroken} when it can't be read
   * @throws {EntriesWent} when retention took it away meanwhile
   */
  read(index: number): readonly Uint8Array[] {
    const state = this.#state
    const isWhole = (index + 1) * TILE_WIDTH <= state.size
    const path = tilePath(undefined, index)
    const where = isWhole ? `log/${path}` : 'log/head.sqlite, bundle'
    const bytes = isWhole ? this.#folder.file(path) : state.bundle
    if (bytes === undefined) {
      if (index < decodeKept(this.#folder.file('kept')).droppingBundles)
        throw new EntriesWent(index)
      return this.broken(where, 'a bundle of entries', 'no file')
    }
    const entries = entriesOf(bytes)
    const count = isWhole ? TILE_WIDTH : state.size % TILE_WIDTH
    if (entries?.length === count) return entries
    const found = entries === undefined ? 'other bytes' : `${entries.length} entries`
    return this.broken(where, `${count} entries`, found)
  }

  /** Bytes of one entry, which somebody looks back at; undefined when they are gone. */
  entry(index: number): Uint8Array | undefined {
    const bundle = Math.floor(index / TILE_WIDTH)
    const known = this.#recent.get(bundle)
    if (known === undefined && this.isGone(bundle)) return undefined
    const entries = known ?? this.read(bundle)
    this.#recent.delete(bundle)
    this.#recent.set(bundle, entries)
    if (this.#recent.size > RECENT_MAX) this.#recent.delete(this.#recent.keys().next().value!)
    return entries[index % TILE_WIDTH]
  }

  /** The entry at an index. */
  decode(at: number, bytes: Uint8Array): Entry {
    try {
      return decodeEntry(bytes)
    } catch (error) {
      if (!(error instanceof BadCbor)) throw error
      return this.broken(this.placeOf(at), 'an entry', error.message)
    }
  }

  /** Where an entry stands, for messages. */
  placeOf(index: number): string {
    const bundle = Math.floor(index / TILE_WIDTH)
    const isWhole = (bundle + 1) * TILE_WIDTH <= this.#state.size
    const path = isWhole ? tilePath(undefined, bundle) : 'head.sqlite, bundle'
    return `log/${path}, entry ${index % TILE_WIDTH} (no. ${index})`
  }

  /** Writes down why the log can't be read beyond a place. */
  broken(where: string, expected: string, found: string): never {
    this.#findings.add(where, expected, found)
    throw new LogBroken(`${where}: expected ${expected}, got ${found}`)
  }
}

/** Entries of a bundle, each behind its length in two bytes; undefined when a length is wrong. */
export function entriesOf(bundle: Uint8Array): Uint8Array[] | undefined {
  const entries: Uint8Array[] = []
  for (let at = 0; at < bundle.length;) {
    const start = at + 2
    const end = start + bundle[at]! * 256 + (bundle[at + 1] ?? 0)
    if (end > bundle.length) return undefined
    entries.push(bundle.subarray(start, end))
    at = end
  }
  return entries
}
