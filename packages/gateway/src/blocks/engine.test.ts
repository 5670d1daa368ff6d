import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OriginFault, type Slice } from '@turnpike/core/ports/blob'
import type { ContentIndex } from '@turnpike/core/ports/content'
import { BLOCK_BYTES_MAX, READ_LOCAL_BYTES_MAX } from '@turnpike/core/limits'
import { RAW, type Link } from '@turnpike/core/link'
import { HeldUpWorld, assertQuiet, turn } from '../testing/held-up.ts'
import { alice, bob, hasher } from '../testing/world.ts'
import { brokenBits, noise, rawBlock, rawBlocks } from '../testing/blocks.ts'
import type { BlockEngine } from './engine.ts'
import type { BlockItem } from './block-item.ts'
import { BlockSession } from './session.ts'
import { encodeMultihash } from '@turnpike/core/multihash'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'

/** Starts a fetch of blocks, as a reader's plan does. */
async function start(session: BlockSession, blocks: readonly UnixfsBlock[]): Promise<BlockItem[]> {
  const keyed = blocks.map(({ link }) => ({
    key: session.keyOf(link.multihash),
    multihash: link.multihash,
  }))
  const slices = await session.locate(keyed)
  const wanted = keyed.map(({ key, multihash }, i) => {
    return { key, multihash, slices: slices[i]!, ahead: false }
  })
  return session.engine.begin(wanted, session.fetchFor)
}

function heldUp(
  blocks: readonly UnixfsBlock[],
  urls: readonly string[],
): { world: HeldUpWorld; engine: BlockEngine; session: BlockSession } {
  const world = new HeldUpWorld()
  world.put(alice, blocks, urls)
  const engine = world.engine()
  return { world, engine, session: new BlockSession(engine, alice) }
}

const ONE = ['https://one.example']
const TWO = ['https://one.example', 'https://two.example']

test('a block that fills a pooled buffer is kept as it is, not as what came after', async () => {
  const blocks = rawBlocks(3, READ_LOCAL_BYTES_MAX)
  const { world, engine, session } = heldUp(blocks, ['local:'])
  const first = (await session.get(blocks[0]!.link)).ok!
  for (const block of blocks.slice(1)) await session.get(block.link)
  assert.deepEqual(first, blocks[0]!.bytes)
  assert.deepEqual((await session.get(blocks[0]!.link)).ok, blocks[0]!.bytes)
  assertQuiet(world, engine)
})

test('a bad block is had from the next site, and only that block', async () => {
  const blocks = rawBlocks(4, 100_000)
  const { world, engine, session } = heldUp(blocks, TWO)
  brokenBits(world, ONE[0]!, 150_000)
  const items = await start(session, blocks)
  for (const [i, item] of items.entries()) {
    await item.settled()
    assert.deepEqual(item.bytes, blocks[i]!.bytes)
    item.release()
  }
  await turn()
  assert.deepEqual(
    world.opened.map(({ url, range }) => [url, range.last - range.first + 1]),
    [
      [TWO[0], 4 * 100_000 + 120],
      [TWO[1], 100_000],
    ],
  )
  const [one, two] = session.tally.close(() => {})
  assert.deepEqual(one, [TWO[0], { bytes: 300_000n, requests: 1, failed: 1 }])
  assert.deepEqual(two, [TWO[1], { bytes: 100_000n, requests: 1, failed: 0 }])
  assertQuiet(world, engine)
})

test('a bad block is tried elsewhere while the rest of its read goes on', async () => {
  const blocks = rawBlocks(4, 700_000)
  const { world, session } = heldUp(blocks, TWO)
  brokenBits(world, ONE[0]!, 1000)
  world.hold = true
  const items = await start(session, blocks)
  while (world.opened.length < 2) {
    await turn()
    world.waiting.shift()?.goOn()
  }
  assert.ok(items[3]!.pending, 'the first read has not ended')
  await world.flush()
  for (const item of items) item.release()
})

