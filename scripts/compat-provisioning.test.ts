/**
 * Storacha's capabilities of customers, consumers and plans, invoked by `@ucanto/client` against a
 * running Turnpike. `npm run compat` installs what it takes; without it the tests are skipped.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { endProcesses, turnpikeJson } from './campaigns/rig/turnpike.ts'
import {
  loadClients,
  serveGateway,
  skip,
  type Clients,
  type Customer,
  type Gateway,
  type Operator,
} from './storacha-clients.ts'

const GATEWAY = 'did:web:gateway.example'
const LOGIN = 'did:web:login.example'

let clients: Clients
let scratch: string
let gateway: Gateway
let alice: Customer
let bob: Customer
let operator: Operator

if (!skip) {
  before(async () => {
    clients = await loadClients()
    scratch = await mkdtemp(join(tmpdir(), 'turnpike-compat-'))
    const data = join(scratch, 'data')
    const login = await clients.makeLogin(LOGIN)
    const flags = ['--identity', GATEWAY, '--attest-authorities', LOGIN]
    const key = `${LOGIN}=${login.toDIDKey()}`
    gateway = { ...(await serveGateway(data, ...flags, '--did-map', key)), did: GATEWAY }
    await turnpikeJson('customer', 'add', 'alice@mail.example', '--data', data)
    alice = await clients.makeCustomer(gateway, login, 'did:mailto:mail.example:alice')
    bob = await clients.makeCustomer(gateway, login, 'did:mailto:mail.example:bob')
    const secret = await readFile(join(data, 'keys', 'gateway.key'), 'utf8')
    operator = clients.makeOperator(gateway, secret.trim())
  })

  after(async () => {
    await endProcesses()
    await rm(scratch, { recursive: true, force: true })
  })
}

test('provider/add, consumer/has, consumer/get and customer/get', { skip }, async () => {
  const { did: space } = await clients.makeOwner(gateway)
  assert.deepEqual(await operator.hasConsumer(space), { ok: false })
  assert.deepEqual(await operator.consumer(space), { error: 'ConsumerNotFound' })
  assert.deepEqual(await bob.provide(space), { error: 'AccountPlanMissing' })
  assert.deepEqual(await alice.provide(space), { ok: {} })
  assert.deepEqual(await operator.hasConsumer(space), { ok: true })
  const { subscription, ...consumer } = (await operator.consumer(space)).ok!
  assert.deepEqual(consumer, { did: space, allocated: 0, limit: 0, customer: alice.did })
  const { ok: customer } = await operator.customer(alice.did)
  assert.deepEqual(customer, { did: alice.did, subscriptions: [subscription] })
  assert.deepEqual(await operator.customer(bob.did), { error: 'CustomerNotFound' })
})

test('subscription/list', { skip }, async () => {
  const { did: space } = await clients.makeOwner(gateway)
  assert.deepEqual(await alice.provide(space), { ok: {} })
  const { ok } = await alice.subscriptions()
  const results = ok!.results as readonly { readonly consumers: readonly string[] }[]
  const { subscription } = (await operator.consumer(space)).ok!
  const found = results.find(({ consumers }) => consumers.includes(space))
  assert.deepEqual(found, { subscription, provider: GATEWAY, consumers: [space] })
  assert.deepEqual(await bob.subscriptions(), { ok: { results: [] } })
})

test('plan/get and plan/set', { skip }, async () => {
  const plan = (await alice.plan()).ok!
  assert.deepEqual(Object.keys(plan).toSorted(), ['limit', 'product', 'updatedAt'])
  assert.deepEqual(await alice.choose(String(plan.product)), { ok: {} })
  assert.deepEqual(await alice.choose('did:web:gold.example'), { error: 'InvalidPlanName' })
  assert.deepEqual(await bob.plan(), { error: 'PlanNotFound' })
})
