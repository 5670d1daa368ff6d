import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Delegation, invoke, type API } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import {
  EGRESS_AGE_MS_MAX,
  EGRESS_AHEAD_MS_MAX,
  EGRESS_RECORD_BYTES_MAX,
} from '@turnpike/core/limits/queue'
import { MESSAGE_BATCHED_MAX } from '@turnpike/core/limits/ucan'
import type { UsageJson } from '@turnpike/accounting/usage'
import { startDeployment, testFolder } from '../testing/deployment.ts'
import { messageOf, post, receiptsOf, type Told } from '../testing/messages.ts'
import { letServe, recordOf, RESOURCE, type RecordSaid } from './testing/records.ts'

interface Rig {
  readonly url: string
  readonly crashes: unknown[]
  readonly space: API.Signer
  readonly gateway: API.Signer
  readonly service: string
  /** By which `gateway` may serve `space`. */
  readonly proof: API.Delegation
  record(said?: Partial<RecordSaid>): API.IssuedInvocation
  /** Outcomes in the order of the invocations. */
  send(...invocations: API.IssuedInvocation[]): Promise<readonly Told[]>
  /** Of the space. */
  usage(): Promise<UsageJson>
}

const folder = await testFolder()
const deployment = await startDeployment(folder.path, { delegationsFrom: 'any' })
after(async () => {
  await deployment.stop()
  await folder.remove()
})

async function usageOf(space: string): Promise<UsageJson> {
  const usage = await deployment.usage({ by: 'space' })
  const rows = usage['rows'] as readonly UsageJson[]
  return rows.find(({ key }) => key === space) ?? { reads: 0, bytes: 0 }
}

/** A space that the deployment knows, of which another gateway serves. */
async function rigOf(): Promise<Rig> {
  const { url, crashes, turnpike } = deployment
  const service = turnpike.whoami.gateway
  const space = await ed25519.generate()
  const gateway = await ed25519.generate()
  const proof = await letServe(space, gateway)
  const told = await letServe(space, { did: () => service } as never)
  const rig: Rig = {
    url,
    crashes,
    space,
    gateway,
    service,
    proof,
    record: (said = {}) =>
      recordOf({
        issuer: gateway,
        audience: service,
        space: space.did(),
        proofs: [proof],
        ...said,
      }),
    async send(...invocations) {
      const response = await post(url, await messageOf(...invocations))
      assert.equal(response.status, 200, await response.clone().text())
      const receipts = await receiptsOf(response)
      const links = await Promise.all(invocations.map(async (one) => (await one.delegate()).cid))
      return links.map((link) => receipts.get(String(link))!)
    },
    usage: () => usageOf(space.did()),
  }
  await introduce(rig, told)
  return rig
}

/** Stores a delegation, so that the space is known. */
async function introduce({ space, service, send }: Rig, told: API.Delegation): Promise<void> {
  const delegate = invoke({
    issuer: space,
    audience: { did: () => service } as never,
    capability: {
      can: 'access/delegate',
      with: space.did(),
      nb: { delegations: { [`${told.cid}`]: told.cid } },
    },
    proofs: [told] as never,
  })
  const [outcome] = await send(delegate)
  assert.equal(outcome?.error, undefined)
}

test('a record of a gateway that the space delegated to is billed, once', async () => {
  const rig = await rigOf()
  const servedAt = Date.now() - 1000
  const invocation = rig.record({ bytes: 12_345, servedAt, nonce: 'a' })
  const [told] = await rig.send(invocation)
  const cause = (await invocation.delegate()).cid
  assert.deepEqual(told?.ok, {
    space: rig.space.did(),
    resource: RESOURCE,
    bytes: 12_345,
    servedAt: new Date(servedAt).toISOString(),
    cause,
  })
  assert.deepEqual(await rig.send(invocation), [told], 'the same receipt')
  const usage = await rig.usage()
  assert.deepEqual([usage['reads'], usage['bytes']], [1, 12_345])
  assert.deepEqual(rig.crashes, [])
})

test('a record signed anew, with other proofs or another end, counts once', async () => {
  const rig = await rigOf()
  const servedAt = Date.now()
  const narrow = await letServe(rig.space, rig.gateway, 'space/content/serve/egress/record')
  const hourAhead = Math.floor(Date.now() / 1000) + 3600
  const outcomes = await rig.send(
    rig.record({ servedAt, nonce: 'a' }),
    rig.record({ servedAt, nonce: 'a', proofs: [narrow] }),
    rig.record({ servedAt, nonce: 'a', expiration: hourAhead }),
  )
  assert.ok(outcomes.every(({ ok }) => ok !== undefined))
  assert.equal((await rig.usage())['reads'], 1)
})

test('L4: equal reads in one millisecond count each, by their nonces', async () => {
  const rig = await rigOf()
  const servedAt = Date.now()
  const records = Array.from({ length: MESSAGE_BATCHED_MAX }, (_, n) =>
    rig.record({ servedAt, nonce: `${n}` }),
  )
  const outcomes = await rig.send(...records)
  assert.ok(outcomes.every(({ ok }) => ok !== undefined))
  const usage = await rig.usage()
  assert.deepEqual([usage['reads'], usage['bytes']], [128, 12_800])
  const more = [...records, rig.record({ servedAt, nonce: 'more' })]
  const refused = await post(rig.url, await messageOf(...more))
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /1 to 128 invocations expected, got 129/)
})

test('D5: one record in messages that run at once counts once', async () => {
  const rig = await rigOf()
  const record = rig.record({ servedAt: Date.now(), nonce: 'a' })
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => rig.send(record)))
  assert.ok(outcomes.every(([told]) => told?.ok !== undefined))
  assert.equal((await rig.usage())['reads'], 1)
})