test('a block that is bad everywhere fails as a lie, once each site was asked', async () => {
  const blocks = rawBlocks(1, 1000)
  const { world, engine, session } = heldUp(blocks, TWO)
  brokenBits(world, undefined, 500)
  const told: unknown[] = []
  const lied: ContentIndex['lied'] = (...lie) => void told.push(lie)
  Object.assign(world, { lied })
  const got = await session.get(blocks[0]!.link)
  assert.equal(got.error?.name, 'OriginLied')
  assert.equal(world.opened.length, 2)
  const { multihash } = blocks[0]!.link
  const { blob, offset } = world.slices(alice, [multihash])[0]![0]!
  const place = { blob, offset }
  assert.deepEqual(
    told,
    TWO.map((url) => [multihash, place, url]),
    'the index hears of it',
  )
  assertQuiet(world, engine)
})

test('who leaves a bad block does not stop the read for those who want another', async () => {
  const blocks = rawBlocks(3, 400_000)
  const { world, engine, session } = heldUp(blocks, ONE)
  brokenBits(world, ONE[0]!, 1000)
  world.hold = true
  const [bad, good, last] = await start(session, blocks)
  await turn()
  world.waiting.shift()!.goOn()
  await turn()
  bad!.release()
  last!.release()
  await turn()
  assert.equal(world.opened[0]!.signal.aborted, false)
  await world.flush()
  await good!.settled()
  assert.deepEqual(good!.bytes, blocks[1]!.bytes)
  good!.release()
  assertQuiet(world, engine)
})

test('a read that nobody wants is stopped, and a newcomer starts one of its own', async () => {
  const blocks = rawBlocks(2, 100_000)
  const { world, engine, session } = heldUp(blocks, ONE)
  world.hold = true
  const items = await start(session, blocks)
  await turn()
  items[0]!.release()
  assert.equal(world.opened[0]!.signal.aborted, false)
  items[1]!.release()
  assert.equal(world.opened[0]!.signal.aborted, true)
  const key = session.keyOf(blocks[0]!.link.multihash)
  assert.equal(engine.share(key), undefined)
  const second = session.get(blocks[0]!.link)
  await world.flush()
  assert.deepEqual((await second).ok, blocks[0]!.bytes)
  assert.equal(world.opened.length, 2)
  assertQuiet(world, engine)
})

test('a read stops between two blocks when the one that was wanted is there', async () => {
  const blocks = rawBlocks(3, 2_000_000)
  const { world, engine, session } = heldUp(blocks, ONE)
  world.hold = true
  const [first, ...others] = await start(session, blocks)
  await turn()
  for (const other of others) other.release()
  world.waiting.shift()!.goOn()
  await first!.settled()
  const key = session.keyOf(blocks[1]!.link.multihash)
  assert.equal(engine.share(key), undefined, 'what a stopped read will not give is not shared')
  first!.release()
  await world.flush()
  assert.equal(world.opened[0]!.signal.aborted, true)
  assertQuiet(world, engine)
})

test('a block wanted again before its read was stopped is given', async () => {
  const blocks = rawBlocks(2, 100_000)
  const { world, engine, session } = heldUp(blocks, ONE)
  world.hold = true
  const [first, second] = await start(session, blocks)
  first!.release()
  const again = engine.share(first!.key)!
  second!.release()
  await world.flush()
  await again.settled()
  assert.deepEqual(again.bytes, blocks[0]!.bytes)
  again.release()
  assert.equal(world.opened.length, 1)
  assertQuiet(world, engine)
})

test('a fault while nobody waits leaves nothing behind and asks no other site', async () => {
  const blocks = rawBlocks(2, 100_000)
  const { world, engine, session } = heldUp(blocks, TWO)
  world.hold = true
  const items = await start(session, blocks)
  await turn()
  for (const item of items) item.release()
  for (const fill of world.waiting) fill.goOn('OriginTimeout')
  await turn()
  assert.equal(world.opened.length, 1)
  assertQuiet(world, engine)
})

test('blocks of no bytes and wrong lengths cost no crash', async () => {
  const empty: Link = {
    version: 1,
    codec: RAW,
    multihash: encodeMultihash(0x13, hasher.digest(0x13, new Uint8Array(0))!),
  }
  const world = new HeldUpWorld()
  const block = rawBlock(noise(100, 1))
  world.put(alice, [{ ...block, link: empty, bytes: new Uint8Array(0) }, block], ONE)
  const engine = world.engine()
  assert.deepEqual((await new BlockSession(engine, alice).get(empty)).ok, new Uint8Array(0))
  assert.equal(world.opened.length, 0)
  const { slices } = world
  const right = slices.bind(world)
  for (const change of [
    { length: 0 },
    { length: 99 },
    { length: 101 },
    { offset: 0 },
  ] satisfies Partial<Slice>[]) {
    world.slices = (space, hashes) =>
      right(space, hashes).map((found) => found.map((slice) => ({ ...slice, ...change })))
    const got = await new BlockSession(engine, alice).get(block.link)
    assert.equal(got.error?.name, 'OriginLied', JSON.stringify(change))
  }
  assertQuiet(world, engine)
})

