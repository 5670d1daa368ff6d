/**
 * `_redirects` files of whole sites, through the gateway.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Denylists } from '@turnpike/core/deny/denylist'
import { DenylistParser } from '@turnpike/core/deny/parse'
import { REDIRECTS_FILE_BYTES_MAX } from '@turnpike/core/limits'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import { linkToString } from '@turnpike/core/link'
import type { NameResolver } from '@turnpike/core/ports/names'
import { PROFILES, type UnixfsProfile } from '@turnpike/core/unixfs/profile'
import { ok } from '@turnpike/core/result'
import type { DagNode, UnixfsBlock } from '@turnpike/core/unixfs/block'
import { createGateway } from '../gateway.ts'
import type { GatewayDeps } from '../deps.ts'
import {
  type Got,
  World,
  alice,
  bob,
  drain,
  hasher,
  fileBlocks,
  folderBlocks,
} from '../testing/world.ts'

const profile: UnixfsProfile = { ...PROFILES['unixfs-v1-2025'], chunkBytes: 1024 }

/** Files by name; a folder is a record of its own. */
interface Files {
  readonly [name: string]: string | Files
}

function blocksOf(files: Files): { readonly root: DagNode; readonly blocks: UnixfsBlock[] } {
  const parts = Object.values(files).map((one) =>
    typeof one === 'string' ? fileBlocks(profile, Buffer.from(one)) : blocksOf(one),
  )
  const folder = folderBlocks(
    profile,
    Object.keys(files).map((name, i) => [name, parts[i]!.root]),
  )
  const root = folder.at(-1)! as UnixfsBlock & DagNode
  return { root, blocks: [...parts.flatMap(({ blocks }) => blocks), ...folder] }
}

interface Site {
  readonly world: World
  get(
    path: string,
    headers?: Record<string, string>,
    method?: string,
  ): Promise<Got & { text: string }>
}

type SiteOptions = Partial<GatewayDeps> & { readonly origin?: (cid: string) => string }

/** A site in a space, on a subdomain of its own unless `origin` says otherwise. */
function siteOf(files: Files, { origin: originOf, ...options }: SiteOptions = {}): Site {
  const world = new World()
  const { root, blocks } = blocksOf(files)
  world.put(alice, blocks)
  const gateway = createGateway(world.deps(options))
  const cid = linkToString(root.link)
  const origin = originOf?.(cid) ?? `http://${cid}.ipfs.sub.example`
  return {
    world,
    async get(path, headers = {}, method = 'GET') {
      const request = new Request(`${origin}${path}`, { method, headers })
      const got = await drain(await gateway.handle(request))
      return { ...got, text: Buffer.from(got.body).toString() }
    },
  }
}

const SITE: Files = {
  _redirects:
    '/old/* /new/:splat\n/away https://h.example/\n/lost/* /404.html 404\n/* /app.html 200\n',
  '404.html': 'my 404',
  'app.html': 'my app',
  docs: { 'index.html': 'my docs' },
}

test('a site on a host of its own follows its file, a site on a path does not', async () => {
  const own = await siteOf(SITE).get('/old/a?b=1')
  assert.equal(own.status, 301)
  assert.equal(own.headers.get('location'), '/new/a?b=1')
  assert.match(own.headers.get('cache-control')!, /immutable/)
  assert.equal(own.headers.get('vary'), 'Accept')
  assert.match(own.headers.get('x-ipfs-path')!, /^\/ipfs\/\w+\/old\/a$/)
  const shared = siteOf(SITE, { origin: (cid) => `http://gateway.example/ipfs/${cid}` })
  assert.equal((await shared.get('/old/a')).status, 404)
})

test('a redirect that is not for ever says nothing of how long it holds', async () => {
  const site = siteOf({ _redirects: '/a /b 302\n/c /d 307\n/e /f 308' })
  assert.equal((await site.get('/a')).headers.get('cache-control'), undefined)
  assert.equal((await site.get('/c')).headers.get('cache-control'), undefined)
  assert.match((await site.get('/e')).headers.get('cache-control')!, /immutable/)
})

