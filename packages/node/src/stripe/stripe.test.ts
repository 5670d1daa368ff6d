import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod } from '@turnpike/core/billing/period'
import { STRIPE_AHEAD_MS } from '@turnpike/core/limits/billing'
import fc from 'fast-check'
import { openBilling } from '../billing/database.ts'
import { openStripe } from './client.ts'
import { identifierOf, StripeOutbox } from './outbox.ts'
import { sendDue, type Sent } from './send.ts'
import { FakeStripe, type Fault } from './testing/fake-stripe.ts'

const ALICE = 'did:mailto:example.com:alice'
const BOB = 'did:mailto:example.com:bob'
const EGRESS = 'turnpike_egress_bytes'
const STORAGE = 'turnpike_storage_byte_hours'
const NOVEMBER = parsePeriod('2026-11')!
const START = NOVEMBER.firstEpoch + 240
const HOUR_MS = EPOCH_MS
const DAY_MS = 24 * HOUR_MS
const never = new AbortController().signal

async function openRig(t?: TestContext) {
  const now = { ms: (START + 2) * EPOCH_MS }
  const stripe = await FakeStripe.listen(() => now.ms)
  const billing = openBilling(':memory:').ok!
  const outbox = new StripeOutbox(billing)
  const api = await openStripe('sk_test_1', stripe.url)
  const close = async (): Promise<void> => {
    billing.close()
    await stripe.close()
  }
  t?.after(close)
  outbox.map(ALICE, 'cus_alice')
  outbox.map(BOB, 'cus_bob')
  const random = { bytes: (length: number) => new Uint8Array(length).fill(128) }
  const deps = { outbox, api, clock: { nowMs: () => now.ms }, random }
  return { now, stripe, outbox, api, deps, close, send: () => sendDue(deps, never) }
}
type Rig = Awaited<ReturnType<typeof openRig>>

function use(rig: Rig, total: bigint, epoch: number = START, customer: string = ALICE): void {
  rig.outbox.put([{ customer, meter: EGRESS, epoch, total }])
}

/** Sends until nothing is retried, a minute and more at a time. */
async function sendAll(rig: Rig, turnsMax = 40): Promise<Sent> {
  const done = { sent: 0, failed: 0, retried: 0 }
  for (let turn = 0; turn < turnsMax; turn++) {
    const { sent, failed, retried } = await rig.send()
    done.sent += sent
    done.failed += failed
    done.retried += retried
    if (sent + failed + retried === 0 && rig.outbox.due(Number.MAX_SAFE_INTEGER, 1).length === 0)
      break
    rig.now.ms += 10 * 60_000
  }
  return done
}

test('an hour is one event, dated in it, of the customer at Stripe', async (t) => {
  const rig = await openRig(t)
  use(rig, 123_456_789_012n)
  assert.deepEqual(await rig.send(), { sent: 1, failed: 0, retried: 0 })
  const [event] = rig.stripe.events
  assert.equal(event!.identifier, identifierOf(ALICE, EGRESS, START, 0))
  assert.equal(event!.customer, 'cus_alice')
  assert.equal(event!.value, 123_456_789_012n)
  assert.equal(event!.timestamp * 1000, START * EPOCH_MS)
  assert.equal(rig.stripe.headers[0]!.version, '2026-10-28.endive')
  assert.deepEqual(await rig.send(), { sent: 0, failed: 0, retried: 0 })
})

test('S4: a corrected hour is sent as the difference, as a further revision', async (t) => {
  const rig = await openRig(t)
  use(rig, 100n)
  use(rig, 100n)
  await rig.send()
  use(rig, 70n)
  await rig.send()
  assert.deepEqual(
    rig.stripe.events.map(({ value }) => value),
    [100n, -30n],
  )
  assert.notEqual(rig.stripe.events[0]!.identifier, rig.stripe.events[1]!.identifier)
})

test('L7, L8: 429, 500 and lost answers are tried again, and count once', async (t) => {
  const rig = await openRig(t)
  use(rig, 5n)
  rig.stripe.faults.push('429', '500', '500 after', 'timeout after')
  const { sent, retried } = await sendAll(rig)
  assert.deepEqual([sent, retried], [1, 3])
  assert.equal(rig.stripe.sum('cus_alice', EGRESS), 5n)
})

