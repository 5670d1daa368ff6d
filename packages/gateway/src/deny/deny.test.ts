import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { base58btc } from 'multiformats/bases/base58'
import { Denylists } from '@turnpike/core/deny/denylist'
import { DenylistParser } from '@turnpike/core/deny/parse'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { DENY, READ_FLAGS } from '@turnpike/core/log/entry'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { DAG_PB, type Link, linkToString, RAW } from '@turnpike/core/link'
import { type NameHop, NameNotFound, type NameResolver } from '@turnpike/core/ports/names'
import { PROFILES, type UnixfsProfile } from '@turnpike/core/unixfs/profile'
import { fail, ok } from '@turnpike/core/result'
import { ANSWER_BYTES_MAX, CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import { DENY_CHECKS_KEPT_MAX } from '@turnpike/core/limits/deny'
import { createGateway } from '../gateway.ts'
import { ReadGuard } from './guard.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Gateway } from '../types.ts'
import { type Got, World, alice, drain, fileBlocks, folderBlocks } from '../testing/world.ts'

const hasher: Hasher = {
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  digest: (code, bytes) => (code === SHA2_256 ? hash('sha256', bytes, 'buffer') : undefined),
}

const profile: UnixfsProfile = { ...PROFILES['unixfs-v1-2025'], chunkBytes: 4096, fileLinksMax: 4 }

/** Bytes that no two blocks share. */
function noise(sizeBytes: number): Uint8Array {
  return Buffer.concat(
    Array.from({ length: Math.ceil(sizeBytes / 64) }, (_, i) =>
      hash('sha512', String(i), 'buffer'),
    ),
  ).subarray(0, sizeBytes)
}

/** A folder with a small file, a larger one, and a folder in it; and a list that can be changed. */
class Rig {
  readonly world = new World()
  readonly list = new Denylists(hasher)
  readonly gateway: Gateway
  readonly small = fileBlocks(profile, Buffer.from('small and kept'))
  readonly large = fileBlocks(profile, noise(ANSWER_BYTES_MAX + 9000))
  /** Reasons that were told to the operator. */
  readonly reasons: string[] = []
  readonly inner = folderBlocks(profile, [['a.txt', this.small.root]])
  readonly top: ReturnType<typeof folderBlocks>

  constructor(options: Partial<GatewayDeps> = {}) {
    this.top = folderBlocks(profile, [
      ['index.html', this.small.root],
      ['large.bin', this.large.root],
      ['sub', this.inner.at(-1)! as never],
    ])
    this.world.put(alice, [...this.small.blocks, ...this.large.blocks, ...this.inner, ...this.top])
    const deps = this.world.deps({ denylist: this.list, ...options })
    const denied = (reason: string): unknown => this.reasons.push(reason)
    this.gateway = createGateway({ ...deps, observer: { ...deps.observer, denied } })
  }

  get root(): string {
    return linkToString(this.top.at(-1)!.link)
  }

  deny(...lines: string[]): void {
    const parser = new DenylistParser(hasher)
    parser.push(lines.join('\n'))
    const { table, refusedLines } = parser.end().ok!
    assert.equal(refusedLines, 0, lines.join())
    this.list.replace([{ name: 'test', table }])
  }

  async get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
    const url = path.startsWith('http') ? path : `http://gateway.example${path}`
    return drain(await this.gateway.handle(new Request(url, { headers, method })))
  }

  async status(path: string, headers: Record<string, string> = {}): Promise<number> {
    return (await this.get(path, headers)).status
  }
}

const cidOf = (link: Link): string => linkToString(link)

test('a denied root is 410 in every form, and its neighbours are not', async () => {
  const rig = new Rig()
  const cid = cidOf(rig.small.root.link)
  assert.equal(await rig.status(`/ipfs/${cid}`), 200)
  rig.deny(`/ipfs/${cid}`)
  const forms = ['', '?format=raw', '?format=car', '?format=car&dag-scope=block', '?format=tar']
  for (const form of forms)
    for (const method of ['GET', 'HEAD']) {
      const got = await rig.get(`/ipfs/${cid}${form}`, {}, method)
      assert.equal(got.status, 410, `${method} ${form}`)
      assert.equal(got.headers.get('cache-control'), 'no-store')
      assert.equal(got.headers.get('etag'), undefined)
      assert.ok(!Buffer.from(got.body).includes('test'), 'names the list')
    }
  assert.equal(await rig.status(`/ipfs/${cid}`, { range: 'bytes=0-3' }), 410)
  assert.equal(await rig.status(`/ipfs/${cid}`, { 'if-none-match': `"${cid}"` }), 410)
  assert.equal(await rig.status(`/ipfs/${cid}`, { 'if-none-match': '*' }), 410)
  assert.equal(await rig.status(`/ipfs/${cid}`, { 'cache-control': 'only-if-cached' }), 410)
  assert.equal(await rig.status(`/ipfs/${cidOf(rig.large.root.link)}`), 200)
  // A block that its CID carries itself.
  assert.equal(await rig.status('/ipfs/bafkqaaa'), 200)
  rig.deny('/ipfs/bafkqaaa')
  for (const form of forms) assert.equal(await rig.status(`/ipfs/bafkqaaa${form}`), 410, form)
})

