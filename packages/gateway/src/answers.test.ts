/** Ranges, conditions and page headers of whole answers, and what they read. @module */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import { linkToString } from '@turnpike/core/link'
import { PROFILES, type UnixfsProfile } from '@turnpike/core/unixfs/profile'
import { createGateway } from './gateway.ts'
import { rawBlock } from './testing/blocks.ts'
import { multipartFaults } from './testing/conformance/multipart.ts'
import { type Got, World, alice, drain, fileBlocks, folderBlocks } from './testing/world.ts'

const profile: UnixfsProfile = {
  ...PROFILES['unixfs-v1-2025'],
  chunkBytes: 100 * 1024,
  fileLinksMax: 4,
}
const content = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 7 + (i >> 9)) & 0xff)
const large = fileBlocks(profile, content)
const folder = folderBlocks(profile, [['video.mp4', large.root]])
const root = linkToString(folder.at(-1)!.link)
const block = rawBlock(content.subarray(0, 200_000))
const block64 = linkToString(block.link)
const path = `/ipfs/${root}/video.mp4`

function filled(): World {
  const world = new World()
  world.put(alice, [...large.blocks, ...folder, block])
  return world
}

async function ask(
  world: World,
  target: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Got> {
  const { signal } = new AbortController()
  const url = `http://gateway.example${target}`
  const request = { method, url, headers: new Headers(headers), signal }
  return drain(await createGateway(world.deps()).handle(request))
}

const fieldsOf = ({ headers, body }: Got) => ({ headers: Object.fromEntries(headers), body })

test('several ranges are parts of one body, of which only their leaves are read', async () => {
  const world = filled()
  const range = 'bytes=900000-900009,5-9,-7,2000000-'
  const got = await ask(world, path, { range })
  assert.equal(got.status, 206)
  const ranges = [
    [900_000, 900_009],
    [5, 9],
    [999_993, 999_999],
  ] as const
  const wanted = { content, type: 'video/mp4', ranges }
  assert.deepEqual(multipartFaults(wanted, fieldsOf(got)), [])
  assert.equal(got.headers.get('content-length'), String(got.body.length))
  assert.equal(got.headers.get('content-range'), undefined)
  assert.equal(got.headers.get('etag'), `"${linkToString(large.root.link)}"`)
  const nodesBytes = 10_000
  assert.ok(world.openedBytes < 3 * profile.chunkBytes + nodesBytes, String(world.openedBytes))
})

test('what is delivered of parts is counted with the lines around them', async () => {
  const world = filled()
  const got = await ask(world, path, { range: 'bytes=0-4,10-14' })
  const [read] = world.reads
  assert.equal(read!.bytes, BigInt(got.body.length))
  assert.ok(got.body.length > 10)
  const billed = READ_FLAGS.content | READ_FLAGS.range
  assert.equal(read!.flags & billed, billed)
})

test('raw blocks have parts, too, and the same request the same bytes', async () => {
  const target = `/ipfs/${block64}?format=raw`
  const headers = { range: 'bytes=0-0,199999-199999' }
  const got = await ask(filled(), target, headers)
  const type = 'application/vnd.ipld.raw'
  const ranges = [
    [0, 0],
    [199_999, 199_999],
  ] as const
  const wanted = { content: content.subarray(0, 200_000), type, ranges }
  assert.deepEqual(multipartFaults(wanted, fieldsOf(got)), [])
  assert.deepEqual((await ask(filled(), target, headers)).body, got.body)
})

test('a range counts with If-Range as long as the content is the same; HEAD has none', async () => {
  const etag = `"${linkToString(large.root.link)}"`
  const range = 'bytes=0-0,9-9'
  const status = async (headers: Record<string, string>, method?: string): Promise<number> =>
    (await ask(filled(), path, headers, method)).status
  assert.equal(await status({ range, 'if-range': etag }), 206)
  assert.equal(await status({ range, 'if-range': '"other"' }), 200)
  assert.equal(await status({ range, 'if-range': `W/${etag}` }), 200)
  assert.equal(await status({ range }, 'HEAD'), 200)
  const head = await ask(filled(), path, { range }, 'HEAD')
  assert.equal(head.headers.get('content-length'), '1000000')
  assert.equal(head.headers.get('content-type'), 'video/mp4')
})

test('HEAD tells the type that GET tells, and reads what that takes', async () => {
  const bare = `/ipfs/${linkToString(large.root.link)}`
  const world = filled()
  const { headers } = await ask(filled(), bare)
  const head = await ask(world, bare, {}, 'HEAD')
  assert.equal(head.status, 200)
  assert.equal(head.headers.get('content-type'), headers.get('content-type'))
  assert.equal(head.headers.get('content-length'), '1000000')
  assert.equal(head.body.length, 0)
  const [leaf] = large.blocks
  assert.ok(world.openedBytes < 2 * profile.chunkBytes, String(world.openedBytes))
  assert.equal(world.reads[0]!.bytes, 0n)
  const without = new World()
  without.put(alice, [...large.blocks.filter((one) => one !== leaf), ...folder])
  for (const method of ['GET', 'HEAD'])
    assert.equal((await ask(without, bare, {}, method)).status, 404)
})

test('a part that can’t be had is an error, unless the answer has begun', async () => {
  const [leaf] = large.blocks
  const without = new World()
  without.put(alice, [...large.blocks.filter((one) => one !== leaf), ...folder])
  const early = await ask(without, path, { range: 'bytes=0-0,900000-900000' })
  assert.equal(early.status, 404)
  const late = await ask(without, path, { range: 'bytes=900000-900000,0-0' })
  assert.equal(late.status, 206)
  assert.equal(late.broken, true)
})

test('what the client has is told without reading more than tells whether it does', async () => {
  const held = async (target: string, etag: string): Promise<World> => {
    const world = filled()
    const got = await ask(world, target, { 'if-none-match': etag })
    assert.equal(got.status, 304)
    assert.equal(got.body.length, 0)
    return world
  }
  for (const [target, etag] of [
    [`/ipfs/${block64}`, `"${block64}"`],
    [`/ipfs/${block64}?format=raw`, `"${block64}.raw"`],
    [`/ipfs/${root}?format=raw`, `"${root}.raw"`],
  ] as const)
    assert.equal((await held(target, etag)).opened.length, 0, target)
  const file = linkToString(large.root.link)
  const world = await held(`/ipfs/${file}`, `"${file}"`)
  assert.equal(world.opened.length, 1)
})

test('a condition that fails is 412, for HEAD, too, and nobody is billed', async () => {
  for (const method of ['GET', 'HEAD']) {
    const world = filled()
    const got = await ask(world, path, { 'if-match': '"other"' }, method)
    assert.equal(got.status, 412)
    assert.equal(got.headers.get('etag'), undefined)
    assert.equal(world.reads[0]!.flags & READ_FLAGS.content, 0)
  }
  assert.equal((await ask(filled(), path, { 'if-match': '*' })).status, 200)
  // Conditions count for what would be 200 alone.
  assert.equal((await ask(filled(), `/ipfs/${root}`, { 'if-match': '"x"' })).status, 301)
  assert.equal((await ask(filled(), `/ipfs/${root}/no`, { 'if-match': '"x"' })).status, 404)
})

test('pages that we make load nothing and tell nobody where their reader was', async () => {
  const got = await ask(filled(), `/ipfs/${root}/`)
  assert.equal(got.headers.get('referrer-policy'), 'no-referrer')
  assert.match(got.headers.get('content-security-policy')!, /^default-src 'none'/)
  const own = await ask(filled(), path)
  assert.equal(own.headers.get('content-security-policy'), undefined)
})
