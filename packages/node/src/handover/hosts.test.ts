import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { encodeRead } from '@turnpike/core/log/encode'
import { readOf } from '@turnpike/accounting/testing/entries'
import { BATCH_TYPE, makeBatch } from '@turnpike/core/handover/batch'
import { BATCH_HEADER_BYTES_MAX, BATCH_PAYLOAD_BYTES_MAX } from '@turnpike/core/limits/inbox'
import { testKey } from '@turnpike/core/testing/keys'
import { openAccounting } from '../accounting/open.ts'
import type { Settings } from '../config/settings.ts'
import { nodeHasher } from '../hasher.ts'
import { startDeployment, testSettings, type Deployment } from '../testing/deployment.ts'
import type { HandoverAnswer } from './answer.ts'
import { addFile, hostFolder, type HostFolder } from './testing/hosts.ts'
import { callOwner } from '../control/client.ts'

interface Host {
  readonly folder: HostFolder
  deployment: Deployment
  start(overrides?: Partial<Settings>): Promise<void>
  stop(): Promise<void>
}

/** A host that is stopped and removed at the end, whether it was started or not. */
async function hostOf(t: TestContext, overrides: Partial<Settings> = {}): Promise<Host> {
  const folder = await hostFolder()
  let running = false
  const host: Host = {
    folder,
    deployment: undefined as unknown as Deployment,
    async start(others = overrides) {
      host.deployment = await startDeployment(folder.path, others)
      running = true
    },
    async stop() {
      if (running) await host.deployment.stop()
      running = false
    },
  }
  t.after(async () => {
    await host.stop()
    await folder.remove()
  })
  return host
}

/** An edge that hands on to a home that takes from it. */
async function pairOf(
  t: TestContext,
  { workers = 0 } = {},
): Promise<{ readonly home: Host; readonly edge: Host; readonly toHome: Partial<Settings> }> {
  const home = await hostOf(t)
  const edge = await hostOf(t)
  const from = { handFrom: [edge.folder.did], workers }
  await home.start(from)
  const handTo = { did: home.folder.did, url: home.deployment.url }
  const toHome = { handTo, allowPrivateOrigins: true, workers }
  await edge.start(toHome)
  return { home, edge, toHome }
}

/** Hands on what was read so far. */
async function handOn({ deployment: { turnpike } }: Host): Promise<void> {
  await turnpike.serving.flush()
  const { error } = await turnpike.accounting.catchUp()
  assert.equal(error, undefined)
}

async function bytesAt(host: Host): Promise<number> {
  return Number((await host.deployment.usage())['bytes'])
}

async function get(url: string): Promise<void> {
  const answer = await fetch(url)
  await answer.arrayBuffer()
  assert.equal(answer.status, 200)
}

test('reads of a host are counted by another, both with processes that serve', async (t) => {
  const { home, edge } = await pairOf(t, { workers: 2 })
  const url = await addFile(edge.deployment, 1000)
  for (let i = 0; i < 5; i++) await get(url)
  await handOn(edge)
  assert.equal(await bytesAt(home), 5000)
  const here = await callOwner(edge.folder.path, 'usage', {})
  assert.equal(here.error?.message.includes(home.folder.did), true, here.error?.message)
  assert.match(here.error!.message, /ask at http/)
  await edge.stop()
  await home.stop()
  assert.deepEqual([...home.deployment.crashes, ...edge.deployment.crashes], [])
})

test('what is read while the other host is away is counted when it is back', async (t) => {
  const { home, edge, toHome } = await pairOf(t)
  const url = await addFile(edge.deployment, 1000)
  await get(url)
  await handOn(edge)
  assert.equal(await bytesAt(home), 1000)
  await home.stop()
  for (let i = 0; i < 3; i++) await get(url)
  await edge.stop()
  // Nobody else may have these reads now: neither this host's own log nor a third one.
  const settings = testSettings(edge.folder.path, {})
  const elsewhere = {
    ...settings,
    ...toHome,
    handTo: { did: 'did:web:c.example', url: 'https://c' },
  }
  for (const others of [settings, elsewhere]) {
    const options = { dataDir: edge.folder.path, origin: 'o', slotsInUse: [], settings: others }
    const { error } = await openAccounting(options)
    assert.equal(error?.reason, 'HandedOn')
  }
  const { port } = new URL(toHome.handTo!.url)
  await home.start({ handFrom: [edge.folder.did], port: Number(port) })
  await edge.start(toHome)
  await handOn(edge)
  assert.equal(await bytesAt(home), 4000)
})

