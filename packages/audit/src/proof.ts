/**
 * Whether proofs hold: that a leaf is in a tree, and that a tree begins with an older one. They are
 * folded top down, along the definition of the tree. Source: RFC 6962, sections 2.1 to 2.1.2.
 * @module
 */
import { sameBytes } from './base64.ts'
import type { AuditCrypto } from './crypto.ts'

const HASH_BYTES = 32
/** Hashes of a proof at most: a tree of 2^53 leaves is 53 high. */
export const PROOF_HASHES_MAX = 54

/** A tree that is known by its root. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/** Hash of a leaf: SHA-256 of its bytes behind a zero. */
export function leafHash(data: Uint8Array, crypto: AuditCrypto): Uint8Array {
  return crypto.sha256(prefixed(0, data))
}

/** Hash of a node: SHA-256 of both children behind a one. */
export function nodeHash(left: Uint8Array, right: Uint8Array, crypto: AuditCrypto): Uint8Array {
  return crypto.sha256(prefixed(1, left, right))
}

/**
 * Whether `proof` shows that `leaf` stands at `index` of a tree.
 *
 * @param proof from the leaf upwards
 * @example
 * isIncluded({ index, leaf: leafHash(entry, nodeCrypto) }, { size, root }, proof, nodeCrypto)
 */
export function isIncluded(
  { index, leaf }: { readonly index: number; readonly leaf: Uint8Array },
  { size, root }: TreeHead,
  proof: readonly Uint8Array[],
  crypto: AuditCrypto,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([...proof, leaf]))
    return false
  const rest = [...proof]
  const folded = foldLeaf(index, size, leaf, rest, crypto)
  return rest.length === 0 && folded !== undefined && sameBytes(folded, root)
}

/**
 * Whether `proof` shows that the tree `now` begins with the tree `before`.
 *
 * @example
 * isConsistent({ size: 3, root: oldRoot }, { size: 4, root: newRoot }, proof, nodeCrypto)
 */
export function isConsistent(
  before: TreeHead,
  now: TreeHead,
  proof: readonly Uint8Array[],
  crypto: AuditCrypto,
): boolean {
  if (!isCount(before.size) || !isCount(now.size) || before.size > now.size) return false
  if (!areHashes([...proof, before.root, now.root])) return false
  if (before.size === 0)
    return proof.length === 0 && sameBytes(before.root, crypto.sha256(new Uint8Array(0)))
  const rest = [...proof]
  const folded = foldTrees(before.size, now.size, before.root, rest, crypto)
  if (folded === undefined || rest.length > 0) return false
  return sameBytes(folded.before, before.root) && sameBytes(folded.now, now.root)
}

/** Root over the leaf and its siblings, which are taken from the end of `proof`. */
function foldLeaf(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: Uint8Array[],
  crypto: AuditCrypto,
): Uint8Array | undefined {
  if (size === 1) return leaf
  const sibling = proof.pop()
  if (sibling === undefined) return undefined
  const split = splitOf(size)
  const isLeft = index < split
  const child = isLeft
    ? foldLeaf(index, split, leaf, proof, crypto)
    : foldLeaf(index - split, size - split, leaf, proof, crypto)
  if (child === undefined) return undefined
  return isLeft ? nodeHash(child, sibling, crypto) : nodeHash(sibling, child, crypto)
}

/**
 * Roots of a tree and of its first `oldSize` leaves, from hashes at the end of `proof`.
 *
 * @param known the old root as long as the old tree is all that was left on the way down: its
 * hash is not in the proof then
 */
function foldTrees(
  oldSize: number,
  size: number,
  known: Uint8Array | undefined,
  proof: Uint8Array[],
  crypto: AuditCrypto,
): { readonly before: Uint8Array; readonly now: Uint8Array } | undefined {
  if (oldSize === size) {
    const root = known ?? proof.pop()
    return root && { before: root, now: root }
  }
  const sibling = proof.pop()
  if (sibling === undefined) return undefined
  const split = splitOf(size)
  if (oldSize <= split) {
    const left = foldTrees(oldSize, split, known, proof, crypto)
    return left && { before: left.before, now: nodeHash(left.now, sibling, crypto) }
  }
  const right = foldTrees(oldSize - split, size - split, undefined, proof, crypto)
  if (right === undefined) return undefined
  const [before, now] = [right.before, right.now].map((one) => nodeHash(sibling, one, crypto))
  return { before: before!, now: now! }
}

/** Where a tree splits: the largest power of two below `size`. Shifts would end at 2^31. */
export function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === HASH_BYTES)
}

function prefixed(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 1))
  bytes[0] = prefix
  let at = 1
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
