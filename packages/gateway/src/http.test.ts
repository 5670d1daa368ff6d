/** What a gateway makes of HTTP beyond the path. @module */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkToString } from '@turnpike/core/link'
import { CACHED_TIMEOUT_MS, RETRIEVAL_TIMEOUT_MS } from '@turnpike/core/limits'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { createGateway } from './gateway.ts'
import { pbBlock, rawBlock } from './testing/blocks.ts'
import { type Got, World, alice, drain, fileBlocks, folderBlocks } from './testing/world.ts'

const text = rawBlock(new TextEncoder().encode('text'))
const cid = linkToString(text.link)
/** A file of two bytes with an mtime of 1,000,000,000 s. */
const old = pbBlock(
  [],
  [
    Uint8Array.of(0x08, 2, 0x12, 2, 0x68, 0x69, 0x18, 2),
    Uint8Array.of(0x42, 6, 0x08, 0x80, 0x94, 0xeb, 0xdc, 0x03),
  ],
)

async function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Got> {
  const world = new World()
  world.put(alice, [text, old])
  const request = {
    method,
    url: `http://gateway.example${path}`,
    headers: { get: (name: string) => headers[name] ?? null },
    signal: new AbortController().signal,
  }
  return drain(await createGateway(world.deps()).handle(request))
}

test('a URI leads to its path, and only one of content does', async () => {
  const cases = [
    [`ipfs://${cid}`, `/ipfs/${cid}`],
    [`ipfs://${cid}/a%20b?x=1`, `/ipfs/${cid}/a%20b?x=1`],
    ['ipns://example.org/x', '/ipns/example.org/x'],
    ['IPNS://example.org', '/ipns/example.org'],
  ] as const
  for (const [uri, location] of cases) {
    const got = await get(`/ipfs/?uri=${encodeURIComponent(uri)}`)
    assert.equal(got.status, 301, uri)
    assert.equal(got.headers.get('location'), location)
  }
  for (const uri of ['https://evil.example/', 'ipfs:', 'ipfs:///x', '//evil', 'ipfs://a b', ''])
    assert.equal((await get(`/ipfs/?uri=${encodeURIComponent(uri)}`)).status, 400, uri)
})

test('a doubled namespace leads to the one path, if that is one', async () => {
  const got = await get(`/ipfs/ipfs/${cid}/a?b=c`)
  assert.equal(got.status, 301)
  assert.equal(got.headers.get('location'), `/ipfs/${cid}/a?b=c`)
  assert.equal((await get('/ipfs/ipns/example.org')).headers.get('location'), '/ipns/example.org')
  assert.equal((await get('/ipfs/ipfs/nonsense')).status, 400)
})

test('no service worker is handed out for a whole namespace', async () => {
  const script = { 'service-worker': 'script' }
  assert.equal((await get(`/ipfs/${cid}`, script)).status, 400)
  assert.equal((await get(`/ipfs/${cid}/`, script)).status, 200)
  assert.equal((await get(`/ipfs/${cid}`)).status, 200)
})

test('who wants only what is here gets it, or 412', async () => {
  const cached = { 'cache-control': 'only-if-cached' }
  const absent = linkToString(rawBlock(Uint8Array.of(1, 2, 3)).link)
  assert.equal((await get(`/ipfs/${cid}`, cached)).status, 200)
  assert.equal((await get(`/ipfs/${cid}`, cached, 'HEAD')).status, 200)
  for (const method of ['GET', 'HEAD'])
    assert.equal((await get(`/ipfs/${absent}`, cached, method)).status, 412)
  assert.equal((await get(`/ipfs/${absent}`)).status, 404)
})

