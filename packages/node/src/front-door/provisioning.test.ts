/**
 * Customers, consumers and plans by invocation.
 * @module
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Delegation, DID, invoke, type API } from '@ucanto/core'
import { Absentee } from '@ucanto/principal'
import * as ed25519 from '@ucanto/principal/ed25519'
import { FREE_PLAN } from '@turnpike/core/billing/plan'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CatalogProvisioning } from '../catalog/provisioning.ts'
import { openProvisioning } from '../provisioning/open.ts'
import { serveDelegation } from '../testing/messages.ts'
import { delegateBy, testDoor, type TestDoor } from './testing/door.ts'

const ALICE = 'did:mailto:example.com:alice'
const BOB = 'did:mailto:example.com:bob'
const WEB = 'did:web:gateway.example'

interface Rig {
  readonly door: TestDoor
  readonly provisioning: CatalogProvisioning
  readonly space: string
  /** Asks as an account, through an agent whose session the gateway attested. */
  as(account: string, can: string, nb?: object): Promise<Outcome>
  /** Asks as the gateway itself, by its DID or another. */
  asGateway(can: string, nb: object, provider?: string): Promise<Outcome>
}

interface Outcome {
  readonly ok?: Readonly<Record<string, unknown>> | boolean
  readonly error?: { readonly name: string; readonly message: string }
}

async function rig(t: TestContext, providerAdd: 'any' | 'operator' = 'any'): Promise<Rig> {
  const door = await testDoor(t, { identity: WEB, providerAdd })
  const { folder, gateway } = door
  const provisioning = openProvisioning(folder)
  for (const did of [ALICE, BOB] as const)
    provisioning.addCustomer({ did, createdMs: door.time.nowMs })
  const signer = folder.gateway.withDID(WEB)
  const ask = async (invocation: object): Promise<Outcome> => {
    const nonce = crypto.randomUUID()
    const audience = DID.parse(gateway)
    const issued = invoke({ audience, nonce, ...invocation } as never)
    return (await door.ask(issued)) as Outcome
  }
  return {
    door,
    provisioning,
    space: (await ed25519.generate()).did(),
    async as(account, can, nb) {
      const { agent, proofs } = await session(account, can, signer)
      return ask({ issuer: agent, proofs, capability: { can, with: account, ...(nb && { nb }) } })
    },
    asGateway: (can, nb, provider = WEB) =>
      ask({
        issuer: provider === WEB ? signer : folder.gateway,
        capability: { can, with: provider, nb },
      }),
  }
}

/** An agent that may do something for an account, as the service attests. */
async function session(
  account: string,
  can: string,
  service: API.Signer,
): Promise<{ agent: API.Signer; proofs: API.Delegation[] }> {
  const agent = await ed25519.generate()
  const toAgent = await Delegation.delegate({
    issuer: Absentee.from({ id: account as `did:mailto:${string}` }),
    audience: agent,
    capabilities: [{ can, with: account }] as never,
    expiration: Infinity,
  })
  const nb = { proof: toAgent.cid }
  const attestation = await Delegation.delegate({
    issuer: service,
    audience: agent,
    capabilities: [{ can: 'ucan/attest', with: service.did(), nb }] as never,
    expiration: Infinity,
  })
  return { agent, proofs: [toAgent, attestation] }
}

test('an account takes a space on, once, and nobody takes it away', async (t) => {
  const { as, space, provisioning } = await rig(t)
  const nb = { provider: WEB, consumer: space }
  assert.deepEqual(await as(ALICE, 'provider/add', nb), { ok: {} })
  assert.deepEqual(await as(ALICE, 'provider/add', nb), { ok: {} })
  assert.equal((await as(BOB, 'provider/add', nb)).error?.name, 'SpaceAlreadyProvisioned')
  assert.deepEqual(
    provisioning.ofSpace(space).map(({ customer, provider }) => [customer, provider]),
    [[ALICE, WEB]],
  )
})

test('who is no customer, and what is no provider of ours, is refused', async (t) => {
  const { as, door, space, provisioning } = await rig(t)
  const add = async (account: string, provider: string, consumer: string): Promise<unknown> =>
    (await as(account, 'provider/add', { provider, consumer })).error?.name
  assert.equal(await add('did:mailto:example.com:eve', WEB, space), 'AccountPlanMissing')
  assert.equal(await add(ALICE, 'did:web:other.example', space), 'InvalidProvider')
  assert.equal(await add(ALICE, WEB, door.folder.gateway.did()), 'InvalidProvider')
  assert.deepEqual(provisioning.ofCustomer(ALICE), [])
})

test('an account needs a session; another account’s is none', async (t) => {
  const { door, space, provisioning } = await rig(t)
  const service = door.folder.gateway.withDID(WEB)
  const capability = {
    can: 'provider/add',
    with: ALICE,
    nb: { provider: WEB, consumer: space },
  } as const
  const { agent, proofs } = await session(BOB, 'provider/add', service)
  const forged = await session(ALICE, 'provider/add', await ed25519.generate())
  const audience = DID.parse(WEB)
  for (const asked of [
    { issuer: agent, proofs },
    { issuer: forged.agent, proofs: forged.proofs },
  ]) {
    const told = await door.ask(invoke({ audience, capability, ...asked } as never))
    assert.equal(told.error?.name, 'Unauthorized')
  }
  assert.deepEqual(provisioning.ofSpace(space), [])
})

