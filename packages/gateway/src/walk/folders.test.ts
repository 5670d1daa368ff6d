import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeldUpWorld, assertQuiet } from '../testing/held-up.ts'
import { alice, folderBlocks, hasher } from '../testing/world.ts'
import { checkEntryName } from '@turnpike/core/unixfs/directory'
import { encodePbNode } from '@turnpike/core/dag-pb/encode'
import { noise, pbBlock, rawBlock } from '../testing/blocks.ts'
import { BlockSession } from '../blocks/session.ts'
import { DAG_PB, type Link, linkToString } from '@turnpike/core/link'
import { Nodes, type PbNode } from './nodes.ts'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { SHA2_256, encodeMultihash } from '@turnpike/core/multihash'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { folderEntries } from './folder-entries.ts'
import { resolvePath } from './resolve-path.ts'
import { shardData } from '@turnpike/core/unixfs/encode'

/** A profile whose folders are sharded as soon as they have anything in them. */
const sharded = { ...PROFILES['unixfs-v1-2025'], hamtThresholdBytes: 1 }
const plain = PROFILES['unixfs-v1-2025']
const file = rawBlock(noise(10, 1))
const utf8 = new TextEncoder()

interface Opened {
  readonly world: HeldUpWorld
  readonly session: BlockSession
  readonly nodes: Nodes
  readonly folder: PbNode
}

async function open(blocks: readonly UnixfsBlock[]): Promise<Opened> {
  const world = new HeldUpWorld()
  world.put(alice, blocks, ['https://one.example'])
  const session = new BlockSession(world.engine(), alice)
  const nodes = new Nodes(1 << 20)
  const loaded = await nodes.load(session, blocks.at(-1)!.link)
  return { world, session, nodes, folder: loaded.ok as PbNode }
}

const names = fc.uniqueArray(
  fc
    .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
    .filter((s) => checkEntryName(s) === undefined),
  { maxLength: 600 },
)

test('every entry of a folder is listed and found, sharded or not, and no other', async () => {
  for (const profile of [plain, sharded])
    await fc.assert(
      fc.asyncProperty(names, fc.nat(700), async (wanted, entriesMax) => {
        const blocks = folderBlocks(
          profile,
          wanted.map((name) => [name, file]),
        )
        const { world, session, nodes, folder } = await open(blocks)
        const all = await folderEntries(nodes, session, folder, 1000)
        const got = all.ok!.entries.map((entry) => entry.name)
        assert.deepEqual(got.toSorted(), wanted.toSorted())
        assert.equal(all.ok!.more, false)
        const some = await folderEntries(nodes, session, folder, entriesMax)
        assert.equal(some.ok!.entries.length, Math.min(entriesMax, wanted.length))
        assert.equal(some.ok!.more, wanted.length > entriesMax)
        for (const name of [...wanted.slice(0, 20), 'not there at all']) {
          const found = await resolvePath(nodes, session, folder.link, [name])
          if (wanted.includes(name)) assert.equal(found.ok?.node.kind, 'raw')
          else assert.equal(found.error?.name, 'PathNotFound')
        }
        await world.flush()
        assertQuiet(world, session.engine)
      }),
      { numRuns: 25 },
    )
})

test('a folder of several shard levels loads only those on the way to a name', async () => {
  const wanted = Array.from({ length: 30_000 }, (_, i) => `${i}`)
  const blocks = folderBlocks(
    sharded,
    wanted.map((name) => [name, file]),
  )
  let deepest = 0
  const { session, nodes, folder } = await open(blocks)
  for (const name of wanted.slice(0, 500)) {
    const { ok: found } = await resolvePath(nodes, session, folder.link, [name])
    assert.equal(linkToString(found!.node.link), linkToString(file.link))
    assert.deepEqual(found!.roots.map(linkToString), [folder.link, file.link].map(linkToString))
    deepest = Math.max(deepest, found!.trail.length)
  }
  assert.ok(deepest >= 3, `${deepest} levels`)
})

/** A shard whose links are as given; a name of two digits alone leads to a shard. */
function shard(links: readonly (readonly [name: string, link: Link])[], fanout = 256): UnixfsBlock {
  const named = links.map(([name, link]) => ({ link, name: utf8.encode(name), tsize: 0 }))
  const bytes = encodePbNode(named, shardData(new Uint8Array(0), fanout, {}))
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
  return { ...pbBlock([], []), link: { version: 1, codec: DAG_PB, multihash }, bytes }
}

test('shards that repeat, or are none, are refused instead of followed without end', async () => {
  const leafShard = shard([['00a', file.link]])
  const twice = shard([
    ['00', leafShard.link],
    ['01', leafShard.link],
  ])
  const noShard = shard([['00', file.link]])
  const folder = folderBlocks(plain, [['a', file]]).at(-1)!
  const otherKind = shard([['00', folder.link]])
  const badFanout = shard([['00', shard([], 3).link]])
  for (const [blocks, name] of [
    [[leafShard, twice], 'MalformedBlock'],
    [[file, noShard], 'UnsupportedCodec'],
    [[folder, otherKind], 'MalformedBlock'],
    [[shard([], 3), badFanout], 'MalformedBlock'],
  ] as const) {
    const { world, session, nodes, folder: root } = await open(blocks)
    const listed = await folderEntries(nodes, session, root, 100)
    assert.equal(listed.error?.name, name)
    await world.flush()
    assertQuiet(world, session.engine)
  }
})

test('shards nested deeper than the hash has bits lead nowhere', async () => {
  let inner = shard([['00x', file.link]])
  const blocks = [inner]
  for (let depth = 0; depth < 30; depth++) {
    const links = Array.from(
      { length: 256 },
      (_, i) => [i.toString(16).toUpperCase().padStart(2, '0'), inner.link] as const,
    )
    inner = shard(links)
    blocks.push(inner)
  }
  const { session, nodes, folder } = await open(blocks)
  const found = await resolvePath(nodes, session, folder.link, ['x'])
  assert.equal(found.error?.name, 'PathNotFound')
})

test('a node is given under the CID that it was asked for by, whichever came first', async () => {
  const [folder] = folderBlocks(plain, [['a', file]])
  const { session, nodes } = await open([folder!])
  for (const version of [1, 0, 1] as const) {
    const link: Link = { ...folder!.link, version }
    const { ok: found } = await resolvePath(nodes, session, link, [])
    assert.equal(found!.node.link.version, version)
  }
})
