import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DAG_PB, type Link, RAW, linkToString } from '@turnpike/core/link'
import { HeldUpWorld, assertQuiet, turn } from '../testing/held-up.ts'
import { brokenLink, fileNode, noise, pbBlock, rawBlock, rawBlocks } from '../testing/blocks.ts'
import type { BlockEngine } from '../blocks/engine.ts'
import { BlockSession } from '../blocks/session.ts'
import { DAG_DEPTH_MAX } from '@turnpike/core/limits'
import { DagWalk } from './dag-walk.ts'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { alice } from '../testing/world.ts'
import { bytesEqual, keyOf } from '@turnpike/core/bytes'
import { decodeDagPb } from '@turnpike/core/dag-pb/decode'
import { expandAll } from './expand.ts'
import { identityBytes } from '../blocks/session.ts'
import { randomFile } from '../testing/random-file.ts'

interface Walked {
  readonly cids: readonly string[]
  readonly world: HeldUpWorld
}

/** Walks to the end; checks each block and that everything was given back. */
async function walk(
  blocks: readonly UnixfsBlock[],
  target: Link,
  more: { readonly trail?: readonly Link[]; readonly blocksMax?: number } = {},
): Promise<Walked> {
  const { world, engine } = worldOf(blocks)
  const plan = { trail: [], ...more, target, expand: expandAll, dups: false }
  const dag = new DagWalk(new BlockSession(engine, alice), plan)
  const cids: string[] = []
  const bytesOf = new Map(blocks.map(({ link, bytes }) => [keyOf(link.multihash), bytes]))
  try {
    for (let block = await dag.next(); block !== undefined; block = await dag.next()) {
      cids.push(linkToString(block.link))
      assert.ok(bytesEqual(block.held.bytes, bytesOf.get(keyOf(block.link.multihash))!))
      block.held.release()
    }
  } finally {
    dag.close()
    await world.flush()
    assertQuiet(world, engine)
  }
  return { cids, world }
}

function worldOf(blocks: readonly UnixfsBlock[]): { world: HeldUpWorld; engine: BlockEngine } {
  const world = new HeldUpWorld()
  world.put(alice, blocks, ['https://one.example'])
  return { world, engine: world.engine() }
}

/** The walk as its definition has it: depth first, each block once, inlined ones left out. */
function naive(blocks: readonly UnixfsBlock[], target: Link): string[] {
  const byKey = new Map(blocks.map((block) => [keyOf(block.link.multihash), block.bytes]))
  const seen = new Set<string>()
  const cids: string[] = []
  const visit = (link: Link): void => {
    const name = `${link.codec} ${keyOf(link.multihash)}`
    if (seen.has(name)) return
    seen.add(name)
    const inline = identityBytes(link)
    if (inline === undefined) cids.push(linkToString(link))
    if (link.codec !== DAG_PB) return
    const { ok: node } = decodeDagPb(inline ?? byKey.get(keyOf(link.multihash))!)
    for (let i = 0; i < node!.linkCount; i++) visit(node!.link(i))
  }
  visit(target)
  return cids
}

test('a walk hands out what a naive recursion does, in its order', async () => {
  await fc.assert(
    fc.asyncProperty(randomFile(40), async ({ root, blocks }) => {
      const { cids } = await walk(blocks, root.link)
      assert.deepEqual(cids, naive(blocks, root.link))
    }),
    { numRuns: 200 },
  )
})

test('the path comes first, is not followed, and is not repeated', async () => {
  const leaf = rawBlock(noise(10, 1))
  const aside = rawBlock(noise(10, 2))
  const target = fileNode([leaf])
  const folder = fileNode([aside, target])
  const { cids } = await walk([leaf, aside, target, folder], target.link, { trail: [folder.link] })
  assert.deepEqual(
    cids,
    [folder, target, leaf].map(({ link }) => linkToString(link)),
  )
})

test('10,000 blocks that lie together take few requests', async () => {
  const leaves = rawBlocks(10_000, 100)
  const nodes = Array.from({ length: 10 }, (_, i) =>
    fileNode(leaves.slice(i * 1000, i * 1000 + 1000)),
  )
  const root = fileNode(nodes)
  const { cids, world } = await walk([...leaves, ...nodes, root], root.link)
  assert.equal(cids.length, 10_011)
  assert.ok(world.opened.length <= 64, `${world.opened.length}`)
})

test('what was handed out is not read ahead again', async () => {
  const leaves = rawBlocks(30, 200_000)
  const nodes = [...leaves.keys()].map((i) => fileNode([leaves[i]!, ...leaves.slice(0, i)]))
  const root = fileNode(nodes)
  const blocks = [...leaves, ...nodes, root]
  const { world } = await walk(blocks, root.link)
  const dagBytes = blocks.reduce((sum, block) => sum + block.bytes.length, 0)
  assert.ok(world.openedBytes <= 1.05 * dagBytes, `${world.openedBytes} of ${dagBytes}`)
})

test('a block that is a leaf here and a node there is handed out as both', async () => {
  const leaf = rawBlock(noise(10, 1))
  const node = fileNode([leaf])
  const asLeaf: Link = { ...node.link, codec: RAW }
  const root = fileNode([{ link: asLeaf, fileBytes: node.bytes.length }, node])
  const { cids } = await walk([leaf, node, root], root.link)
  assert.deepEqual(
    cids,
    [root.link, asLeaf, node.link, leaf.link].map((link) => linkToString(link)),
  )
})

test('a node that can not be followed fails the walk and leaves nothing held', async () => {
  const broken = pbBlock([brokenLink()], [])
  const garbage: UnixfsBlock = { ...rawBlock(noise(500, 3)) }
  const bad = { ...garbage, link: { ...garbage.link, codec: DAG_PB } }
  const other = { ...garbage, link: { ...garbage.link, codec: 0x99 } }
  for (const [block, name] of [
    [broken, 'MalformedBlock'],
    [bad, 'MalformedBlock'],
    [other, 'UnsupportedCodec'],
  ] as const) {
    const root = fileNode([{ link: block.link, fileBytes: 1 }])
    await assert.rejects(walk([block, root], root.link), { name })
  }
})

test('a walk visits as many blocks as its bound says, and goes as deep', async () => {
  const leaves = rawBlocks(9, 100)
  const root = fileNode(leaves)
  assert.equal((await walk([...leaves, root], root.link, { blocksMax: 10 })).cids.length, 10)
  await assert.rejects(walk([...leaves, root], root.link, { blocksMax: 9 }), /at most 9/)
  const chain = [leaves[0]!]
  while (chain.length < DAG_DEPTH_MAX) chain.push(fileNode([chain.at(-1)!]))
  assert.equal((await walk(chain, chain.at(-1)!.link)).cids.length, DAG_DEPTH_MAX)
  while (chain.length < DAG_DEPTH_MAX + 10) chain.push(fileNode([chain.at(-1)!]))
  await assert.rejects(walk(chain, chain.at(-1)!.link), { name: 'MalformedBlock' })
})

test('a walk that is closed while it waits lets go of everything', async () => {
  const leaves = rawBlocks(20, 100_000)
  const root = fileNode(leaves)
  const { world, engine } = worldOf([...leaves, root])
  const plan = { trail: [], target: root.link, expand: expandAll, dups: false }
  const dag = new DagWalk(new BlockSession(engine, alice), plan)
  const first = await dag.next()
  first!.held.release()
  world.hold = true
  const next = assert.rejects(dag.next(), { name: 'ReadClosed' })
  await turn()
  dag.close()
  await world.flush()
  await next
  assertQuiet(world, engine)
})
