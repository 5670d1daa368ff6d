/**
 * Usage by invocation.
 * @module
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Delegation, DID, invoke, type API } from '@ucanto/core'
import { Absentee } from '@ucanto/principal'
import * as ed25519 from '@ucanto/principal/ed25519'
import { CustomerUsage } from '@turnpike/accounting/customer-usage'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod } from '@turnpike/core/billing/period'
import { fail, ok } from '@turnpike/core/result'
import { OperationRefused } from '../control/client.ts'
import type { AskThread } from '../threads/calls.ts'
import {
  ALICE,
  BOB,
  GATEWAY,
  openAccountsRig,
  type AccountsRig,
} from '../usage/testing/accounts.ts'
import { causeOf } from '../usage/testing/storage.ts'
import { testDoor, type TestDoor } from './testing/door.ts'

const H = parsePeriod('2026-11')!.firstEpoch
const START_MS = H * EPOCH_MS
const START_SECONDS = START_MS / 1000

interface Outcome {
  readonly ok?: Readonly<Record<string, unknown>>
  readonly error?: { readonly name: string; readonly message: string }
}

interface Rig {
  readonly accounts: AccountsRig
  readonly door: TestDoor
  readonly space: API.Signer<`did:key:${string}`>
  /** Asks as the space. */
  report(nb: object, of?: string): Promise<Outcome>
  /** Asks as an account, through an agent that was given `nb` at most. */
  as(account: string, can: string, nb?: object, given?: object): Promise<Outcome>
}

/** A door whose accounting answers from the accounts of a test. */
async function rig(t: TestContext, refuse?: Error): Promise<Rig> {
  const accounts = openAccountsRig(START_MS + 720 * EPOCH_MS)
  t.after(() => accounts.close())
  const catchUp = async () => (refuse === undefined ? ok({ more: false }) : fail(refuse))
  const usage = new CustomerUsage({ ...accounts.deps, catchUp })
  const answers: Readonly<Record<string, (query: never) => Promise<unknown>>> = {
    usageStorage: (query) => usage.storage(query),
    usageAccount: (query) => usage.account(query),
    usageEgressByDay: (query) => usage.egressByDay(query),
  }
  const ask = ((name, params) => answers[name]!(params as never)) as AskThread
  const door = await testDoor(t, { identity: GATEWAY }, ask)
  const service = door.folder.gateway.withDID(GATEWAY)
  const space = await ed25519.generate()
  const audience = DID.parse(GATEWAY)
  const told = async (invocation: object): Promise<Outcome> => {
    const nonce = crypto.randomUUID()
    return (await door.ask(invoke({ audience, nonce, ...invocation } as never))) as Outcome
  }
  return {
    accounts,
    door,
    space,
    report: (nb, of = space.did()) =>
      told({ issuer: space, capability: { can: 'usage/report', with: of, nb } }),
    async as(account, can, nb = {}, given) {
      const { agent, proofs } = await session(account, can, service, given)
      return told({ issuer: agent, proofs, capability: { can, with: account, nb } })
    },
  }
}

async function session(
  account: string,
  can: string,
  service: API.Signer,
  nb: object | undefined,
): Promise<{ agent: API.Signer; proofs: API.Delegation[] }> {
  const agent = await ed25519.generate()
  const toAgent = await Delegation.delegate({
    issuer: Absentee.from({ id: account as `did:mailto:${string}` }),
    audience: agent,
    capabilities: [{ can, with: account, ...(nb && { nb }) }] as never,
    expiration: Infinity,
  })
  const attestation = await Delegation.delegate({
    issuer: service,
    audience: agent,
    capabilities: [
      { can: 'ucan/attest', with: service.did(), nb: { proof: toAgent.cid } },
    ] as never,
    expiration: Infinity,
  })
  return { agent, proofs: [toAgent, attestation] }
}

const november = { from: START_SECONDS, to: START_SECONDS + 720 * 3600 }

test('usage/report has the shape of Storacha, in seconds and exact sizes', async (t) => {
  const { accounts, space, report } = await rig(t)
  accounts.change({ space: space.did(), atMs: START_MS - 1, bytes: 7n })
  accounts.change({ space: space.did(), atMs: START_MS + 1500, bytes: 2n ** 53n })
  const period = { from: START_SECONDS, to: START_SECONDS + 2 }
  const { ok: told } = await report({ period })
  const { events, ...rest } = told![GATEWAY] as { readonly events: readonly object[] }
  assert.deepEqual(Object.keys(told!), [GATEWAY])
  assert.deepEqual(rest, {
    provider: GATEWAY,
    space: space.did(),
    period: { from: '2026-11-01T00:00:00.000Z', to: '2026-11-01T00:00:02.000Z' },
    size: { initial: 7, final: 2n ** 53n + 7n },
  })
  const [{ cause, ...event }] = events as [{ cause: { bytes: Uint8Array } }]
  assert.deepEqual(cause.bytes, causeOf(1))
  assert.deepEqual(event, { delta: 2n ** 53n, receiptAt: '2026-11-01T00:00:01.500Z' })
})

