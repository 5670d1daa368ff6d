import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { LEDGER_CONTRACT } from '@turnpike/core/contract/ledger'
import {
  LEDGER_NAMES_MAX,
  LEDGER_SPACES_MAX,
  LEDGER_SPANS_MAX,
  USAGE_ROWS_MAX,
} from '@turnpike/core/limits/log'
import type { LedgerBatch, RollUp } from '@turnpike/core/ports/ledger'
import { benchLedger } from './ledger.bench.ts'
import { SqliteLedger } from './ledger.ts'

async function openLedger(t: TestContext): Promise<{ ledger: SqliteLedger; path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-ledger-'))
  const path = join(directory, 'ledger.sqlite')
  const ledger = new SqliteLedger(path)
  t.after(async () => {
    ledger.close()
    await rm(directory, { recursive: true, force: true })
  })
  return { ledger, path }
}

function rollUp(space: string, bytes = 1n): RollUp {
  return {
    epoch: 1,
    space,
    cid: new Uint8Array(0),
    reads: 1,
    denied: 0,
    errors: 0,
    bytes,
    bytesDelivered: bytes,
    bytesFetched: 0n,
  }
}

function batch(first: number, end: number, rows: readonly RollUp[]): LedgerBatch {
  return { first, end, rows, voids: [], fetched: [] }
}

for (const { name, run } of LEDGER_CONTRACT)
  test(`SQLite: ${name}`, async (t) => run((await openLedger(t)).ledger))

test('another connection sees whole batches', async (t) => {
  const { ledger, path } = await openLedger(t)
  ledger.apply(batch(0, 1, [rollUp('did:key:alice')]))
  const other = new SqliteLedger(path)
  assert.equal(other.watermark(), 1)
  const moved = other.apply(batch(0, 1, [rollUp('did:key:alice')]))
  assert.equal(moved.error?.name, 'WatermarkMoved')
  other.close()
})

test('a snapshot stays as it was, while the ledger goes on', async (t) => {
  const { ledger } = await openLedger(t)
  ledger.apply(batch(0, 1, [rollUp('did:key:alice')]))
  const snapshot = ledger.snapshot()
  ledger.apply(batch(1, 2, [rollUp('did:key:bob', 5n)]))
  const hours = { firstEpoch: 0, endEpoch: 10 }
  assert.equal((await snapshot.query(hours)).total.bytes, 1n)
  assert.deepEqual(await snapshot.spaces(), ['did:key:alice'])
  assert.equal(ledger.query(hours).total.bytes, 6n)
  snapshot.close()
})

test('a batch with a count that SQLite can’t hold is not added at all', async (t) => {
  const { ledger } = await openLedger(t)
  const rows = [rollUp('did:key:alice'), rollUp('did:key:bob', 2n ** 63n)]
  assert.throws(() => ledger.apply(batch(0, 2, rows)))
  assert.equal(ledger.watermark(), 0)
  assert.equal(ledger.query({ firstEpoch: 0, endEpoch: 10 }).total.reads, 0)
  assert.throws(() => ledger.apply(batch(2, 1, [])), RangeError)
})

test('an answer has at most 10,000 rows, says how many are left off, and sums all', async (t) => {
  const { ledger } = await openLedger(t)
  const rows = Array.from({ length: USAGE_ROWS_MAX + 1 }, (_, i) => rollUp(`did:key:s${i}`))
  ledger.apply(batch(0, rows.length, rows))
  const answer = ledger.query({ firstEpoch: 0, endEpoch: 10, by: 'space' })
  assert.equal(answer.rows.length, USAGE_ROWS_MAX)
  assert.equal(answer.rowsLeftOff, 1)
  assert.equal(answer.total.reads, USAGE_ROWS_MAX + 1)
})

test('spaces come in pages of 10,000', async (t) => {
  const { ledger } = await openLedger(t)
  const rows = Array.from({ length: LEDGER_SPACES_MAX + 1 }, (_, i) => rollUp(`did:key:s${i}`))
  ledger.apply(batch(0, rows.length, rows))
  const page = ledger.spaces()
  assert.equal(page.length, LEDGER_SPACES_MAX)
  const all = [...page, ...ledger.spaces(page.at(-1))]
  assert.deepEqual(all, rows.map(({ space }) => space).toSorted())
})

test('a question names 100,000 stretches at most', async (t) => {
  const { ledger } = await openLedger(t)
  ledger.apply(batch(0, 1, [rollUp('did:key:s7')]))
  const spans = Array.from({ length: LEDGER_SPANS_MAX }, (_, i) => ({
    space: `did:key:s${i}`,
    firstEpoch: 0,
    endEpoch: 2,
  }))
  assert.equal(ledger.sums({ spans }).total.reads, 1)
  assert.throws(() => ledger.sums({ spans: [...spans, spans[0]!] }), RangeError)
})

test('more spaces than the writer remembers keep their numbers', async (t) => {
  const { ledger } = await openLedger(t)
  const rows = Array.from({ length: LEDGER_NAMES_MAX + 1 }, (_, i) => rollUp(`did:key:s${i}`))
  ledger.apply(batch(0, rows.length, rows))
  const again = [rollUp('did:key:s0'), rollUp(`did:key:s${LEDGER_NAMES_MAX}`)]
  ledger.apply(batch(rows.length, rows.length + 2, again))
  for (const { space } of again) {
    const spans = [{ space, firstEpoch: 0, endEpoch: 2 }]
    assert.equal(ledger.sums({ spans }).total.reads, 2, space)
  }
})

test('a batch that fails leaves no number of a space behind', async (t) => {
  const { ledger } = await openLedger(t)
  const rows = [rollUp('did:key:first'), rollUp('did:key:bad', 2n ** 63n)]
  assert.throws(() => ledger.apply(batch(0, 2, rows)))
  ledger.apply(batch(0, 1, [rollUp('did:key:other', 5n), rollUp('did:key:first', 3n)]))
  for (const [space, bytes] of [
    ['did:key:other', 5n],
    ['did:key:first', 3n],
  ] as const) {
    const spans = [{ space, firstEpoch: 0, endEpoch: 2 }]
    assert.equal(ledger.sums({ spans }).total.bytes, bytes, space)
  }
})

test('the ledger’s bench runs', async () => {
  const { readsOfMonth, appliedPerSecond } = await benchLedger(
    { hours: 30, spaces: 3, cids: 2 },
    tmpdir(),
    1,
  )
  assert.ok(readsOfMonth >= 10_000_000 && appliedPerSecond > 0)
})
