import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf } from '../bytes.ts'
import { linkToBytes } from '../link.ts'
import { type HashedEntry, compareHashed, hamtBlocks } from './hamt-build.ts'
import { leafOf } from './leaf.ts'
import { PROFILES } from './profile.ts'
import { BlockStore, hasher } from './testing/block-store.ts'

const profile = PROFILES['unixfs-v1-2025']
const node = leafOf(profile, hasher, new Uint8Array([120]))

function entry(name: string, ...hash: number[]): HashedEntry {
  const bytes = Uint8Array.from([...hash, 0, 0, 0, 0, 0, 0, 0, 0].slice(0, 8))
  const held = { name, cid: keyOf(linkToBytes(node.link)), dagBytes: node.dagBytes }
  return { entry: held, hash: keyOf(bytes) }
}

/** Names and bitfields of a tree of shards, as nested lists. */
function shapeOf(entries: readonly HashedEntry[]): unknown {
  const store = new BlockStore()
  store.add(node)
  const blocks = [...hamtBlocks(profile, hasher, entries.toSorted(compareHashed), { mode: 0o700 })]
  store.add(...blocks)
  const root = blocks.at(-1)!
  assert.equal(store.dagBytes(root.link), root.dagBytes)
  for (const { link } of blocks)
    assert.equal(store.read(link).unixfs.mode, link === root.link ? 0o700 : undefined)
  const shape = (link: typeof root.link): unknown[] => {
    const { pb, unixfs } = store.read(link)
    assert.equal(unixfs.fanout, 256)
    const links = Array.from({ length: pb.linkCount }, (_, i) =>
      pb.name(i).length === 2 ? { [pb.name(i)]: shape(pb.link(i)) } : pb.name(i),
    )
    return [Buffer.from(unixfs.data).toString('hex'), ...links]
  }
  return shape(root.link)
}

test('a slot with one entry links to it, a slot with more to a shard one level down', () => {
  const entries = [entry('c', 255), entry('b', 1, 7), entry('a', 1, 8), entry('d', 0)]
  const top = `80${'00'.repeat(30)}03`
  assert.deepEqual(shapeOf(entries), [top, '00d', { '01': ['0180', '07b', '08a'] }, 'FFc'])
})

test('leading zero bytes of a bitfield are left out', () => {
  assert.deepEqual(shapeOf([entry('a', 3)]), ['08', '03a'])
  assert.deepEqual(shapeOf([entry('a', 8)]), ['0100', '08a'])
})

test('hashes that differ in their last byte only make eight levels', () => {
  const same = [9, 9, 9, 9, 9, 9, 9]
  let expected: unknown[] = ['06', '01a', '02b']
  for (let level = 0; level < 7; level++) expected = ['0200', { '09': expected }]
  assert.deepEqual(shapeOf([entry('b', ...same, 2), entry('a', ...same, 1)]), expected)
})
