import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '../bytes.ts'
import { RAW } from '../link.ts'
import {
  LEAF_FRAME_BYTES_MAX,
  leafBytes,
  leafFrame,
  leafOf,
  leafOfDigest,
  smallFile,
} from './leaf.ts'
import { PROFILES } from './profile.ts'
import { BlockStore, hasher } from './testing/block-store.ts'

const profiles = Object.values(PROFILES)

test('a leaf hashed elsewhere is the leaf hashed here', () => {
  fc.assert(
    fc.property(fc.constantFrom(...profiles), fc.uint8Array(), (profile, chunk) => {
      const bytes = leafBytes(profile, chunk)
      const elsewhere = leafOfDigest(profile, bytes, chunk.length, hasher.sha256(bytes))
      assert.deepEqual(elsewhere, leafOf(profile, hasher, chunk))
    }),
  )
})

test('a frame around a chunk is the leaf, and within its bound', () => {
  for (const profile of profiles) {
    for (const length of [0, 1, 127, 128, 16_383, 16_384, profile.chunkBytes]) {
      const chunk = new Uint8Array(length).fill(7)
      const { before, after } = leafFrame(profile, length)
      assert.deepEqual(concatBytes([before, chunk, after]), leafBytes(profile, chunk))
      assert.ok(Math.max(before.length, after.length) <= LEAF_FRAME_BYTES_MAX)
    }
    assert.throws(() => leafFrame(profile, profile.chunkBytes + 1), RangeError)
  }
})

test('a leaf knows its sizes and that it is one; a raw one is the chunk, not a copy', () => {
  const chunk = new Uint8Array([1, 2, 3])
  for (const profile of profiles) {
    const leaf = leafOf(profile, hasher, chunk)
    assert.equal(leaf.kind, 'leaf')
    assert.equal(leaf.fileBytes, 3)
    assert.equal(leaf.dagBytes, leaf.bytes.length)
    assert.equal(leaf.bytes === chunk, profile.rawLeaves)
    assert.equal(leaf.link.version, profile.cidVersion)
  }
})

test('a chunk of the profile is taken, a longer one refused', () => {
  for (const profile of profiles) {
    const chunk = new Uint8Array(profile.chunkBytes + 1)
    assert.equal(leafOf(profile, hasher, chunk.subarray(1)).fileBytes, profile.chunkBytes)
    assert.throws(() => leafOf(profile, hasher, chunk), RangeError)
    assert.throws(() => smallFile(profile, hasher, chunk, { mode: 1 }), RangeError)
  }
})

test('a digest of the wrong length is refused', () => {
  const chunk = new Uint8Array(1)
  assert.throws(
    () => leafOfDigest(PROFILES['unixfs-v1-2025'], chunk, 1, new Uint8Array(31)),
    RangeError,
  )
})

test('a small file reads back, with metadata too', () => {
  const modes = fc.constantFrom(undefined, 0o755)
  fc.assert(
    fc.property(fc.constantFrom(...profiles), fc.uint8Array(), modes, (profile, content, mode) => {
      const store = new BlockStore()
      const file = smallFile(profile, hasher, content, mode === undefined ? {} : { mode })
      store.add(file)
      assert.deepEqual(concatBytes(store.content(file.link)), content)
      assert.equal(store.dagBytes(file.link), file.dagBytes)
      assert.equal(file.link.codec === RAW, profile.rawLeaves && mode === undefined)
      if (mode !== undefined) assert.equal(store.read(file.link).unixfs.mode, mode)
    }),
  )
})
