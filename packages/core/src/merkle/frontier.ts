/**
 * A Merkle tree that only grows: its right edge is all it keeps. Source: RFC 6962, section 2.1.
 * @module
 */
import type { Hasher } from '../ports/runtime.ts'
import { emptyRoot, foldPeaks, nodeHash } from './hash.ts'

/**
 * Right edge of a tree: the roots of its complete subtrees, one for each bit of its size.
 *
 * @example
 * const tree = new Frontier(hasher)
 * tree.append(leafHash(hasher, entry))
 * tree.root()
 */
export class Frontier {
  readonly #hasher: Hasher
  /** Largest subtree first. */
  readonly #peaks: Uint8Array[] = []
  #size = 0

  constructor(hasher: Hasher) {
    this.#hasher = hasher
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size
  }

  /** Adds a leaf by its hash (32 bytes). */
  append(leaf: Uint8Array): void {
    let root = leaf
    // Each low bit set in the size is a subtree as large as what was carried so far.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2)
      root = nodeHash(this.#hasher, this.#peaks.pop()!, root)
    this.#peaks.push(root)
    this.#size++
  }

  /** Root over all leaves so far. */
  root(): Uint8Array {
    return this.#size === 0 ? emptyRoot(this.#hasher) : foldPeaks(this.#hasher, this.#peaks)
  }
}
