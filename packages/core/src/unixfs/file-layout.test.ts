import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '../bytes.ts'
import type { Link } from '../link.ts'
import type { UnixfsBlock } from './block.ts'
import { FileLayout } from './file-layout.ts'
import { leafOf } from './leaf.ts'
import { PROFILES, type UnixfsProfile } from './profile.ts'
import { BlockStore, hasher } from './testing/block-store.ts'

function narrow(base: UnixfsProfile, fileLinksMax: number): UnixfsProfile {
  return { ...base, fileLinksMax, chunkBytes: 4 }
}

const narrowProfiles = fc
  .tuple(fc.constantFrom(...Object.values(PROFILES)), fc.integer({ min: 2, max: 5 }))
  .map(([base, width]) => narrow(base, width))

/** Leaf number `n`: four bytes that no other leaf has. */
function chunkOf(n: number): Uint8Array {
  return new Uint8Array(new Uint32Array([n]).buffer)
}

/** Widths of a tree's nodes by level, root first. */
function widths(store: BlockStore, root: Link, leaves: ReadonlySet<string>): number[][] {
  const levels: number[][] = []
  let level = [root]
  while (!leaves.has(level[0]!.multihash.toString())) {
    const nodes = level.map((link) => store.read(link).pb)
    levels.push(nodes.map((node) => node.linkCount))
    level = nodes.flatMap((node) => Array.from({ length: node.linkCount }, (_, i) => node.link(i)))
  }
  assert(
    level.every((link) => leaves.has(link.multihash.toString())),
    'all leaves at one depth',
  )
  return levels
}

test('the tree is balanced, full from the left, and adds up', () => {
  fc.assert(
    fc.property(narrowProfiles, fc.integer({ min: 2, max: 200 }), (profile, count) => {
      const store = new BlockStore()
      const leaves = new Set<string>()
      const layout = new FileLayout(profile, hasher)
      for (let n = 0; n < count; n++) {
        const leaf = leafOf(profile, hasher, chunkOf(n))
        leaves.add(leaf.link.multihash.toString())
        store.add(leaf, ...layout.add(leaf))
      }
      const { root, blocks } = layout.finish()
      store.add(...blocks)
      assert.equal(blocks.at(-1), root)
      for (const level of widths(store, root.link, leaves)) {
        const last = level.pop()!
        assert(last >= 1 && last <= profile.fileLinksMax)
        assert(level.every((width) => width === profile.fileLinksMax))
      }
      const content = concatBytes(Array.from({ length: count }, (_, n) => chunkOf(n)))
      assert.deepEqual(concatBytes(store.content(root.link)), content)
      assert.equal(root.fileBytes, content.length)
      assert.equal(root.dagBytes, store.dagBytes(root.link))
    }),
  )
})

test('an interior block is handed out with the first leaf after it', () => {
  const profile = narrow(PROFILES['unixfs-v1-2025'], 3)
  const layout = new FileLayout(profile, hasher)
  const counts: number[] = []
  const blocks: UnixfsBlock[] = []
  for (let n = 0; n < 10; n++) {
    const complete = layout.add(leafOf(profile, hasher, chunkOf(n)))
    counts.push(complete.length)
    blocks.push(...complete)
  }
  assert.deepEqual(counts, [0, 0, 0, 1, 0, 0, 1, 0, 0, 1])
  blocks.push(...layout.finish().blocks)
  assert.equal(blocks.length, 7)
  assert(blocks.every(({ kind }) => kind === 'interior'))
})

test('a file of one leaf is that leaf', () => {
  const profile = PROFILES['unixfs-v1-2025']
  const layout = new FileLayout(profile, hasher)
  const { link, fileBytes, dagBytes } = leafOf(profile, hasher, chunkOf(1))
  assert.deepEqual(layout.add({ link, fileBytes, dagBytes }), [])
  assert.deepEqual(layout.finish(), { root: { link, fileBytes, dagBytes }, blocks: [] })
})

test('only the root of a tree carries metadata', () => {
  const profile = narrow(PROFILES['unixfs-v1-2025'], 2)
  const store = new BlockStore()
  const layout = new FileLayout(profile, hasher, { mode: 0o751 })
  for (let n = 0; n < 4; n++) store.add(...layout.add(leafOf(profile, hasher, chunkOf(n))))
  const { root, blocks } = layout.finish()
  store.add(...blocks)
  assert.equal(store.read(root.link).unixfs.mode, 0o751)
  for (const { link } of blocks.slice(0, -1)) assert.equal(store.read(link).unixfs.mode, undefined)
})

test('wrong use is refused: no leaf, one with metadata, anything after the end', () => {
  const profile = PROFILES['unixfs-v1-2025']
  const leaf = leafOf(profile, hasher, chunkOf(1))
  assert.throws(() => new FileLayout(profile, hasher).finish(), /smallFile/)
  const single = new FileLayout(profile, hasher, { mode: 1 })
  single.add(leaf)
  assert.throws(() => single.finish(), /smallFile/)
  const ended = new FileLayout(profile, hasher)
  ended.add(leaf)
  ended.finish()
  assert.throws(() => ended.add(leaf), TypeError)
  assert.throws(() => ended.finish(), TypeError)
})
