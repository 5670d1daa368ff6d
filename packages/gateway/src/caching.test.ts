import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkToString } from '@turnpike/core/link'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { CacheRules, type Lifetime, type SharedCaching } from './caching.ts'
import { createGateway } from './gateway.ts'
import type { GatewayDeps } from './deps.ts'
import { type Got, World, alice, drain, fileBlocks, folderBlocks } from './testing/world.ts'

const NAMELESS = { name: undefined }
const named = (ttlMs: number | undefined) => ({ name: { text: 'example.org', ttlMs } })
const IMMUTABLE = 'public, max-age=29030400, immutable'

function lines(
  shared: Partial<SharedCaching>,
  lifetime: Lifetime,
  path: Parameters<CacheRules['linesOf']>[1] = NAMELESS,
  byToken = false,
): Record<string, string> {
  const rules = new CacheRules({ cdnCache: 'as-browser', cacheTags: false, ...shared })
  return Object.fromEntries(rules.linesOf({ lifetime, tags: 'bafya,bafyb' }, path, byToken))
}

test('unless told, shared caches are told nothing of their own', () => {
  assert.deepEqual(lines({}, 'immutable'), { 'Cache-Control': IMMUTABLE })
  assert.deepEqual(lines({}, 'generated'), {
    'Cache-Control': 'public, max-age=604800, stale-while-revalidate=2678400',
  })
  assert.deepEqual(lines({}, 'unsaid'), {})
  assert.deepEqual(lines({}, 'immutable', named(1_234_567)), {
    'Cache-Control': 'public, max-age=1234',
  })
  assert.deepEqual(lines({}, 'immutable', named(undefined)), {})
})

test('shared caches may be told to keep nothing, whatever browsers keep', () => {
  const shared = { cdnCache: 'no-store' } as const
  for (const lifetime of ['immutable', 'generated', 'unsaid'] as const)
    for (const path of [NAMELESS, named(60_000), named(undefined)]) {
      const { 'CDN-Cache-Control': cdn, ...browser } = lines(shared, lifetime, path)
      assert.equal(cdn, 'no-store')
      assert.deepEqual(browser, lines({}, lifetime, path))
    }
})

test('shared caches may be told seconds, and never more than a name holds', () => {
  const shared = { cdnCache: 600 }
  const cdn = (...args: [Lifetime, ReturnType<typeof named>?]): string | undefined =>
    lines(shared, ...args)['CDN-Cache-Control']
  assert.equal(cdn('immutable'), 'max-age=600')
  assert.equal(cdn('generated'), 'max-age=600')
  assert.equal(cdn('unsaid'), undefined)
  assert.equal(cdn('immutable', named(60_000)), 'max-age=60')
  assert.equal(cdn('immutable', named(6_000_000)), 'max-age=600')
  assert.equal(cdn('immutable', named(undefined)), undefined)
})

test('tags are told when asked for; what a token opened is kept by nobody, and has none', () => {
  assert.equal(lines({}, 'immutable')['Cache-Tag'], undefined)
  assert.equal(lines({ cacheTags: true }, 'immutable')['Cache-Tag'], 'bafya,bafyb')
  for (const shared of [{}, { cdnCache: 3600, cacheTags: true }] as const)
    assert.deepEqual(lines(shared, 'immutable', NAMELESS, true), {
      'Cache-Control': 'private, no-store',
      'CDN-Cache-Control': 'no-store',
    })
})

const profile = PROFILES['unixfs-v1-2025']
const text = fileBlocks(profile, new TextEncoder().encode('text'))
const folder = folderBlocks(profile, [['a.txt', text.root]])
const root = linkToString(folder.at(-1)!.link)

async function get(
  path: string,
  deps: Partial<GatewayDeps>,
  headers: Record<string, string> = {},
): Promise<Got> {
  const world = new World()
  world.put(alice, [...text.blocks, ...folder])
  const request = {
    method: 'GET',
    url: `http://gateway.example${path}`,
    headers: { get: (name: string) => headers[name] ?? null },
    signal: new AbortController().signal,
  }
  return drain(await createGateway(world.deps(deps)).handle(request))
}

