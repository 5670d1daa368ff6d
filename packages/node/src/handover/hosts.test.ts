import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { encodeRead } from '@turnpike/core/log/encode'
import { readOf } from '@turnpike/accounting/testing/entries'
import { BATCH_TYPE, makeBatch } from '@turnpike/core/handover/batch'
import { BATCH_HEADER_BYTES_MAX, BATCH_PAYLOAD_BYTES_MAX } from '@turnpike/core/limits/inbox'
import { testKey } from '@turnpike/core/testing/keys'
import { openAccounting } from '../accounting/open.ts'
import type { HandTo } from '../config/handover.ts'
import { callOwner } from '../control/client.ts'
import { nodeHasher } from '../hasher.ts'
import { startDeployment, testSettings, type Deployment } from '../testing/deployment.ts'
import type { HandoverAnswer } from './answer.ts'
import { addFile, hostFolder, lightHost, type HostFolder, type LightHost } from './testing/hosts.ts'

/** Hosts that hand on to `home`, one for each test. */
const edges: HostFolder[] = []
const batchKey = testKey(1)
let folder: HostFolder
let home: Deployment
let handTo: HandTo

before(async () => {
  folder = await hostFolder()
  for (let i = 0; i < 4; i++) edges.push(await hostFolder())
  home = await startDeployment(folder.path, { handFrom: sources() })
  handTo = { did: folder.did, url: home.url }
})
after(async () => {
  await home.stop()
  for (const one of [folder, ...edges]) await one.remove()
  assert.deepEqual(home.crashes, [])
})

function sources(): readonly string[] {
  return [batchKey.did, ...edges.map(({ did }) => did)]
}

async function bytesAt(host: Deployment): Promise<number> {
  return Number((await host.usage())['bytes'])
}

/** Hands on all that was read. */
async function handOn({ accounting }: LightHost): Promise<void> {
  assert.equal((await accounting.catchUp()).error, undefined)
}

/** Why accounting of a folder is refused with these settings. */
async function refusalOf(
  { path }: HostFolder,
  settings: Partial<ReturnType<typeof testSettings>>,
): Promise<string | undefined> {
  const { error } = await openAccounting({
    dataDir: path,
    origin: 'o',
    slotsInUse: [],
    settings: { ...testSettings(path), ...settings },
  })
  return error?.reason
}

test('a host hands on with processes that serve, and says where to ask', async (t: TestContext) => {
  const [edge] = edges
  const deployment = await startDeployment(edge!.path, {
    handTo,
    allowPrivateOrigins: true,
    workers: 2,
  })
  t.after(() => deployment.stop())
  const { serving, accounting } = deployment.turnpike
  const earlier = await bytesAt(home)
  const url = await addFile(deployment, 1000)
  for (let i = 0; i < 5; i++) assert.equal((await (await fetch(url)).bytes()).length, 1000)
  await serving.flush()
  assert.equal((await accounting.catchUp()).error, undefined)
  assert.equal((await bytesAt(home)) - earlier, 5000)
  for (const operation of ['usage', 'void', 'ledgerRebuild']) {
    const { error } = await callOwner(edge!.path, operation, {})
    assert.match(error!.message, new RegExp(`counted by ${folder.did}: ask at http`))
  }
})

test('a host that counted itself hands on the rest, and takes up again', async () => {
  const edge = edges[1]!
  const earlier = await bytesAt(home)
  let host = await lightHost(edge)
  await host.read(1)
  assert.equal((await host.accounting.usage({})).ok?.bytes, 1000n)
  await host.close()
  host = await lightHost(edge, handTo)
  await host.read(2)
  await handOn(host)
  await host.close()
  host = await lightHost(edge)
  await host.read(4)
  assert.equal((await host.accounting.usage({})).ok?.bytes, 5000n)
  assert.equal((await bytesAt(home)) - earlier, 2000)
  await host.close()
})