test('usage of a space is for who may act for it, and of an account likewise', async (t) => {
  const { report, as, accounts, space } = await rig(t)
  const other = (await ed25519.generate()).did()
  assert.equal((await report({ period: november }, other)).error?.name, 'Unauthorized')
  accounts.assign(space.did(), ALICE, H)
  accounts.assign((await ed25519.generate()).did(), BOB, H)
  const spaces = [space.did()]
  for (const can of ['account/usage/get', 'account/egress/get'])
    assert.equal((await as(BOB, can, { spaces })).error?.name, 'SpaceUnauthorized')
  const stranger = 'did:mailto:example.com:eve'
  assert.equal((await as(stranger, 'account/usage/get')).error?.name, 'NoSubscription')
  assert.equal((await as(stranger, 'account/egress/get')).error?.name, 'AccountNotFound')
})

test('a delegation about some spaces, or a period, is not good for more', async (t) => {
  const { as, accounts, space } = await rig(t)
  const other = (await ed25519.generate()).did()
  accounts.assign(space.did(), ALICE, H)
  accounts.assign(other, ALICE, H)
  const can = 'account/usage/get'
  const given = { spaces: [space.did()], period: november }
  const asked = async (nb: object): Promise<string> =>
    (await as(ALICE, can, nb, given)).error?.name ?? 'ok'
  assert.equal(await asked(given), 'ok')
  assert.equal(await asked({ ...given, spaces: [] }), 'ok')
  const later = { ...november, to: november.to + 1 }
  for (const wider of [
    {},
    { spaces: given.spaces },
    { period: november },
    { ...given, spaces: [space.did(), other] },
    { ...given, period: later },
  ])
    assert.equal(await asked(wider), 'Unauthorized', JSON.stringify(wider))
})

test('account/usage/get and account/egress/get add up what was read', async (t) => {
  const { as, accounts, space } = await rig(t)
  accounts.assign(space.did(), ALICE, H)
  accounts.change({ space: space.did(), atMs: START_MS, bytes: 50n })
  accounts.read(space.did(), H + 1, 3n)
  accounts.read(space.did(), H + 25, 40n)
  const usage = (await as(ALICE, 'account/usage/get', { period: november })).ok!
  const told = usage as {
    egress: unknown
    total: number
    spaces: Record<string, { total: number }>
  }
  assert.deepEqual([told.total, told.spaces[space.did()]!.total], [50, 50])
  const period = { from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' }
  const of = { provider: GATEWAY, space: space.did(), period, total: 43 }
  assert.deepEqual(told.egress, {
    total: 43,
    spaces: { [space.did()]: { total: 43, providers: { [GATEWAY]: of } } },
  })
  const days = { from: '2026-11-02', to: '2026-11-03T12:00:00Z' }
  assert.deepEqual((await as(ALICE, 'account/egress/get', { period: days })).ok, {
    total: 40,
    spaces: { [space.did()]: { total: 40, dailyStats: [{ date: '2026-11-02', egress: 40 }] } },
  })
  for (const wrong of [
    { from: '2026-11-02', to: '2026-11-01' },
    { from: '2026-02-30', to: '2026-11-01' },
    { from: 'yesterday', to: '2026-11-01' },
  ]) {
    const refused = await as(ALICE, 'account/egress/get', { period: wrong })
    assert.equal(refused.error?.name, 'PeriodNotAcceptable')
  }
})

test('L6: what could not be counted is told, and counted when it is asked again', async (t) => {
  const { as, accounts, space } = await rig(t, new Error('the disk is full'))
  accounts.assign(space.did(), ALICE, H)
  const { error } = await as(ALICE, 'account/usage/get')
  assert.deepEqual([error?.name, error?.message], ['UsageUnavailable', 'the disk is full'])
})

test('accounting that is away is told of; what breaks in it is not', async (t) => {
  for (const [name, told] of [
    ['ThreadEnded', 'UsageUnavailable'],
    ['Busy', 'UsageUnavailable'],
    ['SqliteError', 'TaskFailed'],
  ] as const) {
    const ask: AskThread = async () => fail(new OperationRefused(name, 'a secret path'))
    const door = await testDoor(t, { identity: GATEWAY }, ask)
    const space = await ed25519.generate()
    const period = { from: 0, to: 1 }
    const capability = { can: 'usage/report', with: space.did(), nb: { period } } as const
    const asked = { issuer: space, audience: DID.parse(GATEWAY), capability }
    const { error } = await door.ask(invoke(asked as never))
    assert.equal(error?.name, told)
    assert.doesNotMatch(error.message, /secret/)
  }
})

test('a question that is asked twice, word for word, is answered as of now', async (t) => {
  const { accounts, door, space } = await rig(t)
  const period = { from: START_SECONDS, to: START_SECONDS + 10 }
  const about = { can: 'usage/report', with: space.did(), nb: { period } } as const
  const asked = { issuer: space, audience: DID.parse(GATEWAY), capability: about }
  const size = async (): Promise<unknown> => {
    const told = await door.ask(invoke({ ...asked, expiration: Infinity } as never))
    return (told.ok as Record<string, { readonly size: object }>)[GATEWAY]!.size
  }
  assert.deepEqual(await size(), { initial: 0, final: 0 })
  accounts.change({ space: space.did(), atMs: START_MS, bytes: 9n })
  assert.deepEqual(await size(), { initial: 0, final: 9 })
})
