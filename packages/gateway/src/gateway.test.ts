import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { OriginFault } from '@turnpike/core/ports/blob'
import { PROFILES, type UnixfsProfile } from '@turnpike/core/unixfs/profile'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import { decodeCar } from '@turnpike/core/car/decode'
import { linkToString } from '@turnpike/core/link'
import { createGateway } from './gateway.ts'
import {
  type Got,
  World,
  alice,
  bob,
  drain,
  fileBlocks,
  folderBlocks,
  gatewayDid,
} from './testing/world.ts'

/** A profile of small chunks, so that small content makes deep trees. */
const tiny: UnixfsProfile = {
  ...PROFILES['unixfs-v1-2025'],
  chunkBytes: 1024,
  fileLinksMax: 4,
}
const tinyV0: UnixfsProfile = { ...PROFILES['unixfs-v0-2015'], chunkBytes: 1024, fileLinksMax: 4 }

function content(sizeBytes: number, seed = 'x'): Buffer {
  const parts: Buffer[] = []
  for (let i = 0; i * 32 < sizeBytes; i++)
    parts.push(createHash('sha256').update(`${seed}${i}`).digest())
  return Buffer.concat(parts).subarray(0, sizeBytes)
}

function get(
  world: World,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  gateway = createGateway(world.deps()),
): Promise<Got> {
  const request = new Request(`http://gateway.example${path}`, { method, headers })
  return gateway.handle(request).then((answer) => drain(answer))
}

test('a file comes back whole in every profile and depth, and is recorded', async () => {
  for (const profile of [tiny, tinyV0])
    for (const sizeBytes of [0, 1, 1023, 1024, 1025, 4096, 5000, 70_000]) {
      const world = new World()
      const bytes = content(sizeBytes)
      const { root, blocks } = fileBlocks(profile, bytes)
      world.put(alice, blocks)
      const got = await get(world, `/ipfs/${linkToString(root.link)}`)
      assert.equal(got.status, 200)
      assert.ok(bytes.equals(got.body), `${sizeBytes} bytes`)
      assert.equal(got.headers.get('content-length'), String(sizeBytes))
      const [read] = world.reads
      assert.equal(read?.bytes, BigInt(sizeBytes))
      assert.equal(read?.space, alice)
      assert.equal(read?.domain, 'gateway.example')
      assert.equal(read!.flags & READ_FLAGS.content, READ_FLAGS.content)
    }
})

test('every range of a file is what slice gives, and touches only its leaves', async () => {
  const bytes = content(20_000)
  const { root, blocks } = fileBlocks(tiny, bytes)
  const path = `/ipfs/${linkToString(root.link)}`
  await fc.assert(
    fc.asyncProperty(fc.nat(19_999), fc.nat(5000), async (first, length) => {
      const world = new World()
      world.put(alice, blocks)
      const last = Math.min(first + length, 19_999)
      const got = await get(world, path, { range: `bytes=${first}-${last}` })
      assert.equal(got.status, 206)
      assert.ok(bytes.subarray(first, last + 1).equals(got.body))
      assert.equal(got.headers.get('content-range'), `bytes ${first}-${last}/20000`)
      const leaves = Math.floor(last / 1024) - Math.floor(first / 1024) + 1
      const interior = 20 * 400
      assert.ok(world.openedBytes <= leaves * 1064 + interior, `${world.openedBytes} for ${leaves}`)
    }),
    { numRuns: 60 },
  )
})

test('ranges that make no sense are ignored, those past the end are 416', async () => {
  const world = new World()
  const { root, blocks } = fileBlocks(tiny, content(3000))
  world.put(alice, blocks)
  const path = `/ipfs/${linkToString(root.link)}`
  for (const range of ['bytes=', 'bytes=5-2', 'lines=1-2', 'bytes=a-b', 'bytes=1-2,x'])
    assert.equal((await get(world, path, { range })).status, 200, range)
  const past = await get(world, path, { range: 'bytes=3000-' })
  assert.equal(past.status, 416)
  assert.equal(past.headers.get('content-range'), 'bytes */3000')
  assert.equal((await get(world, path, { range: 'bytes=-99999' })).body.length, 3000)
})