test('a refusal is recorded as policy, allowed nothing, and costs nobody anything', async () => {
  const rig = new Rig()
  rig.deny(`/ipfs/${rig.root} gateway_status=451`)
  assert.equal(await rig.status(`/ipfs/${rig.root}/`), 451)
  const [read] = rig.world.reads
  assert.deepEqual([read?.deny, read?.bytes, read?.status], [DENY.policy, 0n, 451])
  assert.equal(read!.flags & (READ_FLAGS.allowed | READ_FLAGS.content), 0)
  assert.equal(rig.world.opened.length, 0)
  assert.deepEqual(rig.reasons, ['denylist test'])
})

test('what nobody authorized is denied all the same', async () => {
  const rig = new Rig()
  rig.world.granted.clear()
  rig.deny('/ipns/unrelated.example')
  for (const path of ['', '/', '/sub/a.txt', '/none'])
    assert.equal(await rig.status(`/ipfs/${rig.root}${path}`), 404, path)
  rig.deny(`/ipfs/${rig.root}`)
  for (const path of ['', '/', '/sub/a.txt', '/none'])
    assert.equal(await rig.status(`/ipfs/${rig.root}${path}`), 410, path)
})

test('a denied block is not served as part of anything', async () => {
  const rig = new Rig()
  const { large, small, root } = rig
  const leaf = large.blocks[10]!.link
  rig.deny(`/ipfs/${cidOf(leaf)}`)
  const file = await rig.get(`/ipfs/${root}/large.bin`)
  assert.ok(file.broken && file.body.length === 10 * 4096, `${file.body.length} bytes`)
  assert.equal(await rig.status(`/ipfs/${root}/large.bin`, { range: 'bytes=40960-40999' }), 410)
  assert.equal(await rig.status(`/ipfs/${root}/large.bin`, { range: 'bytes=0-99' }), 206)
  // Their first chunk has no room before what is denied.
  assert.equal(await rig.status(`/ipfs/${root}?format=car`), 410)
  assert.equal((await rig.get(`/ipfs/${root}?format=car&dag-scope=block`)).broken, false)
  rig.deny(`/ipfs/${cidOf(small.root.link)}`)
  for (const path of ['/', '/index.html', '/sub/a.txt', '/sub/a.txt?format=raw'])
    for (const method of ['GET', 'HEAD'])
      assert.equal((await rig.get(`/ipfs/${root}${path}`, {}, method)).status, 410, path)
  assert.equal(await rig.status(`/ipfs/${root}/sub/`), 200)
  rig.deny(`/ipfs/${cidOf(rig.inner.at(-1)!.link)}`)
  for (const path of ['/sub', '/sub/', '/sub/a.txt', '/sub/none'])
    assert.equal(await rig.status(`/ipfs/${root}${path}`), 410, path)
  assert.equal(await rig.status(`/ipfs/${root}/`), 200)
})

test('paths: exact, prefixes, exceptions, from wherever their root is reached', async () => {
  const rig = new Rig()
  const { root } = rig
  const inner = cidOf(rig.inner.at(-1)!.link)
  rig.deny(`/ipfs/${root}/sub/a.txt`)
  assert.equal(await rig.status(`/ipfs/${root}/sub/a.txt`), 410)
  assert.equal(await rig.status(`/ipfs/${root}/sub/a.txt/`), 410)
  assert.equal(await rig.status(`/ipfs/${root}/sub/%61.txt`), 410)
  assert.equal(await rig.status(`/ipfs/${root}/sub/`), 200)
  assert.equal(await rig.status(`/ipfs/${inner}/a.txt`), 200)
  rig.deny(`/ipfs/${inner}/a*`)
  assert.equal(await rig.status(`/ipfs/${root}/sub/a.txt`), 410)
  assert.equal(await rig.status(`/ipfs/${inner}/a.txt`), 410)
  rig.deny(`/ipfs/${root}/index.html`)
  assert.equal(await rig.status(`/ipfs/${root}/`), 410)
  rig.deny(`/ipfs/${root}/*`, `!/ipfs/${root}/sub/a.txt`)
  assert.equal(await rig.status(`/ipfs/${root}/`), 410)
  assert.equal(await rig.status(`/ipfs/${root}/sub/`), 410)
  assert.equal(await rig.status(`/ipfs/${root}/sub/a.txt`), 200)
  // The root's block may be looked into, and is not handed out.
  assert.equal(await rig.status(`/ipfs/${root}/sub/a.txt?format=car`), 410)
})

