import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { CaughtUp } from '@turnpike/accounting/accounting'
import type { LogState } from '@turnpike/accounting/state'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod } from '@turnpike/core/billing/period'
import { FREE_PLANS } from '@turnpike/core/billing/plan'
import {
  RECONCILE_LISTED_MAX,
  STRIPE_HOURS_MAX,
  STRIPE_PAST_MS,
} from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import { Books } from '../billing/testing/books.ts'
import { defaultSettings } from '../config/load.ts'
import { nodeHasher } from '../hasher.ts'
import { fillOutbox } from './fill.ts'
import { StripeOutbox } from './outbox.ts'
import { stripeJobs, stripeOf, stripeOperations } from './open.ts'
import { reconcile, type Reconciliation } from './reconcile.ts'
import { FakeStripe } from './testing/fake-stripe.ts'

const NOVEMBER = parsePeriod('2026-11')!
const ALICE: CustomerDid = 'did:mailto:example.com:alice'
const BOB: CustomerDid = 'did:mailto:example.com:bob'
const SPACE: SpaceDid = 'did:key:one'
const EGRESS = 'turnpike_egress_bytes'
const FIRST = NOVEMBER.firstEpoch
const MINUTE_MS = 60_000
const never = new AbortController().signal

/** A deployment with the sink, ten hours into November. */
async function openRig(t: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnpike-stripe-'))
  const books = new Books()
  const now = { ms: (FIRST + 10) * EPOCH_MS + 2 * MINUTE_MS }
  const stripe = await FakeStripe.listen(() => now.ms)
  t.after(async () => {
    await stripe.close()
    books.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  const stripeKey = join(dataDir, 'stripe.key')
  await writeFile(stripeKey, 'sk_test_1\n')
  const state = { size: 7, open: null as LogState['open'], sealed: null }
  const parts = {
    dataDir,
    settings: { ...defaultSettings(dataDir), stripeKey, stripeApi: stripe.url },
    plans: FREE_PLANS,
    host: {
      settled: async (work: (log: LogState) => Promise<NonNullable<unknown>>) =>
        ok(await work(state as unknown as LogState)),
      settledThen: async (
        open: (log: LogState) => Promise<NonNullable<unknown>>,
        work: (opened: NonNullable<unknown>) => Promise<NonNullable<unknown>>,
      ) => ok(await work(await open(state as unknown as LogState))),
    },
    ledger: books.ledger,
    billing: books.rig.billing,
    catalog: books.rig.catalog,
    clock: { nowMs: () => now.ms, monotonicMs: () => now.ms },
    random: { bytes: (length: number) => new Uint8Array(length) },
    hasher: nodeHasher,
  } as unknown as AccountingParts
  const outbox = new StripeOutbox(parts.billing)
  outbox.map(ALICE, 'cus_alice')
  books.addCustomer(ALICE, FIRST)
  books.addCustomer(BOB, FIRST)
  const jobs = new Map(stripeJobs(parts).map((job) => [job.name, job]))
  const turn = async (): Promise<void> => jobs.get('stripe')!.run(never)
  const compare = async (isToCorrect = false): Promise<Reconciliation> => {
    const compared = await reconcile(parts, await stripeOf(parts.settings), isToCorrect)
    assert.equal(compared.error, undefined)
    return compared.ok!
  }
  const correct = (): Promise<Reconciliation> => compare(true)
  return { books, now, state, stripe, outbox, parts, jobs, turn, compare, correct }
}

test('hours that are over are sent once, VOIDs and new owners as they come', async (t) => {
  const { books, now, state, stripe, outbox, turn, compare } = await openRig(t)
  const read = { epoch: FIRST + 2, space: SPACE, bytes: 100n }
  books.read(read)
  await turn()
  assert.equal(outbox.watermark(), FIRST + 10)
  assert.deepEqual(stripe.events, [])
  books.assign(SPACE, ALICE, FIRST + 10)
  books.voidRead(FIRST + 11, 0, read)
  books.read({ epoch: FIRST + 12, space: SPACE, bytes: 7n })
  state.open = { epoch: FIRST + 12, first: 0, firstRoot: new Uint8Array(32) }
  now.ms += 3 * EPOCH_MS
  await turn()
  assert.equal(outbox.watermark(), FIRST + 12, 'the log is still in that hour')
  assert.deepEqual(
    stripe.events.map(({ timestamp, value }) => [(timestamp * 1000) / EPOCH_MS - FIRST, value]),
    [
      [10, 100n],
      [11, -100n],
    ],
  )
  state.open = null
  await turn()
  await turn()
  assert.equal(stripe.sum('cus_alice', EGRESS), 7n)
  now.ms += 2 * EPOCH_MS
  await turn()
  const compared = await compare()
  assert.deepEqual(compared.differences, [])
  assert.ok(compared.isEqual && compared.sums > 0 && compared.sumsAtStripe > 0)
})

test('storage is sent in bytes times hours', async (t) => {
  const { books, stripe, turn } = await openRig(t)
  books.assign(SPACE, ALICE, FIRST)
  books.rig.change({ space: SPACE, atMs: (FIRST + 7) * EPOCH_MS, bytes: 1000n })
  await turn()
  assert.equal(stripe.sum('cus_alice', 'turnpike_storage_byte_hours'), 3000n)
})

test('reconciliation finds what is missing at Stripe, and what was put down wrongly', async (t) => {
  const { books, now, stripe, outbox, jobs, turn, compare } = await openRig(t)
  books.assign(SPACE, ALICE, FIRST)
  books.read({ epoch: FIRST + 3, space: SPACE, bytes: 50n })
  books.read({ epoch: FIRST + 4, space: SPACE, bytes: 5n })
  await turn()
  now.ms += 2 * EPOCH_MS
  await turn()
  assert.ok((await compare()).isEqual)
  const [lost] = stripe.events.splice(0, 1)
  assert.deepEqual((await compare()).differences, [
    { between: 'outbox and Stripe', about: `2026-11 ${ALICE} ${EGRESS}`, left: '55', right: '5' },
  ])
  await assert.rejects(jobs.get('reconcile')!.run(never), { name: 'Unreconciled' })
  stripe.events.push(lost!)
  outbox.put([{ customer: ALICE, meter: EGRESS, epoch: FIRST + 3, total: 51n }])
  assert.equal((await compare()).differences[0]!.between, 'ledger and outbox')
})

test('S4: after a repair hours are corrected, those that Stripe takes no more told', async (t) => {
  const { books, now, stripe, outbox, turn, compare, correct } = await openRig(t)
  books.assign(SPACE, ALICE, FIRST)
  books.read({ epoch: FIRST + 3, space: SPACE, bytes: 50n })
  await turn()
  books.read({ epoch: FIRST + 3, space: SPACE, bytes: 7n })
  books.read({ epoch: FIRST + 5, space: SPACE, bytes: 1n })
  assert.equal((await compare()).differences[0]!.right, '50')
  assert.equal(outbox.counts().waiting, 0, 'nothing is corrected unasked')
  const { corrected, isEqual } = await correct()
  assert.deepEqual([corrected, isEqual], [2, true])
  assert.equal((await correct()).corrected, 0)
  await turn()
  assert.equal(stripe.sum('cus_alice', EGRESS), 58n)
  books.read({ epoch: FIRST + 3, space: SPACE, bytes: 9n })
  books.read({ epoch: FIRST + 4, space: SPACE, bytes: 2n })
  now.ms = (FIRST + 4) * EPOCH_MS + STRIPE_PAST_MS
  const late = await correct()
  assert.deepEqual(late.corrected, 1)
  assert.deepEqual(
    late.differences.map(({ left, right }) => [left, right]),
    [
      ['69', '60'],
      ['to be sent', 'not sent yet'],
    ],
  )
})

test('hours are put down a day at a time', async (t) => {
  const { now, outbox, parts } = await openRig(t)
  now.ms = (FIRST + STRIPE_HOURS_MAX + 1) * EPOCH_MS + 2 * MINUTE_MS
  assert.deepEqual((await fillOutbox(parts, outbox)).ok, { events: 0, more: true })
  assert.deepEqual([outbox.firstEpoch(), outbox.watermark()], [FIRST, FIRST + STRIPE_HOURS_MAX])
  assert.deepEqual((await fillOutbox(parts, outbox)).ok, { events: 0, more: false })
  assert.equal(outbox.watermark(), FIRST + STRIPE_HOURS_MAX + 1)
})

test('hours into which something comes meanwhile are put down the next time', async (t) => {
  const { books, outbox, parts } = await openRig(t)
  books.assign(SPACE, ALICE, FIRST)
  const settledThen = (async (open, work) => {
    const opened = await open({ size: 7, open: null } as LogState, { more: false } as CaughtUp)
    books.read({ epoch: FIRST + 3, space: SPACE, bytes: 30n })
    return ok(await work(opened))
  }) satisfies AccountingParts['host']['settledThen']
  const disturbed = { ...parts, host: { ...parts.host, settledThen } }
  assert.deepEqual((await fillOutbox(disturbed, outbox)).ok, { events: 0, more: false })
  assert.equal(outbox.watermark(), undefined)
  assert.equal((await fillOutbox(parts, outbox)).ok!.events, 1)
})

test('a hundred differences are listed, and a hundred events', async (t) => {
  const { books, outbox, parts, turn, compare } = await openRig(t)
  await turn()
  const customers = Array.from({ length: RECONCILE_LISTED_MAX + 1 }, (_, i) => {
    return `did:mailto:example.com:u${i}` as const
  })
  for (const customer of customers) {
    books.addCustomer(customer, FIRST)
    outbox.put([{ customer, meter: EGRESS, epoch: FIRST + 3, total: 5n }])
  }
  const { isEqual, differences } = await compare()
  assert.deepEqual([isEqual, differences.length], [false, RECONCILE_LISTED_MAX])
  const call = { signal: never, progress: () => {} }
  parts.billing.exec("UPDATE stripe_outbox SET state = 'failed'")
  const { ok: status } = await stripeOperations(parts).stripeStatus(undefined, call)
  const { failed, stuck } = status as { failed: number; stuck: readonly unknown[] }
  assert.deepEqual([failed, stuck.length], [RECONCILE_LISTED_MAX + 1, RECONCILE_LISTED_MAX])
})

test('L11: what waits for more than a day is a difference, and what failed an alert', async (t) => {
  const { books, now, stripe, turn, compare } = await openRig(t)
  books.assign(SPACE, BOB, FIRST)
  books.read({ epoch: FIRST + 3, space: SPACE, bytes: 50n })
  await turn()
  now.ms += 30 * EPOCH_MS
  const { differences } = await compare()
  assert.deepEqual(
    differences.map(({ between, right }) => [between, right]),
    [['outbox', 'not sent yet']],
  )
  const { books: others, stripe: other, turn: send } = await openRig(t)
  other.customers.delete('cus_alice')
  others.assign(SPACE, ALICE, FIRST)
  others.read({ epoch: FIRST + 3, space: SPACE, bytes: 50n })
  await assert.rejects(send(), { name: 'StripeStuck' })
  assert.equal(stripe.events.length, 0)
})
