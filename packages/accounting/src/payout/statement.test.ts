import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod } from '@turnpike/core/billing/period'
import { PAYOUT_GRACE_MS } from '@turnpike/core/limits/payout'
import type { FetchedQuery, FetchedRow } from '@turnpike/core/ports/ledger'
import type { PaidRow } from '@turnpike/core/ports/payouts'
import { payoutMonth } from './outcome.ts'
import { makePayout, type PayoutStatement } from './statement.ts'
import { payoutCsv, payoutJson } from './text.ts'

const GIB = 1024n ** 3n
const NODE = 'did:key:z6MkNode'
const november = parsePeriod('2026-11')!
const FIRST_DAY = november.firstEpoch / 24
const LAST_DAY = november.endEpoch / 24 - 1

function fetched(epoch: number, provider: string, bytes: bigint): FetchedRow {
  return { epoch, provider, space: 'did:key:a', bytes, requests: 1, failed: 0 }
}

const LOG = [
  fetched(november.firstEpoch - 1, NODE, 1n),
  fetched(november.firstEpoch, NODE, 10n),
  fetched(november.firstEpoch + 5, 'https://node.example', 20n),
  fetched(november.endEpoch - 1, NODE, 40n),
  fetched(november.endEpoch, NODE, 80n),
  fetched(november.firstEpoch, 'did:key:z6MkOther', 160n),
]

function made(paid: readonly PaidRow[], nowMs = 0): Promise<PayoutStatement> {
  return makePayout(
    {
      gateway: 'did:web:gateway.example',
      provider: NODE,
      names: [NODE, 'https://node.example'],
      period: november,
      price: { micros: 5000n, currency: 'USD' },
      nowMs,
    },
    {
      payouts: { paid: () => paid },
      ledger: {
        fetched: ({ firstEpoch, endEpoch, provider }: FetchedQuery) =>
          LOG.filter((row) => row.epoch >= firstEpoch && row.epoch < endEpoch).filter(
            (row) => row.provider === provider,
          ),
      },
    },
  )
}

test('E5: what a node claims stands beside what the log says that we drew', async () => {
  const claims = { day: FIRST_DAY, space: 'did:key:a', bytes: 10n * GIB, receipts: 1 }
  const { rows, bytes, fetchedBytes } = await made([claims])
  assert.deepEqual(rows[0], { ...claims, fetchedBytes: 30n })
  assert.deepEqual([bytes, fetchedBytes], [10n * GIB, 70n])
})

test('E10: a month has its first hour and not that after its last', async () => {
  const { rows } = await made([])
  assert.deepEqual(
    rows.map(({ day, fetchedBytes }) => [day, fetchedBytes]),
    [
      [FIRST_DAY, 30n],
      [LAST_DAY, 40n],
    ],
  )
})

test('the amount is exact, and rounded down once', async () => {
  const day = FIRST_DAY
  const paid = ['a', 'b', 'c'].map((space) => ({ day, space, bytes: GIB / 3n, receipts: 1 }))
  const { amount } = await made(paid)
  assert.deepEqual(amount, { micros: 4999n, currency: 'USD' })
})

test('what came too late for its own month is paid in the next, without a comparison', async () => {
  const late = { day: FIRST_DAY - 1, space: 'did:key:a', bytes: 7n, receipts: 1 }
  const [row] = (await made([late])).rows
  assert.deepEqual(row, { ...late, fetchedBytes: undefined })
})

test('a statement is final when nothing can come to it any more', async () => {
  const endMs = november.endEpoch * EPOCH_MS
  assert.equal((await made([], endMs + PAYOUT_GRACE_MS - 1)).status, 'draft')
  assert.equal((await made([], endMs + PAYOUT_GRACE_MS)).status, 'final')
  assert.equal(payoutMonth(endMs - 1, endMs + PAYOUT_GRACE_MS - 1), '2026-11')
  assert.equal(payoutMonth(endMs - 1, endMs + PAYOUT_GRACE_MS), '2026-12')
  assert.equal(payoutMonth(endMs, endMs), '2026-12')
})

test('texts are the same for the same statement', async () => {
  const paid = [{ day: FIRST_DAY, space: 'did:key:a', bytes: 2n ** 60n, receipts: 2 }]
  const [one, two] = [await made(paid), await made(paid)]
  assert.equal(payoutJson(one), payoutJson(two))
  const { rows, amount } = JSON.parse(payoutJson(one))
  assert.equal(rows[0].bytes, String(2n ** 60n))
  assert.equal(amount.amount, '5368709.12')
  assert.equal(
    payoutCsv(one).split('\r\n')[1],
    `2026-11-01,did:key:a,2,${2n ** 60n},30,${2n ** 60n - 30n}`,
  )
})
