import assert from 'node:assert/strict'
import { createPrivateKey, randomBytes, sign } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { delegate } from '@ucanto/core'
import { generate } from '@ucanto/principal/ed25519'
import { CID } from 'multiformats/cid'
import { keyOf } from '@turnpike/core/bytes'
import type { StoredDelegation } from '@turnpike/core/ports/delegations'
import { MissingProofs } from '@turnpike/core/retrieve/invocations'
import { RetrievalJudge } from '@turnpike/core/retrieve/judge'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { ClaimedReader } from '../origins/claimed-reader.ts'
import { HttpTransport } from '../origins/transport.ts'
import { nodeClock, nodeRandom } from '../runtime.ts'
import { StoredInvoker } from './invoker.ts'

const BLOB = randomBytes(1000)
const DIGEST = Uint8Array.from([0x12, 0x20, ...nodeHasher.sha256(BLOB)])
const STRANGE = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const NONE = { generation: () => 0, revoked: () => [] }

/** A gateway to which `links` delegations, one after the other, lead from a space. */
async function lettingFetch(links: number): Promise<{ invoker: StoredInvoker; space: string }> {
  const space = await generate()
  const gateway = await generate()
  const people = await Promise.all(Array.from({ length: links - 1 }, () => generate()))
  const all = [space, ...people, gateway]
  let last: Awaited<ReturnType<typeof delegate>> | undefined
  for (let i = 0; i < links; i++)
    last = await delegate({
      issuer: all[i]!,
      audience: all[i + 1]!,
      capabilities: [{ can: 'space/content/retrieve', with: space.did() }] as never,
      proofs: last === undefined ? [] : [last],
      expiration: Infinity,
      // So that few of them fit into a field.
      nonce: randomBytes(400).toString('base64'),
    })
  const archive = (await last!.archive()).ok!
  const stored = {
    cid: last!.cid.bytes,
    space: space.did(),
    can: 'space/content/retrieve',
    issuer: all.at(-2)!.did(),
    audience: gateway.did(),
    startsMs: undefined,
    expiresMs: undefined,
    storedMs: 0,
    archive,
  } as StoredDelegation
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  const pkcs8 = Buffer.concat([prefix, gateway.encode().subarray(2, 34)])
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const invoker = new StoredInvoker({
    store: { forSpace: () => [stored], revoked: () => [] },
    signsAs: [gateway.did()],
    signAs: (did) => ({ did, sign: (message) => sign(null, message, key) }),
    checks: new SignatureChecks(nodeVerifier),
    attesters: [],
    clock: nodeClock,
    random: nodeRandom,
  })
  return { invoker, space: space.did() }
}

/** What a node answers to a request. */
type Answering = (headers: IncomingHttpHeaders) => Promise<number> | number

async function nodeAt(t: TestContext, answer: Answering): Promise<string> {
  const server = createServer(async ({ headers }, response) => {
    const status = await answer(headers)
    if (status === 510) return void response.writeHead(510).end(missing)
    if (status >= 400) return void response.writeHead(status).end()
    const receipt = headers['x-agent-message'] ? { 'x-agent-message': 'm' } : {}
    const range = { 'content-range': 'bytes 10-29/1000', 'content-length': '20' }
    response.writeHead(206, { ...range, ...(status === 206 && receipt) })
    response.end(BLOB.subarray(10, 30))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Body of the next 510. */
let missing = ''

async function fetchFrom(
  t: TestContext,
  url: string,
  { invoker, space }: { invoker: StoredInvoker; space: string },
  node: string,
): Promise<() => ReturnType<ClaimedReader['open']>> {
  const transport = new HttpTransport({ allowPrivate: true })
  t.after(() => transport.close())
  const reader = new ClaimedReader(transport, { invoker, clock: nodeClock })
  const guard = { node, space: space as `did:key:${string}` }
  const site = { url: `claimed:${url}/blob`, provider: url, guard }
  const blob = { multihash: DIGEST, key: keyOf(DIGEST), size: 1000, sites: [site] }
  const { signal } = new AbortController()
  return () => reader.open(blob, site, { first: 10, last: 29 }, signal) as never
}

test('proofs that don’t fit are sent one by one, as they are asked for', async (t) => {
  const letting = await lettingFetch(7)
  const node = (await generate()).did()
  const checks = new SignatureChecks(nodeVerifier)
  const trust = { gateways: [node], attesters: [], checks, store: NONE }
  const judge = new RetrievalJudge({ ...trust, hasher: nodeHasher, clock: nodeClock })
  let requests = 0
  const url = await nodeAt(t, async (headers) => {
    requests++
    const value = String(headers['x-agent-message'])
    assert.ok(value.length <= 4096)
    const { signal } = new AbortController()
    const judged = await judge.examine({ value, multihash: DIGEST, range: undefined, signal })
    if (judged.ok) return 206
    assert.ok(judged.error instanceof MissingProofs, judged.error.message)
    const links = judged.error.proofs.map((cid) => ({ '/': String(CID.decode(cid)) }))
    missing = JSON.stringify({ name: 'MissingProofs', proofs: links })
    return 510
  })
  const open = await fetchFrom(t, url, letting, node)
  const first = await open()
  assert.ok(first.ok, first.error?.message)
  assert.equal(requests, 8, 'the invocation, and each of seven proofs')
  const bytes = new Uint8Array(20)
  assert.ok((await first.ok.fill(bytes)).ok)
  assert.ok(BLOB.subarray(10, 30).equals(bytes))
  assert.ok((await open()).ok)
  assert.equal(requests, 9, 'the node knows the proofs')
})

test('an origin that is open to all is shown nothing twice', async (t) => {
  const shown: boolean[] = []
  const url = await nodeAt(t, (headers) => {
    shown.push(headers['x-agent-message'] !== undefined)
    return 200
  })
  const open = await fetchFrom(t, url, await lettingFetch(1), (await generate()).did())
  for (let i = 0; i < 3; i++) assert.ok((await open()).ok)
  assert.deepEqual(shown, [true, false, false])
})

test('an origin that is no longer open is shown what lets us fetch', async (t) => {
  const shown: boolean[] = []
  const url = await nodeAt(t, (headers) => {
    shown.push(headers['x-agent-message'] !== undefined)
    if (shown.length === 1) return 200
    return shown.at(-1) ? 206 : 401
  })
  const open = await fetchFrom(t, url, await lettingFetch(1), (await generate()).did())
  for (let i = 0; i < 3; i++) assert.ok((await open()).ok)
  assert.deepEqual(shown, [true, false, true, true])
})

test('an origin that knows no invocations is asked without', async (t) => {
  for (const status of [400, 403, 415, 431, 501]) {
    const url = await nodeAt(t, (headers) => (headers['x-agent-message'] ? status : 200))
    const open = await fetchFrom(t, url, await lettingFetch(1), (await generate()).did())
    assert.ok((await open()).ok, String(status))
  }
})

test('a node that asks for proofs without end is left', async (t) => {
  let requests = 0
  const url = await nodeAt(t, () => {
    requests++
    missing = JSON.stringify({ proofs: [{ '/': STRANGE }] })
    return 510
  })
  const open = await fetchFrom(t, url, await lettingFetch(2), (await generate()).did())
  assert.ok((await open()).error)
  assert.equal(requests, 2, 'with the invocation, and without')
})
