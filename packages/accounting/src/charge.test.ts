import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FETCH_WINDOW_ENTRIES_MAX, SUMMARY_ROWS_MAX } from '@turnpike/core/limits/log'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import type { LogEntry } from '@turnpike/core/log/entry'
import { Charges, billableBytes } from './charge.ts'
import { LogReader } from './reader.ts'
import { emptyState } from './state.ts'
import { SummaryCount } from './summary-count.ts'
import { readOf, testHasher, testRandom } from './testing/entries.ts'
import { MemoryLogStore } from './testing/memory.ts'

const { allowed, content, synthetic, clientLeft, head } = READ_FLAGS

function read(n: number, space: string): LogEntry {
  return { kind: 'read', entry: readOf(n, { space }) }
}

function fetchOf(n: number): LogEntry {
  const { id } = readOf(n)
  return { kind: 'fetch', entry: { id, provider: 'p', bytes: 9n, requests: 1, failed: 0 } }
}

test('billable is what was allowed, content, and no probe', () => {
  const bytes = (flags: number): bigint => billableBytes(readOf(5, { flags }))
  assert.equal(bytes(allowed | content), 5n)
  assert.equal(bytes(allowed | content | clientLeft | head), 5n)
  assert.equal(bytes(allowed), 0n)
  assert.equal(bytes(content), 0n)
  assert.equal(bytes(allowed | content | synthetic), 0n)
})

test('a FETCH is charged to the space of its READ, as far back as the window reaches', () => {
  const charges = new Charges()
  charges.charge(0, read(1, 'did:key:alice'), undefined)
  charges.charge(1, read(2, 'did:key:bob'), undefined)
  const last = FETCH_WINDOW_ENTRIES_MAX - 1
  for (let index = 2; index < last; index++) charges.skip(index)
  const near = charges.charge(last, fetchOf(1), undefined)
  assert.deepEqual([near?.space, near?.bytesFetched], ['did:key:alice', 9n])
  const far = charges.charge(last + 1, fetchOf(1), undefined)
  assert.deepEqual([far?.space, far?.bytesFetched], ['', 9n])
  assert.equal(charges.charge(last + 2, fetchOf(2), undefined)?.space, '')
})

test('a VOID takes out what its READ was billed, and nothing for another entry', () => {
  const voided: LogEntry = {
    kind: 'void',
    entry: { id: new Uint8Array(16), ts: 1, index: 0, leaf: new Uint8Array(32), reason: 0 },
  }
  const charges = new Charges()
  const charge = charges.charge(0, voided, read(5, 'did:key:alice'))
  assert.deepEqual([charge?.space, charge?.bytes, charge?.bytesVoided], ['did:key:alice', 0n, 5n])
  assert.equal(charges.charge(1, voided, fetchOf(1)), undefined)
})

test('a summary has at most 65,536 rows: the rest is in the one without names', async () => {
  const reader = new LogReader(new MemoryLogStore(), testHasher, emptyState(testHasher))
  const count = await SummaryCount.from(reader, 0)
  for (let n = 0; n <= SUMMARY_ROWS_MAX; n++)
    count.add({ kind: 'read', entry: readOf(n, { space: `did:key:s${n}`, bytes: 1n }) }, undefined)
  const rows = count.rows(testRandom())
  assert.equal(rows.length, SUMMARY_ROWS_MAX)
  assert.deepEqual([rows[0]?.space, rows[0]?.bytes], ['', 2n])
  assert.equal(
    rows.reduce((sum, row) => sum + row.reads, 0),
    SUMMARY_ROWS_MAX + 1,
  )
})
