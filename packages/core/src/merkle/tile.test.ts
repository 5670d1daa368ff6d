import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ENTRY_BYTES_MAX } from '../limits/log.ts'
import { bundledBytes, readBundle, writeBundled } from './bundle.ts'
import { TILE_LEVELS_MAX, bundlePath, edgeWidth, fullTiles, slotOf, tilePath } from './tile.ts'

function bundleOf(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + bundledBytes(entry), 0))
  let offset = 0
  for (const entry of entries) offset = writeBundled(bytes, offset, entry)
  return bytes
}

test('70,000 entries lie in the tiles that the specification counts', () => {
  assert.deepEqual([fullTiles(70_000, 0), edgeWidth(70_000, 0)], [273, 112])
  assert.deepEqual([fullTiles(70_000, 1), edgeWidth(70_000, 1)], [1, 17])
  assert.deepEqual([fullTiles(70_000, 2), edgeWidth(70_000, 2)], [0, 1])
  assert.deepEqual([fullTiles(70_000, 3), edgeWidth(70_000, 3)], [0, 0])
})

test('paths have groups of three digits', () => {
  assert.equal(tilePath(0, 0), 'tile/0/000')
  assert.equal(tilePath(1, 1_234_067), 'tile/1/x001/x234/067')
  assert.equal(bundlePath(1000), 'tile/entries/x001/000')
  assert.throws(() => tilePath(TILE_LEVELS_MAX, 0), RangeError)
  assert.throws(() => tilePath(0, -1), RangeError)
  assert.throws(() => bundlePath(0.5), RangeError)
})

test('a node is a run of hashes in one tile', () => {
  assert.deepEqual(slotOf({ height: 0, index: 257 }), { level: 0, tile: 1, first: 1, count: 1 })
  assert.deepEqual(slotOf({ height: 7, index: 3 }), { level: 0, tile: 1, first: 128, count: 128 })
  assert.deepEqual(slotOf({ height: 8, index: 3 }), { level: 1, tile: 0, first: 3, count: 1 })
})

test('a bundle gives back its entries, and nothing when it is cut, long or miscounted', () => {
  const entry = fc.uint8Array({ minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), fc.nat(), (entries, at) => {
      const bytes = bundleOf(entries)
      assert.deepEqual(readBundle(bytes, entries.length), entries)
      assert.equal(readBundle(bytes, entries.length + 1), undefined)
      if (entries.length === 0) return
      assert.equal(readBundle(bytes, entries.length - 1), undefined)
      assert.equal(readBundle(bytes.subarray(0, at % bytes.length), entries.length), undefined)
    }),
  )
})

test('an entry of 1,024 bytes is bundled, one more or none is refused', () => {
  const target = new Uint8Array(4096)
  assert.equal(writeBundled(target, 0, new Uint8Array(ENTRY_BYTES_MAX)), ENTRY_BYTES_MAX + 2)
  assert.throws(() => writeBundled(target, 0, new Uint8Array(ENTRY_BYTES_MAX + 1)), RangeError)
  assert.throws(() => writeBundled(target, 0, new Uint8Array(0)), RangeError)
  assert.throws(() => writeBundled(target, 4094, new Uint8Array(1)), RangeError)
  const long = new Uint8Array(ENTRY_BYTES_MAX + 3)
  long.set([4, 1])
  assert.equal(readBundle(long, 1), undefined)
})
