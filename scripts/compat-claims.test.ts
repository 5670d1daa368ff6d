/**
 * Storacha's clients of claims, from their tree in `compat/`, against a running Turnpike. `npm run
 * compat` installs the tree; without it the tests are skipped.
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import { startTestOrigin } from '@turnpike/node/testing/origin'
import { contentOf } from './campaigns/rig/random.ts'
import { endProcesses, turnpikeJson } from './campaigns/rig/turnpike.ts'
import {
  loadClients,
  serveGateway,
  skip,
  statusOf,
  within1s,
  type Answered,
  type Clients,
  type Gateway,
  type Packed,
} from './storacha-clients.ts'

const KINDS = ['assert/index', 'assert/location', 'assert/location']
/** A file of more than one block, and of more bytes than an answer that is kept whole. */
const LARGE_BYTES = 3_000_000
const ABSENT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

let clients: Clients
let scratch: string
let data: string
let gateway: Gateway
/** DID of the space that is served to all. */
let space: string
let root: string
let shard: string

if (!skip) {
  before(async () => {
    clients = await loadClients()
    scratch = await mkdtemp(join(tmpdir(), 'turnpike-compat-'))
    data = join(scratch, 'data')
    await mkdir(join(scratch, 'files'))
    await writeFile(join(scratch, 'files', 'small.txt'), 'claimed content')
    await writeFile(join(scratch, 'files', 'large.bin'), contentOf('large', LARGE_BYTES))
    const added = await turnpikeJson('add', join(scratch, 'files'), '--data', data)
    root = (added.roots as [{ readonly cid: string }])[0].cid
    shard = textOf((added.shards as [{ readonly cid: string }])[0].cid)
    space = String((await turnpikeJson('whoami', '--data', data)).defaultSpace)
    const port = String(await freePort())
    const publicUrl = `http://127.0.0.1:${port}`
    const flags = ['--port', port, '--public-url', publicUrl, '--allow-private-origins']
    gateway = await serveGateway(data, ...flags)
  })

  after(async () => {
    await endProcesses()
    await rm(scratch, { recursive: true, force: true })
  })
}

/** The public address goes into claims, and has to be known before the gateway listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The multihash of a CID, as addresses of blobs have it. */
function textOf(cid: string): string {
  return base58btc.encode(CID.parse(cid).multihash.bytes)
}

function kindsOf(claims: Answered['claims']): string[] {
  return claims.map(({ type }) => type).toSorted()
}

async function blob(url: string): Promise<Uint8Array> {
  const response = await fetch(url)
  assert.equal(response.status, 200, url)
  return new Uint8Array(await response.arrayBuffer())
}

test('indexing-service-client finds what was added, by any block of it', { skip }, async () => {
  const reader = clients.makeReader(gateway)
  for (const kind of ['standard', 'standard_compressed', 'index_or_location']) {
    const { error, claims, indexes } = await reader.query([root], { kind })
    assert.equal(error, undefined)
    assert.deepEqual(kindsOf(claims), KINDS, kind)
    assert.ok(claims.every(({ issuer }) => issuer === gateway.did))
    assert.ok(claims.every(({ expiration }) => expiration * 1000 > Date.now()))
    assert.deepEqual(
      indexes.map(({ shards }) => shards.map((one) => one.shard)),
      [[shard]],
    )
    const places = claims.filter(({ type }) => type === 'assert/location')
    assert.ok(places.every((place) => place.space === space))
  }
  const [found] = (await reader.query([root])).indexes
  for (const { slice } of found!.shards[0]!.slices) {
    const block = CID.createV1(0x55, Digest.decode(base58btc.decode(slice)))
    const { claims, indexes } = await reader.query([String(block)])
    assert.ok(kindsOf(claims).includes('assert/index'), slice)
    assert.deepEqual(indexes, [found])
  }
})

test('slices of an index are where its claims say, and have their hashes', { skip }, async () => {
  const { claims, indexes } = await clients.makeReader(gateway).query([root])
  let read = 0
  for (const index of indexes)
    for (const { shard: lies, slices } of index.shards) {
      const place = claims.find(({ content, location }) => content === lies && location)
      for (const slice of slices) {
        assert.ok(await clients.readSlice(place!.location![0]!, slice), slice.slice)
        read++
      }
    }
  assert.ok(read > 5, `${read} slices`)
})

test('blob-fetcher finds blocks by claims, and reads many in one request', { skip }, async () => {
  const { indexes } = await clients.makeReader(gateway).query([root])
  const blocks = indexes[0]!.shards[0]!.slices.map(({ slice }) => slice)
  const asked = blocks.filter((block) => block !== shard)
  assert.equal(await clients.fetchBlocks(gateway, asked), asked.length)
})

test('spaces and types select, and what is nowhere is no error', { skip }, async () => {
  const reader = clients.makeReader(gateway)
  const mine = await reader.query([root], { spaces: [space] })
  assert.deepEqual(kindsOf(mine.claims), KINDS)
  const { did } = await clients.makeOwner(gateway)
  for (const none of [
    await reader.query([root], { spaces: [did] }),
    await reader.query([root], { kind: 'location' }),
    await reader.query([ABSENT]),
  ])
    assert.deepEqual(none, { claims: [], indexes: [] })
  const both = await reader.query([root, ABSENT])
  assert.deepEqual(kindsOf(both.claims), KINDS)
  assert.match(
    (await reader.query([root, ABSENT], { kind: 'x' })).error!.message,
    /400.*query type/,
  )
})