test('M5: consumers are found by any name of the gateway, and by no other', async (t) => {
  const { as, asGateway, door, space } = await rig(t)
  const about = { consumer: space }
  assert.deepEqual(await asGateway('consumer/has', about), { ok: false })
  assert.equal((await asGateway('consumer/get', about)).error?.name, 'ConsumerNotFound')
  await as(ALICE, 'provider/add', { provider: WEB, consumer: space })
  const got = (await asGateway('consumer/get', about)).ok as Record<string, unknown>
  const { subscription, ...fields } = got
  assert.deepEqual(fields, { did: space, allocated: 0, limit: 0, customer: ALICE })
  assert.deepEqual(await asGateway('consumer/has', about, door.folder.gateway.did()), { ok: true })
  const byKey = await asGateway('consumer/get', about, door.folder.gateway.did())
  assert.equal((byKey.ok as { subscription: string }).subscription, subscription)
})

test('D4: a space is one consumer, whatever the provider is called', async (t) => {
  const { as, door, space, provisioning } = await rig(t)
  const key = door.folder.gateway.did()
  await as(ALICE, 'provider/add', { provider: WEB, consumer: space })
  assert.deepEqual(await as(ALICE, 'provider/add', { provider: key, consumer: space }), { ok: {} })
  const other = await as(BOB, 'provider/add', { provider: key, consumer: space })
  assert.equal(other.error?.name, 'SpaceAlreadyProvisioned')
  assert.equal(provisioning.ofSpace(space).length, 1)
})

test('customers and their subscriptions are told to who speaks for the gateway', async (t) => {
  const { as, asGateway, door, space } = await rig(t)
  await as(ALICE, 'provider/add', { provider: door.folder.gateway.did(), consumer: space })
  const listed = (await as(ALICE, 'subscription/list')).ok as { results: unknown[] }
  const [{ subscription, ...item }] = listed.results as [{ subscription: string }]
  assert.deepEqual(item, { provider: WEB, consumers: [space] })
  const got = await asGateway('customer/get', { customer: ALICE })
  assert.deepEqual(got, { ok: { did: ALICE, subscriptions: [subscription] } })
  const eve = await asGateway('customer/get', { customer: 'did:mailto:example.com:eve' })
  assert.equal(eve.error?.name, 'CustomerNotFound')
  const stranger = await ed25519.generate()
  const asStranger = invoke({
    issuer: stranger,
    audience: DID.parse(WEB),
    capability: { can: 'customer/get', with: stranger.did(), nb: { customer: ALICE } },
  } as never)
  assert.equal((await door.ask(asStranger)).error?.name, 'UnknownProvider')
  assert.deepEqual(await as(BOB, 'subscription/list'), { ok: { results: [] } })
})

test('a plan is read and chosen by its customer', async (t) => {
  const { as, door, provisioning } = await rig(t)
  const standard = (await as(ALICE, 'plan/get')).ok as Record<string, unknown>
  assert.deepEqual(standard, {
    product: FREE_PLAN.id,
    updatedAt: new Date(provisioning.customer(ALICE)!.createdMs).toISOString(),
    limit: '0',
  })
  door.time.nowMs += 5000
  assert.deepEqual(await as(ALICE, 'plan/set', { product: FREE_PLAN.id }), { ok: {} })
  const chosen = (await as(ALICE, 'plan/get')).ok as Record<string, unknown>
  assert.equal(chosen.updatedAt, new Date(door.time.nowMs).toISOString())
  const wrong = await as(ALICE, 'plan/set', { product: 'did:web:gold.example' })
  assert.equal(wrong.error?.name, 'InvalidPlanName')
  assert.equal((await as('did:mailto:example.com:eve', 'plan/get')).error?.name, 'PlanNotFound')
  const eve = await as('did:mailto:example.com:eve', 'plan/set', { product: FREE_PLAN.id })
  assert.equal(eve.error?.name, 'CustomerNotFound')
})

test('a question asked again is answered anew; what was done is not done again', async (t) => {
  const { as, door, space } = await rig(t)
  const question = invoke({
    issuer: door.folder.gateway.withDID(WEB),
    audience: DID.parse(WEB),
    capability: { can: 'consumer/has', with: WEB, nb: { consumer: space } },
    expiration: Infinity,
  } as never)
  assert.deepEqual(await door.ask(question), { ok: false })
  await as(ALICE, 'provider/add', { provider: WEB, consumer: space })
  assert.deepEqual(await door.ask(question), { ok: true })
})

test('a space that a customer has is one that the operator knows', async (t) => {
  const door = await testDoor(t, { delegationsFrom: 'known' })
  const provisioning = openProvisioning(door.folder)
  const space = await ed25519.generate()

  const ask = async (nonce: string): Promise<string | undefined> => {
    const delegation = await serveDelegation(space, door.gateway)
    return (await door.ask(delegateBy(space, door.gateway, [delegation], { nonce }))).error?.name
  }
  assert.equal(await ask('a'), 'SpaceNotServed')
  provisioning.addCustomer({ did: ALICE, createdMs: 0 })
  const provider = door.gateway
  provisioning.assign({ space: space.did(), customer: ALICE, provider, atMs: 0 })
  assert.equal(await ask('b'), undefined)
})

test('where the operator alone gives spaces, customers take none themselves', async (t) => {
  const { door, provisioning, space, as } = await rig(t, 'operator')
  const nb = { provider: WEB, consumer: space }
  assert.equal((await as(ALICE, 'provider/add', nb)).error?.name, 'ProviderAddClosed')
  const given = { customer: ALICE, provider: WEB, atMs: door.time.nowMs } as const
  assert.ok(provisioning.assign({ space: space as SpaceDid, ...given }).ok)
  assert.deepEqual(await as(ALICE, 'provider/add', nb), { ok: {} })
  assert.equal((await as(BOB, 'provider/add', nb)).error?.name, 'ProviderAddClosed')
})
