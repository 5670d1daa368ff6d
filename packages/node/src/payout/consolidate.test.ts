/**
 * Batches of storage nodes, from their servers to the books: each retrieval is paid once.
 * @module
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { Delegation } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { batchHandler } from './consolidate.ts'
import { batchOf, makeParties, receiptOf, retrieval } from './testing/batches.ts'
import { payoutRig, type PayoutRig } from './testing/rig.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A batch of so many receipts of 100 bytes that the node serves. */
async function served(rig: PayoutRig, count: number): ReturnType<typeof batchOf> {
  const archives = await Promise.all(
    Array.from({ length: count }, async () => (await receiptOf(rig.parties)).bytes),
  )
  const batch = await batchOf(archives)
  rig.server.serve(batch)
  return batch
}

const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7)

function bytesPaid(rig: PayoutRig): bigint {
  return rig.paid(monthOf(rig.time.nowMs)).reduce((sum, { bytes }) => sum + bytes, 0n)
}

test('a batch is fetched, checked, counted and receipted', async (t) => {
  const rig = await payoutRig(t)
  const task = rig.track(await served(rig, 3))
  assert.equal(rig.told(task), undefined)
  assert.deepEqual(await rig.run(), { done: 1, retried: 0, dead: 0 })
  assert.deepEqual(rig.told(task), { ok: { totalEgress: 300, errors: [] } })
  const day = Math.floor(rig.time.nowMs / DAY_MS)
  const space = rig.parties.space.did()
  assert.deepEqual(rig.paid(monthOf(rig.time.nowMs)), [{ day, space, bytes: 300n, receipts: 3 }])
  assert.deepEqual(
    readdirSync(rig.deps.directory).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test('E1: a write that fails counts nothing, and the next attempt counts once', async (t) => {
  const rig = await payoutRig(t)
  const task = rig.track(await served(rig, 2))
  for (const step of ['seen', 'days', 'batches']) {
    rig.billing.exec(`CREATE TRIGGER broken BEFORE ${step === 'batches' ? 'UPDATE' : 'INSERT'}
      ON payout_${step} BEGIN SELECT RAISE(ABORT, 'disk'); END`)
    assert.equal((await rig.run()).retried, 1)
    rig.billing.exec('DROP TRIGGER broken')
    assert.equal(bytesPaid(rig), 0n)
    assert.equal(rig.told(task), undefined)
    rig.time.nowMs += HOUR_MS
  }
  await rig.run()
  assert.equal(rig.told(task)?.ok?.totalEgress, 200)
  assert.equal(bytesPaid(rig), 200n)
  assert.equal((await rig.run()).done, 0)
})

test('E2: a batch that is told of again has the consolidation that it had', async (t) => {
  const rig = await payoutRig(t)
  const batch = await served(rig, 2)
  const task = rig.track(batch)
  assert.equal(String(rig.track(batch)), String(task))
  await rig.run()
  assert.equal(String(rig.track(batch)), String(task))
  assert.equal((await rig.run()).done, 0)
  assert.equal(bytesPaid(rig), 200n)
})

test('E2: a retrieval is paid once, whatever receipts and batches it is in', async (t) => {
  const rig = await payoutRig(t)
  const ran = await retrieval(rig.parties)
  const first = await receiptOf(rig.parties, {}, ran)
  const other = await receiptOf(rig.parties, { meta: { again: true } }, ran)
  assert.notEqual(first.cid, other.cid)
  const batches = [
    await batchOf([first.bytes, first.bytes, other.bytes]),
    await batchOf([other.bytes]),
  ]
  const tasks = batches.map((batch) => {
    rig.server.serve(batch)
    return rig.track(batch)
  })
  await rig.run()
  const told = tasks.map((task) => rig.told(task)?.ok)
  const names = told.map((ok) => ok?.errors.map(({ name, receipt }) => [name, String(receipt)]))
  assert.deepEqual(names, [
    [
      ['AlreadyCounted', first.cid],
      ['AlreadyCounted', other.cid],
    ],
    [['AlreadyCounted', other.cid]],
  ])
  assert.deepEqual([told[0]?.totalEgress, told[1]?.totalEgress], [100, 0])
  assert.equal(bytesPaid(rig), 100n)
})

test('E3: a node that is away, slow or wrong is asked again, without a receipt', async (t) => {
  const rig = await payoutRig(t)
  const batch = await served(rig, 2)
  const other = await served(rig, 1)
  const task = rig.track(batch)
  const cid = String(batch.cid)
  const faults = [
    () => rig.server.answer(cid, (_, response) => void response.writeHead(503).end()),
    () => rig.server.answer(cid, (_, response) => void response.writeHead(404).end()),
    () => rig.server.answer(cid, (_, response) => void response.destroy()),
    () => rig.server.answer(cid, (_, response) => void response.end(other.bytes)),
    () => rig.server.answer(cid, (_, response) => void response.end(batch.bytes.subarray(0, -1))),
    () => rig.server.answer(cid, (_, response) => void response.end()),
  ]
  for (const fault of faults) {
    fault()
    assert.deepEqual(await rig.run(), { done: 0, retried: 1, dead: 0 })
    assert.equal(rig.told(task), undefined)
    rig.time.nowMs += HOUR_MS
  }
  rig.server.serve(batch)
  await rig.run()
  assert.equal(rig.told(task)?.ok?.totalEgress, 200)
})

test('E4: a retrieval counts for the day and month in which it was served', async (t) => {
  const rig = await payoutRig(t)
  const end = Date.UTC(2026, 10, 30, 23, 59, 50)
  const inTime = { expiration: end / 1000 }
  const archives = await Promise.all(
    [1, 2].map(async () => (await receiptOf(rig.parties, inTime)).bytes),
  )
  const [early, late] = await Promise.all(archives.map((bytes) => batchOf([bytes])))
  for (const batch of [early!, late!]) rig.server.serve(batch)
  rig.time.nowMs = end + DAY_MS
  rig.track(early!)
  await rig.run()
  const day = Math.floor(end / DAY_MS)
  assert.deepEqual(
    rig.paid('2026-11').map((row) => [row.day, row.bytes]),
    [[day, 100n]],
  )
  rig.time.nowMs = end + 4 * DAY_MS
  rig.track(late!)
  await rig.run()
  assert.equal(rig.paid('2026-11')[0]?.receipts, 1, 'a month that is over stays as it was paid')
  assert.deepEqual(
    rig.paid('2026-12').map((row) => [row.day, row.bytes]),
    [[day, 100n]],
  )
})

test('E6: nothing is cut off however many spaces and days there are', async (t) => {
  const rig = await payoutRig(t)
  const task = rig.track(await served(rig, 1))
  await rig.run()
  assert.ok(rig.told(task)?.ok)
  rig.billing.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO payout_spaces (did) SELECT 'did:key:n' || i FROM n;
    INSERT INTO payout_days SELECT 1, '2020-01', 18262, id, 7, 1 FROM payout_spaces;
  `)
  const rows = rig.paid('2020-01')
  assert.equal(rows.length, 20_001)
  assert.equal(
    rows.reduce((sum, { bytes }) => sum + bytes, 0n),
    140_007n,
  )
})

test('E7: a bad receipt, or a batch that is none, never takes others along', async (t) => {
  const rig = await payoutRig(t)
  const good = (await receiptOf(rig.parties)).bytes
  const junk = new TextEncoder().encode('junk')
  const mixed = await batchOf([
    junk,
    good,
    good.subarray(0, -40),
    (await receiptOf(rig.parties)).bytes,
  ])
  const broken = { ...mixed, bytes: new TextEncoder().encode('no CAR at all') }
  const none = { ...broken, cid: CID.createV1(0x0202, await sha256.digest(broken.bytes)) }
  const tasks = [none, mixed].map((batch) => {
    rig.server.serve(batch)
    return rig.track(batch)
  })
  assert.deepEqual(await rig.run(), { done: 2, retried: 0, dead: 0 })
  assert.equal(rig.told(tasks[0]!)?.error?.name, 'EgressConsolidateError')
  const { totalEgress, errors } = rig.told(tasks[1]!)!.ok!
  assert.equal(totalEgress, 200)
  assert.deepEqual(
    errors.map(({ name }) => name),
    ['ReceiptMalformed', 'ReceiptMalformed'],
  )
})

test('E8: two that consolidate at once count once', async (t) => {
  const rig = await payoutRig(t)
  const task = rig.track(await served(rig, 5))
  const held = {
    id: 1,
    topic: '',
    key: '1',
    body: new Uint8Array(),
    attempt: 1,
    lease: 1,
    putMs: 0,
  }
  const { signal } = new AbortController()
  const both = [batchHandler(rig.deps), batchHandler(rig.deps)]
  await Promise.all(both.map((handler) => handler.handle([held], signal)))
  assert.equal(bytesPaid(rig), 500n)
  assert.equal(rig.told(task)?.ok?.totalEgress, 500)
})

test('E9: redirects, huge bodies and addresses of others are not followed', async (t) => {
  const rig = await payoutRig(t)
  const batch = await served(rig, 1)
  const elsewhere = await payoutRig(t)
  elsewhere.server.serve(batch)
  const task = rig.track(batch)
  rig.server.answer(String(batch.cid), (_, response) => {
    response.writeHead(302, { location: `${elsewhere.server.origin}/receipts/${batch.cid}` }).end()
  })
  assert.equal((await rig.run()).retried, 1)
  rig.time.nowMs += HOUR_MS
  rig.server.serve(batch)
  assert.equal((await rig.run({ nodes: [] })).retried, 1)
  assert.equal(rig.told(task), undefined)
  assert.deepEqual(elsewhere.server.requests, [])
  rig.time.nowMs += HOUR_MS
  assert.equal((await rig.run({ bytesMax: batch.bytes.length - 1 })).done, 1)
  assert.equal(rig.told(task)?.error?.name, 'EgressConsolidateError')
})

test('E11: a space counts that is or was known here, and no other', async (t) => {
  const rig = await payoutRig(t)
  const stranger = await makeParties(rig.parties.node)
  const batch = await batchOf([
    (await receiptOf(stranger)).bytes,
    (await receiptOf(rig.parties)).bytes,
  ])
  rig.server.serve(batch)
  const task = rig.track(batch)
  await rig.run()
  const { totalEgress, errors } = rig.told(task)!.ok!
  assert.deepEqual([totalEgress, errors.map(({ name }) => name)], [100, ['UnknownSpace']])
})

test('each receipt has to hold in every respect', async (t) => {
  const rig = await payoutRig(t)
  const { parties } = rig
  const other = await ed25519.generate()
  const soon = Math.floor(Date.now() / 1000) + 60
  const over = await Delegation.delegate({
    issuer: parties.space,
    audience: parties.client,
    capabilities: [{ can: 'space/content/retrieve', with: parties.space.did() }],
    expiration: soon - 1000,
  })
  const narrow = await Delegation.delegate({
    issuer: parties.space,
    audience: parties.client,
    capabilities: [
      { can: 'space/content/retrieve', with: parties.space.did(), nb: { range: [0, 9] } },
    ] as never,
    expiration: Infinity,
  })
  const cases: readonly (readonly [string, Parameters<typeof receiptOf>[1]])[] = [
    ['ReceiptForeign', { issuedBy: other }],
    ['ReceiptForeign', { audience: other.did() }],
    ['ReceiptFailed', { error: true }],
    ['NotRetrieval', { can: 'space/blob/add' }],
    ['NotRetrieval', { first: 9, last: 3 }],
    ['ReceiptUnsigned', { issuedBy: other.withDID(parties.node.did() as never) }],
    ['Unauthorized', { proofs: [] }],
    ['Unauthorized', { proofs: [narrow] }],
    ['Unauthorized', { proofs: [over], notBefore: soon - 100, expiration: soon }],
    ['Unauthorized', { notBefore: soon + 3600, expiration: soon + 7200 }],
    ['UnknownSpace', { with: other.did() }],
    ['RangeNotSatisfiable', { last: 2 ** 40 }],
  ]
  const archives = await Promise.all(
    cases.map(async ([, of]) => (await receiptOf(parties, of)).bytes),
  )
  const batch = await batchOf([...archives, (await receiptOf(parties)).bytes])
  rig.server.serve(batch)
  const task = rig.track(batch)
  await rig.run()
  const { totalEgress, errors } = rig.told(task)!.ok!
  assert.deepEqual(
    errors.map(({ name }) => name),
    cases.map(([name]) => name),
  )
  assert.equal(totalEgress, 100)
  const sized = await batchOf([(await receiptOf(parties, { last: 50 })).bytes])
  rig.server.serve(sized)
  const small = rig.track(sized)
  await rig.run({ blobBytes: () => 50 })
  assert.deepEqual(
    rig.told(small)?.ok?.errors.map(({ name }) => name),
    ['RangeNotSatisfiable'],
  )
})
