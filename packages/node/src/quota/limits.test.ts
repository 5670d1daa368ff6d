import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { QUOTA_WINDOW_BYTES } from '@turnpike/core/limits/billing'
import { FREE_PLAN } from '@turnpike/core/billing/plan'
import type { Settings } from '../config/settings.ts'
import { callOwner } from '../control/client.ts'
import { DEMO_CUSTOMER } from '../folder/default-space.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import type { ShownQuota } from './show.ts'

const MIB = 1024 * 1024
/** The plan that who owns a new folder's space is on. */
const PLAN = { id: FREE_PLAN.id, name: 'Hard', currency: 'EUR' }

interface Rig {
  readonly one: Deployment
  /** Path of a new file of so many bytes. */
  add(bytes: number): Promise<string>
  call(operation: string, params: object): Promise<Record<string, unknown>>
  quota(): Promise<ShownQuota>
}

/** A deployment whose default space is on a plan with some terms of egress. */
async function rigOf(
  t: TestContext,
  egress: object,
  overrides: Partial<Settings> = {},
  plan: object = {},
): Promise<Rig> {
  const folder = await testFolder()
  const plans = join(folder.path, 'plans.json')
  writeFileSync(plans, JSON.stringify({ plans: [{ ...PLAN, egress, ...plan }] }))
  const data = join(folder.path, 'data')
  // However slow this machine is: nothing is sent before it is known what may be.
  const certain = { plans, quotaUncountedBytesMax: 0, logLevel: 'fatal' as const }
  const one = await startDeployment(data, { ...certain, ...overrides })
  t.after(async () => {
    await one.stop()
    await folder.remove()
    assert.deepEqual(one.crashes, [])
  })
  const call: Rig['call'] = async (operation, params) => {
    const called = await callOwner(data, operation, params)
    if (called.error) throw called.error
    return called.ok as Record<string, unknown>
  }
  const add = async (bytes: number): Promise<string> => {
    const path = join(folder.path, `f${bytes}`)
    writeFileSync(path, randomBytes(bytes))
    return `/ipfs/${(await one.add([path])).cid}`
  }
  const quota = async (): Promise<ShownQuota> =>
    (await call('quota', { customer: DEMO_CUSTOMER })) as unknown as ShownQuota
  return { one, add, call, quota }
}

interface Got {
  readonly status: number
  /** Bytes of the body that came. */
  readonly bytes: number
}

