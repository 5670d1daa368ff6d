import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ENTRY_NAME_BYTES_MAX } from '../limits.ts'
import { linkToString } from '../link.ts'
import type { DagNode, UnixfsBlock } from './block.ts'
import { FolderBuilder, checkEntryName } from './directory.ts'
import type { UnixfsMetadata } from './encode.ts'
import { hamtHash } from './hamt-read.ts'
import { leafOf, smallFile } from './leaf.ts'
import { PROFILES, type UnixfsProfile } from './profile.ts'
import { collidingNames } from './testing/murmur-collision.ts'
import { BlockStore, hasher } from './testing/block-store.ts'

const v1 = PROFILES['unixfs-v1-2025']
const v0 = PROFILES['unixfs-v0-2015']
const x = leafOf(v1, hasher, new Uint8Array([120]))

const names = fc.uniqueArray(
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((name) => !checkEntryName(name)),
  { maxLength: 60 },
)

/** Leaf whose content is the entry's own name. */
function fileCalled(profile: UnixfsProfile, name: string): UnixfsBlock {
  return leafOf(profile, hasher, new TextEncoder().encode(name))
}

function blocksOf(
  profile: UnixfsProfile,
  entries: Iterable<readonly [string, DagNode]>,
  metadata: UnixfsMetadata = {},
): UnixfsBlock[] {
  const folder = new FolderBuilder(profile, hasher, metadata)
  for (const [name, node] of entries) assert.equal(folder.add(name, node).error, undefined)
  const blocks = folder.finish()
  assert(blocks.ok)
  return [...blocks.ok]
}

test('every entry is found again, basic or sharded, and no other name is', () => {
  const thresholds = fc.constantFrom(0, 500, v1.hamtThresholdBytes)
  fc.assert(
    fc.property(fc.constantFrom(v0, v1), thresholds, names, (base, hamtThresholdBytes, all) => {
      const profile = { ...base, hamtThresholdBytes }
      const store = new BlockStore()
      const files = all.map((name) => [name, fileCalled(profile, name)] as const)
      for (const [, file] of files) store.add(file)
      const blocks = blocksOf(profile, files)
      store.add(...blocks)
      const root = blocks.at(-1)!
      for (const [name, { link }] of files) assert.deepEqual(store.find(root.link, name), link)
      assert.equal(store.find(root.link, `${all.join('')}?`), undefined)
      assert.equal(store.dagBytes(root.link), root.dagBytes)
      assert(blocks.every(({ kind }) => kind === 'interior'))
    }),
  )
})

test('the order in which entries come changes nothing', () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 1 << 20), names, (hamtThresholdBytes, all) => {
      const profile = { ...v1, hamtThresholdBytes }
      const entries = all.map((name) => [name, fileCalled(profile, name)] as const)
      assert.deepEqual(blocksOf(profile, entries), blocksOf(profile, entries.toReversed()))
    }),
  )
})

test('each shard comes after those it links to, and the root is the last', () => {
  const entries = Array.from({ length: 3000 }, (_, i) => [`entry ${i}`, x] as const)
  const profile = { ...v1, hamtThresholdBytes: 0 }
  const store = new BlockStore()
  store.add(x)
  for (const block of blocksOf(profile, entries)) {
    const { pb } = (store.add(block), store.read(block.link))
    for (let i = 0; i < pb.linkCount; i++) store.bytes(pb.link(i))
  }
})

test('shards are made as they are taken, not before', () => {
  let hashed = 0
  const counting = { ...hasher, sha256: (bytes: Uint8Array) => (hashed++, hasher.sha256(bytes)) }
  const folder = new FolderBuilder({ ...v1, hamtThresholdBytes: 0 }, counting)
  for (let i = 0; i < 1000; i++) folder.add(`entry ${i}`, x)
  const blocks = folder.finish().ok!
  assert.equal(hashed, 0)
  blocks.next()
  assert.equal(hashed, 1)
})

