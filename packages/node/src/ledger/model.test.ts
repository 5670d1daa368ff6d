import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import type { LedgerBatch, RollUp, UsageCounts, VoidedRead } from '@turnpike/core/ports/ledger'
import { SqliteLedger } from './ledger.ts'

const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 20)
const HOUR_MS = 3_600_000
const EVER = { firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER }

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-ledger-model-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** One entry of a log, as the model sees it: a read, or a VOID of an earlier one. */
type ModelEntry =
  | { readonly kind: 'read'; readonly epoch: number; readonly row: RollUp }
  | { readonly kind: 'void'; readonly epoch: number; readonly of: number }

const bytes = fc.bigInt(0n, 2n ** 56n)
const entry = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      hours: fc.nat({ max: 40 }),
      space: fc.nat(3),
      cid: fc.nat(2),
      bytes,
      denied: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('void' as const),
      hours: fc.nat({ max: 400 }),
      of: fc.nat(),
    }),
  },
)
type Drawn = typeof entry extends fc.Arbitrary<infer T> ? T : never

/** Entries with epochs that never go back, from shortly before a month's end. */
function entriesOf(drawn: readonly Drawn[]): ModelEntry[] {
  let epoch = Date.UTC(2026, 9, 29) / HOUR_MS
  return drawn.map((one, i): ModelEntry => {
    epoch += one.hours
    if (one.kind === 'void') return { kind: 'void', epoch, of: one.of % Math.max(1, i) }
    const row = {
      epoch,
      space: `did:key:s${one.space}`,
      cid: new Uint8Array([one.cid]),
      reads: 1,
      denied: one.denied ? 1 : 0,
      errors: 0,
      bytes: one.denied ? 0n : one.bytes,
      bytesDelivered: one.bytes,
      bytesFetched: BigInt(one.cid),
    }
    return { kind: 'read', epoch, row }
  })
}

/** What the entries from `first` to `end` add, as the feed would say it. */
function batchOf(entries: readonly ModelEntry[], first: number, end: number): LedgerBatch {
  const rows: RollUp[] = []
  const voids: VoidedRead[] = []
  for (const one of entries.slice(first, end)) {
    if (one.kind === 'read') rows.push(one.row)
    else {
      const target = entries[one.of]!
      if (target.kind !== 'read') continue
      const { space, cid } = target.row
      const fields = { epoch: one.epoch, targetEpoch: target.epoch, bytes: target.row.bytes }
      voids.push({ target: one.of, space, cid, reads: 1, ...fields })
    }
  }
  return { first, end, rows, voids, fetched: [] }
}

type Sums = readonly [reads: number, denied: number, ...bigint[]]

function sumsOf(counts: UsageCounts): Sums {
  const { reads, denied, bytes: billed, bytesDelivered, bytesFetched, bytesVoided } = counts
  return [reads, denied, billed, bytesDelivered, bytesFetched, bytesVoided]
}

/** Adds up what `wanted` picks, entry by entry: each index is voided by its first VOID only. */
function modelSums(
  entries: readonly ModelEntry[],
  wanted: (epoch: number, space: string) => boolean,
): Sums {
  const sums = { reads: 0, denied: 0, bytes: 0n, delivered: 0n, fetched: 0n, voided: 0n }
  const gone = new Set<number>()
  for (const one of entries) {
    if (one.kind === 'read') {
      if (!wanted(one.epoch, one.row.space)) continue
      sums.reads++
      sums.denied += one.row.denied
      sums.bytes += one.row.bytes
      sums.delivered += one.row.bytesDelivered
      sums.fetched += one.row.bytesFetched
      continue
    }
    const target = entries[one.of]!
    if (target.kind !== 'read' || gone.has(one.of)) continue
    gone.add(one.of)
    if (wanted(one.epoch, target.row.space)) sums.voided += target.row.bytes
  }
  return [sums.reads, sums.denied, sums.bytes, sums.delivered, sums.fetched, sums.voided]
}

/** Every answer of a ledger about the whole of it. */
function answersOf(ledger: SqliteLedger): unknown {
  const spaces = ledger.spaces()
  return {
    watermark: ledger.watermark(),
    by: (['space', 'hour', 'day', 'month', 'cid'] as const).map((by) =>
      ledger.query({ ...EVER, by }),
    ),
    voids: spaces.map((space) => ledger.voids({ space, ...EVER })),
    hours: spaces.map((space) => {
      const { epochs } = ledger.query(EVER)
      const { first = 0, last = -1 } = epochs ?? {}
      return ledger.hours({ space, firstEpoch: first, endEpoch: last + 1 })
    }),
  }
}

/** Plays a log in batches that end at `cuts`, some given twice, closing the file now and then. */
function play(path: string, entries: readonly ModelEntry[], cuts: readonly number[]): SqliteLedger {
  let ledger = new SqliteLedger(path)
  const ends = [...new Set([...cuts.map((cut) => cut % (entries.length + 1)), entries.length])]
  for (const end of ends.toSorted((a, b) => a - b)) {
    const batch = batchOf(entries, ledger.watermark(), end)
    assert.equal(ledger.apply(batch).error, undefined)
    if (end % 2 === 0 && batch.end > batch.first)
      assert.equal(ledger.apply(batch).error?.name, 'WatermarkMoved')
    if (end % 3 === 0) {
      ledger.close()
      ledger = new SqliteLedger(path)
    }
  }
  return ledger
}

