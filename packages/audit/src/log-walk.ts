/**
 * Walks a log entry by entry: hashes, tiles, SEALs and summary rows.
 * @module
 */
import { Bundles } from './bundles.ts'
import { BadCbor } from './cbor.ts'
import type { Ack, Entry, Seal, Void } from './entry.ts'
import type { EpochSums } from './epoch-sums.ts'
import { hex, sameBytes } from './findings.ts'
import type { Findings } from './findings.ts'
import { decodeSums, spaceThatDiffers } from './kept.ts'
import type { Kept } from './kept.ts'
import type { LogFolder, LogState } from './log-folder.ts'
import { decodeRows, describeRow } from './summary.ts'
import type { Row } from './row.ts'
import { TILE_WIDTH, Tree, leafOf, rootOf, tilePath } from './tree.ts'

/** An epoch that the log has sealed. */
export interface SealedEpoch {
  readonly seal: Seal
  /** Leaf hash of the SEAL. */
  readonly leaf: Uint8Array
  /** Root of the log with it. */
  readonly root: Uint8Array
  readonly rows: readonly Row[]
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
  /** Hears of each epoch that is sealed. */
  readonly onSeal?: ((sealed: SealedEpoch) => void) | undefined
  /** Hears of each ACK, with the READ that it is for, unless that is gone. */
  readonly onAck?: ((where: string, ack: Ack, read: Entry | undefined) => void) | undefined
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
  readonly #bundles: Bundles
  readonly #tree: Tree
  readonly #checkpoint: readonly string[]
  /** Entries that the checkpoint is of. */
  readonly #published: number
  /** SEALs so far. */
  #epochs = 0
  #sealed: Seal | undefined
  /** The last bundle whose leaves were compared with its tile. */
  #compared = -1
  /** First entry of the epoch under way, and the root before it. */
  #first = 0
  #firstRoot: Uint8Array

