import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePlans } from '@turnpike/core/billing/parse-plans'
import { parsePeriod } from '@turnpike/core/billing/period'
import {
  GIVEN_ID_CHARS_MAX,
  GRANT_PRIORITY_MAX,
  QUOTA_ASKED_MAX,
} from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import { Books } from '../billing/testing/books.ts'
import { nodeRandom } from '../runtime.ts'
import { accountOf, type AccountJson } from './account-json.ts'
import { quotaOperations, type QuotaOperation } from './operations.ts'

const ANN: CustomerDid = 'did:mailto:example.com:ann'
const BOB: CustomerDid = 'did:mailto:example.com:bob'
const SPACE: SpaceDid = 'did:key:z6MkPhotos'
const NOVEMBER = parsePeriod('2026-11')!
const FIRST = NOVEMBER.firstEpoch

interface Rig {
  readonly books: Books
  nowMs: number
  call(operation: QuotaOperation, params?: unknown): Promise<Record<string, unknown>>
  /** Name of the error of a call. */
  refused(operation: QuotaOperation, params?: unknown): Promise<string>
}

function rigOf(t: TestContext): Rig {
  const books = new Books()
  t.after(() => books.close())
  const egress = { included: 720, limit: 'hard' }
  const plan = { id: 'did:web:hard.example', name: 'Hard', currency: 'EUR', egress }
  const plans = parsePlans({ plans: [plan] }).ok!
  books.addCustomer(ANN, FIRST)
  books.assign(SPACE, ANN, FIRST)
  const rig = { nowMs: (FIRST + 5) * EPOCH_MS }
  const { billing, catalog } = books.rig
  const clock = { nowMs: () => rig.nowMs, monotonicMs: () => rig.nowMs }
  const parts = {
    billing,
    catalog,
    plans,
    ledger: books.ledger,
    random: nodeRandom,
    clock,
    dating: clock,
    host: { catchUp: async () => ok({}) },
  } as unknown as AccountingParts
  const operations = quotaOperations(parts)
  const run = (operation: QuotaOperation, params: unknown) =>
    operations[operation](params, { signal: new AbortController().signal, progress() {} })
  return Object.assign(rig, {
    books,
    call: async (operation: QuotaOperation, params?: unknown) => {
      const { ok: answer, error } = await run(operation, params)
      assert.ok(answer, error?.message)
      return JSON.parse(JSON.stringify(answer)) as Record<string, unknown>
    },
    refused: async (operation: QuotaOperation, params?: unknown) =>
      (await run(operation, params)).error?.name ?? 'nothing',
  })
}

test('what is no grant is refused, at its bounds', async (t) => {
  const { call, refused } = rigOf(t)
  const good = { customer: ANN, bytes: 5 }
  const bad: object[] = [
    { customer: 5 },
    { bytes: '5 GB' },
    { bytes: -1 },
    { priority: GRANT_PRIORITY_MAX + 1 },
    { priority: 0.5 },
    { id: '' },
    { id: 'i'.repeat(GIVEN_ID_CHARS_MAX + 1) },
    { from: '2026-10-31T23:59:59Z' },
    { from: 'soon' },
    { until: '2026-11-01T05:00:00Z' },
    { from: '2026-12-01', until: '2026-12-01' },
  ]
  for (const params of bad)
    assert.equal(
      await refused('grantAdd', { ...good, ...params }),
      'InvalidParams',
      JSON.stringify(params),
    )
  assert.equal(await refused('grantAdd', { ...good, customer: BOB }), 'CustomerUnknown')
  assert.equal(await refused('grantVoid', { id: 'no' }), 'GrantUnknown')
  const id = 'i'.repeat(GIVEN_ID_CHARS_MAX)
  const from = '2026-11-01T00:30:00Z'
  const until = '2026-11-01T05:30:00Z'
  const most = { ...good, id, priority: GRANT_PRIORITY_MAX, from, until }
  const { from: first, until: end } = await call('grantAdd', most)
  assert.deepEqual([first, end], ['2026-11-01T00:00:00.000Z', '2026-11-01T06:00:00.000Z'])
})

test('what is no payment is refused', async (t) => {
  const { call, refused } = rigOf(t)
  const good = { customer: ANN, source: 'bank', id: '1', amount: '10000000', currency: 'EUR' }
  const bad: object[] = [
    { source: '' },
    { id: 5 },
    { id: 'i'.repeat(GIVEN_ID_CHARS_MAX + 1) },
    { amount: 5 },
    { amount: '0' },
    { amount: '-1' },
    { amount: '0.0000001' },
    { amount: '10000000.000001' },
    { currency: 'euro' },
  ]
  for (const params of bad)
    assert.equal(
      await refused('balanceCredit', { ...good, ...params }),
      'InvalidParams',
      JSON.stringify(params),
    )
  const paid = await call('balanceCredit', good)
  assert.deepEqual(paid['balance'], { amount: '10000000.00', currency: 'EUR' })
})

test('quotas of many are told; on a plan that is gone, those of the standard one', async (t) => {
  const rig = rigOf(t)
  const { books, call, refused } = rig
  books.read({ epoch: FIRST + 1, space: SPACE, bytes: 700n })
  books.addCustomer(BOB, FIRST)
  books.provisioning.setPlan(BOB, 'did:web:gone.example', FIRST * EPOCH_MS)
  const strangers = Array.from({ length: QUOTA_ASKED_MAX - 2 }, (_, i) => `did:mailto:x:${i}`)
  const answer = await call('quotaAccounts', { customers: [ANN, BOB, ...strangers] })
  const accounts = answer['accounts'] as [string, AccountJson][]
  assert.deepEqual(
    accounts.map(([customer]) => customer),
    [ANN, BOB],
  )
  const { period, day, reason, refusal } = accountOf(accounts[0]![1])
  assert.deepEqual(
    [period.usedBytes, period.limitBytes, period.endMs],
    [700n, 720n, NOVEMBER.endEpoch * EPOCH_MS],
  )
  assert.deepEqual([day.usedBytes, day.limitBytes], [700n, undefined])
  assert.deepEqual([reason, refusal], ['limit', 'PaymentRequired'])
  const customers = ['a', ANN, BOB, ...strangers]
  assert.equal(await refused('quotaAccounts', { customers }), 'InvalidParams')
  assert.ok((await call('quota', { customer: BOB }))['period'])
  assert.equal(await refused('quota', { customer: 'did:mailto:x:1' }), 'CustomerUnknown')
})

test('a clock that is set back finds the hour of the log', async (t) => {
  const rig = rigOf(t)
  rig.books.read({ epoch: NOVEMBER.endEpoch + 1, space: SPACE, bytes: 5n })
  const { period, used } = await rig.call('quota', { customer: ANN })
  assert.deepEqual([period, used], ['2026-12', 5])
})
