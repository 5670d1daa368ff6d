import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { Delegation, type API } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import {
  MESSAGE_BYTES_MAX,
  BODIES_READ_MAX,
  MESSAGES_IN_FLIGHT_MAX,
} from '@turnpike/core/limits/ucan'
import type { Settings } from '../config/settings.ts'
import { loadKey } from '../folder/keys.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { startTestDns, texts } from '../testing/dns.ts'
import {
  CAR_TYPE,
  claimedBy,
  execute,
  messageOf,
  post,
  receiptsOf,
  serveDelegation,
} from '../testing/messages.ts'
import { asked, delegateBy } from './testing/door.ts'

interface Rig {
  readonly deployment: Deployment
  readonly url: string
  /** DID of the gateway. */
  readonly gateway: string
}

async function rig(t: TestContext, overrides: Partial<Settings> = {}): Promise<Rig> {
  const folder = await testFolder()
  const deployment = await startDeployment(folder.path, { delegationsFrom: 'any', ...overrides })
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
  return { deployment, url: deployment.url, gateway: deployment.turnpike.whoami.gateway }
}

interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** A request with a Host field of its own, which `fetch` does not send. */
function raw(
  url: string,
  options: { method?: string; host?: string; headers?: Record<string, string>; body?: Uint8Array },
): Promise<RawAnswer> {
  const { method = 'GET', host, headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      { method, agent: false, headers: { ...headers, ...(host && { host }) } },
      async (response) => {
        const chunks: Uint8Array[] = []
        for await (const chunk of response) chunks.push(chunk as Uint8Array)
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode!, headers: response.headers, text })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

test('a space delegates with the client of the field, and is told by claim', async (t) => {
  const { url, gateway } = await rig(t)
  const space = await ed25519.generate()
  const delegation = await serveDelegation(space, gateway)
  const told = await execute(url, gateway, delegateBy(space, gateway, [delegation]))
  assert.deepEqual(told, { ok: {} })
  const claimed = await execute(url, gateway, asked(space, gateway, 'access/claim', undefined))
  assert.deepEqual(Object.keys(claimedBy(claimed)), [String(delegation.cid)])
})

test('receipts and revocations are there for whoever has the CID', async (t) => {
  const { url, gateway, deployment } = await rig(t)
  const space = await ed25519.generate()
  const delegation = await serveDelegation(space, gateway)
  const revocation = asked(
    space,
    gateway,
    'ucan/revoke',
    { ucan: delegation.cid },
    {
      proofs: [delegation],
    },
  )
  assert.equal((await fetch(`${url}/revocations/${delegation.cid}`)).status, 404)
  const answer = await post(url, await messageOf(revocation))
  assert.equal(answer.headers.get('content-type'), CAR_TYPE)
  assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  const [task, outcome] = [...(await receiptsOf(answer))][0]!
  const page = await fetch(`${url}/receipt/${task}`)
  assert.equal(page.headers.get('content-type'), CAR_TYPE)
  assert.deepEqual((await receiptsOf(page)).get(task), outcome)
  const head = await raw(`${url}/receipt/${task}`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers['content-type']], [200, CAR_TYPE])
  assert.equal((await fetch(`${url}/receipt/${delegation.cid}`)).status, 404)
  assert.equal((await fetch(`${url}/receipt/nonsense`)).status, 400)
  const revoked = await fetch(`${url}/revocations/${delegation.cid}`)
  const { revocations } = (await revoked.json()) as { revocations: Record<string, string>[] }
  assert.deepEqual(
    revocations.map(({ ucan, revokedBy }) => [ucan, revokedBy]),
    [[String(delegation.cid), space.did()]],
  )
  assert.equal(revocations[0]!.revokedAt, new Date(outcome.ok!.time!).toISOString())
  assert.equal((await deployment.usage()).reads, 0, 'none of it is a read')
})