test('L9: each attempt has an Idempotency-Key of its own: no old 500 comes again', async (t) => {
  const rig = await openRig(t)
  use(rig, 5n)
  rig.stripe.faults.push('500')
  await sendAll(rig)
  const keys = rig.stripe.headers.map(({ idempotencyKey }) => idempotencyKey)
  assert.equal(keys.length, 2)
  assert.notEqual(keys[0], keys[1])
})

test('pauses between attempts grow, and are never shorter than half of their length', async (t) => {
  const rig = await openRig(t)
  use(rig, 5n)
  rig.stripe.faults.push('429', '429', '429')
  const waits: number[] = []
  for (let attempt = 0; attempt < 3; attempt++) {
    await rig.send()
    const before = rig.now.ms
    while (rig.outbox.due(rig.now.ms, 1).length === 0) rig.now.ms += 100
    waits.push(rig.now.ms - before)
  }
  assert.deepEqual(waits, [1500, 3000, 6000])
})

test('D1: a day later the sum at Stripe is read before an event is sent again', async (t) => {
  const rig = await openRig(t)
  use(rig, 5n)
  rig.stripe.faults.push('500 after')
  await rig.send()
  rig.now.ms += 2 * DAY_MS
  assert.deepEqual(await rig.send(), { sent: 1, failed: 0, retried: 0 })
  assert.equal(rig.stripe.sum('cus_alice', EGRESS), 5n)
  use(rig, 9n, START + 1)
  rig.stripe.faults.push('500')
  await rig.send()
  rig.now.ms += 2 * DAY_MS
  assert.equal((await rig.send()).sent, 1)
  assert.equal(rig.stripe.sum('cus_alice', EGRESS), 14n)
})

test('D1: a sum at Stripe that fits neither is left to somebody', async (t) => {
  const rig = await openRig(t)
  use(rig, 5n)
  rig.stripe.faults.push('500')
  await rig.send()
  const timestamp = (START * EPOCH_MS) / 1000
  const other = { meter: EGRESS, customer: 'cus_alice', value: 3n, timestamp, takenMs: rig.now.ms }
  rig.stripe.events.push({ identifier: 'by hand', ...other })
  rig.now.ms += 2 * DAY_MS
  assert.equal((await rig.send()).failed, 1)
  assert.match(rig.outbox.stuck(0, 9)[0]!.reason, /Stripe has 3 in this hour, expected 0/)
})

test('M2: what Stripe takes no more is said, not dropped', async (t) => {
  const rig = await openRig(t)
  use(rig, 5n)
  use(rig, 6n, START + 1)
  rig.now.ms = (START + 35 * 24) * EPOCH_MS
  assert.deepEqual(await rig.send(), { sent: 1, failed: 1, retried: 0 })
  assert.match(rig.outbox.stuck(0, 9)[0]!.reason, /35 days/)
})

test('an hour that is to come, by a clock that was set back, waits for its time', async (t) => {
  const rig = await openRig(t)
  const startMs = START * EPOCH_MS
  rig.now.ms = startMs - STRIPE_AHEAD_MS - 1
  use(rig, 5n)
  assert.deepEqual(await rig.send(), { sent: 0, failed: 0, retried: 1 })
  assert.equal(rig.outbox.stuck(0, 9).length, 0)
  rig.now.ms = startMs - STRIPE_AHEAD_MS
  assert.deepEqual(await rig.send(), { sent: 1, failed: 0, retried: 0 })
})

test('L11: usage of a customer without an account waits until there is one', async (t) => {
  const rig = await openRig(t)
  const carol = 'did:mailto:example.com:carol'
  use(rig, 7n, START, carol)
  assert.equal((await rig.send()).sent, 0)
  assert.equal(rig.outbox.stuck(START + 1, 9)[0]!.reason, 'not sent yet')
  rig.stripe.customers.add('cus_carol')
  rig.outbox.map(carol, 'cus_carol')
  assert.equal((await rig.send()).sent, 1)
  assert.throws(() => rig.outbox.map(carol, 'acct_1'), { name: 'InvalidStripeId' })
  assert.throws(() => rig.outbox.map(carol, 'cus_alice'), /is that of did:mailto:.*alice/)
  rig.outbox.map(carol, 'cus_carol')
  assert.equal(rig.outbox.mapped().length, 3)
})

