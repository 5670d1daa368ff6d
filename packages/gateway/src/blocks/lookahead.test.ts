import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  READ_AHEAD_BYTES_MAX,
  READ_AHEAD_LINKS_MAX,
  READ_LOCAL_BYTES_MAX,
  READ_REMOTE_BYTES_MAX,
  READ_WINDOW_BYTES_MIN,
} from '@turnpike/core/limits'
import { HeldUpWorld, assertQuiet, turn } from '../testing/held-up.ts'
import { alice } from '../testing/world.ts'
import { noise, rawBlock, rawBlocks } from '../testing/blocks.ts'
import { BlockEngine } from './engine.ts'
import { BlockSession } from './session.ts'
import type { Link } from '@turnpike/core/link'
import { Lookahead } from './lookahead.ts'
import { MalformedBlock } from '@turnpike/core/malformed'
import { Nodes } from '../walk/nodes.ts'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { VastFile } from '../testing/vast.ts'
import { fileBody } from '../walk/file-body.ts'

const MIB = 1024 * 1024
const REMOTE = ['https://one.example']
const v1 = PROFILES['unixfs-v1-2025']
const v0 = PROFILES['unixfs-v0-2015']

/** Takes blocks one by one, as a body does. */
class Taker {
  readonly lookahead: Lookahead
  readonly #links: readonly Link[]
  #next = 0

  constructor(session: BlockSession, blocks: readonly UnixfsBlock[]) {
    this.lookahead = new Lookahead(session)
    this.#links = blocks.map((block) => block.link)
  }

  async take(): Promise<Uint8Array> {
    const link = this.#links[this.#next++]!
    const taken = await this.lookahead.take(link, () => this.#links.slice(this.#next))
    if (taken.error) throw taken.error
    const bytes = taken.ok.bytes.slice()
    taken.ok.release()
    return bytes
  }
}

/** Reads a file as a client does: on and on, up to `bytesMax`. */
async function readFile(
  file: VastFile,
  engine: BlockEngine,
  range = { first: 0, last: file.sizeBytes - 1 },
): Promise<number> {
  const session = new BlockSession(engine, alice)
  const nodes = new Nodes(16 * MIB)
  const root = await nodes.load(session, file.root)
  if (root.error) throw root.error
  const reader = fileBody({ nodes, session, root: root.ok }, range).open(
    new AbortController().signal,
  )
  let bytes = 0
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read())
    bytes += chunk.length
  reader.close()
  return bytes
}

test('1 GiB from afar takes at most 64 requests and 1.05 of its bytes', async () => {
  for (const profile of [v1, v0]) {
    const file = new VastFile(profile, (1024 * MIB) / profile.chunkBytes)
    const engine = new BlockEngine(file.deps())
    assert.equal(await readFile(file, engine), 1024 * MIB)
    const requests = file.opened.length + file.interiorReads
    assert.ok(requests <= 64, `${profile.chunkBytes}: ${requests} requests`)
    assert.ok(file.openedBytes <= 1.05 * file.sizeBytes)
    const spans = file.opened.map(({ first, last }) => last - first + 1)
    assert.ok(Math.max(...spans) <= READ_REMOTE_BYTES_MAX)
    assert.equal(engine.budget.freeBytes, READ_AHEAD_BYTES_MAX)
  }
})

test('our own store is read in windows of two reads', async () => {
  const file = new VastFile({ ...v0, chunkBytes: 256 * 1024 }, 400, 'local:')
  const engine = new BlockEngine(file.deps())
  let most = 0
  file.beforeFill = () => {
    most = Math.max(most, READ_AHEAD_BYTES_MAX - engine.budget.freeBytes)
    return undefined
  }
  await readFile(file, engine)
  assert.ok(most <= 2 * READ_LOCAL_BYTES_MAX, `${most}`)
  const spans = file.opened.map(({ first, last }) => last - first + 1)
  assert.ok(Math.max(...spans) <= READ_LOCAL_BYTES_MAX)
})

test('64 KiB over two leaves take at most two requests when interior nodes are warm', async () => {
  for (const profile of [v1, v0]) {
    const file = new VastFile(profile, 4096)
    const engine = new BlockEngine(file.deps())
    const at = 2000 * profile.chunkBytes
    await readFile(file, engine, { first: at, last: at })
    const before = file.interiorReads
    file.opened.length = 0
    await readFile(file, engine, { first: at - 32_768, last: at + 32_767 })
    assert.equal(file.interiorReads, before)
    assert.ok(file.opened.length <= 2, `${file.opened.length}`)
    assert.ok(file.openedBytes <= 2 * (profile.chunkBytes + 40))
  }
})

