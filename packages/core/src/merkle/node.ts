/**
 * Which complete subtrees make up a run of leaves. Source: RFC 6962, section 2.1.
 * @module
 */

/** A complete subtree of 2^height leaves, the `index`th of that height from the left. */
export interface TreeNode {
  readonly height: number
  readonly index: number
}

/** Leaves from `start` to before `end`, as one subtree of an RFC 6962 tree. */
export interface LeafSpan {
  readonly start: number
  readonly end: number
}

/**
 * Largest power of two smaller than `size`: where RFC 6962 splits a tree.
 *
 * @throws {RangeError} when `size` is under 2
 */
export function splitOf(size: number): number {
  if (size < 2) throw new RangeError(`"size" expected >= 2, got ${size}`)
  let split = 1
  // By multiplication, since shifts end at 2^31.
  while (split * 2 < size) split *= 2
  return split
}

/**
 * Complete subtrees that make up `span`, largest first. `span` is one that RFC 6962's recursion
 * reaches, so that each piece lies at a multiple of its own size.
 *
 * @example
 * nodesOf({ start: 4, end: 7 }) // [{ height: 1, index: 2 }, { height: 0, index: 6 }]
 */
export function nodesOf(span: LeafSpan): TreeNode[] {
  const nodes: TreeNode[] = []
  let start = span.start
  while (start < span.end) {
    let height = 0
    let width = 1
    while (start + width * 2 <= span.end && start % (width * 2) === 0) {
      width *= 2
      height++
    }
    nodes.push({ height, index: start / width })
    start += width
  }
  return nodes
}
