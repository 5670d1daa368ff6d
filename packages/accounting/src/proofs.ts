/**
 * Proofs about a log, from its tiles: a few tiles each, whatever its size.
 * @module
 */
import { HASH_BYTES } from '@turnpike/core/log/encode'
import { emptyRoot, foldPeaks, subtreeRoot } from '@turnpike/core/merkle/hash'
import { nodesOf } from '@turnpike/core/merkle/node'
import type { LeafSpan, TreeNode } from '@turnpike/core/merkle/node'
import { multiProofSpans } from '@turnpike/core/merkle/multi-proof'
import { consistencySpans, inclusionSpans } from '@turnpike/core/merkle/proof'
import { fullTiles, slotOf } from '@turnpike/core/merkle/tile'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { readTile } from './right-edge.ts'
import type { LogState } from './state.ts'

/** A log as of one commit. */
export interface CommittedLog {
  readonly store: LogStore
  readonly hasher: Hasher
  readonly state: LogState
}

/**
 * Hashes that show that the entry at `index` is under the root of the log as it was at `size`, by
 * default as it is; leaf upwards.
 *
 * @throws {RangeError} when the log of that size has no such entry
 * @throws {LogCorrupt} when a tile is missing
 * @example
 * const proof = await inclusionProof({ store, hasher, state }, 7)
 */
export async function inclusionProof(
  log: CommittedLog,
  index: number,
  size: number = log.state.size,
): Promise<Uint8Array[]> {
  return hashesOf(log, inclusionSpans(index, checkedSize(log, size)))
}

/**
 * Hashes that show that the entries at `indexes` (ascending) are under the root of the log as it
 * was at `size`; from left to right.
 *
 * @throws {RangeError} when the log of that size has no such entries
 * @throws {LogCorrupt} when a tile is missing
 * @example
 * const proof = await multiInclusionProof({ store, hasher, state }, [7, 9], state.size)
 */
export async function multiInclusionProof(
  log: CommittedLog,
  indexes: readonly number[],
  size: number,
): Promise<Uint8Array[]> {
  return hashesOf(log, multiProofSpans(indexes, checkedSize(log, size)))
}

/**
 * Hashes that show that the log of `newSize`, by default as it is, began with what it was at
 * `oldSize`.
 *
 * @throws {RangeError} when the log was never that large
 * @throws {LogCorrupt} when a tile is missing
 * @example
 * const proof = await consistencyProof({ store, hasher, state }, oldSize)
 */
export async function consistencyProof(
  log: CommittedLog,
  oldSize: number,
  newSize: number = log.state.size,
): Promise<Uint8Array[]> {
  return hashesOf(log, consistencySpans(oldSize, checkedSize(log, newSize)))
}

/**
 * Root of the log as it was at `size`.
 *
 * @throws {RangeError} when the log was never that large
 * @throws {LogCorrupt} when a tile is missing
 * @example
 * const root = await rootAt({ store, hasher, state }, seal.end)
 */
export async function rootAt(log: CommittedLog, size: number): Promise<Uint8Array> {
  if (checkedSize(log, size) === 0) return emptyRoot(log.hasher)
  const [root] = await hashesOf(log, [{ start: 0, end: size }])
  return root!
}

function checkedSize({ state }: CommittedLog, size: number): number {
  if (!Number.isSafeInteger(size) || size < 0 || size > state.size)
    throw new RangeError(`"size" expected 0 to ${state.size}, the log's, got ${size}`)
  return size
}

async function hashesOf(log: CommittedLog, spans: readonly LeafSpan[]): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = []
  const tiles = new NewestTiles(log)
  for (const span of spans) {
    const peaks: Uint8Array[] = []
    for (const node of nodesOf(span)) peaks.push(await hashOf(log, node, tiles))
    hashes.push(foldPeaks(log.hasher, peaks))
  }
  return hashes
}

/** Reads tiles, and keeps the newest of each level: hashes of a proof lie in few. */
class NewestTiles {
  readonly #log: CommittedLog
  readonly #newest: { readonly index: number; readonly hashes: Uint8Array }[] = []

  constructor(log: CommittedLog) {
    this.#log = log
  }

  async read(level: number, index: number): Promise<Uint8Array> {
    const { store, state } = this.#log
    if (index >= fullTiles(state.size, level)) return state.tiles[level]!
    if (this.#newest[level]?.index !== index)
      this.#newest[level] = { index, hashes: await readTile(store, level, index) }
    return this.#newest[level].hashes
  }
}

async function hashOf(
  { hasher }: CommittedLog,
  node: TreeNode,
  tiles: NewestTiles,
): Promise<Uint8Array> {
  const { level, tile, first, count } = slotOf(node)
  const hashes = await tiles.read(level, tile)
  return subtreeRoot(hasher, hashes.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES))
}