test('the largest block is fetched, a larger one refused unread', async () => {
  const largest = rawBlock(noise(BLOCK_BYTES_MAX, 1))
  const larger = rawBlock(noise(BLOCK_BYTES_MAX + 1, 2))
  const { world, engine, session } = heldUp([largest, larger], ONE)
  assert.equal((await session.get(largest.link)).ok?.length, BLOCK_BYTES_MAX)
  assert.equal((await session.get(larger.link)).error?.name, 'BlockTooLarge')
  assert.equal(world.opened.length, 1)
  assertQuiet(world, engine)
})

test('a hash function that is not known is said to be so', async () => {
  const block = rawBlock(noise(50, 1))
  const link = { ...block.link, multihash: encodeMultihash(0xb220, noise(32, 2)) }
  const { world, engine, session } = heldUp([{ ...block, link }], ONE)
  assert.equal((await session.get(link)).error?.name, 'UnknownHash')
  assertQuiet(world, engine)
})

test('small blocks far apart do not keep what lies between them in memory', async () => {
  const world = new HeldUpWorld()
  const small = rawBlocks(50, 100)
  const spaced = small.flatMap((block, i) => [block, rawBlock(noise(12_000, 1000 + i))])
  world.put(alice, spaced, ['local:'])
  const engine = world.engine()
  const items = await start(new BlockSession(engine, alice), small)
  for (const item of items) await item.settled()
  assert.equal(world.opened.length, 1)
  assert.equal(engine.inUse.slabs, 0)
  for (const [i, item] of items.entries()) {
    assert.equal(item.bytes.buffer.byteLength, 100)
    assert.deepEqual(item.bytes, small[i]!.bytes)
    item.release()
  }
  assertQuiet(world, engine)
})

test('a block in two blobs is had from the second when the first fails', async () => {
  const block = rawBlock(noise(1000, 1))
  const world = new HeldUpWorld()
  world.put(alice, [block], ['https://one.example'])
  world.put(alice, [rawBlock(noise(10, 2)), block], ['https://two.example'])
  world.onFill = (url) =>
    url.includes('one') ? new OriginFault('OriginMissing', url, 'gone') : undefined
  const engine = world.engine()
  const session = new BlockSession(engine, alice)
  assert.deepEqual((await session.get(block.link)).ok, block.bytes)
  assert.equal(new Set(session.tally.close(() => {}).map(([provider]) => provider)).size, 2)
  const stranger = new BlockSession(engine, bob)
  assert.equal((await stranger.get(block.link)).error?.name, 'BlockMissing')
  assertQuiet(world, engine)
})

test('a reader that throws is a crash and a fault, and the next site is asked', async () => {
  const block = rawBlock(noise(1000, 1))
  const world = new HeldUpWorld()
  world.put(alice, [block], TWO)
  world.onFill = (url) => {
    if (url === ONE[0]) throw new TypeError('broken reader')
    return undefined
  }
  const crashes: unknown[] = []
  const { observer } = world.deps()
  const engine = world.engine({ observer: { ...observer, crash: (e) => crashes.push(e) } })
  assert.deepEqual((await new BlockSession(engine, alice).get(block.link)).ok, block.bytes)
  assert.equal(crashes.length, 1)
  assert.equal(world.openStreams, 0)
})

test('locating more blocks than are remembered answers for each', async () => {
  const blocks = rawBlocks(6000, 8)
  const { session } = heldUp(blocks, ONE)
  const keyed = blocks.map(({ link }) => ({
    key: session.keyOf(link.multihash),
    multihash: link.multihash,
  }))
  await session.locate(keyed.slice(0, 4000))
  const all = await session.locate(keyed)
  assert.ok(all.every((slices) => slices.length === 1))
})