test('a path of n names loads n + 1 blocks', async () => {
  const world = new World()
  const file = fileBlocks(tiny, content(10))
  let node = { link: file.root.link, dagBytes: 10 }
  const blocks = [...file.blocks]
  for (const name of ['d', 'c', 'b', 'a']) {
    const made = folderBlocks(tiny, [[name, node]])
    blocks.push(...made)
    node = made.at(-1)!
  }
  for (const block of blocks) world.put(alice, [block])
  const got = await get(world, `/ipfs/${linkToString(node.link)}/a/b/c/d`)
  assert.equal(got.status, 200)
  assert.equal(world.opened.length, 5)
  assert.equal(got.headers.get('x-ipfs-roots')?.split(',').length, 5)
})

test('a sharded folder of 10,000 entries is listed without fetching a child', async () => {
  const world = new World()
  const file = fileBlocks(tiny, content(10)).root
  const names = Array.from({ length: 10_000 }, (_, i) => `file-${i}.txt`)
  const blocks = folderBlocks(
    PROFILES['unixfs-v1-2025'],
    names.map((name) => [name, file]),
  )
  world.put(alice, blocks)
  const gateway = createGateway(world.deps())
  const path = `/ipfs/${linkToString(blocks.at(-1)!.link)}/`
  const listing = (await get(world, path, {}, 'GET', gateway)).body
  const text = Buffer.from(listing).toString()
  assert.match(text, /Index of/)
  for (const name of ['file-0.txt', 'file-9999.txt']) assert.ok(text.includes(`>${name}</a>`))
  assert.equal(text.match(/class="ipfs-hash"/g)?.length, 10_000)
  const missing = await get(world, `${path}file-10000.txt`, {}, 'GET', gateway)
  assert.equal(missing.status, 404)
  assert.match(Buffer.from(missing.body).toString(), /no link named "file-10000.txt"/)
  world.put(alice, fileBlocks(tiny, content(10)).blocks)
  const entry = await get(world, `${path}file-77.txt`, {}, 'GET', gateway)
  assert.ok(content(10).equals(entry.body))
  assert.ok(world.opened.length < 20, `${world.opened.length} range reads`)
})

test('a folder redirects to its slash, shows its index.html, else a listing', async () => {
  const world = new World()
  const page = fileBlocks(tiny, Buffer.from('<h1>hi</h1>'))
  const site = folderBlocks(tiny, [['index.html', page.root]])
  const plain = folderBlocks(tiny, [['a b?.txt', page.root]])
  world.put(alice, [...page.blocks, ...site, ...plain])
  const sitePath = `/ipfs/${linkToString(site.at(-1)!.link)}`
  const moved = await get(world, `${sitePath}?x=1`)
  assert.equal(moved.status, 301)
  assert.equal(moved.headers.get('location'), `${sitePath}/?x=1`)
  const shown = await get(world, `${sitePath}/`)
  assert.equal(shown.headers.get('content-type'), 'text/html')
  assert.equal(shown.headers.get('etag'), `"${linkToString(site.at(-1)!.link)}"`)
  const listing = await get(world, `/ipfs/${linkToString(plain.at(-1)!.link)}/`)
  assert.match(Buffer.from(listing.body).toString(), /href="[^"]*\/a%20b%3F\.txt">a b\?\.txt</)
})

test('a CAR holds the path, then each block of the target once, depth first', async () => {
  const world = new World()
  const bytes = Buffer.concat([content(5000), content(5000)])
  const file = fileBlocks(tiny, bytes)
  const folder = folderBlocks(tiny, [['f', file.root]])
  world.put(alice, [...file.blocks, ...folder])
  const root = folder.at(-1)!.link
  const got = await get(world, `/ipfs/${linkToString(root)}/f?format=car`)
  const { header, frames } = decodeCar(got.body).ok!
  assert.deepEqual(header.roots.map(linkToString), [linkToString(file.root.link)])
  assert.equal(linkToString(frames[0]!.link), linkToString(root))
  assert.equal(linkToString(frames[1]!.link), linkToString(file.root.link))
  const cids = frames.map((frame) => linkToString(frame.link))
  assert.equal(new Set(cids).size, cids.length)
  const expected = new Set([...file.blocks, ...folder].map((block) => linkToString(block.link)))
  assert.deepEqual(new Set(cids), expected)
  assert.equal(world.reads[0]?.bytes, BigInt(got.body.length))
})