test('hashed rules hold for roots, parts and paths', async () => {
  const rig = new Rig()
  const modern = (text: string): string =>
    `//${base58btc.baseEncode(encodeMultihash(SHA2_256, hasher.sha256(Buffer.from(text))))}`
  rig.deny(modern(base58btc.baseEncode(rig.large.blocks[10]!.link.multihash)))
  assert.ok((await rig.get(`/ipfs/${rig.root}/large.bin`)).broken)
  assert.equal(await rig.status(`/ipfs/${rig.root}/`), 200)
  const rootHash = base58btc.baseEncode(rig.top.at(-1)!.link.multihash)
  rig.deny(modern(`${rootHash}/sub/a.txt`))
  assert.equal(await rig.status(`/ipfs/${rig.root}/sub/a.txt`), 410)
  rig.deny(`//${hash('sha256', `${rig.root}/`)}`)
  assert.equal(await rig.status(`/ipfs/${rig.root}/sub/a.txt`), 410)
})

test('a change holds for what is kept, at once, and back', async () => {
  const rig = new Rig()
  const { root } = rig
  const path = `/ipfs/${root}/sub/a.txt`
  for (let round = 0; round < 3; round++) {
    assert.equal(await rig.status(path), 200)
    const { opened } = rig.world
    const before = opened.length
    assert.equal(await rig.status(path), 200)
    assert.equal(opened.length, before, 'was kept')
    rig.deny(`/ipfs/${[root, cidOf(rig.small.root.link), `${root}/sub/a.txt`][round]}`)
    assert.equal(await rig.status(path), 410)
    assert.equal(await rig.status(path, { 'if-none-match': '*' }), 410)
    rig.list.replace([])
  }
  assert.equal(await rig.status(path), 200)
})

test('a denied node inside a file is not followed, even if it was decoded before', async () => {
  const rig = new Rig()
  const path = `/ipfs/${rig.root}/large.bin`
  assert.equal((await rig.get(path)).broken, false)
  const nodes = rig.large.blocks.filter(({ link }) => link.codec === DAG_PB)
  assert.ok(nodes.length > 3)
  rig.deny(`/ipfs/${cidOf(nodes[1]!.link)}`)
  const got = await rig.get(path)
  assert.ok(got.broken && got.body.length === 4 * 4096, `${got.body.length} bytes`)
})

test('a body that is being sent ends when what it stands on is denied', async () => {
  const pairs = { ...PROFILES['unixfs-v1-2025'], fileLinksMax: 2 }
  const big = fileBlocks(pairs, noise(6 << 20))
  const folder = folderBlocks(profile, [['big', big.root]])
  const root = folder.at(-1)!.link
  const cid = cidOf(root)
  const pair = cidOf(big.blocks.find(({ link }) => link.codec === DAG_PB)!.link)
  const leaf = cidOf(big.blocks.find(({ link }) => link.codec === RAW)!.link)
  const key = '12D3KooWDkNqEJNmreF3NYYFK1ws7Ra2fuW6cHBTu567SPV3LdYA'
  const names: NameResolver = {
    resolve: () => ok({ root, segments: [], ttlMs: 9, through: [{ text: key, below: [] }] }),
    hasDnsLink: () => true,
  }
  const file = [cid, `${cid}/big`, cidOf(big.root.link), pair].map((text) => `/ipfs/${text}`)
  const denials: readonly (readonly [path: string, rules: readonly string[]])[] = [
    [`/ipfs/${cid}/big`, file],
    [`/ipfs/${cid}?format=car`, file.filter((rule) => !rule.endsWith('/big'))],
    [`/ipfs/${leaf}?format=raw`, [`/ipfs/${leaf}`]],
    ['/ipns/a.example/big', ['/ipns/a.example', `/ipns/${key}/big`, '/ipns/a.example/b*']],
  ]
  for (const [form, rules] of denials)
    for (const what of rules) {
      const rig = new Rig({ names })
      rig.world.put(alice, [...big.blocks, ...folder])
      const request = new Request(`http://gateway.example${form}`)
      const { body, status } = await rig.gateway.handle(request)
      assert.equal(status, 200)
      const reader = body.open(new AbortController().signal)
      assert.ok((await reader.read())!.length <= CHUNK_BYTES_MAX)
      rig.deny('/ipns/unrelated.example')
      assert.ok(await reader.read(), 'another change is nothing to it')
      rig.deny(what)
      const failed = (async () => reader.read())()
      await assert.rejects(failed, { name: 'ContentDenied' }, `${form} ${what}`)
      assert.deepEqual(rig.reasons, ['denylist test'])
      reader.close()
      body.settle({ bytes: 0, grade: 1, end: 'failed' })
    }
})

