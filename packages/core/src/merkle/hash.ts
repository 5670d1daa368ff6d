/**
 * Leaf and node hashes of a Merkle tree. Source: RFC 6962, section 2.1.
 * @module
 */
import type { Hasher } from '../ports/runtime.ts'
import { HASH_BYTES } from '../log/encode.ts'

const LEAF = 0x00
const NODE = 0x01

// Shared: no caller yields between filling these and hashing them.
const nodeScratch = new Uint8Array(1 + 2 * HASH_BYTES)
const leafScratch = new Uint8Array(4096)

/**
 * Hash of a leaf: SHA-256(0x00 ‖ data), 32 bytes.
 *
 * @example
 * const leaf = leafHash(hasher, entry)
 */
export function leafHash(hasher: Hasher, data: Uint8Array): Uint8Array {
  const length = 1 + data.length
  const input = length <= leafScratch.length ? leafScratch : new Uint8Array(length)
  input[0] = LEAF
  input.set(data, 1)
  return hasher.sha256(input.subarray(0, length))
}

/**
 * Hash of a node: SHA-256(0x01 ‖ left ‖ right), 32 bytes.
 *
 * @throws {RangeError} when a child is not 32 bytes: a shorter one would shift its neighbour
 * @example
 * const parent = nodeHash(hasher, left, right)
 */
export function nodeHash(hasher: Hasher, left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES)
    throw new RangeError(`children expected 32 bytes each, got ${left.length}, ${right.length}`)
  nodeScratch[0] = NODE
  nodeScratch.set(left, 1)
  nodeScratch.set(right, 1 + HASH_BYTES)
  return hasher.sha256(nodeScratch)
}

/**
 * Root of a complete subtree from its hashes side by side: 32 bytes each, a power of two of them.
 *
 * @throws {RangeError} when their number is no power of two
 * @example
 * const root = subtreeRoot(hasher, tile) // of a full tile: 256 hashes
 */
export function subtreeRoot(hasher: Hasher, hashes: Uint8Array): Uint8Array {
  let count = hashes.length / HASH_BYTES
  if (!Number.isInteger(Math.log2(count)))
    throw new RangeError(`"hashes" expected a power of two of 32 bytes, got ${hashes.length}`)
  // Not `slice`, which on a Buffer is a view.
  const row = new Uint8Array(hashes)
  for (; count > 1; count /= 2) {
    for (let i = 0; i < count / 2; i++) {
      const pair = 2 * i * HASH_BYTES
      nodeScratch[0] = NODE
      // One view for both children, not two: this runs once for each entry of the log.
      nodeScratch.set(row.subarray(pair, pair + 2 * HASH_BYTES), 1)
      row.set(hasher.sha256(nodeScratch), i * HASH_BYTES)
    }
  }
  return row.slice(0, HASH_BYTES)
}

/** Root of a tree without leaves: SHA-256 of nothing. */
export function emptyRoot(hasher: Hasher): Uint8Array {
  return hasher.sha256(new Uint8Array(0))
}

/**
 * Root over complete subtrees that lie side by side, largest (leftmost) first.
 *
 * @throws {RangeError} when there are none
 * @example
 * const root = foldPeaks(hasher, [hashOf4Leaves, hashOf2Leaves, leaf])
 */
export function foldPeaks(hasher: Hasher, peaks: readonly Uint8Array[]): Uint8Array {
  const last = peaks.at(-1)
  if (last === undefined) throw new RangeError('"peaks" expected at least one, got none')
  let root = last
  for (let i = peaks.length - 2; i >= 0; i--) root = nodeHash(hasher, peaks[i]!, root)
  return root
}
