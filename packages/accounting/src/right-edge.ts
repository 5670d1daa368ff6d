/**
 * The right edge of a log: the partial bundle and tiles that new entries fill up.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { ENTRY_BYTES_MAX } from '@turnpike/core/limits/log'
import { HASH_BYTES } from '@turnpike/core/log/encode'
import { BUNDLE_HEAD_BYTES, readBundle, writeBundled } from '@turnpike/core/merkle/bundle'
import { emptyRoot, foldPeaks, leafHash, subtreeRoot } from '@turnpike/core/merkle/hash'
import { TILE_WIDTH, bundlePath, edgeWidth, fullTiles, tilePath } from '@turnpike/core/merkle/tile'
import type { LogFile, LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from './errors.ts'
import type { LogState } from './state.ts'

const BUNDLE_BYTES_MAX = TILE_WIDTH * (BUNDLE_HEAD_BYTES + ENTRY_BYTES_MAX)
const TILE_BYTES = TILE_WIDTH * HASH_BYTES

/** The part of a state that the edge is. */
export type EdgeState = Pick<LogState, 'size' | 'root' | 'bundle' | 'tiles'>

/**
 * Takes entries, and gives out each bundle and tile as it fills. A node of the tree is hashed once,
 * when its tile is full, so that memory is that of the partial tiles whatever the size of the log.
 *
 * @example
 * const edge = new RightEdge(hasher, state)
 * const files = entries.flatMap((entry) => edge.append(entry))
 */
export class RightEdge {
  readonly #hasher: Hasher
  readonly #bundle = new Uint8Array(BUNDLE_BYTES_MAX)
  readonly #tiles: Uint8Array[]
  #bundleBytes: number
  #size: number

  /** Continues from `state`, which is not changed. */
  constructor(hasher: Hasher, state: EdgeState) {
    this.#hasher = hasher
    this.#size = state.size
    this.#bundle.set(state.bundle)
    this.#bundleBytes = state.bundle.length
    this.#tiles = state.tiles.map((hashes) => {
      const tile = new Uint8Array(TILE_BYTES)
      tile.set(hashes)
      return tile
    })
  }

  /** Entries so far. */
  get size(): number {
    return this.#size
  }

  /**
   * Adds an entry; returns the files that it completes.
   *
   * @throws {RangeError} when it is empty or over 1,024 bytes
   */
  append(entry: Uint8Array): readonly LogFile[] {
    const index = this.#size
    this.#bundleBytes = writeBundled(this.#bundle, this.#bundleBytes, entry)
    this.#put(0, index, leafHash(this.#hasher, entry))
    this.#size++
    if (this.#size % TILE_WIDTH !== 0) return NO_FILES
    const bundle = this.#bundle.slice(0, this.#bundleBytes)
    this.#bundleBytes = 0
    return [{ path: bundlePath(Math.floor(index / TILE_WIDTH)), bytes: bundle }, ...this.#carry()]
  }

  /** Root over all entries so far. */
  root(): Uint8Array {
    const peaks: Uint8Array[] = []
    for (let level = this.#tiles.length - 1; level >= 0; level--) {
      const tile = this.#tiles[level]!
      let rest = edgeWidth(this.#size, level)
      let first = 0
      for (let count = TILE_WIDTH / 2; count >= 1; count /= 2) {
        if (rest < count) continue
        const hashes = tile.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES)
        peaks.push(subtreeRoot(this.#hasher, hashes))
        first += count
        rest -= count
      }
    }
    return peaks.length === 0 ? emptyRoot(this.#hasher) : foldPeaks(this.#hasher, peaks)
  }

  /** The edge as it is now, in arrays of its own. */
  snapshot(): EdgeState {
    return {
      size: this.#size,
      root: this.root(),
      bundle: this.#bundle.slice(0, this.#bundleBytes),
      tiles: this.#tiles.map((tile, level) =>
        tile.slice(0, edgeWidth(this.#size, level) * HASH_BYTES),
      ),
    }
  }

  /** Tiles that the newest entry filled, each handing its root to the level above. */
  #carry(): LogFile[] {
    const files: LogFile[] = []
    for (let level = 0; edgeWidth(this.#size, level) === 0; level++) {
      const tile = this.#tiles[level]!.slice()
      const index = fullTiles(this.#size, level) - 1
      files.push({ path: tilePath(level, index), bytes: tile })
      this.#put(level + 1, index, subtreeRoot(this.#hasher, tile))
    }
    return files
  }

  #put(level: number, index: number, hash: Uint8Array): void {
    const tile = (this.#tiles[level] ??= new Uint8Array(TILE_BYTES))
    tile.set(hash, (index % TILE_WIDTH) * HASH_BYTES)
  }
}

const NO_FILES: readonly LogFile[] = []

/**
 * Checks the edge against the state's root, and against the last full files beside it: what a
 * sequencer builds on. The whole log is `checkLog`'s.
 *
 * @throws {LogCorrupt} naming the file and the place
 */
export async function checkEdge(store: LogStore, hasher: Hasher, state: EdgeState): Promise<void> {
  for (const [level, tile] of state.tiles.entries()) {
    const expected = edgeWidth(state.size, level) * HASH_BYTES
    if (tile.length !== expected)
      throw new LogCorrupt(
        'state',
        `tile ${level}`,
        `expected ${expected} bytes, got ${tile.length}`,
      )
  }
  if (!bytesEqual(new RightEdge(hasher, state).root(), state.root))
    throw new LogCorrupt('state', 'root', 'expected the root of the partial tiles, got another')
  const entries = readBundle(state.bundle, edgeWidth(state.size, 0))
  if (entries === undefined)
    throw new LogCorrupt('state', 'bundle', 'expected whole entries, got other bytes')
  checkLeaves(hasher, entries, state.tiles[0] ?? new Uint8Array(0), 'state')
  for (let level = 0; fullTiles(state.size, level) > 0; level++) {
    const index = fullTiles(state.size, level) - 1
    const root = subtreeRoot(hasher, await readTile(store, level, index))
    const width = edgeWidth(state.size, level + 1)
    const above =
      width === 0
        ? (await readTile(store, level + 1, fullTiles(state.size, level + 1) - 1)).slice(
            -HASH_BYTES,
          )
        : state.tiles[level + 1]!.slice((width - 1) * HASH_BYTES, width * HASH_BYTES)
    if (!bytesEqual(root, above))
      throw new LogCorrupt(
        tilePath(level, index),
        'all',
        'expected the hash that the level above has',
      )
  }
}

/**
 * A full tile.
 *
 * @throws {LogCorrupt} when it is missing or not 8,192 bytes
 */
export async function readTile(store: LogStore, level: number, index: number): Promise<Uint8Array> {
  const path = tilePath(level, index)
  const tile = await store.get(path)
  if (tile?.length !== TILE_BYTES)
    throw new LogCorrupt(
      path,
      'size',
      `expected ${TILE_BYTES} bytes, got ${tile?.length ?? 'none'}`,
    )
  return tile
}

/**
 * Checks entries against the leaf hashes of their tile.
 *
 * @throws {LogCorrupt} naming `file` and the entry's place in it
 */
export function checkLeaves(
  hasher: Hasher,
  entries: readonly Uint8Array[],
  hashes: Uint8Array,
  file: string,
): void {
  for (const [i, entry] of entries.entries()) {
    const expected = hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)
    if (!bytesEqual(leafHash(hasher, entry), expected))
      throw new LogCorrupt(file, `entry ${i}`, 'expected the leaf hash that its tile has')
  }
}