test('content, parts, 304 and redirects say it; errors are kept by nobody', async () => {
  const sharedCaching = { cdnCache: 'no-store', cacheTags: true } as const
  const cases = [
    [`/ipfs/${root}/a.txt`, {}, 200],
    [`/ipfs/${root}/a.txt`, { range: 'bytes=0-0' }, 206],
    [`/ipfs/${root}/a.txt`, { 'if-none-match': '*' }, 304],
    [`/ipfs/${root}`, {}, 301],
    [`/ipfs/${root}/`, {}, 200],
    [`/ipfs/${root}?format=car`, {}, 200],
  ] as const
  for (const [path, headers, status] of cases) {
    const got = await get(path, { sharedCaching }, headers)
    assert.equal(got.status, status)
    assert.equal(got.headers.get('cdn-cache-control'), 'no-store', path)
    assert.match(got.headers.get('cache-tag')!, new RegExp(`^${root}(,|$)`))
  }
  const inner = await get(`/ipfs/${root}/a.txt`, { sharedCaching })
  assert.equal(inner.headers.get('cache-tag'), `${root},${linkToString(text.root.link)}`)
  const moved = await get(`/ipfs/?uri=ipfs://${root}`, { sharedCaching })
  assert.equal(moved.status, 301)
  assert.equal(moved.headers.get('cdn-cache-control'), 'no-store')
  const absent = await get(`/ipfs/${root}/no`, { sharedCaching })
  assert.equal(absent.headers.get('cache-control'), 'no-store')
  assert.equal(absent.headers.get('cache-tag'), undefined)
})

test('what a token opened is private, its redirects too', async () => {
  const authorizer: GatewayDeps['authorizer'] = {
    authorize: (space, token) => ({
      ok: { space, expiresMs: undefined, byToken: token !== undefined },
    }),
  }
  for (const path of [`/ipfs/${root}/a.txt`, `/ipfs/${root}`]) {
    const gated = await get(`${path}?authToken=secret`, { authorizer })
    assert.equal(gated.headers.get('cache-control'), 'private, no-store')
    assert.equal(gated.headers.get('cdn-cache-control'), 'no-store')
    const open = await get(path, { authorizer })
    assert.equal(open.headers.get('cache-control'), IMMUTABLE)
  }
  const small = { authorizer, responseBytesMax: 1 }
  const refused = await get(`/ipfs/${root}/a.txt?authToken=secret`, small)
  assert.deepEqual([refused.status, refused.headers.get('cache-control')], [410, 'no-store'])
})

test('records of names are kept as long as they may be, and by a CDN as it is told', async () => {
  const record = { value: '/ipfs/bafkqaaa', sequence: 1n, eolMs: Infinity, ttlMs: 60_000 }
  const ask = async (ttlMs: number | undefined, shared: Partial<SharedCaching>): Promise<Got> => {
    const found = { bytes: Uint8Array.of(1), record, ttlMs }
    const nameRecords = { find: () => ({ ok: found }), publish: undefined }
    const sharedCaching = { cdnCache: 'as-browser', cacheTags: false, ...shared } as const
    const path = '/ipns/k51qzi5uqu5dk3v4rmjber23h16xnr23bsggmqqil9z2gduiis5se8dht36dam'
    const got = await get(`${path}?format=ipns-record`, { nameRecords, sharedCaching })
    assert.equal(got.status, 200)
    return got
  }
  const plain = await ask(60_000, {})
  assert.equal(plain.headers.get('cache-control'), 'public, max-age=60')
  assert.equal(plain.headers.get('cdn-cache-control'), undefined)
  const short = await ask(60_000, { cdnCache: 10 })
  assert.equal(short.headers.get('cache-control'), 'public, max-age=60')
  assert.equal(short.headers.get('cdn-cache-control'), 'max-age=10')
  const unsaid = await ask(undefined, { cdnCache: 'no-store' })
  assert.equal(unsaid.headers.get('cache-control'), undefined)
  assert.equal(unsaid.headers.get('cdn-cache-control'), 'no-store')
})
