/**
 * Walks a log entry by entry: hashes, tiles, SEALs and summary rows.
 * @module
 */
import { BadCbor } from './cbor.ts'
import { decodeEntry } from './entry.ts'
import type { Entry, Seal, Void } from './entry.ts'
import type { EpochSums } from './epoch-sums.ts'
import { hex, sameBytes } from './findings.ts'
import type { Findings } from './findings.ts'
import { decodeKept, decodeSums, spaceThatDiffers } from './kept.ts'
import type { Kept } from './kept.ts'
import type { LogFolder, LogState } from './log-folder.ts'
import { decodeRows, describeRow } from './summary.ts'
import type { Row } from './summary.ts'
import { TILE_WIDTH, Tree, leafOf, tilePath } from './tree.ts'

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

/** What a walk works with. */
export interface WalkParts {
  readonly folder: LogFolder
  readonly state: LogState
  readonly kept: Kept
  readonly sums: EpochSums
  /** The checkpoint, as it was before the state was read. */
  readonly published: Uint8Array | undefined
  readonly findings: Findings
}

const HOUR_MS = 3_600_000
const HASH_BYTES = 32

/**
 * Reads bundles in order.
 *
 * @example
 * const walk = new LogWalk(parts)
 * for (let i = 0; i * 256 < state.size; i++) walk.bundle(i)
 * walk.end()
 */
export class LogWalk {
  readonly #parts: WalkParts
  readonly #tree: Tree
  readonly #checkpoint: readonly string[]
  /** SEALs so far. */
  #epochs = 0
  #sealed: Seal | undefined
  /** First entry of the epoch under way, and the root before it. */
  #first = 0
  #firstRoot: Uint8Array

  constructor(parts: WalkParts) {
    this.#parts = parts
    this.#tree = new Tree((level, index, hashes) => this.#tile(level, index, hashes))
    this.#checkpoint = Buffer.from(parts.published ?? [])
      .toString('utf8')
      .split('\n')
    this.#firstRoot = this.#tree.root()
  }

  /** Epochs that were found sealed. */
  get epochs(): number {
    return this.#epochs
  }

  /**
   * Checks the entries of bundle `index`, the next one.
   *
   * @throws {LogBroken} when it can't be read: what comes after it can't be checked
   * @throws {EntriesWent} when retention took it away meanwhile
   */
  bundle(index: number): void {
    if (this.#isGone(index)) return this.#gone(index)
    for (const [i, bytes] of this.#read(index).entries()) {
      this.#tree.append(leafOf(bytes))
      const at = index * TILE_WIDTH + i
      const entry = this.#decode(at, bytes)
      if (entry.kind === 'seal') this.#seal(at, entry)
      else if (at >= this.#parts.kept.from) this.#add(at, entry)
      else this.#parts.sums.note(at, entry)
      this.#checkPublished()
    }
  }

  /** Whether a bundle is one that old entries were dropped with. */
  #isGone(index: number): boolean {
    const { folder, kept } = this.#parts
    return index < kept.droppingBundles && folder.file(tilePath(undefined, index)) === undefined
  }

  /** Goes over entries that are gone, by their leaf hashes. */
  #gone(index: number): void {
    const path = tilePath(0, index)
    const tile = this.#parts.folder.file(path)
    if (tile?.length !== TILE_WIDTH * HASH_BYTES)
      return this.#broken(`log/${path}`, 'a tile', tile === undefined ? 'no file' : 'another size')
    for (let at = 0; at < tile.length; at += HASH_BYTES) {
      this.#tree.append(tile.subarray(at, at + HASH_BYTES))
      this.#checkPublished()
    }
  }

