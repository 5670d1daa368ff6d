import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import {
  STRIPE_CALLS_MAX,
  STRIPE_EVENTS_MAX,
  STRIPE_METERS_MAX,
  STRIPE_RETRY_MS_MAX,
} from '@turnpike/core/limits/billing'
import { openBilling } from '../billing/database.ts'
import { openStripe, type SendOutcome, type SentEvent, type StripeApi } from './client.ts'
import { StripeOutbox } from './outbox.ts'
import { sendDue, type Sent } from './send.ts'
import { FakeStripe } from './testing/fake-stripe.ts'

const EGRESS = 'turnpike_egress_bytes'
const START = 498_576
const DAY_MS = 24 * EPOCH_MS
const SENT: SendOutcome = { kind: 'sent' }
const UNSURE: SendOutcome = { kind: 'unsure', reason: 'no answer' }

/** An outbox, and an API that answers as a test says. */
function openRig(t: TestContext, answer: (event: SentEvent) => SendOutcome) {
  const billing = openBilling(':memory:').ok!
  t.after(() => billing.close())
  const outbox = new StripeOutbox(billing)
  const now = { ms: (START + 2) * EPOCH_MS }
  const rig = {
    calls: 0,
    looks: 0,
    open: 0,
    openMax: 0,
    meterIds: new Map([[EGRESS, 'mtr_egress']]),
  }
  const api: StripeApi = {
    async send(event) {
      rig.calls++
      rig.openMax = Math.max(rig.openMax, ++rig.open)
      await turn()
      rig.open--
      return answer(event)
    },
    meters: async () => rig.meterIds,
    async total() {
      rig.looks++
      return 0n
    },
    lateRefusals: async () => [],
  }
  const random = { bytes: (length: number) => new Uint8Array(length).fill(255) }
  const deps = { outbox, api, clock: { nowMs: () => now.ms }, random }
  const send = (signal = new AbortController().signal): Promise<Sent> => sendDue(deps, signal)
  return Object.assign(rig, { outbox, now, send })
}

/** Puts down an hour of each of some customers, who are known at Stripe. */
function use(outbox: StripeOutbox, customers: number, hours = 1): void {
  for (let i = 0; i < customers; i++) {
    const customer = `did:mailto:example.com:u${i}`
    outbox.map(customer, `cus_${i}`)
    for (let hour = 0; hour < hours; hour++)
      outbox.put([{ customer, meter: EGRESS, epoch: START - hour, total: 5n }])
  }
}

test('a turn sends a thousand events, and the next one the others', async (t) => {
  const { outbox, send } = openRig(t, () => SENT)
  use(outbox, 2, STRIPE_EVENTS_MAX / 2 + 1)
  assert.equal((await send()).sent, STRIPE_EVENTS_MAX)
  assert.equal((await send()).sent, 2)
})

test('eight calls are under way at once, whoever they are for', async (t) => {
  const rig = openRig(t, () => SENT)
  use(rig.outbox, STRIPE_CALLS_MAX + 2, 2)
  assert.equal((await rig.send()).sent, 2 * (STRIPE_CALLS_MAX + 2))
  assert.equal(rig.openMax, STRIPE_CALLS_MAX)
})

test('what waits keeps back the later hours of its customer, and nobody else', async (t) => {
  const rig = openRig(t, ({ stripeId }) => (stripeId === 'cus_0' ? UNSURE : SENT))
  use(rig.outbox, 2, 3)
  assert.deepEqual(await rig.send(), { sent: 3, failed: 0, retried: 1 })
  assert.equal(rig.calls, 4)
})

test('pauses between attempts end at an hour', async (t) => {
  const { outbox, now, send } = openRig(t, () => UNSURE)
  use(outbox, 1)
  for (let attempt = 0; attempt < 25; attempt++) {
    assert.equal((await send()).retried, 1)
    now.ms += STRIPE_RETRY_MS_MAX
  }
})

test('who stops is heard before each event', async (t) => {
  const stopping = new AbortController()
  const { outbox, send } = openRig(t, () => {
    stopping.abort()
    return SENT
  })
  use(outbox, 1, 3)
  assert.equal((await send(stopping.signal)).sent, 1)
})