test('M2: a time that can not be is refused, by name', async () => {
  const rig = await rigOf()
  const nowMs = Date.now()
  const names = async (servedAt: unknown): Promise<unknown> => {
    const [told] = await rig.send(rig.record({ servedAt }))
    return told?.error?.name ?? 'ok'
  }
  assert.equal(await names(Math.floor(nowMs / 1000)), 'ServedAtSeconds')
  assert.equal(await names(nowMs + EGRESS_AHEAD_MS_MAX + 60_000), 'ServedAtAhead')
  assert.equal(await names(nowMs + EGRESS_AHEAD_MS_MAX - 60_000), 'ok')
  assert.equal(await names(nowMs - EGRESS_AGE_MS_MAX - 1), 'ServedAtTooOld')
  assert.equal(await names(nowMs - EGRESS_AGE_MS_MAX + 60_000), 'ok')
  for (const servedAt of [-1, 1.5, '1', null]) assert.equal(await names(servedAt), MALFORMED)
  assert.equal((await rig.usage())['reads'], 2)
})

const MALFORMED = 'MalformedCapability'

test('M3: what the space did not let a gateway record is refused', async () => {
  const rig = await rigOf()
  const stranger = await ed25519.generate()
  const refused = async (said: Partial<RecordSaid>): Promise<string> => {
    const [told] = await rig.send(rig.record(said))
    return `${told?.error?.name}: ${told?.error?.message}`
  }
  const http = await letServe(rig.space, rig.gateway, 'space/content/serve/transport/http')
  const all = await letServe(rig.space, rig.gateway, '*')
  const other = await letServe(stranger, rig.gateway)
  const old = await letServe(rig.space, rig.gateway, undefined, { expiration: 1_700_000_000 })
  const forged = await letServe(stranger, rig.gateway, undefined, { space: rig.space.did() })
  const capped = await Delegation.delegate({
    issuer: rig.space,
    audience: rig.gateway,
    capabilities: [{ can: 'space/content/serve/*', with: rig.space.did(), nb: { bytes: 5 } }],
  } as never)
  for (const proof of [http, all, other, old, forged, capped as API.Delegation])
    assert.match(await refused({ proofs: [proof] }), /^Unauthorized: .* expected to be let serve/)
  assert.match(await refused({ proofs: [] }), /^Unauthorized: .*no proof of it came along/)
  assert.match(await refused({ issuer: stranger }), /^Unauthorized: /)
  assert.match(await refused({ audience: stranger.did() }), /^Unauthorized: audience expected/)
  assert.match(await refused({ expiration: 1_700_000_000 }), /^Unauthorized: .* in force/)
  for (const bytes of [0, -5, 1.5, '7', EGRESS_RECORD_BYTES_MAX + 1])
    assert.match(await refused({ bytes }), /^MalformedCapability: "bytes" expected an integer/)
  assert.equal((await rig.usage())['reads'], 0)
  const [most] = await rig.send(rig.record({ bytes: EGRESS_RECORD_BYTES_MAX }))
  assert.ok(most?.ok)
  assert.deepEqual(rig.crashes, [])
})

test('a record through an account counts, until what it stands on is revoked', async () => {
  const rig = await rigOf()
  const [account, proxy] = [await ed25519.generate(), await ed25519.generate()]
  const wide = await letServe(rig.space, account, 'space/*')
  const narrow = await letServe(account, proxy, 'space/content/serve/*', {
    space: rig.space.did(),
    proofs: [wide],
  })
  const said = { issuer: proxy, proofs: [narrow] }
  const [before] = await rig.send(rig.record({ ...said, nonce: 'before' }))
  assert.equal(before?.error, undefined)
  const revoke = invoke({
    issuer: rig.space,
    audience: { did: () => rig.service } as never,
    capability: { can: 'ucan/revoke', with: rig.space.did(), nb: { ucan: wide.cid } },
    proofs: [wide] as never,
  })
  const [revoked] = await rig.send(revoke)
  assert.equal(revoked?.error, undefined)
  const [told] = await rig.send(rig.record({ ...said, nonce: 'after' }))
  assert.match(`${told?.error?.message}`, /was revoked, or is not in force/)
  assert.equal((await rig.usage())['reads'], 1)
})

test('L12: one bad record leaves those beside it as they are', async () => {
  const rig = await rigOf()
  const outcomes = await rig.send(
    rig.record({ nonce: '1' }),
    rig.record({ bytes: 0 }),
    rig.record({ nonce: '2', issuer: await ed25519.generate() }),
    rig.record({ nonce: '3' }),
  )
  const names = outcomes.map(({ error }) => error?.name ?? 'ok')
  assert.deepEqual(names, ['ok', MALFORMED, 'Unauthorized', 'ok'])
  assert.equal((await rig.usage())['reads'], 2)
})

test('L6: a refusal does not stick: the same record counts once its space is known', async () => {
  const rig = await rigOf()
  const space = await ed25519.generate()
  const proof = await letServe(space, rig.gateway)
  const record = rig.record({ space: space.did(), proofs: [proof], nonce: 'a' })
  const [before] = await rig.send(record)
  assert.equal(before?.error?.name, 'SpaceUnknown')
  await introduce({ ...rig, space }, await letServe(space, { did: () => rig.service } as never))
  const [told] = await rig.send(record)
  assert.equal(told?.error, undefined)
  assert.equal((await usageOf(space.did()))['reads'], 1)
})
