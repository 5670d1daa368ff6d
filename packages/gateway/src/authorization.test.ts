/**
 * What leave to read means for answers: who gets them, whose they are, how long they last.
 * @module
 */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { ANSWER_BYTES_MAX, LEASE_CHECK_MS } from '@turnpike/core/limits'
import { linkToString, type Link } from '@turnpike/core/link'
import { DENY, READ_FLAGS } from '@turnpike/core/log/entry'
import { type Authorizer, type SpaceDid, Unauthorized } from '@turnpike/core/ports/content'
import { fail, ok } from '@turnpike/core/result'
import { PROFILES, type UnixfsProfile } from '@turnpike/core/unixfs/profile'
import type { Answer } from './meter.ts'
import type { GatewayDeps } from './deps.ts'
import { createGateway } from './gateway.ts'
import type { Gateway } from './types.ts'
import { alice, bob, drain, fileBlocks, folderBlocks, type Got, World } from './testing/world.ts'

const profile: UnixfsProfile = { ...PROFILES['unixfs-v1-2025'], chunkBytes: 4096, fileLinksMax: 4 }
const LARGE_BYTES = ANSWER_BYTES_MAX + 90_000
const noise = Buffer.concat(
  Array.from({ length: LARGE_BYTES / 64 }, (_, i) => hash('sha512', String(i), 'buffer')),
)

/** Files of two spaces, and one that both have; who is served can be changed. */
class Rig implements Authorizer {
  readonly world = new World()
  readonly small = fileBlocks(profile, Buffer.from('for some'))
  readonly shared = fileBlocks(profile, Buffer.from('in two spaces'))
  readonly large = fileBlocks(profile, noise)
  readonly folder = folderBlocks(profile, [['a.txt', this.small.root]])
  readonly gateway: Gateway
  /** Tokens that open each space; undefined among them for no token. */
  readonly tokens = new Map<SpaceDid, Set<string | undefined>>()
  asked = 0

  constructor(options: Partial<GatewayDeps> = {}) {
    this.world.put(alice, [
      ...this.shared.blocks,
      ...this.small.blocks,
      ...this.large.blocks,
      ...this.folder,
    ])
    this.world.put(bob, this.shared.blocks)
    this.gateway = createGateway(this.world.deps({ authorizer: this, ...options }))
  }

  authorize(space: SpaceDid, token: string | undefined): ReturnType<Authorizer['authorize']> {
    this.asked++
    const byToken = token !== undefined
    return this.tokens.get(space)?.has(token) === true
      ? ok({ space, expiresMs: undefined, byToken })
      : fail(new Unauthorized(space, 'no'))
  }

  open(space: SpaceDid, ...tokens: (string | undefined)[]): void {
    this.tokens.set(space, new Set(tokens))
    // What was said before may be believed for so long.
    this.world.tick(LEASE_CHECK_MS)
  }

  answer(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const url = path.startsWith('http') ? path : `http://gateway.example${path}`
    return this.gateway.handle(new Request(url, { headers }))
  }

  async get(path: string, headers?: Record<string, string>): Promise<Got> {
    return drain(await this.answer(path, headers))
  }

  async status(path: string, headers?: Record<string, string>): Promise<number> {
    return (await this.get(path, headers)).status
  }
}

const at = (link: Link): string => `/ipfs/${linkToString(link)}`

test('a token opens what it is for: in the query first, else as a Bearer of any case', async () => {
  const rig = new Rig()
  rig.open(alice, 'abc')
  const path = at(rig.small.root.link)
  assert.equal(await rig.status(path), 404)
  assert.equal(await rig.status(`${path}?authToken=abc`), 200)
  assert.equal(await rig.status(`${path}?authToken=abC`), 404)
  for (const scheme of ['Bearer', 'bearer', 'BEARER'])
    assert.equal(await rig.status(path, { authorization: `${scheme} abc` }), 200, scheme)
  assert.equal(await rig.status(path, { authorization: 'Basic abc' }), 404)
  assert.equal(await rig.status(`${path}?authToken=no`, { authorization: 'Bearer abc' }), 404)
  rig.open(alice, 'any text')
  assert.equal(await rig.status(path, { authorization: 'Bearer any text' }), 200)
  assert.equal(await rig.status(path, { authorization: 'Bearer any' }), 404)
  rig.open(alice, 'abc')
  assert.equal(await rig.status(`${path}?authToken=`, { authorization: 'Bearer abc' }), 200)
})

test('absent, unauthorized and wrongly opened content is refused alike', async () => {
  const rig = new Rig({ sharedCaching: { cdnCache: 'as-browser', cacheTags: true } })
  rig.open(alice, 'abc')
  const elsewhere = fileBlocks(profile, Buffer.from('nobody has this')).root.link
  const shown = async (path: string, headers: Record<string, string>): Promise<unknown> => {
    const { status, headers: lines, body } = await rig.get(path, headers)
    assert.match(lines.get('x-receipt-id')!, /^[0-9a-f]{32}$|^.{20,}$/)
    lines.delete('x-receipt-id')
    return [status, [...lines], Buffer.from(body).toString()]
  }
  for (const query of ['', '?format=raw', '?format=car', '?format=tar', '?authToken=no'])
    for (const accept of ['*/*', 'text/html']) {
      const absent = await shown(`${at(elsewhere)}${query}`, { accept, range: 'bytes=0-1' })
      const closed = await shown(`${at(rig.small.root.link)}${query}`, {
        accept,
        range: 'bytes=0-1',
      })
      const page = (text: unknown): string => JSON.stringify(text).replaceAll(/[\w-]{22,}/g, '')
      assert.equal(page(closed), page(absent), `${query} ${accept}`)
    }
  const denied = rig.world.reads.map(({ deny, bytes }) => [deny, bytes])
  assert.ok(
    denied.some(([deny]) => deny === DENY.authorization),
    'the log tells them apart',
  )
  assert.ok(denied.filter(([deny]) => deny !== 0).every(([, bytes]) => bytes === 0n))
})