test('the first byte is there when interior nodes and one leaf are', async () => {
  const file = new VastFile(v0, 1000)
  const engine = new BlockEngine(file.deps())
  const session = new BlockSession(engine, alice)
  const nodes = new Nodes(16 * MIB)
  const root = await nodes.load(session, file.root)
  let fills = 0
  file.beforeFill = () => (++fills > 1 ? new Promise(() => {}) : undefined)
  const body = fileBody({ nodes, session, root: root.ok! }, { first: 0, last: file.sizeBytes - 1 })
  const chunk = await body.open(new AbortController().signal).read()
  assert.equal(chunk?.length, v0.chunkBytes)
})

test('the window starts at 1 MiB and doubles as the client reads on, no further', async () => {
  const file = new VastFile(v1, 300)
  const engine = new BlockEngine(file.deps())
  let most = 0
  file.beforeFill = () => {
    most = Math.max(most, READ_AHEAD_BYTES_MAX - engine.budget.freeBytes)
    return undefined
  }
  await readFile(file, engine)
  const spans = file.opened.map(({ first, last }) => last - first + 1)
  assert.ok(spans[0]! <= READ_WINDOW_BYTES_MIN)
  assert.ok(most <= READ_REMOTE_BYTES_MAX, `${most}`)
  for (let i = 1; i < 5; i++)
    assert.ok(spans[i]! <= 2 ** i * 1.01 * MIB, `${spans.slice(0, 6).join()}`)
})

test('no more links are looked at ahead than the bound says', async () => {
  const world = new HeldUpWorld()
  const blocks = rawBlocks(1000, 100)
  world.put(alice, blocks, REMOTE)
  const session = new BlockSession(world.engine(), alice)
  const taker = new Taker(session, blocks)
  assert.deepEqual(await taker.take(), blocks[0]!.bytes)
  assert.equal(session.fetched, 1 + READ_AHEAD_LINKS_MAX)
  for (const block of blocks.slice(1)) assert.deepEqual(await taker.take(), block.bytes)
  assert.ok(world.opened.length <= 8, `${world.opened.length}`)
  taker.lookahead.close()
  assertQuiet(world, session.engine)
})

test('64 readers that stop keep the budget and a block each', async () => {
  const file = new VastFile(v1, 256)
  const bytesMax = 32 * MIB
  const engine = new BlockEngine(file.deps({ readAheadBytesMax: bytesMax }))
  const nodes = new Nodes(16 * MIB)
  const readers = await Promise.all(
    Array.from({ length: 64 }, async (_, i) => {
      const session = new BlockSession(engine, alice)
      const root = (await nodes.load(session, file.root)).ok!
      const range = { first: i * MIB, last: file.sizeBytes - 1 }
      const reader = fileBody({ nodes, session, root }, range).open(new AbortController().signal)
      for (let reads = 0; reads < 4 * i; reads++) await reader.read()
      return reader
    }),
  )
  await turn()
  assert.ok(engine.budget.freeBytes >= 0)
  const held = engine.inUse.slabs
  assert.ok(held <= bytesMax / MIB + 64 + 1, `${held} slabs of 1 MiB`)
  for (const reader of readers) reader.close()
  await turn()
  assert.deepEqual(engine.inUse, { blocks: 0, slabs: 0 })
  assert.equal(engine.budget.freeBytes, bytesMax)
  assert.equal(file.openStreams, 0)
})

test('a block that several hold ahead is counted once, until the last draws it', async () => {
  const blocks = rawBlocks(4, 200_000)
  const world = new HeldUpWorld()
  world.put(alice, blocks, REMOTE)
  const engine = world.engine()
  const takers = [1, 2, 3].map(() => new Taker(new BlockSession(engine, alice), blocks))
  for (const taker of takers) await taker.take()
  await turn()
  assert.equal(engine.budget.freeBytes, READ_AHEAD_BYTES_MAX - 3 * 200_000)
  await takers[0]!.take()
  assert.equal(engine.budget.freeBytes, READ_AHEAD_BYTES_MAX - 3 * 200_000)
  for (const taker of takers.slice(1)) await taker.take()
  assert.equal(engine.budget.freeBytes, READ_AHEAD_BYTES_MAX - 2 * 200_000)
  for (const { lookahead } of takers) lookahead.close()
  assertQuiet(world, engine)
})

