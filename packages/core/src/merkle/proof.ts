/**
 * Inclusion and consistency proofs: which hashes they hold, and whether they hold.
 * Source: RFC 6962, sections 2.1.1 and 2.1.2 (making); RFC 9162, sections 2.1.3.2 and 2.1.4.2
 * (verifying).
 * @module
 */
import type { Hasher } from '../ports/runtime.ts'
import { bytesEqual } from '../bytes.ts'
import { emptyRoot, nodeHash } from './hash.ts'
import { splitOf } from './node.ts'
import type { LeafSpan } from './node.ts'

/** What an inclusion proof is about. */
export interface Inclusion {
  readonly index: number
  readonly size: number
  readonly leaf: Uint8Array
  readonly root: Uint8Array
}

/** What a consistency proof is about: an older tree and a newer one. */
export interface Consistency {
  readonly oldSize: number
  readonly oldRoot: Uint8Array
  readonly newSize: number
  readonly newRoot: Uint8Array
}

/**
 * Spans whose hashes prove that leaf `index` is in a tree of `size`, from the leaf upwards. The
 * hash of a span is the fold of its complete subtrees (`nodesOf`, `foldPeaks`).
 *
 * @throws {RangeError} when `index` is not in the tree
 * @example
 * inclusionSpans(0, 3) // [{ start: 1, end: 2 }, { start: 2, end: 3 }]
 */
export function inclusionSpans(index: number, size: number): LeafSpan[] {
  checkSize(size)
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError(`"index" expected 0 to ${size - 1}, got ${index}`)
  const spans: LeafSpan[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    if (index < middle) {
      spans.push({ start: middle, end })
      end = middle
    } else {
      spans.push({ start, end: middle })
      start = middle
    }
  }
  return spans.toReversed()
}

/**
 * Spans whose hashes prove that a tree of `newSize` begins with one of `oldSize`. Empty when the
 * old one is empty or the same.
 *
 * @throws {RangeError} when the old tree is the larger one
 * @example
 * consistencySpans(3, 4)
 */
export function consistencySpans(oldSize: number, newSize: number): LeafSpan[] {
  checkSize(newSize)
  checkSize(oldSize)
  if (oldSize > newSize) throw new RangeError(`"oldSize" expected <= ${newSize}, got ${oldSize}`)
  if (oldSize === 0 || oldSize === newSize) return []
  const spans: LeafSpan[] = []
  let start = 0
  let end = newSize
  while (end !== oldSize) {
    const middle = start + splitOf(end - start)
    if (oldSize <= middle) {
      spans.push({ start: middle, end })
      end = middle
    } else {
      spans.push({ start, end: middle })
      start = middle
    }
  }
  // The verifier knows the old root: a whole old tree need not be sent.
  if (start !== 0) spans.push({ start, end })
  return spans.toReversed()
}

/**
 * Whether `proof` shows that the leaf stands at its index under the root.
 *
 * @example
 * verifyInclusion(hasher, { index, size, leaf, root }, proof)
 */
export function verifyInclusion(
  hasher: Hasher,
  claim: Inclusion,
  proof: readonly Uint8Array[],
): boolean {
  if (!isCount(claim.size) || !isCount(claim.index) || claim.index >= claim.size) return false
  let fn = claim.index
  let sn = claim.size - 1
  let root = claim.leaf
  for (const sibling of proof) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      root = nodeHash(hasher, sibling, root)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      root = nodeHash(hasher, root, sibling)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && bytesEqual(root, claim.root)
}

/**
 * Whether `proof` shows that the newer tree begins with the older one.
 *
 * @example
 * verifyConsistency(hasher, { oldSize, oldRoot, newSize, newRoot }, proof)
 */
export function verifyConsistency(
  hasher: Hasher,
  claim: Consistency,
  proof: readonly Uint8Array[],
): boolean {
  const { oldSize, oldRoot, newSize, newRoot } = claim
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return false
  if (oldSize === newSize) return proof.length === 0 && bytesEqual(oldRoot, newRoot)
  if (oldSize === 0) return proof.length === 0 && bytesEqual(oldRoot, emptyRoot(hasher))
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof
  let fn = oldSize - 1
  let sn = newSize - 1
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)]
  const [first, ...rest] = path
  if (first === undefined) return false
  let [fr, sr] = [first, first]
  for (const hash of rest) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(hasher, hash, fr)
      sr = nodeHash(hasher, hash, sr)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      sr = nodeHash(hasher, sr, hash)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && bytesEqual(fr, oldRoot) && bytesEqual(sr, newRoot)
}

function half(value: number): number {
  return Math.floor(value / 2)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isPowerOfTwo(value: number): boolean {
  let rest = value
  while (rest % 2 === 0) rest /= 2
  return rest === 1
}

function checkSize(size: number): void {
  if (!isCount(size)) throw new RangeError(`size expected a safe integer >= 0, got ${size}`)
}