test('a host that counted itself hands on the rest, and takes up again', async (t) => {
  const home = await hostOf(t)
  const edge = await hostOf(t)
  await edge.start()
  const url = await addFile(edge.deployment, 1000)
  await get(url)
  assert.equal(await bytesAt(edge), 1000)
  await edge.stop()
  await home.start({ handFrom: [edge.folder.did] })
  const handTo = { did: home.folder.did, url: home.deployment.url }
  const { pathname } = new URL(url)
  await edge.start({ handTo, allowPrivateOrigins: true })
  for (let i = 0; i < 2; i++) await get(edge.deployment.url + pathname)
  await handOn(edge)
  assert.equal(await bytesAt(home), 2000)
  await edge.stop()
  await edge.start({})
  await get(edge.deployment.url + pathname)
  assert.equal(await bytesAt(edge), 2000, 'its own first and last')
  assert.equal(await bytesAt(home), 2000)
})

test('what is refused is kept with the reason, and the rest goes on', async (t) => {
  const home = await hostOf(t)
  const edge = await hostOf(t)
  const handTo = { did: home.folder.did, url: 'http://127.0.0.1:1' }
  const rules = { handTo, allowPrivateOrigins: true }
  // Read while the gateway had another name than when it is handed on.
  await edge.start({ ...rules, identity: 'did:web:old.example' })
  const { pathname } = new URL(await addFile(edge.deployment, 1000))
  await get(edge.deployment.url + pathname)
  await edge.stop()
  await home.start({ handFrom: [edge.folder.did] })
  await edge.start({ ...rules, handTo: { ...handTo, url: home.deployment.url } })
  await get(edge.deployment.url + pathname)
  await handOn(edge)
  assert.equal(await bytesAt(home), 1000)
  const asked = (await callOwner(edge.folder.path, 'handover', {})).ok as HandoverAnswer
  assert.deepEqual([asked.to?.did, asked.lagMs, asked.refused], [home.folder.did, 0, 1])
  assert.match(asked.refusals[0]!.reason, /provider expected did:key.*got did:web:old.example/)
  const here = (await callOwner(home.folder.path, 'handover', {})).ok as HandoverAnswer
  assert.deepEqual([here.to, here.from], [null, [edge.folder.did]])
})

test('the route takes batches of its type and size from who is listed', async (t) => {
  const [edge, stranger] = [testKey(1), testKey(2)]
  const home = await hostOf(t)
  await home.start({ handFrom: [edge.did] })
  const url = `${home.deployment.url}/journal-batches`
  const groups = [[encodeRead(readOf(7, { provider: edge.did }))]]
  const batchOf = (signer: typeof edge, source: string): Promise<Uint8Array> =>
    makeBatch({ source, audience: home.folder.did, journal: '0', first: 0, madeMs: 1 }, groups, {
      signer,
      hasher: nodeHasher,
    })
  const post = async (body: Uint8Array, type = BATCH_TYPE): Promise<number> => {
    const headers = { 'content-type': type }
    return (await fetch(url, { method: 'POST', body: Buffer.from(body), headers })).status
  }
  const good = await batchOf(edge, edge.did)
  assert.equal(await post(good, 'application/json'), 415)
  assert.equal(await post(new Uint8Array()), 400)
  assert.equal(await post(await batchOf(stranger, stranger.did)), 403)
  assert.equal(await post(await batchOf(stranger, edge.did)), 403)
  const most = BATCH_HEADER_BYTES_MAX + 64 + BATCH_PAYLOAD_BYTES_MAX
  assert.equal(await post(new Uint8Array(most)), 400)
  assert.equal(await post(new Uint8Array(most + 1)), 413)
  assert.equal((await fetch(url)).status, 405)
  for (let i = 0; i < 2; i++) assert.equal(await post(good), 200)
  assert.equal((await home.deployment.usage())['reads'], 1)
  await home.stop()
  await home.start({})
  assert.notEqual(
    (await fetch(`${home.deployment.url}/journal-batches`, { method: 'POST' })).status,
    200,
  )
})

test('a host that hands on over http, or counts for others as well, is refused', async (t) => {
  const folder = await hostFolder()
  t.after(() => folder.remove())
  const handTo = { did: 'did:web:a.example', url: 'http://a.example' }
  const settings = testSettings(folder.path, {})
  for (const wrong of [
    { handTo },
    { handTo: { ...handTo, url: 'https://a.example' }, handFrom: ['did:web:b'] },
  ]) {
    const { error } = await openAccounting({
      dataDir: folder.path,
      origin: 'o',
      slotsInUse: [],
      settings: { ...settings, ...wrong },
    })
    assert.equal(error?.reason, 'RangeError')
  }
})
