import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkToString } from '@turnpike/core/link'
import { NameNotFound, NameUnavailable, type NameResolver } from '@turnpike/core/ports/names'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { fail, ok } from '@turnpike/core/result'
import { createGateway } from './gateway.ts'
import { alice, drain, fileBlocks, folderBlocks, World, type Got } from './testing/world.ts'

const KEY = 'k51qzi5uqu5dk3v4rmjber23h16xnr23bsggmqqil9z2gduiis5se8dht36dam'
const profile = PROFILES['unixfs-v1-2025']
const file = fileBlocks(profile, new TextEncoder().encode('hello\n'))
const folder = folderBlocks(profile, [['a.txt', file.root]])
const root = folder.at(-1)!.link

/** Asks a gateway whose names all lead to one folder; its records hold for `ttlMs`. */
async function get(
  url: string,
  { ttlMs }: { readonly ttlMs: number | undefined } = { ttlMs: 90_500 },
): Promise<Got & { log: World }> {
  const names: NameResolver = {
    resolve(name) {
      if (/^gone\.|\.unlinked\./.test(name)) return fail(new NameNotFound(name, 'nobody'))
      if (name === 'slow.example.org') return fail(new NameUnavailable(name, 'no answer'))
      return ok({ root, segments: name.startsWith('file') ? ['a.txt'] : [], ttlMs })
    },
    hasDnsLink: (host) => host.endsWith('.linked.org'),
  }
  const log = new World()
  log.put(alice, [...file.blocks, ...folder])
  const gateway = createGateway(log.deps({ names }))
  return { ...(await drain(await gateway.handle(new Request(url)))), log }
}

function cacheControl({ headers }: Got): string | undefined {
  return headers.get('cache-control')
}

test('a name leads to its root, for as long as it holds', async () => {
  const got = await get(`http://h/ipns/${KEY}/a.txt`)
  assert.equal(got.status, 200)
  assert.equal(got.headers.get('x-ipfs-path'), `/ipns/${KEY}/a.txt`)
  assert.equal(
    got.headers.get('x-ipfs-roots'),
    `${linkToString(root)},${linkToString(file.root.link)}`,
  )
  assert.equal(cacheControl(got), 'public, max-age=90')
  const listing = await get(`http://h/ipns/${KEY}/`)
  assert.equal(cacheControl(listing), 'public, max-age=90, stale-while-revalidate=2678400')
  assert.equal(
    cacheControl(await get(`http://h/ipns/${KEY}/a.txt`, { ttlMs: undefined })),
    undefined,
  )
})

test('a record with a path leads below its root', async () => {
  const got = await get('http://h/ipns/file.example.org')
  assert.equal(Buffer.from(got.body).toString(), 'hello\n')
})

test('why a name leads nowhere is told', async () => {
  assert.equal((await get('http://h/ipns/gone.example.org')).status, 404)
  assert.equal((await get('http://h/ipns/slow.example.org')).status, 504)
  const without = createGateway(new World().deps())
  assert.equal((await without.handle(new Request(`http://h/ipns/${KEY}`))).status, 404)
})

test('a host with a DNSLink is a site of its own, and named in the log', async () => {
  const got = await get('http://a.linked.org/a.txt')
  assert.equal(got.status, 200)
  assert.equal(got.log.reads[0]?.domain, 'a.linked.org')
  assert.equal((await get('http://a.unlinked.org/a.txt')).status, 404)
  const [other] = (await get(`http://a.unlinked.org/ipfs/${linkToString(root)}/`)).log.reads
  assert.deepEqual([other?.status, other?.domain], [200, ''])
})

test('a host whose DNS fails is told apart from one without a DNSLink', async () => {
  assert.equal((await get('http://slow.example.org/a.txt')).status, 504)
  assert.equal((await get('http://gone.example.org/a.txt')).status, 404)
  assert.equal((await get(`http://slow.example.org/ipfs/${linkToString(root)}/`)).status, 200)
})

test('a kept answer of one host is not another host’s', async () => {
  const log = new World()
  log.put(alice, [...file.blocks, ...folder])
  const gateway = createGateway(log.deps())
  const cid = linkToString(root)
  const page = async (url: string): Promise<string> =>
    Buffer.from((await drain(await gateway.handle(new Request(url)))).body).toString()
  assert.match(await page(`http://h/ipfs/${cid}/`), new RegExp(`href="/ipfs/${cid}/a.txt"`))
  assert.match(await page(`http://${cid}.ipfs.sub.example/`), /href="\/a.txt"/)
  assert.match(await page(`http://${cid}.ipfs.sub.example:81/`), /href="\/\/sub.example:81\/ipfs/)
})
