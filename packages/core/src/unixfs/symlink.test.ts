import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SYMLINK_BYTES_MAX } from '../limits.ts'
import { PROFILES } from './profile.ts'
import { symlinkBlock } from './symlink.ts'
import { BlockStore, hasher } from './testing/block-store.ts'

const profile = PROFILES['unixfs-v1-2025']

test('a target reads back byte for byte, UTF-8 or not', () => {
  for (const target of [new TextEncoder().encode('../ą'), new Uint8Array([0xff, 0x2f])]) {
    const store = new BlockStore()
    const block = symlinkBlock(profile, hasher, target)
    store.add(block)
    const { unixfs } = store.read(block.link)
    assert.equal(unixfs.type, 'symlink')
    assert.deepEqual(unixfs.data, target)
    assert.equal(block.dagBytes, block.bytes.length)
  }
})

test('a target of the longest length is taken, an empty or longer one refused', () => {
  const target = new Uint8Array(SYMLINK_BYTES_MAX + 1).fill(97)
  assert.equal(symlinkBlock(profile, hasher, target.subarray(1)).kind, 'interior')
  assert.throws(() => symlinkBlock(profile, hasher, target), RangeError)
  assert.throws(() => symlinkBlock(profile, hasher, new Uint8Array(0)), RangeError)
})
