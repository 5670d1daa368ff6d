/**
 * Parts of a statement bundle: leaves of a tree, and the hashes that lead from them to its root.
 * Docs: docs/reference/statement-bundle.md.
 * @module
 */
import { encodeBase64 } from '@turnpike/core/note/base64'

/** A leaf's index, and its bytes in base64. */
export type LeafJson = readonly [index: number, bytes: string]

/** A part in JSON. */
export interface PartJson {
  readonly leaves: readonly LeafJson[]
  /** Hashes in base64. */
  readonly proof: readonly string[]
}

/** A leaf at its index. */
export interface Leaf {
  readonly index: number
  readonly bytes: Uint8Array
}

/** Leaves and their proof as JSON. */
export function partJson(leaves: readonly Leaf[], proof: readonly Uint8Array[]): PartJson {
  return {
    leaves: leaves.map(({ index, bytes }) => [index, encodeBase64(bytes)]),
    proof: proof.map(encodeBase64),
  }
}