test('a bit flipped anywhere in a blob is never served', async () => {
  const bytes = content(20_000)
  const { root, blocks } = fileBlocks(tiny, bytes)
  const path = `/ipfs/${linkToString(root.link)}`
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(7), async (position, bit) => {
      const world = new World()
      world.put(alice, blocks)
      world.flip = { position: position % 22_000, mask: 1 << bit }
      const got = await get(world, path)
      if (got.status === 200) assert.ok(bytes.subarray(0, got.body.length).equals(got.body))
      else assert.equal(got.status, 502)
    }),
    { numRuns: 100 },
  )
})

test('a lying origin is left for the next one, and both are accounted for', async () => {
  const world = new World()
  const bytes = content(20_000)
  const { root, blocks } = fileBlocks(tiny, bytes)
  world.put(alice, blocks, ['https://liar.example', 'https://good.example'])
  world.onFill = (url) =>
    url.includes('liar') ? new OriginFault('OriginLied', url, 'short answer') : undefined
  const got = await get(world, `/ipfs/${linkToString(root.link)}`)
  assert.ok(bytes.equals(got.body))
  const fetched = new Map(world.fetches.map((fetch) => [fetch.provider, fetch]))
  assert.equal(fetched.get('https://liar.example')?.bytes, 0n)
  assert.ok(fetched.get('https://liar.example')!.failed > 0)
  assert.ok(fetched.get('https://good.example')!.bytes >= 20_000n)
  assert.deepEqual(fetched.get('https://good.example')?.id, world.reads[0]?.id)
})

test('when all origins fail the answer is 502 or 504 and says nothing of them', async () => {
  const faults = [
    ['OriginUnavailable', 502],
    ['OriginTimeout', 504],
  ] as const
  for (const [name, status] of faults) {
    const world = new World()
    const { root, blocks } = fileBlocks(tiny, content(5000))
    world.put(alice, blocks, ['https://secret.example/x?token=1'])
    world.onFill = (url) => new OriginFault(name, url, 'secret cause')
    const got = await get(world, `/ipfs/${linkToString(root.link)}`)
    assert.equal(got.status, status)
    assert.doesNotMatch(Buffer.from(got.body).toString(), /secret/)
    assert.equal(world.reads[0]!.flags & READ_FLAGS.originFailed, READ_FLAGS.originFailed)
    assert.equal(world.reads[0]!.flags & READ_FLAGS.content, 0)
  }
})

test('an origin that fails in the middle breaks the body instead of ending it', async () => {
  const world = new World()
  const bytes = content(3_000_000)
  const { root, blocks } = fileBlocks({ ...tiny, chunkBytes: 262_144 }, bytes)
  world.put(alice, blocks, ['https://one.example'])
  let fills = 0
  world.onFill = (url) => (++fills > 3 ? new OriginFault('OriginLied', url, 'reset') : undefined)
  const got = await get(world, `/ipfs/${linkToString(root.link)}`)
  assert.equal(got.status, 200)
  assert.equal(got.broken, true)
  assert.ok(bytes.subarray(0, got.body.length).equals(got.body))
  assert.equal(world.reads[0]?.bytes, BigInt(got.body.length))
})

test('a root that links to another space reads nothing of it, cold or warm', async () => {
  const world = new World()
  const secret = fileBlocks(tiny, content(3000, 'secret'))
  const stolen = folderBlocks(tiny, [['loot', secret.root]])
  world.put(bob, secret.blocks)
  world.put(alice, stolen)
  const gateway = createGateway(world.deps())
  const path = `/ipfs/${linkToString(stolen.at(-1)!.link)}/loot`
  assert.equal((await get(world, path, {}, 'GET', gateway)).status, 404)
  const own = `/ipfs/${linkToString(secret.root.link)}`
  assert.equal((await get(world, own, {}, 'GET', gateway)).status, 200)
  assert.equal((await get(world, path, {}, 'GET', gateway)).status, 404)
  const car = await get(world, `${path.slice(0, -5)}?format=car`, {}, 'GET', gateway)
  assert.equal(car.status, 404)
})

