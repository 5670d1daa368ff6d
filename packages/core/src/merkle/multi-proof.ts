/**
 * Proofs of many leaves of one tree at once: hashes that several leaves share are there once, and
 * those that follow from the leaves are not.
 * @module
 */
import type { Hasher } from '../ports/runtime.ts'
import { Frontier } from './frontier.ts'
import { splitOf } from './node.ts'
import type { LeafSpan } from './node.ts'

/**
 * Largest subtrees of a tree of `size` that have none of the leaves in them, from left to right:
 * their hashes prove all of the leaves. The whole tree for no leaves.
 *
 * @param indexes ascending
 * @throws {RangeError} when they are not, or not of the tree
 * @example
 * multiProofSpans([0, 1], 4) // [{ start: 2, end: 4 }]
 */
export function multiProofSpans(indexes: readonly number[], size: number): LeafSpan[] {
  let before = -1
  for (const index of indexes) {
    if (!Number.isSafeInteger(index) || index <= before || index >= size)
      throw new RangeError(`"indexes" expected ascending and < ${size}, got ${index}`)
    before = index
  }
  const spans: LeafSpan[] = []
  let next = 0
  const cut = (start: number, end: number): void => {
    const index = indexes[next]
    if (index === undefined || index >= end) spans.push({ start, end })
    else if (end - start === 1) next++
    else {
      const middle = start + splitOf(end - start)
      cut(start, middle)
      cut(middle, end)
    }
  }
  if (size > 0) cut(0, size)
  return spans
}

/**
 * Proof of some leaves of a tree whose leaf hashes are all at hand.
 *
 * @throws {RangeError} when `indexes` are not ascending, or not of the tree
 * @example
 * const proof = multiProof(hasher, rows.map((row) => leafHash(hasher, encodeRow(row))), [3, 4])
 */
export function multiProof(
  hasher: Hasher,
  leaves: readonly Uint8Array[],
  indexes: readonly number[],
): Uint8Array[] {
  return multiProofSpans(indexes, leaves.length).map(({ start, end }) => {
    const tree = new Frontier(hasher)
    for (const leaf of leaves.slice(start, end)) tree.append(leaf)
    return tree.root()
  })
}
