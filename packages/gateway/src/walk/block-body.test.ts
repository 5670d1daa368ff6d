import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAR, type Link, RAW } from '@turnpike/core/link'
import { HeldUpWorld, assertQuiet, turn } from '../testing/held-up.ts'
import { alice, bob } from '../testing/world.ts'
import { identityLink, noise, rawBlock } from '../testing/blocks.ts'
import { noDenylist } from '@turnpike/core/ports/deny'
import { BLOCK_BYTES_MAX } from '@turnpike/core/limits'
import { ReadGuard } from '../deny/guard.ts'
import { BlockReader } from './block-body.ts'
import { BlockSession } from '../blocks/session.ts'
import type { BodyReader } from '@turnpike/core/body'
import type { ByteRange } from '@turnpike/core/range'
import type { Slice, WholeBlobs } from '@turnpike/core/ports/blob'
import { bytesBody } from '../format/content.ts'
import { concatBytes } from '@turnpike/core/bytes'
import { ok } from '@turnpike/core/result'

const { signal } = new AbortController()

async function bytesOf(reader: BodyReader): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read())
    chunks.push(chunk.slice())
  reader.close()
  return concatBytes(chunks)
}

function read(session: BlockSession, link: Link, range: ByteRange): Promise<Uint8Array> {
  return bytesOf(new BlockReader(session, link, range, signal))
}

test('a block is read whole or in part, from anywhere, and from its own link', async () => {
  const world = new HeldUpWorld()
  const block = rawBlock(noise(600_000, 1))
  world.put(alice, [block])
  const engine = world.engine()
  const session = new BlockSession(engine, alice)
  for (const [first, last] of [
    [0, 599_999],
    [5, 300_000],
    [599_999, 599_999],
    [0, -1],
  ] as const)
    assert.deepEqual(
      await read(session, block.link, { first, last }),
      block.bytes.slice(first, last + 1),
    )
  const inline = identityLink(RAW, noise(20, 1))
  assert.deepEqual(await read(session, inline, { first: 3, last: 9 }), noise(20, 1).slice(3, 10))
  assertQuiet(world, engine)
})

test('a reader that is closed while it waits stops the transfer', async () => {
  const world = new HeldUpWorld()
  const block = rawBlock(noise(1000, 1))
  world.put(alice, [block], ['https://one.example'])
  const engine = world.engine()
  world.hold = true
  const reader = new BlockReader(
    new BlockSession(engine, alice),
    block.link,
    { first: 0, last: 9 },
    signal,
  )
  const waiting = assert.rejects(async () => reader.read(), { name: 'ReadClosed' })
  await turn()
  reader.close()
  assert.equal(world.opened[0]!.signal.aborted, true)
  await world.flush()
  await waiting
  assertQuiet(world, engine)
})

/** A world whose one block is a blob of its own store, at `change` if that is given. */
function ownBlob(change: Partial<Slice> = {}): {
  world: HeldUpWorld
  link: Link
  asked: ByteRange[]
  session(space?: typeof alice, wholeBlobs?: WholeBlobs): BlockSession
} {
  const world = new HeldUpWorld()
  const bytes = noise(BLOCK_BYTES_MAX + 1, 1)
  const { link } = rawBlock(bytes)
  const sites = [{ url: 'local:', provider: '' }]
  const blob = { key: 'own', multihash: link.multihash, size: bytes.length, sites }
  const slice = { blob, offset: 0, length: bytes.length, ...change }
  world.slices = (space, hashes) => hashes.map(() => (space === alice ? [slice] : []))
  const asked: ByteRange[] = []
  const whole: WholeBlobs = {
    openVerified(_, range) {
      asked.push(range)
      return ok(bytesBody(bytes.subarray(range.first, range.last + 1)))
    },
  }
  return {
    world,
    link: { ...link, codec: CAR },
    asked,
    session: (space = alice, wholeBlobs = whole) =>
      new BlockSession(world.engine({ wholeBlobs }), space),
  }
}

test('a block too large to be buffered comes from our own blob of that hash', async () => {
  const { world, link, asked, session } = ownBlob()
  const range = { first: 100, last: BLOCK_BYTES_MAX }
  const expected = noise(BLOCK_BYTES_MAX + 1, 1).slice(100)
  assert.deepEqual(await read(session(), link, range), expected)
  assert.deepEqual(asked, [range])
  assert.equal(world.opened.length, 0)
  await assert.rejects(read(session(bob), link, range), { name: 'BlockMissing' })
})

test('a denied one is not opened', async () => {
  const { world, link, asked } = ownBlob()
  const denylist = { ...noDenylist, empty: false, content: () => DENIED }
  const whole: WholeBlobs = {
    openVerified(_, range) {
      asked.push(range)
      return ok(bytesBody(new Uint8Array(0)))
    },
  }
  const engine = world.engine({ wholeBlobs: whole })
  const denied = new BlockSession(engine, alice, new ReadGuard(denylist))
  await assert.rejects(read(denied, link, { first: 0, last: 9 }), { name: 'ContentDenied' })
  assert.equal(asked.length, 0)
})

const DENIED = { kind: 'policy', reason: 'test' } as const

test('any other block that is too large is refused', async () => {
  const range = { first: 0, last: 9 }
  const own = ownBlob()
  const plain = new BlockSession(own.world.engine(), alice)
  await assert.rejects(read(plain, own.link, range), { name: 'BlockTooLarge' })
  const { blob } = own.world.slices(alice, [own.link.multihash])[0]![0]!
  const remote = [{ url: 'https://one.example', provider: 'one' }]
  for (const change of [
    { offset: 1 },
    { length: BLOCK_BYTES_MAX + 2 },
    { blob: { ...blob, sites: remote } },
    { blob: { ...blob, multihash: undefined } },
    { blob: { ...blob, multihash: new Uint8Array(34) } },
  ]) {
    const { link, asked, session } = ownBlob(change)
    await assert.rejects(read(session(), link, range), { name: 'BlockTooLarge' })
    assert.equal(asked.length, 0)
  }
})