  constructor(parts: WalkParts) {
    this.#parts = parts
    this.#bundles = new Bundles(parts.folder, parts.state, parts.kept, parts.findings)
    this.#tree = new Tree((level, index, hashes) => this.#tile(level, index, hashes))
    this.#checkpoint = Buffer.from(parts.published ?? [])
      .toString('utf8')
      .split('\n')
    this.#published = Number(this.#checkpoint[1] ?? 0)
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
    if (this.#bundles.isGone(index)) return this.#gone(index)
    const entries = this.#bundles.read(index)
    const leaves = this.#leaves(index, entries.map(leafOf))
    for (const [i, bytes] of entries.entries()) {
      const leaf = leaves[i]!
      this.#tree.append(leaf)
      const at = index * TILE_WIDTH + i
      const entry = this.#bundles.decode(at, bytes)
      if (entry.kind === 'seal') this.#seal(at, entry, leaf)
      else if (at >= this.#parts.kept.from) this.#add(at, entry)
      else this.#parts.sums.note(at, entry)
      this.#checkPublished()
    }
  }

  /** Goes over entries that are gone, by their leaf hashes. */
  #gone(index: number): void {
    const path = tilePath(0, index)
    const tile = this.#parts.folder.file(path)
    if (tile?.length !== TILE_WIDTH * HASH_BYTES)
      return this.#bundles.broken(
        `log/${path}`,
        'a tile',
        tile === undefined ? 'no file' : 'another size',
      )
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
    if (this.#published > state.size)
      findings.add('log/checkpoint', `at most ${state.size} entries`, `${this.#published}`)
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
    const { findings, onAck, sums } = this.#parts
    if (entry.kind === 'ack') {
      const read = this.#target(at, entry)
      return onAck?.(this.#bundles.placeOf(at), entry, read)
    }
    const target = entry.kind === 'void' ? this.#target(at, entry) : undefined
    const earlier = sums.add(at, entry, target)
    if (earlier === undefined) return
    const what = `one VOID of entry ${(entry as Void).index}, which entry ${earlier} is`
    findings.add(this.#bundles.placeOf(at), what, 'another VOID')
  }

  /** The entry that another names by index and leaf hash; undefined for one that is gone. */
  #target(at: number, { kind, index, leaf }: Void | Ack): Entry | undefined {
    const { findings } = this.#parts
    const name = kind.toUpperCase()
    if (index >= at) {
      findings.add(
        this.#bundles.placeOf(at),
        `${name} of an earlier entry`,
        `${name} of entry ${index}`,
      )
      return undefined
    }
    const bytes = this.#bundles.entry(index)
    if (bytes === undefined) return undefined
    findings.same(
      `${this.#bundles.placeOf(at)}, leaf of the ${name}`,
      hex(leafOf(bytes)),
      hex(leaf),
    )
    return this.#bundles.decode(index, bytes)
  }

  #seal(at: number, seal: Seal, leaf: Uint8Array): void {
    const { findings, onSeal, sums } = this.#parts
    const where = `${this.#bundles.placeOf(at)}, SEAL`
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
    onSeal?.({ seal, leaf, root: this.#firstRoot, rows })
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
    if (this.#tree.size !== this.#published) return
    const root = Buffer.from(this.#tree.root()).toString('base64')
    const found = this.#checkpoint[2] ?? 'none'
    this.#parts.findings.same(`log/checkpoint, root of ${this.#tree.size} entries`, root, found)
  }

  /** Leaves of a bundle: where its tile is vouched for, that says which entries were changed. */
  #leaves(index: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
    const { findings, folder, state } = this.#parts
    const isWhole = leaves.length === TILE_WIDTH
    const file = isWhole ? folder.file(tilePath(0, index)) : state.tiles[0]
    if (file?.length !== leaves.length * HASH_BYTES) return leaves
    const hashes = hashesOf(file)
    const isSame = leaves.every((leaf, i) => sameBytes(leaf, hashes[i]!))
    const isRight = isSame || (isWhole && this.#isAbove(0, index, rootOf(file)))
    if (isWhole && isRight) this.#compared = index
    if (isSame || !isRight) return leaves
    for (const [i, leaf] of leaves.entries())
      if (!sameBytes(leaf, hashes[i]!))
        findings.add(
          this.#bundles.placeOf(index * TILE_WIDTH + i),
          `leaf ${hex(hashes[i]!)}`,
          hex(leaf),
        )
    return hashes
  }

  /** Compares a tile with its file, and says which of the two the log is built upon. */
  #tile(level: number, index: number, hashes: Uint8Array): Uint8Array {
    if (level === 0 && index === this.#compared) return hashes
    const { findings, folder } = this.#parts
    const path = tilePath(level, index)
    const file = folder.file(path)
    if (file === undefined) findings.add(`log/${path}`, 'a tile', 'no file')
    if (file === undefined || sameBytes(file, hashes)) return hashes
    // Where the tile above vouches for the file, it is what lies below that was changed, and told.
    if (file.length === hashes.length && this.#isAbove(level, index, rootOf(file))) return file
    const at = Math.floor(hashes.findIndex((byte, i) => byte !== file[i]) / HASH_BYTES)
    const [expected, found] = [hashes, file].map((tile) => hex(hashesOf(tile)[at] ?? NO_BYTES))
    findings.add(`log/${path}, hash ${at}`, expected!, found!)
    return hashes
  }

  /** Whether the tile above, or the state, has `hash` for a tile. */
  #isAbove(level: number, index: number, hash: Uint8Array): boolean {
    const { folder, state } = this.#parts
    const above = Math.floor(index / TILE_WIDTH)
    const isFull = (above + 1) * TILE_WIDTH ** (level + 2) <= state.size
    const tile = isFull ? folder.file(tilePath(level + 1, above)) : state.tiles[level + 1]
    const start = (index % TILE_WIDTH) * HASH_BYTES
    return tile !== undefined && sameBytes(tile.subarray(start, start + HASH_BYTES), hash)
  }
}

/** Hashes that stand one behind the other. */
function hashesOf(tile: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: Math.floor(tile.length / HASH_BYTES) }, (_, i) =>
    tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  )
}

const NO_BYTES = new Uint8Array(0)

function text(value: number | boolean | null | undefined): string {
  return String(value ?? 'none')
}
