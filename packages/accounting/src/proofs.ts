/**
 * Proofs about a log, from its tiles: a few tiles each, whatever its size.
 * @module
 */
import { HASH_BYTES } from '@turnpike/core/log/encode'
import { foldPeaks, subtreeRoot } from '@turnpike/core/merkle/hash'
import { nodesOf } from '@turnpike/core/merkle/node'
import type { LeafSpan, TreeNode } from '@turnpike/core/merkle/node'
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
 * Hashes that show that the entry at `index` is under the state's root, leaf upwards.
 *
 * @throws {RangeError} when `index` is not in the log
 * @throws {LogCorrupt} when a tile is missing
 * @example
 * const proof = await inclusionProof({ store, hasher, state }, 7)
 */
export async function inclusionProof(log: CommittedLog, index: number): Promise<Uint8Array[]> {
  return hashesOf(log, inclusionSpans(index, log.state.size))
}

/**
 * Hashes that show that the log began with what it was at `oldSize`.
 *
 * @throws {RangeError} when the log was never that large
 * @throws {LogCorrupt} when a tile is missing
 * @example
 * const proof = await consistencyProof({ store, hasher, state }, oldSize)
 */
export async function consistencyProof(log: CommittedLog, oldSize: number): Promise<Uint8Array[]> {
  return hashesOf(log, consistencySpans(oldSize, log.state.size))
}

async function hashesOf(log: CommittedLog, spans: readonly LeafSpan[]): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = []
  for (const span of spans) {
    const peaks: Uint8Array[] = []
    for (const node of nodesOf(span)) peaks.push(await hashOf(log, node))
    hashes.push(foldPeaks(log.hasher, peaks))
  }
  return hashes
}

async function hashOf({ store, hasher, state }: CommittedLog, node: TreeNode): Promise<Uint8Array> {
  const { level, tile, first, count } = slotOf(node)
  const isFull = tile < fullTiles(state.size, level)
  const hashes = isFull ? await readTile(store, level, tile) : state.tiles[level]!
  return subtreeRoot(hasher, hashes.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES))
}