test('what is denied while its first byte is waited for is an error', async () => {
  const { root, large } = new Rig()
  const leaf = `/ipfs/${cidOf(large.blocks[0]!.link)}`
  for (const [path, rule] of [
    [`${leaf}?format=raw`, leaf],
    [`/ipfs/${root}/large.bin`, `/ipfs/${root}`],
    [`/ipfs/${root}/large.bin`, `/ipfs/${root}/large*`],
    [`/ipfs/${root}/large.bin`, leaf],
  ] as const) {
    // All nodes are kept decoded, and no block, so that only leaves are waited for.
    const rig = new Rig({ blockCacheBytesMax: 0 })
    await rig.get(`/ipfs/${root}/large.bin`)
    const { promise: filling, resolve: begun } = Promise.withResolvers<void>()
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    rig.world.onFill = async () => {
      begun()
      await gate
      return undefined
    }
    const got = rig.get(path)
    await Promise.race([filling, got])
    rig.deny(rule)
    open()
    assert.equal((await got).status, 410, `${path} ${rule}`)
  }
})

test('checks that are made again are bounded', () => {
  const list = new Denylists(hasher)
  const guard = new ReadGuard(list)
  const links = Array.from({ length: DENY_CHECKS_KEPT_MAX + 1 }, (_, i) => ({
    version: 1 as const,
    codec: RAW,
    multihash: encodeMultihash(SHA2_256, hasher.sha256(Buffer.from(String(i)))),
  }))
  for (const link of links) assert.equal(guard.node(link), undefined)
  const denyOnly = (link: Link): void => {
    const parser = new DenylistParser(hasher)
    parser.push(`/ipfs/${cidOf(link)}`)
    list.replace([{ name: 'test', table: parser.end().ok!.table }])
  }
  denyOnly(links.at(-1)!)
  assert.equal(guard.again(), undefined)
  assert.ok(guard.block(links.at(-1)!))
  denyOnly(links.at(-2)!)
  assert.ok(guard.again())
})

test('a kept answer is not reached by a name that leads on through a denied one', async () => {
  const key = '12D3KooWDkNqEJNmreF3NYYFK1ws7Ra2fuW6cHBTu567SPV3LdYA'
  let through: NameHop[] = []
  const names: NameResolver = {
    resolve: () => ok({ root: rig.top.at(-1)!.link, segments: [], ttlMs: undefined, through }),
    hasDnsLink: () => true,
  }
  const rig = new Rig({ names })
  rig.deny(`/ipns/${key}`)
  for (let i = 0; i < 2; i++) assert.equal(await rig.status('/ipns/a.example/sub/a.txt'), 200)
  through = [{ text: key, below: [] }]
  assert.equal(await rig.status('/ipns/a.example/sub/a.txt'), 410)
})

test('names are denied before anybody is asked what they stand for', async () => {
  const key = '12D3KooWDkNqEJNmreF3NYYFK1ws7Ra2fuW6cHBTu567SPV3LdYA'
  const base36 = 'k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf'
  const asked: string[] = []
  const names: NameResolver = {
    resolve(name) {
      asked.push(name)
      if (name !== base36 && name !== 'site.example')
        return fail(new NameNotFound(name, 'no such name'))
      const through = name === base36 ? [] : [{ text: base36, below: ['sub'] }]
      return ok({ root: rig.top.at(-1)!.link, segments: ['sub'], ttlMs: undefined, through })
    },
    hasDnsLink: (host) => host === 'site.example',
  }
  const rig = new Rig({ names })
  assert.equal(await rig.status(`/ipns/${base36}/a.txt`), 200)
  assert.equal(await rig.status('http://site.example/a.txt'), 200)
  asked.length = 0
  rig.deny(`/ipns/${key}`, '/ipns/site.example/a.txt')
  for (const below of ['', '/', '/a.txt'])
    assert.equal(await rig.status(`/ipns/${base36}${below}`), 410, below)
  assert.equal(await rig.status(`http://${base36}.ipns.sub.example/`), 410)
  assert.equal(await rig.status('http://site.example/a.txt'), 410)
  assert.equal(await rig.status('/ipns/site.example/a.txt'), 410)
  assert.deepEqual(asked, [])
  // It leads by the name that is denied.
  assert.equal(await rig.status('http://site.example/'), 410)
  rig.deny('/ipns/site.example/a.txt')
  assert.equal(await rig.status('http://site.example/'), 200)
  rig.deny(`/ipfs/${rig.root}/sub/a.txt`)
  assert.equal(await rig.status('http://site.example/a.txt'), 410)
  // The name that another one leads to.
  rig.deny(`/ipns/${key}/sub/a.txt`)
  assert.equal(await rig.status('http://site.example/'), 200)
  assert.equal(await rig.status('http://site.example/a.txt'), 410)
})
