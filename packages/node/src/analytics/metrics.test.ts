import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupOf } from '@turnpike/accounting/testing/entries'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { fail } from '@turnpike/core/result'
import { AccountingStopped } from '../accounting/fault.ts'
import type { Operations } from '../control/server.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { receiptMetrics } from './metrics.ts'
import { receiptCountsOperation } from './receipt-counts.ts'
import { FIRST, openPastLog, runJobs } from './testing/past-log.ts'

/** Samples by name, with their labels. */
async function samplesOf(operations: Operations): Promise<Map<string, number>> {
  const metrics = createMetrics({ snapshots: () => [], gauges: [], ...receiptMetrics(operations) })
  const lines = (await metrics.text()).split('\n').filter((line) => !line.startsWith('#'))
  return new Map(
    lines.map((line): [string, number] => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))]
    }),
  )
}

test('metrics say what is in the log, how epochs stand, and how long commits took', async (t) => {
  const accounting = await openPastLog(t, [[groupOf(1), groupOf(2)], [groupOf(3)]])
  const { operations } = accounting
  assert.equal((await accounting.catchUp()).ok?.sealed, 1)
  await runJobs(accounting, 'domain-index')
  const before = await samplesOf(operations)
  assert.equal(before.get('turnpike_receipts_appended_total{type="read"}'), 3)
  assert.equal(before.get('turnpike_receipts_appended_total{type="seal"}'), 2)
  assert.equal(before.get('turnpike_receipts_appended_total{type="ack"}'), 0)
  assert.equal(before.get('turnpike_receipt_commit_seconds_count'), 1, 'the SEAL is a commit')
  assert.equal(before.get('turnpike_receipt_commit_seconds_bucket{le="+Inf"}'), 1)
  assert.ok(before.get('turnpike_receipt_commit_seconds_sum')! > 0)
  assert.equal(before.get('turnpike_receipt_epoch_state{state="final"}'), 0)
  assert.equal(before.get('turnpike_receipt_wal_bytes'), 0)
  await runJobs(accounting, 'epochs')
  const after = await samplesOf(operations)
  assert.equal(after.get('turnpike_receipt_epoch_state{state="final"}'), 2)
  assert.equal(after.get('turnpike_receipt_epoch_state{state="pending"}'), 0)
  assert.equal(after.get('turnpike_receipt_anchor_lag_seconds'), 0)
})

test('a sealed epoch that waits for its anchors is a lag', async () => {
  const nowMs = (FIRST + 5) * EPOCH_MS
  const counts = { batched: 3, anchored: 0, final: 9 }
  const ask = receiptCountsOperation({
    domains: { standing: () => ({ kinds: {} }) },
    commitTimes: { snapshot: () => ({ counts: [], sumMs: 0 }) },
    journals: { bytes: async () => 7 },
    log: { load: () => undefined },
    epochs: { progress: () => ({ counts, oldestSealedMs: nowMs - 5000 }) },
    clock: { nowMs: () => nowMs },
  } as never)
  const samples = await samplesOf({ receiptCounts: ask })
  assert.equal(samples.get('turnpike_receipt_anchor_lag_seconds'), 5)
  assert.equal(samples.get('turnpike_receipt_epoch_state{state="batched"}'), 3)
  assert.equal(samples.get('turnpike_receipt_wal_bytes'), 7)
})

test('while accounting does not answer, its metrics are silent and others are not', async () => {
  const receiptCounts = async () => fail(new AccountingStopped('ThreadEnded', 'gone'))
  const samples = await samplesOf({ receiptCounts })
  assert.deepEqual(
    [...samples.keys()].filter((name) => name.startsWith('turnpike_receipt')),
    [],
  )
  assert.ok(samples.has('turnpike_crashes_total'))
})