test('a path that exists is served without a look at the file', async () => {
  const site = siteOf({ ...SITE, _redirects: 'this does not parse' })
  assert.equal((await site.get('/app.html')).text, 'my app')
  assert.equal((await site.get('/docs')).headers.get('location'), '/docs/')
  assert.equal((await site.get('/docs/')).text, 'my docs')
  assert.equal((await site.get('/other')).status, 500)
})

test("a site's own page is billed, our redirect and our error are not", async () => {
  const site = siteOf(SITE)
  assert.equal((await site.get('/lost/x')).text, 'my 404')
  await site.get('/old/x')
  await siteOf({ _redirects: 'bad' }).get('/x')
  const [page, redirect] = site.world.reads
  assert.deepEqual([page!.status, page!.bytes], [404, 6n])
  assert.ok(page!.flags & READ_FLAGS.content)
  assert.equal(redirect!.status, 301)
  assert.equal(redirect!.flags & READ_FLAGS.content, 0)
})

test('rules do not chain, and a target that is not there is missing as asked', async () => {
  const site = siteOf({ _redirects: '/a /b 200\n/b /c 200\n/d /gone.html 404\n', c: 'c' })
  for (const path of ['/a', '/d']) {
    const got = await site.get(path)
    assert.equal(got.status, 404)
    assert.match(got.text, new RegExp(`no link named "${path.slice(1)}"`))
  }
  assert.equal((await site.get('/b')).text, 'c')
})

test('a rewrite to a folder serves its page, and sends nobody in a circle', async () => {
  const site = siteOf({ ...SITE, _redirects: '/d* /docs 200\n/e /docs/ 410\n' })
  for (const path of ['/d', '/d/', '/d/x']) assert.equal((await site.get(path)).text, 'my docs')
  const gone = await site.get('/e')
  assert.deepEqual([gone.status, gone.text], [410, 'my docs'])
})

test('a rewrite to another host is none that a gateway makes', async () => {
  const site = siteOf({ _redirects: '/a https://h.example/ 200\n/b ipfs://bafkqaaa/ 404\n' })
  assert.equal((await site.get('/a')).status, 404)
  assert.equal((await site.get('/b')).status, 404)
})

test('names of a target are decoded once', async () => {
  const site = siteOf({ _redirects: '/:a /d%2520/:a 200\n', 'd%20': { 'ę %41': 'found' } })
  assert.equal((await site.get('/%C4%99%20%2541')).text, 'found')
})

test('a site that names lead to has its file below their path', async () => {
  const names: NameResolver = {
    resolve: () =>
      ok({ root: blocksOf({ site: SITE }).root.link, segments: ['site'], ttlMs: 5000 }),
    hasDnsLink: (host) => host === 'linked.example.org',
  }
  for (const origin of [
    'http://linked.example.org',
    'http://linked-example-org.ipns.sub.example',
  ]) {
    const site = siteOf({ site: SITE }, { origin: () => origin, names })
    const page = await site.get('/lost/x')
    assert.deepEqual([page.status, page.text], [404, 'my 404'])
    assert.equal(page.headers.get('cache-control'), 'public, max-age=5')
    assert.equal((await site.get('/old/x')).headers.get('cache-control'), 'public, max-age=5')
  }
  const site = siteOf(
    { site: SITE },
    { origin: () => 'http://gateway.example/ipns/linked.example.org', names },
  )
  assert.equal((await site.get('/lost/x')).text.includes('my 404'), false)
})

test('a file that is too large is not read', async () => {
  // No two leaves alike, so that each would be fetched.
  const lines = Array.from({ length: 6000 }, (_, i) => `# line ${i}\n`).join('')
  const rule = '/a /b 302'
  const fits = `${lines.slice(0, REDIRECTS_FILE_BYTES_MAX - 10)}\n${rule}`
  const large = siteOf({ _redirects: `${fits} ` })
  const got = await large.get('/a')
  assert.equal(got.status, 500)
  assert.match(got.text, /^could not parse _redirects: redirects file size cannot exceed 65536/)
  assert.ok(large.world.openedBytes < REDIRECTS_FILE_BYTES_MAX)
  assert.equal((await siteOf({ _redirects: fits }).get('/a')).status, 302)
})

