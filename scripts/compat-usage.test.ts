/**
 * Storacha's capabilities of usage, invoked by `@ucanto/client` against a running Turnpike.
 * `npm run compat` installs what it takes; without it the tests are skipped.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { endProcesses, turnpikeJson } from './campaigns/rig/turnpike.ts'
import {
  loadClients,
  serveGateway,
  skip,
  within1s,
  type Clients,
  type Customer,
  type Gateway,
  type Owner,
} from './storacha-clients.ts'

const GATEWAY = 'did:web:gateway.example'
const LOGIN = 'did:web:login.example'
const EMPTY = { total: 0, spaces: {} }

let clients: Clients
let scratch: string
let data: string
let gateway: Gateway
let alice: Customer
let bob: Customer
let owner: Owner
/** What was added to the owner's space, and read of it. */
let root: string
let sizeBytes: number
let readBytes: number

if (!skip) {
  before(async () => {
    clients = await loadClients()
    scratch = await mkdtemp(join(tmpdir(), 'turnpike-compat-'))
    data = join(scratch, 'data')
    const login = await clients.makeLogin(LOGIN)
    const flags = ['--identity', GATEWAY, '--attest-authorities', LOGIN]
    const key = `${LOGIN}=${login.toDIDKey()}`
    gateway = { ...(await serveGateway(data, ...flags, '--did-map', key)), did: GATEWAY }
    for (const name of ['alice', 'bob'])
      await turnpikeJson('customer', 'add', `${name}@mail.example`, '--data', data)
    alice = await clients.makeCustomer(gateway, login, 'did:mailto:mail.example:alice')
    bob = await clients.makeCustomer(gateway, login, 'did:mailto:mail.example:bob')
    owner = await clients.makeOwner(gateway)
    await readSome()
  })

  after(async () => {
    await endProcesses()
    await rm(scratch, { recursive: true, force: true })
  })
}

/** Adds content to the owner's space, which Alice has, and reads all of it twice. */
async function readSome(): Promise<void> {
  const file = join(scratch, 'content')
  await writeFile(file, 'x'.repeat(100_000))
  await turnpikeJson('space', 'create', 'owned', '--did', owner.did, '--data', data)
  assert.deepEqual(await alice.provide(owner.did), { ok: {} })
  await owner.serve()
  const added = await turnpikeJson('add', file, '--space', owner.did, '--data', data)
  root = String(added.cid)
  const [shard] = added.shards as [{ readonly bytes: number }]
  sizeBytes = shard.bytes
  const url = `${gateway.url}/ipfs/${root}`
  await within1s(url, 200)
  await (await fetch(url)).arrayBuffer()
  const usage = await turnpikeJson('usage', '--data', data)
  readBytes = Number(usage.bytes)
  assert.ok(readBytes >= 200_000)
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

interface UsageData {
  readonly provider: string
  readonly space: string
  readonly period: { readonly from: string; readonly to: string }
  readonly size: { readonly initial: number; readonly final: number }
  readonly events: readonly {
    readonly cause: unknown
    readonly delta: number
    readonly receiptAt: string
  }[]
}

test('usage/report', { skip }, async () => {
  const to = nowSeconds() + 1
  const period = { from: to - 3600, to }
  const { ok } = await owner.report(period)
  const report = ok![GATEWAY] as UsageData
  assert.deepEqual(Object.keys(ok!), [GATEWAY])
  assert.deepEqual([report.provider, report.space], [GATEWAY, owner.did])
  assert.deepEqual(report.period, {
    from: new Date(period.from * 1000).toISOString(),
    to: new Date(period.to * 1000).toISOString(),
  })
  assert.deepEqual(report.size, { initial: 0, final: sizeBytes })
  const [{ cause, delta, receiptAt }] = report.events as [UsageData['events'][number]]
  assert.deepEqual([String(cause), delta], [root, sizeBytes])
  assert.ok(Date.parse(receiptAt) <= Date.now())
  const earlier = await owner.report({ from: 0, to: period.from })
  assert.deepEqual((earlier.ok![GATEWAY] as UsageData).size, { initial: 0, final: 0 })
  const stranger = await clients.makeOwner(gateway)
  assert.deepEqual(await stranger.report(period, owner.did), { error: 'Unauthorized' })
  assert.deepEqual(await owner.report({ from: to, to: to - 1 }), { error: 'PeriodNotAcceptable' })
})

test('@storacha/client asks for a report of its space', { skip }, async () => {
  const user = await clients.makeUser(gateway)
  const space = await user.space()
  await turnpikeJson('space', 'create', 'used', '--did', space, '--data', data)
  const file = join(scratch, 'content')
  const added = await turnpikeJson('add', file, '--space', space, '--data', data)
  const [{ bytes }] = added.shards as [{ readonly bytes: number }]
  const [from, to] = [-3_600_000, 1000].map((ms) => new Date(Date.now() + ms)) as [Date, Date]
  const report = (await user.report(space, from, to))[GATEWAY] as UsageData
  assert.deepEqual([report.space, report.size], [space, { initial: 0, final: bytes }])
})

test('account/usage/get', { skip }, async () => {
  const { ok } = await alice.usage()
  const { total, spaces, egress } = ok as {
    total: number
    spaces: Record<string, { total: number; providers: Record<string, UsageData> }>
    egress: { total: number; spaces: Record<string, { total: number; providers: object }> }
  }
  assert.deepEqual([total, egress.total], [sizeBytes, readBytes])
  const stored = spaces[owner.did]!
  assert.deepEqual([stored.total, stored.providers[GATEWAY]!.size.final], [sizeBytes, sizeBytes])
  const read = egress.spaces[owner.did]!
  const { period, ...told } = (read.providers as Record<string, Record<string, unknown>>)[GATEWAY]!
  assert.deepEqual(told, { provider: GATEWAY, space: owner.did, total: readBytes })
  const { from, to } = period as UsageData['period']
  assert.match(from, /-01T00:00:00\.000Z$/)
  assert.match(to, /:00:00\.000Z$/, 'whole hours')
  assert.deepEqual(await bob.usage(), { ok: { ...EMPTY, egress: EMPTY } })
  assert.deepEqual(await bob.usage({ spaces: [owner.did] }), { error: 'SpaceUnauthorized' })
  const past = await alice.usage({ period: { from: 0, to: 3600 }, spaces: [owner.did] })
  assert.deepEqual(past.ok!.egress, {
    total: 0,
    spaces: { [owner.did]: { total: 0, providers: {} } },
  })
})

test('account/egress/get', { skip }, async () => {
  const { ok } = await alice.egress()
  const date = new Date().toISOString().slice(0, 10)
  const dailyStats = [{ date, egress: readBytes }]
  const spaces = { [owner.did]: { total: readBytes, dailyStats } }
  assert.deepEqual(ok, { total: readBytes, spaces })
  const today = { from: date, to: date }
  assert.deepEqual(await alice.egress({ period: today }), { ok: EMPTY }, 'the end is not in it')
  assert.deepEqual(await bob.egress({ spaces: [owner.did] }), { error: 'SpaceUnauthorized' })
  for (const period of [
    { from: date, to: '2020-01-01' },
    { from: 'today', to: date },
    { from: '2026-02-30', to: '2026-03-01' },
  ])
    assert.deepEqual(await alice.egress({ period }), { error: 'PeriodNotAcceptable' })
})
