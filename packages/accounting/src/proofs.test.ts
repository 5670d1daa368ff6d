import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Frontier } from '@turnpike/core/merkle/frontier'
import { leafHash } from '@turnpike/core/merkle/hash'
import { verifyConsistency, verifyInclusion } from '@turnpike/core/merkle/proof'
import { consistencyProof, inclusionProof, rootAt } from './proofs.ts'
import { RightEdge } from './right-edge.ts'
import { emptyState } from './state.ts'
import { testHasher } from './testing/entries.ts'
import { MemoryLogStore } from './testing/memory.ts'

/** A log of `size` entries, with its root at every size on the way. */
async function logOf(size: number) {
  const store = new MemoryLogStore()
  const tree = new Frontier(testHasher)
  const edge = new RightEdge(testHasher, emptyState(testHasher))
  const roots = [tree.root()]
  const leaves: Uint8Array[] = []
  for (let n = 0; n < size; n++) {
    const entry = new Uint8Array([n >> 8, n])
    await store.put(edge.append(entry))
    leaves.push(leafHash(testHasher, entry))
    tree.append(leaves[n]!)
    roots.push(tree.root())
  }
  const state = { ...emptyState(testHasher), ...edge.snapshot() }
  return { log: { store, hasher: testHasher, state }, roots, leaves }
}

for (const size of [1, 256, 257, 1000])
  test(`proofs from the tiles of ${size} entries verify`, async () => {
    const { log, roots, leaves } = await logOf(size)
    const root = roots[size]!
    for (let index = 0; index < size; index += 13) {
      const proof = await inclusionProof(log, index)
      const leaf = leaves[index]!
      assert.ok(verifyInclusion(testHasher, { index, size, leaf, root }, proof), `entry ${index}`)
      assert.ok(!verifyInclusion(testHasher, { index: index + 1, size, leaf, root }, proof))
    }
    for (let oldSize = 0; oldSize <= size; oldSize += 17) {
      const claim = { oldSize, oldRoot: roots[oldSize]!, newSize: size, newRoot: root }
      const proof = await consistencyProof(log, oldSize)
      assert.ok(verifyConsistency(testHasher, claim, proof), `from ${oldSize}`)
    }
  })

test('a proof about what is not in the log is refused, and one without its tile', async () => {
  const { log } = await logOf(300)
  await assert.rejects(inclusionProof(log, 300), RangeError)
  await assert.rejects(consistencyProof(log, 301), RangeError)
  log.store.files.delete('tile/0/000')
  await assert.rejects(inclusionProof(log, 5), { name: 'LogCorrupt', file: 'tile/0/000' })
})

test('a log proves what it was at each of its older sizes', async () => {
  const { log, roots, leaves } = await logOf(600)
  for (let size = 0; size <= 600; size += 7) {
    const root = roots[size]!
    assert.deepEqual(await rootAt(log, size), root)
    const oldSize = Math.floor(size / 2)
    const claim = { oldSize, oldRoot: roots[oldSize]!, newSize: size, newRoot: root }
    assert.ok(verifyConsistency(testHasher, claim, await consistencyProof(log, oldSize, size)))
    if (size === 0) continue
    const inclusion = { index: size - 1, size, leaf: leaves[size - 1]!, root }
    assert.ok(verifyInclusion(testHasher, inclusion, await inclusionProof(log, size - 1, size)))
  }
  await assert.rejects(rootAt(log, 601), RangeError)
  await assert.rejects(inclusionProof(log, 500, 500), RangeError)
  await assert.rejects(consistencyProof(log, 500, 601), RangeError)
})