test('L12: what is refused is kept with the reason, and the rest goes on', async () => {
  const earlier = await bytesAt(home)
  const deployment = await lightHost(edges[2]!, handTo)
  await deployment.read(1)
  // Read while the gateway had another name than when it is handed on.
  await deployment.read(1, { provider: 'did:web:old.example' })
  await deployment.read(1)
  await handOn(deployment)
  assert.equal((await bytesAt(home)) - earlier, 2000)
  const call = { signal: new AbortController().signal, progress() {} }
  const { ok } = await deployment.accounting.operations['handover']!({}, call)
  const { refused, refusals, to } = ok as HandoverAnswer
  assert.deepEqual([to, refused, refusals.length], [handTo, 1, 1])
  assert.match(refusals[0]!.reason, /provider expected did:key.*got did:web:old.example/)
  const again = await deployment.accounting.operations['handoverRetry']!({}, call)
  assert.deepEqual(again.ok, { counted: 0, seen: 0, refused: 1 })
  await deployment.close()
  const here = (await callOwner(folder.path, 'handover', {})).ok as HandoverAnswer
  assert.deepEqual([here.to, here.from], [null, sources()])
})

test('the route takes batches of its type and size from who is listed', async () => {
  const stranger = testKey(2)
  const url = `${home.url}/journal-batches`
  const groups = [[encodeRead(readOf(7, { provider: batchKey.did }))]]
  const batchOf = (signer: typeof batchKey, source: string): Promise<Uint8Array> =>
    makeBatch({ source, audience: folder.did, journal: '0', first: 0, madeMs: 1 }, groups, {
      signer,
      hasher: nodeHasher,
    })
  const post = async (body: Uint8Array, type = BATCH_TYPE): Promise<number> => {
    const headers = { 'content-type': type }
    return (await fetch(url, { method: 'POST', body: Buffer.from(body), headers })).status
  }
  const { reads } = await home.usage()
  const good = await batchOf(batchKey, batchKey.did)
  assert.equal(await post(good, 'application/json'), 415)
  assert.equal(await post(new Uint8Array()), 400)
  assert.equal(await post(await batchOf(stranger, stranger.did)), 403)
  assert.equal(await post(await batchOf(stranger, batchKey.did)), 403)
  const most = BATCH_HEADER_BYTES_MAX + 64 + BATCH_PAYLOAD_BYTES_MAX
  assert.equal(await post(new Uint8Array(most)), 400)
  assert.equal(await post(new Uint8Array(most + 1)), 413)
  assert.equal((await fetch(url)).status, 405)
  for (let i = 0; i < 2; i++) assert.equal(await post(good), 200)
  assert.equal(Number((await home.usage())['reads']) - Number(reads), 1)
})

test('what is read while the other host is away is counted when it is back', async () => {
  const edge = edges[3]!
  const earlier = await bytesAt(home)
  let host = await lightHost(edge, handTo)
  await host.read(1)
  await handOn(host)
  await home.stop()
  await host.read(3)
  assert.equal((await host.accounting.catchUp()).error?.reason, 'HandOnFailed')
  await host.close()
  // Nobody else may have these reads now: neither this host's own log nor a third one.
  assert.equal(await refusalOf(edge, {}), 'HandedOn')
  const elsewhere = { did: 'did:web:c.example', url: 'https://c.example' }
  assert.equal(await refusalOf(edge, { handTo: elsewhere }), 'HandedOn')
  const { port } = new URL(handTo.url)
  home = await startDeployment(folder.path, { handFrom: sources(), port: Number(port) })
  host = await lightHost(edge, handTo)
  await handOn(host)
  await host.close()
  assert.equal((await bytesAt(home)) - earlier, 4000)
})

test('a host that hands on over http, or counts for others as well, is refused', async () => {
  const edge = edges[0]!
  const http = { did: 'did:web:a.example', url: 'http://a.example' }
  assert.equal(await refusalOf(edge, { handTo: http }), 'RangeError')
  const both = { handTo: { ...http, url: 'https://a.example' }, handFrom: ['did:web:b.example'] }
  assert.equal(await refusalOf(edge, both), 'RangeError')
})