test('what is no message is refused as ucanto refuses it', async (t) => {
  const { url, gateway } = await rig(t)
  const agent = await ed25519.generate()
  const body = await messageOf(asked(agent, gateway, 'access/claim', undefined))
  const statusOf = async (bytes: Uint8Array, headers?: Record<string, string>): Promise<number> =>
    (await post(url, bytes, headers)).status
  assert.equal(await statusOf(body), 200)
  assert.equal(await statusOf(body, { 'content-type': CAR_TYPE }), 200)
  assert.equal(await statusOf(body, { 'content-type': `${CAR_TYPE}; version=1` }), 415)
  assert.equal(await statusOf(body, { 'content-type': 'application/json' }), 415)
  assert.equal(await statusOf(body, { 'content-type': CAR_TYPE, accept: 'text/html' }), 406)
  assert.equal(await statusOf(new Uint8Array(10)), 400)
  assert.equal(await statusOf(new Uint8Array()), 400)
  const parts = { method: 'POST', headers: { 'content-type': CAR_TYPE } }
  const large = new Uint8Array(MESSAGE_BYTES_MAX + 1)
  assert.equal((await raw(url, { ...parts, body: large })).status, 413)
  const most = await raw(url, { ...parts, body: large.subarray(1) })
  assert.equal(most.status, 400)
})

test('browsers may send messages; other paths take none', async (t) => {
  const { url } = await rig(t)
  const preflight = await raw(url, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  })
  assert.equal(preflight.status, 204)
  assert.match(String(preflight.headers['access-control-allow-methods']), /POST/)
  assert.match(String(preflight.headers['access-control-allow-headers']), /Content-Type/)
  for (const path of ['/ipfs/bafkqaaa', '/receipt/x', '/a']) {
    const answer = await raw(`${url}${path}`, { method: 'POST' })
    assert.equal(answer.status, 405, path)
    assert.ok(answer.headers.allow, path)
  }
  assert.notEqual((await raw(url, {})).status, 200)
})

test('on hosts of content the same addresses are content', async (t) => {
  const { url } = await rig(t, {
    subdomainHosts: ['localhost', 'gw.example'],
    hosts: ['named.example'],
    dnsResolver: { kind: 'off' },
  })
  const headers = { 'content-type': CAR_TYPE }
  const statusOn = async (host: string): Promise<number> =>
    (await raw(url, { method: 'POST', host, headers, body: new Uint8Array(3) })).status
  for (const host of ['localhost:1', 'gw.example', 'named.example:9', '127.0.0.1', '[::1]:80'])
    assert.equal(await statusOn(host), 400, host)
  for (const host of ['bafkqaaa.ipfs.localhost', 'bafkqaaa.ipfs.gw.example', 'site.example'])
    assert.equal(await statusOn(host), 405, host)
  const receipt = await raw(`${url}/receipt/x`, { host: 'bafkqaaa.ipfs.localhost' })
  assert.match(receipt.text, /no link named "receipt" under bafkqaaa/)
})

