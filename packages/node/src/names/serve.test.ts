/**
 * Tests of names over HTTP: records that are put, what is published, and bodies of requests.
 * @module
 */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ipnsNameFromString, ipnsNameToString } from '@turnpike/core/ipns/name'
import { nameOfEd25519 } from '@turnpike/core/ipns/key'
import { REQUEST_BODY_BYTES_MAX } from '@turnpike/core/limits'
import { IPNS_RECORD_BYTES_MAX } from '@turnpike/core/limits/names'
import { callOrOpen, callOwner } from '../control/client.ts'
import type { Settings } from '../config/settings.ts'
import { openHere } from '../owner/open-here.ts'
import { openScratch } from '../testing/data-folder.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { nodeClock } from '../runtime.ts'
import { publishName } from './publish.ts'
import { CatalogNames } from './store.ts'

const folders: (() => Promise<void>)[] = []
const running: Deployment[] = []

/** A folder that is removed after all tests. */
async function newFolder(): Promise<string> {
  const folder = await testFolder()
  folders.push(() => folder.remove())
  return folder.path
}

/** A deployment that is stopped after all tests. */
async function serving(settings: Partial<Settings> = {}, data?: string): Promise<Deployment> {
  const deployment = await startDeployment(data ?? (await newFolder()), {
    dnsResolver: { kind: 'off' },
    namePut: true,
    ...settings,
  })
  running.push(deployment)
  return deployment
}

/** One that takes records from anybody, and one that takes none. */
let taking: Deployment
let closed: Deployment

before(async () => {
  taking = await serving()
  closed = await serving({ namePut: false })
})

after(async () => {
  await Promise.all(running.map((deployment) => deployment.stop()))
  for (const remove of folders) await remove()
  for (const { crashes } of running) assert.deepEqual(crashes, [])
})

/** Records of one name, made in another folder. */
async function makeRecords(
  t: TestContext,
  ...paths: string[]
): Promise<{ name: string; records: Uint8Array<ArrayBuffer>[] }> {
  const { folder } = await openScratch(t)
  const context = { folder, clock: nodeClock }
  const names = new CatalogNames(folder.catalog, nodeClock)
  const records: Uint8Array<ArrayBuffer>[] = []
  let name = ''
  for (const path of paths) {
    name = (await publishName(context, { path, key: 'a', ttlMs: 60_000 })).ok!.name
    records.push(new Uint8Array(names.get(ipnsNameFromString(name)!.multihash)!))
  }
  return { name, records }
}

async function put(url: string, name: string, body: BodyInit): Promise<[number, string]> {
  const got = await fetch(`${url}/routing/v1/ipns/${name}`, { method: 'PUT', body })
  return [got.status, await got.text()]
}

test('records that are put are served, when they are valid and newer', async (t) => {
  const { url } = taking
  const { name, records } = await makeRecords(t, '/ipfs/bafkqaaa', '/ipfs/bafkqablimvwgy3y')
  const [older, newer] = records as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]
  assert.deepEqual(await put(url, name, newer), [200, ''])
  const got = await fetch(`${url}/ipns/${name}`)
  assert.equal(await got.text(), 'hello')
  assert.match(got.headers.get('cache-control')!, /^public, max-age=(?:60|59)$/)
  assert.deepEqual(await put(url, name, older), [200, ''])
  assert.equal(await (await fetch(`${url}/ipns/${name}`)).text(), 'hello')
  const back = await fetch(`${url}/routing/v1/ipns/${name}`)
  assert.deepEqual(await back.bytes(), newer)
  assert.equal(back.headers.get('access-control-allow-origin'), '*')
  assert.match(back.headers.get('access-control-allow-methods')!, /\bPUT\b/)
  assert.ok(back.headers.get('x-receipt-id'))
  const again = { headers: { 'if-none-match': back.headers.get('etag')! } }
  assert.equal((await fetch(`${url}/routing/v1/ipns/${name}`, again)).status, 304)
})

test('a record that is not valid, too large or of another name is refused', async (t) => {
  const { url } = taking
  const { name, records } = await makeRecords(t, '/ipfs/bafkqaaa')
  const record = records[0]!
  const other = ipnsNameToString(nameOfEd25519(new Uint8Array(32)))
  const broken = new Uint8Array(record)
  broken[9]! ^= 1
  const refused: [string, BodyInit][] = [
    [name, broken],
    [name, new Uint8Array()],
    [name, new Uint8Array(IPNS_RECORD_BYTES_MAX + 1)],
    [other, record],
    ['a.example', record],
  ]
  for (const [of, body] of refused) assert.equal((await put(url, of, body))[0], 400)
  assert.equal((await put(url, name, new Uint8Array(REQUEST_BODY_BYTES_MAX + 1)))[0], 413)
  assert.equal((await fetch(`${url}/routing/v1/ipns/${name}`)).status, 404)
  assert.equal((await put(url, name, record))[0], 200)
})

