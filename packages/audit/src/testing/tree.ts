/**
 * Trees and their proofs for tests, by the definition, word by word. Source: RFC 6962, section 2.1.
 * @module
 */
import { nodeCrypto } from '../node-crypto.ts'
import { nodeHash } from '../proof.ts'

/** Root over the hashes of leaves. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return nodeCrypto.sha256(new Uint8Array(0))
  if (leaves.length === 1) return leaves[0]!
  const [left, right] = halves(leaves)
  return nodeHash(rootOf(left), rootOf(right), nodeCrypto)
}

/** Proof that the leaf at `index` is in the tree, from the leaf upwards. */
export function inclusionOf(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return []
  const [left, right] = halves(leaves)
  return index < left.length
    ? [...inclusionOf(index, left), rootOf(right)]
    : [...inclusionOf(index - left.length, right), rootOf(left)]
}

/** Proof that the tree begins with its first `size` leaves. */
export function consistencyOf(size: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  return size === 0 ? [] : subproof(size, leaves, true)
}

/** Proof that the leaves at `indexes` are in the tree: the rest of it, in few hashes. */
export function multiProofOf(
  indexes: readonly number[],
  leaves: readonly Uint8Array[],
): Uint8Array[] {
  if (indexes.length === 0) return [rootOf(leaves)]
  if (leaves.length === 1) return []
  const [left, right] = halves(leaves)
  const isLeft = (index: number): boolean => index < left.length
  const rest = indexes.filter((index) => !isLeft(index)).map((index) => index - left.length)
  return [...multiProofOf(indexes.filter(isLeft), left), ...multiProofOf(rest, right)]
}

function subproof(size: number, leaves: readonly Uint8Array[], isWhole: boolean): Uint8Array[] {
  if (size === leaves.length) return isWhole ? [] : [rootOf(leaves)]
  const [left, right] = halves(leaves)
  return size <= left.length
    ? [...subproof(size, left, isWhole), rootOf(right)]
    : [...subproof(size - left.length, right, false), rootOf(left)]
}

function halves<T>(leaves: readonly T[]): [T[], T[]] {
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return [leaves.slice(0, split), leaves.slice(split)]
}