test('claims of a private space are told to whoever has its token', { skip }, async () => {
  const owner = await clients.makeOwner(gateway)
  await turnpikeJson('space', 'create', 'private', '--did', owner.did, '--data', data)
  const file = join(scratch, 'private.txt')
  await writeFile(file, 'told to some')
  const added = await turnpikeJson('add', file, '--space', 'private', '--data', data)
  const [{ cid }] = added.roots as [{ readonly cid: string }]
  assert.equal((await owner.serveWithToken('s3cret')).error, undefined)
  const asked = async (token?: string): Promise<number> => {
    const spaces = [owner.did]
    return (await clients.makeReader(gateway, token).query([cid], { spaces })).claims.length
  }
  assert.deepEqual([await asked(), await asked('other'), await asked('s3cret')], [0, 0, 3])
})

test('the content-claims client reads the same claims', { skip }, async () => {
  const reader = clients.makeReader(gateway)
  const { claims } = await reader.query([root])
  const byRoot = await reader.read(root)
  const order = (list: Answered['claims']): string[] =>
    list.map((claim) => JSON.stringify(claim)).toSorted()
  assert.deepEqual(order(byRoot), order(claims))
  assert.deepEqual(order(await reader.read(root, ['parts', 'includes', 'children'])), order(claims))
  assert.deepEqual(await reader.read(ABSENT), [])
  const places = await reader.read(CID.createV1(0x0202, CID.parse(root).multihash).toString())
  assert.equal(places.length, claims.length)
})

test(
  'blob-index reads our index, writes the same bytes, and finds the same itself',
  { skip },
  async () => {
    const reader = clients.makeReader(gateway)
    const { claims, indexes } = await reader.query([root])
    const urlOf = (multihash: string): string =>
      claims.find(({ content, location }) => content === multihash && location)!.location![0]!
    const archive = await blob(urlOf(textOf(indexes[0]!.cid)))
    const { isSame, ...read } = await clients.readIndex(archive)
    assert.equal(isSame, true)
    const { cid, ...answered } = indexes[0]!
    assert.deepEqual(read, answered)
    assert.equal(claims.find(({ index }) => index)!.index, cid)
    const found = await clients.indexShards(read.content, [await blob(urlOf(shard))])
    const order = ({ shards }: typeof found): string[] =>
      // The shard is in its own index, too, as the field's uploader has it.
      shards[0]!.slices
        .filter(({ slice }) => slice !== shard)
        .map((one) => JSON.stringify(one))
        .toSorted()
    assert.deepEqual(order(read), order(found))
  },
)

/** Puts packed content on a server of its own. */
async function putAway(
  t: TestContext,
  { shard: bytes, index }: Packed,
): Promise<{ readonly shardUrl: string; readonly indexUrl: string }> {
  const origin = await startTestOrigin()
  t.after(() => origin.close())
  origin.put('/shard', bytes)
  origin.put('/index', index)
  return { shardUrl: `${origin.url}/shard`, indexUrl: `${origin.url}/index` }
}

test(
  'content that Storacha’s client packs is served from where its claims say',
  { skip },
  async (t) => {
    const owner = await clients.makeOwner(gateway)
    const text = 'packed elsewhere '.repeat(200_000)
    const packed = await clients.pack(text)
    const at = await putAway(t, packed)
    const url = `${gateway.url}/ipfs/${packed.root}`
    assert.equal(await statusOf(url), 404)
    assert.equal((await owner.serve()).error, undefined)
    assert.deepEqual(await clients.publish(gateway, owner.key, packed, at), ['ok', 'ok', 'ok'])
    await within1s(url, 200)
    const got = await (await fetch(url)).text()
    assert.ok(got === text, `${text.length} characters expected, got others, ${got.length}`)
    const { claims, indexes } = await clients.makeReader(gateway).query([packed.root])
    assert.deepEqual(kindsOf(claims), KINDS)
    assert.ok(claims.every(({ issuer }) => issuer === owner.did))
    const { isSame, ...read } = await clients.readIndex(packed.index)
    assert.equal(isSame, true)
    const link = CID.createV1(0x0202, await sha256.digest(packed.index))
    assert.deepEqual(indexes, [{ cid: String(link), ...read }])
  },
)

test('an index that lies is refused, and hides nothing of others', { skip }, async (t) => {
  const owner = await clients.makeOwner(gateway)
  assert.equal((await owner.serve()).error, undefined)
  const packed = await clients.pack('a shard of a liar')
  const lying = { ...packed, root, index: await clients.lie(root, packed.shard) }
  const at = await putAway(t, lying)
  const outcomes = await clients.publish(gateway, owner.key, lying, at)
  assert.deepEqual(outcomes, ['ok', 'ok', 'IndexLied'])
  const { indexes } = await clients.makeReader(gateway).query([root])
  assert.deepEqual(
    indexes.map(({ shards }) => shards[0]!.shard),
    [shard],
  )
})

test('nobody publishes in the name of the gateway without its leave', { skip }, async () => {
  const { key } = await clients.makeOwner(gateway)
  const packed = await clients.pack('whose?')
  const outcomes = await clients.publishAsService(gateway, key, packed)
  assert.deepEqual(outcomes, ['Unauthorized', 'Unauthorized'])
})