test('records are not taken unless the operator lets them', async (t) => {
  const { url } = closed
  const { name, records } = await makeRecords(t, '/ipfs/bafkqaaa')
  assert.equal((await put(url, name, records[0]!))[0], 403)
  assert.equal((await fetch(`${url}/routing/v1/ipns/${name}`)).status, 404)
})

test('each worker sees what is published, within a second', async (t) => {
  const { url, data } = await serving({ workers: 2 })
  let name = ''
  for (const content of ['bafkqaaa', 'bafkqablimvwgy3y']) {
    const params = { path: `/ipfs/${content}`, key: 'a' }
    const published = await callOwner(data, 'namePublish', params)
    if (published.error) throw published.error
    name = (published.ok as { name: string }).name
    for (let i = 0; i < 8; i++) {
      // A connection of its own may reach any of them.
      const got = await fetch(`${url}/ipns/${name}`, { headers: { connection: 'close' } })
      assert.equal(await got.text(), content === 'bafkqaaa' ? '' : 'hello')
    }
  }
  const { records } = await makeRecords(t, '/ipfs/bafkqaaa')
  assert.equal((await put(url, name, records[0]!))[0], 400)
})

test('a body that nobody reads holds up nothing', async (t) => {
  const { url } = closed
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(() => socket.destroy())
  const body = 'x'.repeat(40_000)
  const head = `Host: ${hostname}:${port}\r\nContent-Length: ${body.length}\r\n\r\n`
  // The second request waits behind a body that the first answer did not ask for.
  socket.write(`PUT /ipfs/bafkqaaa HTTP/1.1\r\n${head}${body}`)
  socket.write(
    `GET /ipfs/bafkqablimvwgy3y HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`,
  )
  const got = Buffer.concat((await socket.toArray()) as Buffer[]).toString()
  assert.match(got, /^HTTP\/1\.1 405 [^]*HTTP\/1\.1 200 [^]*\r\n\r\nhello$/)
})

test('who leaves while a body is read, or sends without end, is let go', async (t) => {
  const { url } = taking
  const { name, records } = await makeRecords(t, '/ipfs/bafkqaaa')
  const path = `/routing/v1/ipns/${name}`
  const leaving = request(`${url}${path}`, { method: 'PUT', headers: { 'content-length': 500 } })
  leaving.on('error', () => {})
  leaving.write('x')
  setTimeout(() => leaving.destroy(), 50)
  const endless = request(`${url}${path}`, { method: 'PUT' })
  const ended = Promise.withResolvers<number | undefined>()
  endless.on('response', (response) => ended.resolve(response.statusCode))
  endless.on('error', () => ended.resolve(undefined))
  const writing = setInterval(() => endless.write('x'.repeat(16_384)), 1)
  assert.ok([400, undefined].includes(await ended.promise))
  clearInterval(writing)
  endless.destroy()
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(records[0]!)
      controller.close()
    },
  })
  const init = { method: 'PUT', body: stream, duplex: 'half' }
  assert.equal((await fetch(`${url}${path}`, init)).status, 200)
})

test('routers are asked by http: only where that is allowed', async (t) => {
  const { name, records } = await makeRecords(t, '/ipfs/bafkqablimvwgy3y')
  await put(taking.url, name, records[0]!)
  const ipnsRouters = [taking.url]
  const strict = await serving({ ipnsRouters })
  assert.equal((await fetch(`${strict.url}/ipns/${name}`)).status, 504)
  const open = await serving({ ipnsRouters, allowPrivateOrigins: true })
  assert.equal(await (await fetch(`${open.url}/ipns/${name}`)).text(), 'hello')
  const record = await fetch(`${open.url}/ipns/${name}?format=ipns-record`)
  assert.deepEqual(await record.bytes(), records[0])
})

test('a name that ended while nobody served is in force again when somebody does', async () => {
  const data = await newFolder()
  const params = { path: '/ipfs/bafkqablimvwgy3y', key: 'a', lifetimeMs: 1000 }
  const published = await callOrOpen(data, () => openHere(data), 'namePublish', params)
  const { name, validUntil } = published.ok as { name: string; validUntil: string }
  await sleep(Date.parse(validUntil) - Date.now() + 1)
  const { url } = await serving({}, data)
  for (let status = 0; status !== 200; await sleep(10))
    status = (await fetch(`${url}/ipns/${name}`)).status
})