test('a folder is no file', async () => {
  const got = await siteOf({ _redirects: { a: 'b' } }).get('/x')
  assert.equal(got.status, 500)
  assert.match(got.text, /^could not parse _redirects: expected a file, got none\n/)
})

test('a file is read once, and kept for its own space alone', async () => {
  const site = siteOf(SITE)
  await site.get('/old/1')
  const opened = site.world.opened.length
  for (const path of ['/old/2', '/old/3']) assert.equal((await site.get(path)).status, 301)
  assert.equal(site.world.opened.length, opened)
  site.world.granted.delete(alice)
  site.world.tick(10_000)
  assert.equal((await site.get('/old/4')).status, 404)
  const { blocks } = blocksOf(SITE)
  const file = fileBlocks(profile, Buffer.from(SITE['_redirects'] as string)).root
  site.world.put(
    bob,
    blocks.filter(({ link }) => linkToString(link) !== linkToString(file.link)),
  )
  site.world.tick(10_000)
  assert.equal((await site.get('/old/5')).headers.get('location'), undefined)
})

test('a file that is kept is not read again, whatever became of its blocks', async () => {
  const site = siteOf(SITE, { blockCacheBytesMax: 1 })
  await site.get('/old/1')
  const opened = site.world.opened.length
  await site.get('/old/2')
  assert.equal(site.world.opened.length, opened)
})

test('conditions and ranges count for a rewrite, not for a page of an error', async () => {
  const site = siteOf(SITE)
  const etag = (await site.get('/app')).headers.get('etag')!
  assert.equal((await site.get('/app', { 'if-none-match': etag })).status, 304)
  assert.equal((await site.get('/app', { range: 'bytes=3-' })).text, 'app')
  const page = (await site.get('/lost/x')).headers.get('etag')!
  for (const headers of [
    { 'if-none-match': page },
    { 'if-none-match': '*' },
    { range: 'bytes=3-' },
  ])
    assert.deepEqual((await site.get('/lost/x', headers)).text, 'my 404')
})

test('what is denied is not served by way of a rule', async () => {
  const { link } = blocksOf(SITE).root
  const names: NameResolver = {
    resolve: () => ok({ root: link, segments: [], ttlMs: 5000 }),
    hasDnsLink: (host) => host === 'linked.example.org',
  }
  const denylist = new Denylists(hasher)
  const origins = [`http://${linkToString(link)}.ipfs.sub.example`, 'http://linked.example.org']
  for (const origin of origins) {
    const site = siteOf(SITE, { denylist, names, origin: () => origin })
    denylist.replace([])
    assert.equal((await site.get('/any')).text, 'my app')
    const parser = new DenylistParser(hasher)
    const path = origin.includes('linked')
      ? 'ipns/linked.example.org'
      : `ipfs/${linkToString(link)}`
    parser.push(`/${path}/app.html\n`)
    const { table } = parser.end().ok!
    denylist.replace([{ name: 'test', table }])
    assert.equal((await site.get('/any')).status, 410)
    assert.equal((await site.get('/lost/x')).text, 'my 404')
  }
})

test('only the default representation follows rules', async () => {
  const site = siteOf(SITE)
  for (const format of ['raw', 'car', 'dag-json'])
    assert.equal((await site.get(`/old/x?format=${format}`)).status, 404)
  assert.equal((await site.get('/old/x', { accept: 'application/vnd.ipld.raw' })).status, 404)
  assert.equal((await site.get('/old/x', {}, 'HEAD')).status, 301)
  assert.equal((await site.get('/old/x', {}, 'POST')).status, 405)
})