test('what no space lets us serve looks like what is not there; the log knows', async () => {
  const world = new World()
  const { root, blocks } = fileBlocks(tiny, content(100))
  world.put(bob, blocks)
  world.granted.delete(bob)
  const refused = await get(world, `/ipfs/${linkToString(root.link)}`)
  const absent = await get(world, `/ipfs/${linkToString(fileBlocks(tiny, content(9)).root.link)}`)
  assert.equal(refused.status, 404)
  assert.deepEqual(refused.body, absent.body)
  assert.deepEqual(
    world.reads.map((read) => read.deny),
    [5, 0],
  )
  assert.equal(world.reads[0]!.flags & READ_FLAGS.allowed, 0)
})

test('a revoked space is refused within a second, from a warm cache too', async () => {
  const world = new World()
  const { root, blocks } = fileBlocks(tiny, content(100))
  world.put(alice, blocks)
  const gateway = createGateway(world.deps())
  const path = `/ipfs/${linkToString(root.link)}`
  assert.equal((await get(world, path, {}, 'GET', gateway)).status, 200)
  world.granted.delete(alice)
  world.tick(1000)
  assert.equal((await get(world, path, {}, 'GET', gateway)).status, 404)
})

test('where the first space lacks a block the next one answers and pays', async () => {
  const world = new World()
  const { root, blocks } = fileBlocks(tiny, content(3000))
  world.put(alice, [blocks.at(-1)!])
  world.put(bob, blocks)
  const got = await get(world, `/ipfs/${linkToString(root.link)}`)
  assert.equal(got.status, 200)
  assert.equal(world.reads[0]?.space, bob)
})

test('identity CIDs are served to all on the account of the operator', async () => {
  const world = new World()
  const got = await get(world, '/ipfs/bafkqabtimvwgy3yk')
  assert.equal(Buffer.from(got.body).toString(), 'hello\n')
  assert.equal(world.reads[0]?.space, gatewayDid)
  assert.equal((await get(world, '/ipfs/bafkqaaa?format=raw')).body.length, 0)
})

test('HEAD tells what GET would, opens no body and asks no origin for one', async () => {
  const world = new World()
  const { root, blocks } = fileBlocks(tiny, content(5000))
  const folder = folderBlocks(tiny, [['data.bin', root]])
  world.put(alice, [...blocks, ...folder], ['https://one.example'])
  const path = `/ipfs/${linkToString(folder.at(-1)!.link)}/data.bin`
  const head = await get(world, path, {}, 'HEAD')
  const reads = world.opened.length
  assert.equal(reads, 2)
  const whole = await get(world, path)
  for (const name of ['content-length', 'content-type', 'etag', 'cache-control', 'x-ipfs-roots'])
    assert.equal(head.headers.get(name), whole.headers.get(name), name)
  assert.equal(world.reads[0]?.bytes, 0n)
  assert.equal(world.reads[0]!.flags & READ_FLAGS.head, READ_FLAGS.head)
})

test('one fetch serves a thousand who ask at once', async () => {
  const world = new World()
  const bytes = content(200_000)
  const { root, blocks } = fileBlocks({ ...tiny, chunkBytes: 16_384 }, bytes)
  world.put(alice, blocks, ['https://one.example'])
  const gateway = createGateway(world.deps())
  const path = `/ipfs/${linkToString(root.link)}`
  const all = await Promise.all(
    Array.from({ length: 1000 }, () => get(world, path, {}, 'GET', gateway)),
  )
  assert.ok(all.every((got) => got.body.length === bytes.length))
  assert.ok(world.openedBytes < bytes.length * 1.05, `${world.openedBytes} of ${bytes.length}`)
})