test('where only one space is served its site hides behind no address of ours', async (t) => {
  const [folder, dns] = [await testFolder(), await startTestDns()]
  const data = join(folder.path, 'data')
  await mkdir(join(data, 'keys'), { recursive: true })
  const space = (await loadKey(join(data, 'keys'), 'space-default')).did()
  const own = ['both.example', 'gw.example', 'trustless.example']
  const did = 'did:web:gw.example'
  const deployment = await startDeployment(data, {
    identity: did,
    hosts: [own[0]!],
    trustlessHosts: [own[2]!],
    hostSpaces: ['photos.example', ...own].map((host) => ({ host, space })),
    handFrom: [did],
    dnsResolver: { kind: 'servers', servers: [dns.server] },
  })
  t.after(async () => {
    await deployment.stop()
    dns.close()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
  const site = join(folder.path, 'site')
  const paths = ['receipt/x', 'revocations/x', 'claims', 'claim/x', 'journal-batches']
  for (const path of [...paths, '.well-known/did.json']) {
    await mkdir(dirname(join(site, path)), { recursive: true })
    await writeFile(join(site, path), 'of a site')
  }
  const { cid } = (await deployment.add([site], { wrap: false, hidden: true })).roots[0]!
  dns.zone.set('_dnslink.photos.example', texts(60, `dnslink=/ipfs/${cid}`))
  const { url } = deployment
  const got = async (host: string, path: string): Promise<string> =>
    (await raw(`${url}/${path}`, { host })).text
  for (const path of [...paths, '.well-known/did.json'])
    assert.equal(await got('photos.example', path), 'of a site', path)
  const headers = { 'content-type': CAR_TYPE }
  const posted = async (host: string): Promise<number> =>
    (await raw(url, { method: 'POST', host, headers, body: new Uint8Array(3) })).status
  assert.equal(await posted('photos.example'), 405)
  for (const host of own) {
    assert.equal(await posted(host), 400, host)
    assert.match(await got(host, 'receipt/x'), /^a CID expected/, host)
    assert.match(await got(host, 'journal-batches'), /^expected POST/, host)
  }
  assert.match(await got('gw.example', '.well-known/did.json'), /"did:web:gw.example"/)
})

test('clients that send slowly keep nobody out, and those at once are so many', async (t) => {
  const { url, gateway } = await rig(t)
  const agent = await ed25519.generate()
  const body = await messageOf(asked(agent, gateway, 'access/claim', undefined))
  const options = { method: 'POST', agent: false, headers: { 'content-type': CAR_TYPE } }
  const slow = Array.from({ length: BODIES_READ_MAX }, () => {
    const request = httpRequest(url, options)
    request.flushHeaders()
    return request
  })
  const statuses = slow.map(async (request) => {
    const [response] = await once(request, 'response')
    return (response as IncomingMessage).resume().statusCode
  })
  for (let pushedOut: number | undefined; pushedOut === undefined;) {
    assert.equal((await post(url, body)).status, 200)
    pushedOut = await Promise.race([...statuses, sleep(20, undefined)])
  }
  for (const request of slow) request.end(body)
  const answered = await Promise.all(statuses)
  assert.deepEqual(
    answered.filter((status) => status !== 200 && status !== 503),
    [],
  )
  assert.ok(answered.filter((status) => status === 200).length >= MESSAGES_IN_FLIGHT_MAX)
  assert.equal((await post(url, body)).status, 200)
})

test('a front door that is shut takes nothing', async (t) => {
  const { url, gateway } = await rig(t, { frontDoor: false })
  const agent = await ed25519.generate()
  const body = await messageOf(asked(agent, gateway, 'access/claim', undefined))
  assert.equal((await post(url, body)).status, 405)
  assert.equal((await fetch(`${url}/receipt/bafkqaaa`)).status, 404)
})

test('processes that share a port run an invocation once', async (t) => {
  const { url, gateway } = await rig(t, { workers: 2 })
  const space = await ed25519.generate()
  const delegation = await serveDelegation(space, gateway)
  const nb = { ucan: delegation.cid }
  const body = await messageOf(asked(space, gateway, 'ucan/revoke', nb, { proofs: [delegation] }))
  const send = (): Promise<RawAnswer> =>
    raw(url, { method: 'POST', headers: { 'content-type': CAR_TYPE }, body })
  const answers = await Promise.all([0, 1, 2, 3, 4, 5].map(send))
  for (const { status, text } of answers) assert.deepEqual([status, text], [200, answers[0]!.text])
})

test('a gateway with a name of the web has its document there, and is called by it', async (t) => {
  const { url, deployment } = await rig(t, { identity: 'did:web:gw.example%3A8443' })
  const did = 'did:web:gw.example%3A8443'
  const path = '/.well-known/did.json'
  const page = await raw(`${url}${path}`, { host: 'gw.example:8443' })
  assert.equal(page.headers['content-type'], 'application/json')
  const key = deployment.turnpike.whoami.gateway
  assert.deepEqual(JSON.parse(page.text), {
    '@context': ['https://w3id.org/did/v1'],
    id: did,
    verificationMethod: [
      {
        id: `${did}#owner`,
        type: 'Ed25519VerificationKey2020',
        controller: did,
        publicKeyMultibase: key.slice('did:key:'.length),
      },
    ],
    assertionMethod: [`${did}#owner`],
    authentication: [`${did}#owner`],
  })
  assert.notEqual((await raw(`${url}${path}`, { host: 'other.example' })).status, 200)
  const space = await ed25519.generate()
  for (const audience of [did, key]) {
    const delegation = await serveDelegation(space, audience)
    const told = await execute(url, audience, delegateBy(space, audience, [delegation]))
    assert.deepEqual(told, { ok: {} }, audience)
  }
})

test('content of a space is served from its delegation on, until its revocation', async (t) => {
  const { url, gateway, deployment } = await rig(t)
  const file = join(deployment.data, 'a.txt')
  await writeFile(file, 'of the default space')
  const added = await deployment.add([file])
  const content = `${url}/ipfs/${added.roots[0]!.cid}`
  assert.equal((await fetch(content)).status, 200)
  const { space } = await keysOf(deployment)
  const claimed = await execute(url, gateway, asked(space, gateway, 'access/claim', undefined))
  const [held] = Object.values(claimedBy(claimed))
  const ucan = (await Delegation.extract(held!)).ok!
  const nb = { ucan: ucan.cid }
  await execute(url, gateway, asked(space, gateway, 'ucan/revoke', nb, { proofs: [ucan] }))
  await within1s(content, 404)
  const again = await serveDelegation(space, gateway, { nonce: 'again' })
  await execute(url, gateway, delegateBy(space, gateway, [again]))
  await within1s(content, 200)
})

/** A change of what a space allows is in force within a second. */
async function within1s(url: string, status: number): Promise<void> {
  const startedMs = performance.now()
  while ((await fetch(url)).status !== status) {
    assert.ok(performance.now() - startedMs < 1000, `expected ${status} within 1 s`)
    await sleep(50)
  }
}

/** Keys in the folder of a deployment. */
async function keysOf({ data }: Deployment): Promise<{ readonly space: API.Signer }> {
  return { space: await loadKey(join(data, 'keys'), 'space-default') }
}

test('fault 10: a gateway without a key makes one, once, and keeps it', async () => {
  const folder = await testFolder()
  const dids: string[] = []
  for (let start = 0; start < 2; start++) {
    const deployment = await startDeployment(folder.path)
    dids.push(deployment.turnpike.whoami.gateway)
    const agent = await ed25519.generate()
    const gateway = dids[0]!
    const told = await Promise.all(
      ['a', 'b'].map((nonce) =>
        execute(
          deployment.url,
          gateway,
          asked(agent, gateway, 'access/claim', undefined, { nonce }),
        ),
      ),
    )
    for (const { ok } of told) assert.ok(ok)
    await deployment.stop()
  }
  assert.equal(dids[0], dids[1])
  await writeFile(join(folder.path, 'keys', 'gateway.key'), 'nonsense\n')
  await assert.rejects(startDeployment(folder.path), ({ cause }: Error) => {
    return (cause as Error).name === 'KeyDamaged'
  })
  await folder.remove()
})

test('fault 11: of a message with junk beside what is good, nothing is stored', async (t) => {
  const { url, gateway } = await rig(t)
  const [space, other] = [await ed25519.generate(), await ed25519.generate()]
  const good = await serveDelegation(space, gateway)
  const junk = {
    'another audience': await serveDelegation(space, other.did()),
    'another space': await serveDelegation(other, gateway),
  }
  for (const [what, delegation] of Object.entries(junk)) {
    const refused = await execute(url, gateway, delegateBy(space, gateway, [good, delegation]))
    assert.equal(refused.error?.name, 'DelegationRefused', what)
    const claim = asked(space, gateway, 'access/claim', undefined, { nonce: what })
    assert.deepEqual(await execute(url, gateway, claim), { ok: { delegations: {} } }, what)
  }
})

test('fault 13: refusals tell no stack, and no path of ours', async (t) => {
  const { url, gateway } = await rig(t)
  const [agent, other] = [await ed25519.generate(), await ed25519.generate()]
  const capability = { can: 'access/claim', with: other.did() }
  const invocations = [
    asked(agent, gateway, 'access/claim', undefined, { capability }),
    asked(agent, gateway, 'access/unknown', undefined),
    asked(agent, gateway, 'access/delegate', { delegations: { a: 5 } }),
    asked(agent, other.did(), 'access/claim', undefined),
  ]
  const answer = await post(url, await messageOf(...invocations))
  const told = [...(await receiptsOf(answer)).values()]
  assert.equal(told.length, invocations.length)
  for (const { error } of told) {
    assert.deepEqual(Object.keys(error!).toSorted(), ['message', 'name'])
    assert.doesNotMatch(JSON.stringify(error), /node_modules|\.[jt]s:\d+|file:/)
  }
  const malformed = await (await post(url, new Uint8Array([1, 2, 3]))).text()
  assert.doesNotMatch(malformed, /node_modules|\.[jt]s:\d+|file:/)
})