test('without budget a body goes on block by block', async () => {
  const blocks = rawBlocks(20, 50_000)
  const world = new HeldUpWorld()
  world.put(alice, blocks, REMOTE)
  const engine = world.engine({ readAheadBytesMax: 0 })
  const taker = new Taker(new BlockSession(engine, alice), blocks)
  for (const block of blocks) assert.deepEqual(await taker.take(), block.bytes)
  assert.equal(world.opened.length, 20)
  taker.lookahead.close()
  assertQuiet(world, engine, 0)
})

test('a reader that is closed while it waits lets go at once, and its take fails', async () => {
  const blocks = rawBlocks(8, 200_000)
  const world = new HeldUpWorld()
  world.put(alice, blocks, REMOTE)
  const engine = world.engine()
  world.hold = true
  const taker = new Taker(new BlockSession(engine, alice), blocks)
  const taken = assert.rejects(taker.take(), { name: 'ReadClosed' })
  await turn()
  taker.lookahead.close()
  assert.equal(world.opened[0]!.signal.aborted, true)
  assert.equal(engine.budget.freeBytes, READ_AHEAD_BYTES_MAX)
  await world.flush()
  await taken
  await assert.rejects(taker.take(), { name: 'ReadClosed' })
  assertQuiet(world, engine)
})

test('a reader that is closed while the index is asked starts nothing', async () => {
  const blocks = rawBlocks(8, 200_000)
  const world = new HeldUpWorld()
  world.put(alice, blocks, REMOTE)
  const slow = {
    spaces: () => [alice],
    slices: async (...args: Parameters<HeldUpWorld['slices']>) => {
      await turn()
      return world.slices(...args)
    },
  }
  const engine = world.engine({ index: slow })
  for (const turns of [0, 1, 2]) {
    const taker = new Taker(new BlockSession(engine, alice), blocks)
    const taken = taker.take().then(
      () => 'taken',
      (error: Error) => error.name,
    )
    for (let i = 0; i < turns; i++) await turn()
    taker.lookahead.close()
    const outcome = await taken
    if (turns < 2) assert.equal(outcome, 'ReadClosed')
    await turn()
    assertQuiet(world, engine)
  }
})

test('a malformed link ahead fails nobody before it is reached', async () => {
  const blocks = rawBlocks(40, 200_000)
  const world = new HeldUpWorld()
  world.put(alice, blocks, REMOTE)
  const engine = world.engine()
  const lookahead = new Lookahead(new BlockSession(engine, alice))
  for (const [i, block] of blocks.entries()) {
    const taken = await lookahead.take(block.link, function* () {
      for (const next of blocks.slice(i + 1, 20)) yield next.link
      throw new MalformedBlock('link expected a CID')
    })
    assert.deepEqual(taken.ok?.bytes, block.bytes)
    taken.ok?.release()
    await turn()
  }
  lookahead.close()
  assertQuiet(world, engine)
})

test('an index that fails ahead of the client fails it when it gets there', async () => {
  const blocks = rawBlocks(30, 200_000)
  const world = new HeldUpWorld()
  world.put(alice, blocks, REMOTE)
  const { slices } = world
  const right = slices.bind(world)
  const engine = world.engine()
  const taker = new Taker(new BlockSession(engine, alice), blocks)
  await taker.take()
  world.slices = () => {
    throw new Error('disk is gone')
  }
  let taken = 1
  await assert.rejects(async () => {
    for (;;) {
      await taker.take()
      taken++
    }
  }, /disk is gone/)
  assert.ok(taken >= 4, `${taken}`)
  world.slices = right
  taker.lookahead.close()
  assertQuiet(world, engine)
})

test('a block that is skipped is held no longer', async () => {
  const blocks = rawBlocks(4, 1000)
  const world = new HeldUpWorld()
  world.put(alice, blocks, REMOTE)
  const engine = world.engine()
  const taker = new Taker(new BlockSession(engine, alice), blocks)
  await taker.take()
  assert.equal(engine.budget.freeBytes, READ_AHEAD_BYTES_MAX - 3000)
  taker.lookahead.skip(blocks[1]!.link)
  taker.lookahead.skip(rawBlock(noise(1, 1)).link)
  assert.equal(engine.budget.freeBytes, READ_AHEAD_BYTES_MAX - 2000)
  taker.lookahead.close()
  assertQuiet(world, engine)
})