test('what Stripe refuses, at once or later, is failed, and can be redriven', async (t) => {
  const rig = await openRig(t)
  use(rig, 5n)
  rig.outbox.put([{ customer: BOB, meter: 'no_such_meter', epoch: START, total: 1n }])
  rig.stripe.faults.push('refused later')
  assert.equal((await rig.send()).failed, 1)
  for (const { identifier, reason } of await rig.api.lateRefusals('mtr_egress', 0))
    rig.outbox.refusedLater(identifier, reason)
  const stuck = rig.outbox.stuck(0, 9)
  assert.deepEqual(stuck.map(({ reason }) => reason).toSorted(), [
    '400: No active meter found for event name no_such_meter',
    'meter_event_customer_not_found: No such customer',
  ])
  assert.equal(rig.outbox.redrive(), 2)
  await rig.send()
  assert.equal(rig.stripe.sum('cus_alice', EGRESS), 5n)
  assert.equal(rig.outbox.counts().failed, 1)
})

test('one call at a time for each customer and meter', async (t) => {
  const rig = await openRig(t)
  for (let hour = 0; hour < 6; hour++)
    for (const customer of [ALICE, BOB]) {
      use(rig, 10n, START - hour, customer)
      rig.outbox.put([{ customer, meter: STORAGE, epoch: START - hour, total: 3n }])
    }
  assert.equal((await rig.send()).sent, 24)
  assert.equal(rig.stripe.overlapMax, 1)
  assert.equal(rig.stripe.sum('cus_bob', STORAGE), 18n)
})

test('the watermark moves with the hours that are put down', async (t) => {
  const { outbox } = await openRig(t)
  assert.equal(outbox.watermark(), undefined)
  const usage = { customer: ALICE, meter: EGRESS, epoch: START, total: 4n }
  assert.equal(outbox.put([usage], { firstEpoch: START, endEpoch: START + 1 }), 1)
  assert.equal(outbox.put([usage], { firstEpoch: START, endEpoch: START + 1 }), 0)
  assert.deepEqual([outbox.firstEpoch(), outbox.watermark()], [START, START + 1])
  const bad = { ...usage, customer: null as unknown as string, total: 5n }
  assert.throws(() =>
    outbox.put([{ ...usage, total: 9n }, bad], { firstEpoch: START + 1, endEpoch: START + 2 }),
  )
  assert.equal(outbox.watermark(), START + 1)
  assert.equal(outbox.sum(ALICE, EGRESS, NOVEMBER, 'all'), 4n)
})

const fault = fc.constantFrom<Fault | undefined>(undefined, '429', '500', '500 after')
const change = fc.record({
  epoch: fc.integer({ min: START - 3, max: START }),
  total: fc.bigInt({ min: 0n, max: 1000n }),
  faults: fc.array(fault, { maxLength: 4 }),
  waitMs: fc.constantFrom(0, 60_000, 3 * HOUR_MS, 30 * HOUR_MS),
})

test('whatever befalls calls, Stripe ends with what was used', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      const rig = await openRig()
      try {
        await assertAllSent(rig, changes)
      } finally {
        await rig.close()
      }
    }),
    { numRuns: Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 25) },
  )
})

interface Change {
  readonly epoch: number
  readonly total: bigint
  readonly faults: readonly (Fault | undefined)[]
  readonly waitMs: number
}

async function assertAllSent(rig: Rig, changes: readonly Change[]): Promise<void> {
  const totals = new Map<number, bigint>()
  for (const { epoch, total, faults, waitMs } of changes) {
    use(rig, total, epoch)
    totals.set(epoch, total)
    rig.stripe.faults.push(...faults)
    await rig.send()
    rig.now.ms += waitMs
  }
  rig.stripe.faults.length = 0
  await sendAll(rig)
  const used = [...totals.values()].reduce((sum, total) => sum + total, 0n)
  assert.equal(rig.stripe.sum('cus_alice', EGRESS), used)
  assert.deepEqual(rig.outbox.stuck(0, 9), [])
}