test('D1: what Stripe did not have begins anew, and a meter that is gone is said', async (t) => {
  const rig = openRig(t, () => UNSURE)
  use(rig.outbox, 1)
  await rig.send()
  rig.now.ms += 2 * DAY_MS
  await rig.send()
  const [event] = rig.outbox.due(Number.MAX_SAFE_INTEGER, 1)
  assert.equal(event!.triedMs, rig.now.ms)
  rig.meterIds.clear()
  rig.now.ms += 2 * DAY_MS
  assert.equal((await rig.send()).failed, 1)
  assert.match(rig.outbox.stuck(0, 1)[0]!.reason, /no active meter turnpike_egress_bytes/)
})

test('D1: the day in which an identifier is known begins with the first attempt', async (t) => {
  const rig = openRig(t, () => UNSURE)
  use(rig.outbox, 1)
  for (const looks of [0, 0, 1]) {
    await rig.send()
    assert.equal(rig.looks, looks)
    rig.now.ms += 15 * EPOCH_MS
  }
})

test('what is redriven has another identifier: Stripe may know the old one', async (t) => {
  const rig = openRig(t, () => ({ kind: 'refused', reason: 'no' }))
  use(rig.outbox, 1)
  await rig.send()
  const [failed] = rig.outbox.stuck(0, 1)
  assert.equal(rig.outbox.redrive(), 1)
  const [again] = rig.outbox.due(Number.MAX_SAFE_INTEGER, 1)
  assert.notEqual(again!.identifier, failed!.identifier)
  assert.equal(again!.value, 5n)
})

test('a thousand meters are looked through, and sums of a month come page by page', async (t) => {
  const stripe = await FakeStripe.listen(() => START * EPOCH_MS)
  t.after(() => stripe.close())
  const api = await openStripe('sk_test_1', stripe.url)
  for (let i = 0; i < 250; i++) {
    const timestamp = ((START + i) * EPOCH_MS) / 1000
    const at = { meter: EGRESS, customer: 'cus_alice', timestamp, takenMs: 0 }
    stripe.events.push({ identifier: `e${i}`, value: 2n, ...at })
  }
  const span = { firstEpoch: START, endEpoch: START + 249 }
  assert.equal(await api.total('mtr_egress', 'cus_alice', span), 498n)
  const meterIds = stripe.meterIds as Map<string, string>
  for (let i = 0; i < STRIPE_METERS_MAX; i++) meterIds.set(`meter_${i}`, `mtr_${i}`)
  assert.equal((await api.meters()).size, STRIPE_METERS_MAX)
})

test('L7: only what Stripe says of the event itself is final', async (t) => {
  let status = 0
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { type: 'api_error', message: 'no' } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const api = await openStripe('sk_test_1', `http://127.0.0.1:${port}`)
  const event = { meter: EGRESS, identifier: 'e', stripeId: 'cus_0', value: 1n, epoch: START }
  for (const [kind, statuses] of [
    ['unsure', [401, 409, 429, 500, 503]],
    ['refused', [400, 402, 403, 404]],
  ] as const)
    for (status of statuses) assert.equal((await api.send(event)).kind, kind, String(status))
})

test('refusals that come late are told since a time', async (t) => {
  const now = { ms: START * EPOCH_MS }
  const stripe = await FakeStripe.listen(() => now.ms)
  t.after(() => stripe.close())
  const api = await openStripe('sk_test_1', stripe.url)
  for (const identifier of ['old', 'new']) {
    stripe.faults.push('refused later')
    now.ms += DAY_MS
    const event = { meter: EGRESS, identifier, stripeId: 'cus_alice', value: 1n, epoch: START }
    assert.equal((await api.send(event)).kind, 'sent')
  }
  const since = async (ms: number): Promise<string[]> =>
    (await api.lateRefusals('mtr_egress', ms)).map(({ identifier }) => identifier)
  assert.deepEqual(await since(now.ms - 1), ['new'])
  assert.deepEqual(await since(0), ['new', 'old'])
})
