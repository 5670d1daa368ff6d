import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Frontier } from '@turnpike/core/merkle/frontier'
import { leafHash } from '@turnpike/core/merkle/hash'
import { readBundle } from '@turnpike/core/merkle/bundle'
import { RightEdge, checkEdge } from './right-edge.ts'
import { emptyState } from './state.ts'
import { testHasher } from './testing/entries.ts'
import { MemoryLogStore } from './testing/memory.ts'

/** Sizes around which bundles, tiles and levels begin. */
const SIZES = new Set([1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 66_000])

function entryOf(n: number): Uint8Array {
  return new Uint8Array([n >> 16, n >> 8, n])
}

test('the edge has the root of a frontier, fits its files, and can be gone on from', async () => {
  const store = new MemoryLogStore()
  const tree = new Frontier(testHasher)
  let edge = new RightEdge(testHasher, emptyState(testHasher))
  for (let n = 0; n < 66_000; n++) {
    await store.put(edge.append(entryOf(n)))
    tree.append(leafHash(testHasher, entryOf(n)))
    if (!SIZES.has(n + 1)) continue
    const state = edge.snapshot()
    assert.equal(state.size, n + 1)
    assert.deepEqual(state.root, tree.root(), `root of ${n + 1}`)
    await checkEdge(store, testHasher, state)
    edge = new RightEdge(testHasher, state)
  }
  assert.equal(store.files.size, 257 + 257 + 1)
  assert.equal(store.files.get('tile/1/000')?.length, 8192)
  const entries = readBundle(store.files.get('tile/entries/256')!, 256)!
  assert.deepEqual(entries[255], entryOf(65_791))
})

test('an edge that lies about its size, tiles or bundle is refused', async () => {
  const store = new MemoryLogStore()
  const edge = new RightEdge(testHasher, emptyState(testHasher))
  for (let n = 0; n < 300; n++) await store.put(edge.append(entryOf(n)))
  const state = edge.snapshot()
  const [low, high] = state.tiles as [Uint8Array, Uint8Array]
  const wrong = [
    { ...state, size: 299 },
    { ...state, root: testHasher.sha256(state.root) },
    { ...state, tiles: [low] },
    { ...state, tiles: [low.slice(32), high] },
    { ...state, bundle: state.bundle.slice(1) },
    { ...state, bundle: state.bundle.map((byte, i) => (i === 4 ? byte ^ 1 : byte)) },
  ]
  for (const [i, one] of wrong.entries())
    await assert.rejects(checkEdge(store, testHasher, one), { name: 'LogCorrupt' }, `case ${i}`)
  await checkEdge(store, testHasher, state)
})
