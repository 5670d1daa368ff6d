import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Hasher } from '../ports/runtime.ts'
import { Frontier } from './frontier.ts'
import { leafHash } from './hash.ts'
import { multiProof, multiProofSpans } from './multi-proof.ts'
import { inclusionSpans } from './proof.ts'

const hasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}
const LEAVES = Array.from({ length: 70 }, (_, i) => leafHash(hasher, Uint8Array.of(i)))

test('spans and leaves are the whole tree, each leaf once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(fc.nat(299)), (size, some) => {
      const indexes = [...new Set(some.filter((one) => one < size))].toSorted((a, b) => a - b)
      const covered = [
        ...multiProofSpans(indexes, size).flatMap(({ start, end }) =>
          Array.from({ length: end - start }, (_, i) => start + i),
        ),
        ...indexes,
      ]
      assert.deepEqual(
        covered.toSorted((a, b) => a - b),
        Array.from({ length: size }, (_, i) => i),
      )
    }),
  )
})

test('the proof of one leaf has the hashes of its inclusion proof, from left to right', () => {
  for (let size = 1; size <= 40; size++)
    for (let index = 0; index < size; index++)
      assert.deepEqual(
        multiProofSpans([index], size),
        inclusionSpans(index, size).toSorted((a, b) => a.start - b.start),
      )
})

test('the proof of no leaf is the root, and of all leaves nothing', () => {
  const tree = new Frontier(hasher)
  for (const leaf of LEAVES) tree.append(leaf)
  assert.deepEqual(multiProof(hasher, LEAVES, []), [tree.root()])
  assert.deepEqual(multiProof(hasher, LEAVES, [...LEAVES.keys()]), [])
  assert.deepEqual(multiProofSpans([], 0), [])
})

test('leaves that are not of the tree, or out of order, are refused', () => {
  for (const [indexes, size] of [
    [[4], 4],
    [[1, 1], 4],
    [[2, 1], 4],
    [[-1], 4],
    [[0.5], 4],
  ] as const)
    assert.throws(() => multiProofSpans(indexes, size), RangeError)
})