test('the block measure is the exact size of the basic block, metadata included', () => {
  const metadata = { mode: 0o755, mtime: { seconds: -5, nanoseconds: 1 } }
  const entries = [
    ['a', x],
    ['b'.repeat(200), smallFile(v1, hasher, new Uint8Array(9999))],
  ] as const
  const [basic] = blocksOf(v1, entries, metadata)
  const bytes = basic!.bytes.length
  const typeAt = (hamtThresholdBytes: number): string => {
    const blocks = blocksOf({ ...v1, hamtThresholdBytes }, entries, metadata)
    const store = new BlockStore()
    store.add(...blocks)
    assert.equal(store.read(blocks.at(-1)!.link).unixfs.mode, 0o755)
    return store.read(blocks.at(-1)!.link).unixfs.type
  }
  assert.equal(typeAt(bytes), 'directory')
  assert.equal(typeAt(bytes - 1), 'hamt')
})

test('folders of many folders are measured by all their entries', () => {
  const empty = blocksOf(v1, [])[0]!
  const entries = Array.from({ length: 3000 }, (_, i) => [`${'d'.repeat(60)}${i}`, empty] as const)
  const blocks = blocksOf(v1, entries)
  assert(blocks.length > 256, 'a HAMT, where ipfs-unixfs-importer 17.1.1 makes one block')
  assert(blocks.every(({ bytes }) => bytes.length < v1.hamtThresholdBytes))
})

test('names that no path can reach are refused, and the folder goes on', () => {
  const bad = ['', '.', '..', 'a/b', '/', 'a\0', '\ud800', 'n'.repeat(ENTRY_NAME_BYTES_MAX + 1)]
  const folder = new FolderBuilder(v1, hasher)
  for (const name of [...bad, 'ą'.repeat(ENTRY_NAME_BYTES_MAX / 2 + 1)]) {
    const { error } = folder.add(name, x)
    assert.equal(error?.name, 'EntryNameInvalid', JSON.stringify(name))
    assert.equal(error.entry, name)
  }
  for (const name of ['...', ' ', '-', '\\', 'ą'.repeat(ENTRY_NAME_BYTES_MAX / 2)])
    assert.equal(folder.add(name, x).error, undefined)
})

test('a name that is taken is refused and changes nothing', () => {
  const folder = new FolderBuilder(v1, hasher)
  folder.add('a', x)
  const other = leafOf(v1, hasher, new Uint8Array(2))
  assert.equal(folder.add('a', other).error?.name, 'EntryNameTaken')
  const [root] = [...folder.finish().ok!]
  assert.deepEqual(root, blocksOf(v1, [['a', x]])[0])
})

test('a folder takes its bound of entries and no more', () => {
  const folder = new FolderBuilder(v1, hasher, {}, 2)
  assert.equal(folder.add('a', x).error, undefined)
  assert.equal(folder.add('b', x).error, undefined)
  assert.equal(folder.add('c', x).error?.name, 'FolderFull')
})

test('two names with one hash are refused in a HAMT, and stand in a basic folder', () => {
  const [a, b] = collidingNames()
  assert.notEqual(a, b)
  assert.deepEqual(hamtHash(a), hamtHash(b))
  assert.equal(
    blocksOf(v1, [
      [a, x],
      [b, x],
    ]).length,
    1,
  )
  const folder = new FolderBuilder({ ...v1, hamtThresholdBytes: 0 }, hasher)
  for (const name of [a, b]) assert.equal(folder.add(name, x).error, undefined)
  const { error } = folder.finish()
  assert.equal(error?.name, 'EntryHashTaken')
  assert([a, b].includes(error.entry))
})

test('sizes of a folder count an entry as often as it is linked', () => {
  const [root] = blocksOf(v1, [
    ['a', x],
    ['b', x],
  ])
  assert.equal(root!.dagBytes, root!.bytes.length + 2)
  assert.equal(linkToString(root!.link).slice(0, 4), 'bafy')
})
