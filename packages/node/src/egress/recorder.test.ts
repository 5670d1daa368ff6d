import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { testRandom } from '@turnpike/accounting/testing/entries'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import {
  EGRESS_BOOKED_BYTES_MAX,
  EGRESS_PAIRS_MAX,
  EGRESS_RECORD_BYTES_MAX,
  EGRESS_RECORDS_MAX,
} from '@turnpike/core/limits/queue'
import { EGRESS_KEY_BYTES, type EgressRecord } from '@turnpike/core/ports/egress-recorder'
import type { Operation } from '../control/server.ts'
import { openInbox } from '../inbox/inbox.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { egressRecordOperation } from './recorder.ts'

const EPOCH = 498_200

async function rigOf(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-recorder-'))
  const inbox = openInbox(join(directory, 'inbox.sqlite'))
  const ledger = new SqliteLedger(join(directory, 'ledger.sqlite'))
  t.after(async () => {
    inbox.close()
    ledger.close()
    await rm(directory, { recursive: true })
  })
  const time = { nowMs: EPOCH * EPOCH_MS }
  const clock = { nowMs: () => time.nowMs }
  const record = egressRecordOperation({ inbox, ledger, random: testRandom(), clock })
  const call = { signal: AbortSignal.timeout(10_000), progress() {} }
  return { ledger, time, record: (params: unknown): ReturnType<Operation> => record(params, call) }
}

function recordOf(n: number): EgressRecord {
  const key = new Uint8Array(EGRESS_KEY_BYTES).fill(n)
  const resource = new Uint8Array([1, 0x55, 0, 0])
  const said = { resource, bytes: EGRESS_RECORD_BYTES_MAX, servedAtMs: 1_790_000_000_000 }
  return { key, issuer: 'did:key:z6MkGateway', space: 'did:key:z6MkSpace', ...said }
}

/** A ledger that has counted so many bytes, in two months. */
function count(ledger: SqliteLedger, bytes: bigint): void {
  const none = { reads: 0, denied: 0, errors: 0, bytesFetched: 0n, cid: new Uint8Array() }
  const row = (epoch: number, delivered: bigint) => ({
    ...none,
    epoch,
    space: `did:key:${epoch}`,
    bytes: 0n,
    bytesDelivered: delivered,
  })
  const rows = [row(EPOCH, bytes / 2n), row(EPOCH + 1000, bytes - bytes / 2n)]
  const first = ledger.watermark()
  ledger.apply({ first, end: first + 2, rows, voids: [], fetched: [] })
}

test('records of others never bring sums to where accounting would stand still', async (t) => {
  const { ledger, record } = await rigOf(t)
  count(ledger, EGRESS_BOOKED_BYTES_MAX - 1n)
  assert.deepEqual((await record([recordOf(1)])).ok, [{ kind: 'counted' }])
  count(ledger, 1n)
  const { error } = await record([recordOf(2)])
  assert.equal(error?.name, 'BooksFull')
  assert.match(error.message, /got 4611686018427387904/)
})

test('records are taken while the ledger is counted again', async (t) => {
  const { ledger, record } = await rigOf(t)
  count(ledger, EGRESS_BOOKED_BYTES_MAX)
  ledger.clear()
  assert.deepEqual((await record([recordOf(1)])).ok, [{ kind: 'counted' }])
})

test('gateways that anybody can make up leave room in an hour for all others', async (t) => {
  const { time, record } = await rigOf(t)
  const by = (n: number, key = n): EgressRecord => {
    const unique = new Uint8Array(EGRESS_KEY_BYTES)
    new DataView(unique.buffer).setUint32(0, key)
    return { ...recordOf(0), key: unique, issuer: `did:key:${n}` }
  }
  for (let n = 0; n < EGRESS_PAIRS_MAX; n += EGRESS_RECORDS_MAX)
    await record(Array.from({ length: EGRESS_RECORDS_MAX }, (_, i) => by(n + i)))
  const more = [by(EGRESS_PAIRS_MAX), by(0, EGRESS_PAIRS_MAX + 1)]
  assert.deepEqual((await record(more)).ok, [{ kind: 'later' }, { kind: 'counted' }])
  time.nowMs += EPOCH_MS
  assert.deepEqual((await record(more)).ok, [{ kind: 'counted' }, { kind: 'seen' }])
})

test('only records that are checked are taken, and none over JSON', async (t) => {
  const { record } = await rigOf(t)
  for (const params of [undefined, {}, JSON.parse(JSON.stringify([recordOf(1)]))])
    assert.equal((await record(params)).error?.name, 'InvalidParams')
})
