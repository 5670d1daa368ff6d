import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod } from '@turnpike/core/billing/period'
import { FREE_PLAN, FREE_PLANS } from '@turnpike/core/billing/plan'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { Books } from '../billing/testing/books.ts'
import { plansJob } from './job.ts'

const ANN: CustomerDid = 'did:mailto:example.com:ann'
const BOB: CustomerDid = 'did:mailto:example.com:bob'
const FIRST = parsePeriod('2026-11')!.firstEpoch
const GONE = 'did:web:gone.example'

test('a plan that customers are on, and the file has not, fails the job by its name', async (t) => {
  const books = new Books()
  t.after(() => books.close())
  books.addCustomer(ANN, FIRST)
  books.addCustomer(BOB, FIRST)
  const nowMs = (FIRST + 5) * EPOCH_MS
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
  const job = plansJob({ catalog: books.rig.catalog, plans: FREE_PLANS, clock })
  const { signal } = new AbortController()
  books.provisioning.setPlan(ANN, FREE_PLAN.id, FIRST * EPOCH_MS)
  await job.run(signal)
  books.provisioning.setPlan(BOB, GONE, FIRST * EPOCH_MS)
  await assert.rejects(job.run(signal), (error: Error) => {
    assert.equal(error.name, 'PlansGone')
    assert.ok(error.message.includes(`${GONE} (${BOB})`), error.message)
    return true
  })
  books.provisioning.setPlan(BOB, FREE_PLAN.id, nowMs - 2 * EPOCH_MS)
  await job.run(signal)
})