test('a client that leaves stops what is read for it alone', async () => {
  const world = new World()
  const bytes = content(8_000_000)
  const { root, blocks } = fileBlocks({ ...tiny, chunkBytes: 262_144, fileLinksMax: 64 }, bytes)
  world.put(alice, blocks, ['https://one.example'])
  const gateway = createGateway(world.deps())
  let stalled: (() => void) | undefined
  let fills = 0
  world.onFill = () =>
    ++fills === 8 ? new Promise((resolve) => (stalled = () => resolve(undefined))) : undefined
  const request = new Request(`http://gateway.example/ipfs/${linkToString(root.link)}`)
  const got = await drain(await gateway.handle(request), 1_000_000)
  stalled?.()
  assert.ok(got.body.length < bytes.length)
  await new Promise(setImmediate)
  assert.ok(world.opened.at(-1)!.signal.aborted || world.openedBytes < bytes.length)
  assert.equal(world.reads[0]!.flags & READ_FLAGS.clientLeft, READ_FLAGS.clientLeft)
})

test('a token is never part of a kept answer', async () => {
  const world = new World()
  const { root, blocks } = fileBlocks(tiny, content(100))
  world.put(alice, blocks)
  const gateway = createGateway(world.deps())
  const path = `/ipfs/${linkToString(root.link)}`
  await get(world, path, { authorization: 'Bearer secret' }, 'GET', gateway)
  await get(world, path, {}, 'GET', gateway)
  await get(world, path, {}, 'GET', gateway)
  const cached = world.reads.map((read) => (read.flags & READ_FLAGS.fromCache) !== 0)
  assert.equal(cached.at(-1), true)
})

test('requests that are wrong get the status that says so', async () => {
  const world = new World()
  const wrong = [
    ['/', 404],
    ['/ipfs/nonsense', 400],
    ['/ipfs/bafkqaaa/%ff', 400],
    ['/ipfs/bafkqaaa?format=zip', 406],
    [`/ipfs/bafkqaaa/${'a/'.repeat(200)}`, 400],
    [`/ipfs/bafkqaaa?x=${'a'.repeat(20_000)}`, 414],
  ] as const
  for (const [path, status] of wrong) {
    const got = await get(world, path)
    assert.equal(got.status, status, path.slice(0, 40))
    assert.equal(got.headers.get('access-control-allow-origin'), '*')
    assert.match(got.headers.get('content-type')!, /^text\/plain/)
  }
  assert.equal((await get(world, '/ipfs/bafkqaaa', {}, 'POST')).status, 405)
  assert.equal((await get(world, '/ipfs/bafkqaaa', {}, 'OPTIONS')).status, 204)
  assert.equal(world.reads.length, wrong.length + 2)
  assert.ok(world.reads.every((read) => (read.flags & READ_FLAGS.content) === 0))
})

test('an unchanged representation is 304 whatever form the tag has', async () => {
  const world = new World()
  const { root, blocks } = fileBlocks(tiny, content(100))
  world.put(alice, blocks)
  const cid = linkToString(root.link)
  for (const tag of [`"${cid}"`, `W/"${cid}"`, `"other", "${cid}"`, '*']) {
    const got = await get(world, `/ipfs/${cid}`, { 'if-none-match': tag })
    assert.equal(got.status, 304, tag)
    assert.equal(got.body.length, 0)
  }
  assert.equal((await get(world, `/ipfs/${cid}`, { 'if-none-match': '"x"' })).status, 200)
})

test('without room in the journal nothing is served and nothing recorded', async () => {
  const world = new World()
  const { root, blocks } = fileBlocks(tiny, content(100))
  world.put(alice, blocks)
  let unrecorded = 0
  const { observer } = world.deps()
  const gateway = createGateway({
    ...world.deps(),
    journal: { admit: () => undefined },
    observer: { ...observer, unrecorded: () => unrecorded++ },
  })
  const got = await get(world, `/ipfs/${linkToString(root.link)}`, {}, 'GET', gateway)
  assert.equal(got.status, 503)
  assert.ok(got.headers.get('retry-after'))
  assert.equal(unrecorded, 1)
  assert.equal(world.opened.length, 0)
})
