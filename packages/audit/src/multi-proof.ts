/**
 * Proofs of many leaves of one tree at once (docs/reference/statement-bundle.md, "Proofs"): hashes
 * that several leaves share are there once, and those that follow from the leaves are not.
 * @module
 */
import type { AuditCrypto } from './crypto.ts'
import { nodeHash, splitOf } from './proof.ts'

/** A leaf and where it stands. */
export interface PlacedLeaf {
  readonly index: number
  readonly leaf: Uint8Array
}

/**
 * Root of the tree that has these leaves; undefined when the hashes are too few or too many, or the
 * leaves are none of a tree of this size, or not in order.
 *
 * @param hashes of the largest subtrees without any of the leaves, from left to right
 * @example
 * const root = rootOfLeaves([{ index: 0, leaf }], 2, [sibling], nodeCrypto)
 */
export function rootOfLeaves(
  leaves: readonly PlacedLeaf[],
  size: number,
  hashes: readonly Uint8Array[],
  crypto: AuditCrypto,
): Uint8Array | undefined {
  const inOrder = leaves.every(({ index }, i) => index > (leaves[i - 1]?.index ?? -1))
  const last = leaves.at(-1)
  if (!inOrder || last === undefined || !Number.isSafeInteger(size) || last.index >= size)
    return undefined
  if (hashes.some((hash) => hash.length !== last.leaf.length)) return undefined
  let nextLeaf = 0
  let nextHash = 0
  const fold = (start: number, end: number): Uint8Array | undefined => {
    const first = leaves[nextLeaf]
    if (first === undefined || first.index >= end) return hashes[nextHash++]
    if (end - start === 1) {
      nextLeaf++
      return first.leaf
    }
    const middle = start + splitOf(end - start)
    const left = fold(start, middle)
    const right = left && fold(middle, end)
    return left && right && nodeHash(left, right, crypto)
  }
  const root = fold(0, size)
  return nextHash === hashes.length ? root : undefined
}