  /** Checks what the state says against what the entries came to. */
  end(): void {
    const { state, findings } = this.#parts
    const where = 'log/head.sqlite'
    findings.same(`${where}, root`, hex(this.#tree.root()), hex(state.root))
    const edge = this.#tree.edge()
    findings.same(`${where}, levels of tiles`, edge.length, state.tiles.length)
    for (const [level, tile] of edge.entries())
      findings.same(`${where}, tile ${level}`, hex(tile), hex(state.tiles[level] ?? NO_BYTES))
    findings.same(
      `${where}, epoch of the last SEAL`,
      text(this.#sealed?.epoch),
      text(state.sealed?.epoch),
    )
    findings.same(
      `${where}, end of the last SEAL`,
      text(this.#sealed?.end),
      text(state.sealed?.end),
    )
    const isOpen = state.size > this.#first
    findings.same(`${where}, open epoch`, text(isOpen), text(state.open !== undefined))
    if (isOpen && state.open !== undefined) this.#endOpen(state.open)
    const published = Number(this.#checkpoint[1] ?? 0)
    if (published > state.size)
      findings.add('log/checkpoint', `at most ${state.size} entries`, String(published))
  }

  #endOpen({ epoch, first, firstRoot }: NonNullable<LogState['open']>): void {
    const { findings, sums, state } = this.#parts
    const where = 'log/head.sqlite, open epoch'
    findings.same(`${where}, first`, this.#first, first)
    findings.same(`${where}, root before it`, hex(this.#firstRoot), hex(firstRoot))
    const sealed = this.#sealed?.epoch ?? -1
    if (epoch <= sealed) findings.add(where, `more than ${sealed}, the last SEAL's`, String(epoch))
    sums.endEpoch(epoch, state.size)
  }

  #add(at: number, entry: Entry): void {
    const target = entry.kind === 'void' ? this.#target(at, entry) : undefined
    const earlier = this.#parts.sums.add(at, entry, target)
    if (earlier === undefined) return
    const what = `one VOID of entry ${(entry as Void).index}, which entry ${earlier} is`
    this.#parts.findings.add(placeOf(at), what, 'another VOID')
  }

  /** The entry that a VOID names, by index and by leaf hash; undefined for one that is gone. */
  #target(at: number, { index, leaf }: Void): Entry | undefined {
    const { findings } = this.#parts
    const bundle = Math.floor(index / TILE_WIDTH)
    if (index >= at) {
      findings.add(placeOf(at), 'a VOID of an earlier entry', `a VOID of entry ${index}`)
      return undefined
    }
    if (this.#isGone(bundle)) return undefined
    const bytes = this.#read(bundle)[index % TILE_WIDTH]!
    findings.same(`${placeOf(at)}, leaf of the VOID`, hex(leafOf(bytes)), hex(leaf))
    return this.#decode(index, bytes)
  }

  #seal(at: number, seal: Seal): void {
    const { findings, sums } = this.#parts
    const where = `${placeOf(at)}, SEAL`
    const before = this.#sealed?.epoch ?? null
    findings.same(`${where}, previousEpoch`, text(before), text(seal.previousEpoch))
    findings.same(`${where}, first`, this.#first, seal.first)
    findings.same(`${where}, end`, at + 1, seal.end)
    findings.same(`${where}, previousRoot`, hex(this.#firstRoot), hex(seal.previousRoot))
    if (seal.epoch <= (before ?? -1))
      findings.add(`${where}, epoch`, `more than ${text(before)}`, String(seal.epoch))
    const endMs = (seal.epoch + 1) * HOUR_MS
    if (seal.sealed < endMs) findings.add(`${where}, sealed`, `>= ${endMs}`, String(seal.sealed))
    const isOld = seal.end <= this.#parts.kept.from
    const rows = this.#rows(seal, isOld ? undefined : sums.endEpoch(seal.epoch, at + 1))
    if (isOld) this.#oldSums(seal, rows)
    this.#epochs++
    this.#sealed = seal
    this.#first = this.#tree.size
    this.#firstRoot = this.#tree.root()
  }

  /** Rows of an epoch: those that its SEAL names, and what its entries add up to, if known. */
  #rows(seal: Seal, expected: readonly Row[] | undefined): readonly Row[] {
    const { findings } = this.#parts
    const where = `log/rows/${seal.epoch}`
    const file = this.#file(`rows/${seal.epoch}`, decodeRows)
    if (file === undefined) return []
    const { rows, root } = file
    findings.same(`${where}, root`, hex(seal.summaryRoot), hex(root))
    if (expected !== undefined)
      for (let i = 0; i < Math.max(rows.length, expected.length); i++)
        findings.same(`${where}, row ${i}`, describeRow(expected[i]), describeRow(rows[i]))
    return rows
  }

  /** What is kept of an epoch whose entries may be gone is what its rows say, space by space. */
  #oldSums({ epoch, first, end }: Seal, rows: readonly Row[]): void {
    const { findings, sums } = this.#parts
    const where = `log/sums/${epoch}`
    const file = this.#file(`sums/${epoch}`, decodeSums)
    if (file === undefined) return
    const range = [file.epoch, file.first, file.end].join()
    findings.same(`${where}, epoch, first, end`, [epoch, first, end].join(), range)
    const wrong = spaceThatDiffers(file, rows)
    if (wrong !== undefined)
      findings.add(`${where}, space "${wrong.space}"`, wrong.expected, wrong.found)
    sums.endOldEpoch(file)
  }

  /** A file, decoded; undefined, and a difference, when there is none or it is something else. */
  #file<T>(path: string, decode: (bytes: Uint8Array) => T): T | undefined {
    const { findings, folder } = this.#parts
    const bytes = folder.file(path)
    try {
      if (bytes !== undefined) return decode(bytes)
      findings.add(`log/${path}`, 'a file', 'none')
    } catch (error) {
      if (!(error instanceof BadCbor)) throw error
      findings.add(`log/${path}`, 'what was written', error.message)
    }
    return undefined
  }

  /** The checkpoint says the root that the log has at its size. */
  #checkPublished(): void {
    if (String(this.#tree.size) !== this.#checkpoint[1]) return
    const root = Buffer.from(this.#tree.root()).toString('base64')
    const found = this.#checkpoint[2] ?? 'none'
    this.#parts.findings.same(`log/checkpoint, root of ${this.#tree.size} entries`, root, found)
  }

  #tile(level: number, index: number, hashes: Uint8Array): void {
    const { findings, folder } = this.#parts
    const path = tilePath(level, index)
    const file = folder.file(path)
    if (file === undefined) return findings.add(`log/${path}`, 'a tile', 'no file')
    if (sameBytes(file, hashes)) return
    const at = Math.floor(hashes.findIndex((byte, i) => byte !== file[i]) / HASH_BYTES)
    const hashAt = (tile: Uint8Array): string =>
      hex(tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES))
    findings.add(`log/${path}, hash ${at}`, hashAt(hashes), hashAt(file))
  }

  #decode(at: number, bytes: Uint8Array): Entry {
    try {
      return decodeEntry(bytes)
    } catch (error) {
      if (!(error instanceof BadCbor)) throw error
      return this.#broken(placeOf(at), 'an entry', error.message)
    }
  }

  /** Entries of a bundle: a file, or what the state has of the last one. */
  #read(index: number): readonly Uint8Array[] {
    const { folder, state } = this.#parts
    const isWhole = (index + 1) * TILE_WIDTH <= state.size
    const path = tilePath(undefined, index)
    const where = isWhole ? `log/${path}` : 'log/head.sqlite, bundle'
    const bytes = isWhole ? folder.file(path) : state.bundle
    if (bytes === undefined) {
      if (index < decodeKept(folder.file('kept')).droppingBundles) throw new EntriesWent(index)
      return this.#broken(where, 'a bundle of entries', 'no file')
    }
    const entries = entriesOf(bytes)
    const count = isWhole ? TILE_WIDTH : state.size % TILE_WIDTH
    if (entries?.length === count) return entries
    const found = entries === undefined ? 'other bytes' : `${entries.length} entries`
    return this.#broken(where, `${count} entries`, found)
  }

  #broken(where: string, expected: string, found: string): never {
    this.#parts.findings.add(where, expected, found)
    throw new LogBroken(`${where}: expected ${expected}, got ${found}`)
  }
}

const NO_BYTES = new Uint8Array(0)

/** Entries of a bundle, each behind its length in two bytes; undefined when a length is wrong. */
function entriesOf(bundle: Uint8Array): Uint8Array[] | undefined {
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

function placeOf(index: number): string {
  const path = tilePath(undefined, Math.floor(index / TILE_WIDTH))
  return `log/${path}, entry ${index % TILE_WIDTH} (no. ${index})`
}

function text(value: number | boolean | null | undefined): string {
  return String(value ?? 'none')
}