test('who wants only what is here makes nobody fetch it, and does not wait', async () => {
  const profile = { ...PROFILES['unixfs-v1-2025'], chunkBytes: 4, fileLinksMax: 2 }
  const file = fileBlocks(profile, new TextEncoder().encode('far away'))
  const folder = folderBlocks(profile, [
    ['file', file.root],
    ['far', fileBlocks(profile, Uint8Array.of(1)).root],
  ])
  const root = linkToString(folder.at(-1)!.link)
  const cached = { 'cache-control': 'only-if-cached' }
  const ask = async (world: World, path: string, method: string, headers = cached) => {
    const signal = new AbortController().signal
    const url = `http://gateway.example${path}`
    const request = { method, url, headers: new Headers(headers), signal }
    return (await drain(await createGateway(world.deps()).handle(request))).status
  }
  const far = 'https://origin.example/blob'
  const world = new World()
  world.put(alice, [...file.blocks, text], [far])
  world.put(alice, folder)
  for (const method of ['GET', 'HEAD']) {
    const paths = [`/ipfs/${root}/file`, `/ipfs/${linkToString(file.root.link)}`, `/ipfs/${cid}`]
    paths.push(`/ipfs/${cid}?format=raw`, `/ipfs/${root}/file?format=car`)
    for (const path of paths) assert.equal(await ask(world, path, method), 412, path)
    assert.equal(await ask(world, `/ipfs/${root}/`, method), 200)
  }
  assert.ok(world.opened.every(({ url }) => url === 'local:'))
  for (const value of ['no-cache', 'only-if-cached, max-age=0'])
    assert.equal(await ask(world, `/ipfs/${cid}`, 'GET', { 'cache-control': value }), 200, value)
})

test('what is here but slow to come is not here, for who does not want to wait', async () => {
  const world = new World()
  world.put(alice, [text])
  world.onFill = () => new Promise(() => {})
  const delays: number[] = []
  const after = (delayMs: number, call: () => void): (() => void) => {
    delays.push(delayMs)
    setImmediate(call)
    return () => {}
  }
  const gateway = createGateway(world.deps({ timer: { after } }))
  const ask = async (headers: Record<string, string>): Promise<number> => {
    const { signal } = new AbortController()
    const url = `http://gateway.example/ipfs/${cid}`
    const request = { method: 'GET', url, headers: new Headers(headers), signal }
    return (await drain(await gateway.handle(request))).status
  }
  assert.equal(await ask({ 'cache-control': 'only-if-cached' }), 412)
  assert.equal(await ask({}), 504)
  assert.deepEqual(delays, [CACHED_TIMEOUT_MS, RETRIEVAL_TIMEOUT_MS])
})

test('a file has a disposition when the query asks for one', async () => {
  const of = async (query: string): Promise<string | undefined> =>
    (await get(`/ipfs/${cid}${query}`)).headers.get('content-disposition')
  assert.equal(await of(''), undefined)
  assert.equal(await of('?download=true'), 'attachment')
  assert.equal(await of('?filename=a.txt'), `inline; filename="a.txt"; filename*=UTF-8''a.txt`)
  assert.equal(
    await of('?filename=test%D1%82%D0%B5%D1%81%D1%82.tar&download=true'),
    `attachment; filename="test____.tar"; filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.tar`,
  )
})

test('answers vary by Accept, and 304 says so, too', async () => {
  assert.equal((await get(`/ipfs/${cid}`)).headers.get('vary'), 'Accept')
  const got = await get(`/ipfs/${cid}`, { 'if-none-match': `"${cid}"` })
  assert.equal(got.status, 304)
  assert.equal(got.headers.get('vary'), 'Accept')
  assert.match(got.headers.get('cache-control')!, /immutable/)
})

test('a time of change is told, and asked for only without a tag', async () => {
  const path = `/ipfs/${linkToString(old.link)}`
  const at = 'Sun, 09 Sep 2001 01:46:40 GMT'
  assert.equal((await get(path)).headers.get('last-modified'), at)
  const since = async (value: string, more: Record<string, string> = {}): Promise<number> =>
    (await get(path, { 'if-modified-since': value, ...more })).status
  assert.equal(await since(at), 304)
  assert.equal(await since('Sun, 09 Sep 2001 01:46:39 GMT'), 200)
  assert.equal(await since('nonsense'), 200)
  assert.equal(await since(at, { 'if-none-match': '"other"' }), 200)
})