/** Reads over a socket of its own, to whatever end. */
async function read(url: string, path: string, headers = ''): Promise<Got> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers}\r\n`)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  await once(socket, 'close')
  const all = Buffer.concat(chunks)
  const headEnd = all.indexOf('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(all.toString('latin1', 0, 20))?.[1])
  return { status, bytes: all.length - headEnd - 4 }
}

/** Reads until a status comes, for as long as a change takes to be in force. */
async function until(rig: Rig, path: string, status: number): Promise<Got> {
  for (let tries = 0; ; tries++) {
    const got = await read(rig.one.url, path)
    if (got.status === status) return got
    assert.ok(tries < 200, `${status} expected sooner, got ${got.status}`)
    await sleep(100)
  }
}

for (const workers of [0, 2])
  test(`a hard limit holds against 64 downloads at once, with ${workers} workers`, async (t) => {
    const egress = { included: 60 * MIB, limit: 'hard' }
    const rig = await rigOf(t, egress, { workers })
    await until(rig, await rig.add(1), 200)
    const path = await rig.add(3 * MIB + 5)
    // Of the month, the hours since its customer came.
    const limit = Number((await rig.quota()).limit)
    const got = await Promise.all(Array.from({ length: 64 }, () => read(rig.one.url, path)))
    const sent = got
      .filter(({ status }) => status === 200)
      .reduce((sum, { bytes }) => sum + bytes, 0)
    assert.ok(sent <= limit + 64 * QUOTA_WINDOW_BYTES, `${sent} sent`)
    assert.ok(sent > 0)
    assert.ok(got.every(({ status }) => status === 200 || status === 402))
    // What the kernel took of a body that was cut need not arrive.
    const quota = await rig.quota()
    assert.ok(Number(quota.used) >= sent)
    assert.ok(Number(quota.used) < limit + QUOTA_WINDOW_BYTES)
    assert.equal((await rig.one.usage()).bytes, quota.used)
    await until(rig, path, 402)
    assert.equal((await rig.quota()).state, 'blocked')
  })

test('a grant, and a payment into a balance, let reads through soon', async (t) => {
  const egress = { limit: 'hard', overagePricePerGib: '1024.00' }
  const rig = await rigOf(t, egress, {}, { prepaid: true, refusalStatus: 429 })
  const path = await rig.add(1024)
  assert.equal((await read(rig.one.url, path)).status, 429)
  assert.equal((await rig.quota()).state, 'blocked')
  const customer = DEMO_CUSTOMER
  const granted = await rig.call('grantAdd', { customer, bytes: '1034', id: 'gift' })
  assert.equal(granted['added'], true)
  assert.equal((await rig.call('grantAdd', { customer, bytes: 1034, id: 'gift' }))['added'], false)
  await until(rig, path, 200)
  const { allowance, used, grants } = await rig.quota()
  assert.deepEqual([allowance, used], [1034, 1024])
  assert.deepEqual(
    grants.map(({ id, leftBytes }) => [id, leftBytes]),
    [['gift', 10]],
  )
  assert.equal((await read(rig.one.url, path)).bytes, 1024, 'something was left')
  await until(rig, path, 429)
  const over = await rig.quota()
  assert.deepEqual([over.granted, over.overage, over.limit], [1034, 1014, 2048])
  // A thousandth of a unit buys a KiB.
  const payment = { customer, source: 'test', id: '1', amount: '0.002', currency: 'EUR' }
  assert.equal((await rig.call('balanceCredit', payment))['credited'], true)
  assert.equal((await rig.call('balanceCredit', payment))['credited'], false, 'once')
  await until(rig, path, 200)
  const paid = await rig.quota()
  assert.equal(paid.balance.currency, 'EUR')
  assert.ok(Number(paid.balance.amount) < 0.002)
  await until(rig, path, 200)
  await until(rig, path, 429)
  assert.equal((await rig.quota()).balance.amount, '0.00')
})

test('a day has its most; HEAD and what has not changed cost nothing', async (t) => {
  const rig = await rigOf(t, { dayMax: 1000 })
  const path = await rig.add(600)
  await until(rig, await rig.add(1), 200)
  const first = await fetch(rig.one.url + path, { headers: { connection: 'close' } })
  await first.arrayBuffer()
  const etag = first.headers.get('etag')!
  for (let times = 0; times < 3; times++) {
    assert.equal((await fetch(rig.one.url + path, { method: 'HEAD' })).status, 200)
    const headers = { 'if-none-match': etag }
    assert.equal((await fetch(rig.one.url + path, { headers })).status, 304)
  }
  assert.deepEqual(await read(rig.one.url, path), { status: 200, bytes: 600 })
  await until(rig, path, 402)
  const refused = await fetch(rig.one.url + path, { headers: { connection: 'close' } })
  assert.equal(refused.headers.get('cache-control'), 'no-store')
  const waitSeconds = Number(refused.headers.get('retry-after'))
  assert.ok(waitSeconds > 0 && waitSeconds <= 86_400)
  const quota = await rig.quota()
  assert.deepEqual([quota.day, quota.state], [{ used: 1201, limit: 1000 }, 'blocked'])
})

test('bytes of a worker that is killed count until its journal says what they were', async (t) => {
  const rig = await rigOf(t, { limit: 'hard' }, { workers: 1 })
  const path = await rig.add(16 * MIB)
  await rig.call('grantAdd', { customer: DEMO_CUSTOMER, bytes: '3 MiB' })
  await until(rig, await rig.add(1), 200)
  const { hostname, port, host } = new URL(rig.one.url)
  const slow = connect(Number(port), hostname)
  slow.on('error', () => {})
  slow.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  const sending = Promise.withResolvers<void>()
  let bytes = 0
  slow.on('data', (chunk) => {
    bytes += chunk.length
    if (bytes > MIB) sending.resolve()
    if (bytes > MIB) slow.pause()
  })
  await sending.promise
  const [worker] = Object.values(cluster.workers!)
  worker!.process.kill('SIGKILL')
  slow.destroy()
  // What was not sent is given back when the journal was recovered; then the rest is read.
  const statusNow = (): Promise<number> =>
    read(rig.one.url, path).then(
      ({ status }) => status,
      () => 0,
    )
  for (let tries = 0; (await statusNow()) !== 402; tries++) {
    assert.ok(tries < 200)
    await sleep(50)
  }
  const quota = await rig.quota()
  assert.ok(Number(quota.used) < 3 * MIB + 2 * QUOTA_WINDOW_BYTES)
  assert.equal((await rig.one.usage()).bytes, quota.used)
  rig.one.crashes.splice(0)
})