test('any batching, replay and restart gives what an independent model adds up', async (t) => {
  const directory = await folder(t)
  let run = 0
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.array(fc.tuple(fc.nat(3), fc.nat(3000), fc.nat(3000)), { maxLength: 6 }),
      (drawn, cuts, stretches) => {
        const entries = entriesOf(drawn)
        const ledger = play(join(directory, `${run++}.sqlite`), entries, cuts)
        const total = modelSums(entries, () => true)
        assert.deepEqual(sumsOf(ledger.query(EVER).total), total)
        for (const [number, from, length] of stretches) {
          const space = `did:key:s${number}`
          const firstEpoch = Date.UTC(2026, 9, 28) / HOUR_MS + from
          const endEpoch = firstEpoch + length
          const expected = modelSums(
            entries,
            (epoch, of) => of === space && epoch >= firstEpoch && epoch < endEpoch,
          )
          const span = { space, firstEpoch, endEpoch }
          for (const by of [undefined, 'hour', 'day', 'month'] as const)
            assert.deepEqual(sumsOf(ledger.sums({ spans: [span], by }).total), expected)
        }
        const before = answersOf(ledger)
        ledger.clear()
        ledger.apply(batchOf(entries, 0, entries.length))
        assert.deepEqual(answersOf(ledger), before, 'counted again it is the same')
        ledger.close()
      },
    ),
    { numRuns: RUNS },
  )
})

test('sums pass 2^53 exactly, and at 2^63 they are refused with nothing added', async (t) => {
  const ledger = new SqliteLedger(join(await folder(t), 'ledger.sqlite'))
  const row = { epoch: 5, space: 'did:key:s', cid: new Uint8Array(0), reads: 1, denied: 0 }
  const add = (first: number, billed: bigint): void => {
    const rest = { errors: 0, bytesDelivered: 0n, bytesFetched: 0n }
    const rows = [{ ...row, ...rest, bytes: billed }]
    ledger.apply({ first, end: first + 1, rows, voids: [], fetched: [] })
  }
  add(0, 2n ** 62n)
  add(1, 2n ** 62n - 2n)
  add(2, 1n)
  assert.equal(ledger.query(EVER).total.bytes, 2n ** 63n - 1n)
  assert.throws(() => add(3, 1n), /INTEGER/)
  assert.equal(ledger.watermark(), 3)
  assert.equal(ledger.query(EVER).total.bytes, 2n ** 63n - 1n)
  // Hours that fit, in a month that doesn't.
  assert.throws(() => {
    const rows = [{ ...row, epoch: 6, errors: 0, bytesDelivered: 0n, bytesFetched: 0n, bytes: 1n }]
    ledger.apply({ first: 3, end: 4, rows, voids: [], fetched: [] })
  }, /INTEGER/)
  // Months that fit, and a total that doesn't.
  const far = { ...row, epoch: 9999, errors: 0, bytesDelivered: 0n, bytesFetched: 0n, bytes: 1n }
  ledger.apply({ first: 3, end: 4, rows: [far], voids: [], fetched: [] })
  assert.throws(() => ledger.query(EVER), /overflow/)
  const spans = [{ space: 'did:key:s', ...EVER }]
  assert.equal(ledger.sums({ spans }).total.bytes, 2n ** 63n, 'bigints have no such bound')
  const { total } = ledger.query({ firstEpoch: 9999, endEpoch: 10_000 })
  assert.equal(total.bytes, 1n)
  ledger.close()
})

test('counts of reads pass 2^53 - 1 with an error, never with a rounded sum', async (t) => {
  const ledger = new SqliteLedger(join(await folder(t), 'ledger.sqlite'))
  const zero = { denied: 0, errors: 0, bytes: 0n, bytesDelivered: 0n, bytesFetched: 0n }
  const row = { epoch: 5, space: 's', cid: new Uint8Array(0), reads: 2 ** 53 - 1, ...zero }
  const both = { first: 0, end: 1, rows: [row, row], voids: [], fetched: [] }
  assert.throws(() => ledger.apply(both), /2\^53 - 1/)
  assert.equal(ledger.watermark(), 0)
  ledger.apply({ ...both, rows: [row] })
  ledger.apply({ ...both, first: 1, end: 2, rows: [{ ...row, epoch: 6 }] })
  assert.throws(() => ledger.query(EVER), /2\^53 - 1/)
  assert.equal(ledger.query({ firstEpoch: 5, endEpoch: 6 }).total.reads, 2 ** 53 - 1)
  ledger.close()
})

test('a file of an older layout is emptied and counted again, a newer one refused', async (t) => {
  const path = join(await folder(t), 'ledger.sqlite')
  const old = new DatabaseSync(path)
  old.exec(`
    CREATE TABLE usage (epoch INTEGER NOT NULL, space TEXT NOT NULL, cid BLOB NOT NULL,
      reads INTEGER NOT NULL, PRIMARY KEY (epoch, space, cid)) STRICT, WITHOUT ROWID;
    CREATE TABLE watermark (id INTEGER PRIMARY KEY CHECK (id = 1), entry INTEGER NOT NULL) STRICT;
    INSERT INTO watermark VALUES (1, 7);
    INSERT INTO usage VALUES (1, 's', x'', 7);
    ANALYZE;
    PRAGMA user_version = 1;
  `)
  old.close()
  const ledger = new SqliteLedger(path)
  assert.equal(ledger.watermark(), 0)
  assert.throws(() => ledger.query(EVER), { name: 'LedgerIncomplete', watermark: 0 })
  ledger.apply({ first: 0, end: 0, rows: [], voids: [], fetched: [] })
  assert.equal(ledger.query(EVER).epochs, undefined)
  ledger.close()
  const newer = new DatabaseSync(path)
  const tables = newer.prepare(`SELECT name FROM sqlite_schema WHERE name = 'usage'`).all()
  assert.deepEqual(tables, [])
  newer.exec('PRAGMA user_version = 3')
  newer.close()
  assert.throws(() => new SqliteLedger(path), { name: 'StoreTooNew', version: 3 })
})