test('what a token opened is kept by nobody, and says so', async () => {
  const rig = new Rig({ sharedCaching: { cdnCache: 3600, cacheTags: true } })
  rig.open(alice, 'abc')
  const folder = `${at(rig.folder.at(-1)!.link)}/`
  for (const path of [at(rig.small.root.link), at(rig.large.root.link), folder]) {
    const { headers } = await rig.get(`${path}?authToken=abc`)
    assert.equal(headers.get('cache-control'), 'private, no-store')
    assert.equal(headers.get('cdn-cache-control'), 'no-store')
    assert.equal(headers.get('cache-tag'), undefined)
    const text = JSON.stringify([...headers])
    assert.doesNotMatch(text, /abc/)
  }
  const moved = await rig.get(`${folder.slice(0, -1)}?authToken=abc`)
  assert.equal(moved.headers.get('location'), `${folder}?authToken=abc`)
  assert.equal(moved.headers.get('cache-control'), 'private, no-store')
  const listing = await rig.get(`${folder}?authToken=abc`)
  assert.equal(listing.status, 200)
  assert.match(Buffer.from(listing.body).toString(), /a\.txt\?authToken=abc"/)
  assert.equal(listing.headers.get('referrer-policy'), 'no-referrer')
  rig.open(alice)
  assert.equal(await rig.status(`${at(rig.small.root.link)}?authToken=abc`), 404)
  assert.equal(await rig.status(at(rig.small.root.link)), 404)
})

test('the space that is named pays, or nobody', async () => {
  const rig = new Rig({
    hostSpaces: new Map([
      ['gateway.example', [bob]],
      ['sub.example', [alice]],
    ]),
  })
  rig.open(alice, undefined)
  rig.open(bob, undefined)
  const path = at(rig.shared.root.link)
  const payer = async (url: string): Promise<string | number> => {
    const status = await rig.status(url)
    return status === 200 ? rig.world.reads.at(-1)!.space : status
  }
  assert.equal(await payer(`http://other.example${path}`), alice, 'the first accepted claim')
  assert.equal(await payer(`http://other.example${path}?space=${bob}`), bob)
  assert.equal(await payer(`http://other.example${path}?space=did:key:z6MkNo`), 404)
  assert.equal(await payer(path), bob, 'by the host')
  assert.equal(await payer(`${path}?space=${bob}`), bob)
  assert.equal(await payer(`${path}?space=${alice}`), 404, 'host and query name different ones')
  assert.equal(await payer(at(rig.small.root.link)), 404, 'the other space has it alone')
  const cid = linkToString(rig.shared.root.link)
  assert.equal(await payer(`http://${cid}.ipfs.sub.example/`), alice, 'by the subdomain gateway')
  rig.open(bob)
  assert.equal(await payer(path), 404, 'the other one does not step in')
})

for (const token of [undefined, 'abc'])
  test(`a body in flight ends when leave by ${token ?? 'no token'} does`, async () => {
    const rig = new Rig()
    rig.open(alice, token)
    const query = token === undefined ? '' : `?authToken=${token}`
    const answer = await rig.answer(`${at(rig.large.root.link)}${query}`)
    assert.equal(answer.status, 200)
    await answer.body.start()
    const reader = answer.body.open(new AbortController().signal)
    let bytes = (await reader.read())!.length
    rig.tokens.set(alice, new Set())
    // Not looked at for each chunk, but within a second.
    rig.world.tick(LEASE_CHECK_MS - 1)
    const asked = rig.asked
    bytes += (await reader.read())!.length
    assert.equal(rig.asked, asked)
    rig.world.tick(1)
    await assert.rejects(async () => reader.read(), { name: 'LeaveEnded', space: alice })
    reader.close()
    answer.body.settle({ bytes, grade: 1, end: 'failed' })
    const read = rig.world.reads.at(-1)!
    assert.equal(read.bytes, BigInt(bytes))
    assert.equal(read.space, alice)
    assert.ok(read.flags & READ_FLAGS.originFailed)
    assert.ok(bytes < LARGE_BYTES)
  })

test('a body whose leave holds is sent whole, however long it takes', async () => {
  const rig = new Rig()
  rig.open(alice, 'abc')
  const answer = await rig.answer(`${at(rig.large.root.link)}?authToken=abc`)
  await answer.body.start()
  const reader = answer.body.open(new AbortController().signal)
  const chunks: Uint8Array[] = []
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
    chunks.push(chunk.slice())
    rig.world.tick(LEASE_CHECK_MS)
  }
  answer.body.settle({ bytes: LARGE_BYTES, grade: 1, end: 'complete' })
  assert.ok(Buffer.concat(chunks).equals(noise))
})

test('leave that ends before the first byte is a refusal like any other', async () => {
  const rig = new Rig()
  rig.open(alice, undefined)
  rig.world.onFill = () => {
    rig.tokens.set(alice, new Set())
    rig.world.tick(LEASE_CHECK_MS)
    return undefined
  }
  const { status, body } = await rig.get(at(rig.large.root.link))
  assert.equal(status, 404)
  assert.match(Buffer.from(body).toString(), /^content not found\n/)
  assert.equal(rig.world.reads.at(-1)!.deny, DENY.authorization)
})
