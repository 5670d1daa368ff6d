import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import * as ed25519 from '@ucanto/principal/ed25519'
import fc from 'fast-check'
import { didDocument } from '@turnpike/service/did-document'
import {
  DID_ABSENT_TTL_MS,
  DID_DOCUMENT_BYTES_MAX,
  DID_FETCHES_MAX,
  DID_RETRY_MS,
  DID_TTL_MS,
} from '@turnpike/core/limits/ucan'
import type { KeyDid } from '@turnpike/core/ports/principals'
import { HttpTransport } from '../origins/transport.ts'
import { TEST_CERTIFICATE, TEST_KEY } from '../testing/certificate.ts'
import { didWebUrl, keysInDocument } from './did-web.ts'
import { identityOf, knownKeys } from './identity.ts'
import { NodeDidResolver } from './resolver.ts'

interface Rig {
  readonly did: string
  readonly resolver: NodeDidResolver
  readonly time: { nowMs: number }
  /** Paths that were asked for. */
  readonly asked: string[]
  /** What is answered. */
  answer: { status: number; body: string; wait?: Promise<void> }
}

const { signal } = new AbortController()

/** A host with a document, over real TLS. */
async function rig(
  t: TestContext,
  options: { allowPrivate?: boolean; known?: ReadonlyMap<string, readonly KeyDid[]> } = {},
): Promise<Rig> {
  const asked: string[] = []
  const server: Server = createServer(
    { cert: TEST_CERTIFICATE, key: TEST_KEY },
    async (request, response) => {
      asked.push(request.url!)
      await made.answer.wait
      response.writeHead(made.answer.status, { location: 'https://localhost/elsewhere' })
      response.end(made.answer.body)
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { allowPrivate = true, known = new Map() } = options
  const transport = new HttpTransport({ allowPrivate, ca: TEST_CERTIFICATE })
  t.after(async () => {
    transport.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const time = { nowMs: 0 }
  const clock = { nowMs: () => 0, monotonicMs: () => time.nowMs }
  const made: Rig = {
    did: `did:web:localhost%3A${port}`,
    resolver: new NodeDidResolver({ known, transport, clock }),
    time,
    asked,
    answer: { status: 200, body: '' },
  }
  return made
}

const newKey = async (): Promise<KeyDid> => (await ed25519.generate()).did()

test('keys of a name of the web are those of its document', async (t) => {
  const made = await rig(t)
  const keys = [await newKey(), await newKey()]
  made.answer.body = JSON.stringify(didDocument(made.did, keys))
  const resolved = await made.resolver.resolve(made.did, signal)
  assert.deepEqual(resolved, { ok: { keys, ttlMs: DID_TTL_MS } })
  assert.deepEqual(made.asked, ['/.well-known/did.json'])
  const below = `${made.did}:users:bob`
  made.answer.body = JSON.stringify(didDocument(below, keys))
  assert.ok((await made.resolver.resolve(below, signal)).ok)
  assert.deepEqual(made.asked[1], '/users/bob/did.json')
})

test('a document is fetched once for all who wait, and kept for its time', async (t) => {
  const made = await rig(t)
  const key = await newKey()
  made.answer.body = JSON.stringify(didDocument(made.did, [key]))
  await Promise.all([0, 1, 2].map(() => made.resolver.resolve(made.did, signal)))
  made.time.nowMs = DID_TTL_MS - 1
  assert.deepEqual((await made.resolver.resolve(made.did, signal)).ok, { keys: [key], ttlMs: 1 })
  assert.equal(made.asked.length, 1)
  made.time.nowMs = DID_TTL_MS
  const next = await newKey()
  made.answer.body = JSON.stringify(didDocument(made.did, [next]))
  assert.deepEqual((await made.resolver.resolve(made.did, signal)).ok?.keys, [next])
})

test('that there are no keys is kept, too; that nobody answers, for a moment', async (t) => {
  const made = await rig(t)
  const cases: [number, string, 'absent' | 'unavailable', number][] = [
    [404, '', 'absent', DID_ABSENT_TTL_MS],
    [302, '', 'absent', DID_ABSENT_TTL_MS],
    [200, 'nonsense', 'absent', DID_ABSENT_TTL_MS],
    [200, JSON.stringify(didDocument('did:web:other.example', [])), 'absent', DID_ABSENT_TTL_MS],
    [200, JSON.stringify(didDocument(made.did, [])), 'absent', DID_ABSENT_TTL_MS],
    [500, '', 'unavailable', DID_RETRY_MS],
    [200, ' '.repeat(DID_DOCUMENT_BYTES_MAX + 1), 'unavailable', DID_RETRY_MS],
  ]
  for (const [status, body, fault, keptMs] of cases) {
    made.answer = { status, body }
    const before = made.asked.length
    assert.equal((await made.resolver.resolve(made.did, signal)).error?.fault, fault, `${status}`)
    made.time.nowMs += keptMs - 1
    assert.equal((await made.resolver.resolve(made.did, signal)).error?.fault, fault)
    assert.equal(made.asked.length, before + 1)
    made.time.nowMs += 1
  }
})

test('a document may be as large as its bound', async (t) => {
  const made = await rig(t)
  const text = JSON.stringify(didDocument(made.did, [await newKey()]))
  made.answer.body = text.padEnd(DID_DOCUMENT_BYTES_MAX, ' ')
  assert.ok((await made.resolver.resolve(made.did, signal)).ok)
})

test('private hosts are not asked', async (t) => {
  const made = await rig(t, { allowPrivate: false })
  made.answer.body = JSON.stringify(didDocument(made.did, [await newKey()]))
  for (const did of [made.did, made.did.replace('localhost', '127.0.0.1')])
    assert.equal((await made.resolver.resolve(did, signal)).error?.fault, 'unavailable', did)
  assert.deepEqual(made.asked, [])
})

test('so many look-ups at once, and no more', async (t) => {
  const made = await rig(t)
  const open = Promise.withResolvers<void>()
  made.answer = { status: 404, body: '', wait: open.promise }
  const resolve = (n: number): ReturnType<NodeDidResolver['resolve']> =>
    made.resolver.resolve(`${made.did}:user${n}`, signal)
  const waiting = Array.from({ length: DID_FETCHES_MAX }, (_, n) => resolve(n))
  const beyond = await resolve(DID_FETCHES_MAX)
  assert.equal(beyond.error?.fault, 'unavailable')
  open.resolve()
  for (const { error } of await Promise.all(waiting)) assert.equal(error?.fault, 'absent')
})

test('keys, the map and the gateway’s own name need no look-up', async (t) => {
  const [key, other, mapped] = [await newKey(), await newKey(), await newKey()]
  const own = 'did:web:gw.example'
  const identity = identityOf(own, { gateway: key, previous: [other] })
  assert.deepEqual(identity.dids, [own, key, other])
  const map = [
    { did: 'did:web:up.example', key: mapped },
    { did: 'did:web:up.example', key: other },
  ]
  const made = await rig(t, { known: knownKeys(identity, map) })
  const keysOf = async (did: string): Promise<readonly KeyDid[] | undefined> =>
    (await made.resolver.resolve(did, signal)).ok?.keys
  assert.deepEqual(await keysOf(key), [key])
  assert.deepEqual(await keysOf(own), [key, other])
  assert.deepEqual(await keysOf('did:web:up.example'), [mapped, other])
  for (const did of [
    'did:mailto:web.mail:alice',
    'did:key:zNonsense',
    'did:plc:abc',
    '',
    'did:web:',
  ])
    assert.equal((await made.resolver.resolve(did, signal)).error?.fault, 'unsupported', did)
  assert.deepEqual(made.asked, [])
})

test('a name of the web leads to one URL below its host, or nowhere', () => {
  const urls: [string, string | undefined][] = [
    ['did:web:a.example', 'https://a.example/.well-known/did.json'],
    ['did:web:a.example%3A8443', 'https://a.example:8443/.well-known/did.json'],
    ['did:web:a.example:users:bob', 'https://a.example/users/bob/did.json'],
    ['did:web:a.example:..:x', undefined],
    ['did:web:a.example:.', undefined],
    ['did:web:a@b.example', undefined],
    ['did:web:a.example/x', undefined],
    ['did:web:a.example%2Fx', undefined],
    ['did:web:a.example:', undefined],
    ['did:web:a.example%3A99999', undefined],
    [`did:web:${'a'.repeat(600)}`, undefined],
  ]
  for (const [did, url] of urls) assert.equal(didWebUrl(did)?.href, url, did)
  fc.assert(
    fc.property(fc.string(), (text) => {
      const url = didWebUrl(`did:web:${text}`)
      assert.ok(url === undefined || (url.protocol === 'https:' && url.username === ''))
    }),
  )
})

test('a document gives keys to its own DID alone, and whatever it says it does not throw', () => {
  const did = 'did:web:a.example'
  const key = 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
  const method = {
    type: 'Ed25519VerificationKey2020',
    controller: did,
    publicKeyMultibase: key,
  }
  const keysIn = (...methods: object[]): readonly KeyDid[] | undefined =>
    keysInDocument(did, JSON.stringify({ id: did, verificationMethod: methods }))
  assert.deepEqual(keysIn(method, { ...method, type: 'Multikey' }), [
    `did:key:${key}`,
    `did:key:${key}`,
  ])
  assert.deepEqual(keysIn({ ...method, controller: 'did:web:b.example' }), [])
  assert.deepEqual(keysIn({ ...method, type: 'JsonWebKey2020' }), [])
  assert.deepEqual(keysIn({ ...method, publicKeyMultibase: 'zNonsense' }), [])
  assert.deepEqual(keysIn({ ...method, publicKeyMultibase: { toString: null } }), [])
  fc.assert(
    fc.property(fc.json(), (text) => {
      keysInDocument(did, text)
      keysInDocument(did, `{"id":"${did}","verificationMethod":[${text}]}`)
    }),
  )
})
