import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Accounting } from '@turnpike/accounting/accounting'
import { checkLog } from '@turnpike/accounting/check-log'
import { LogCorrupt } from '@turnpike/accounting/errors'
import { LogReader } from '@turnpike/accounting/reader'
import { namesAllSpaces } from '@turnpike/accounting/retention/check-sums'
import { withChecksum } from '@turnpike/accounting/retention/checksum'
import { EntryDropper } from '@turnpike/accounting/retention/drop-entries'
import type { Dropped } from '@turnpike/accounting/retention/drop-entries'
import { sumsPath } from '@turnpike/accounting/retention/epoch-sums'
import { KEPT_PATH } from '@turnpike/accounting/retention/kept'
import { decodeState } from '@turnpike/accounting/state'
import { groupOf, readOf, testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import {
  Faults,
  MemoryJournal,
  MemoryLogStore,
  TestClock,
} from '@turnpike/accounting/testing/memory'
import { SUMMARY_ROWS_MAX } from '@turnpike/core/limits/log'
import { encodeFetch, encodeVoid } from '@turnpike/core/log/encode'
import { DENY } from '@turnpike/core/log/entry'
import { bundlePath } from '@turnpike/core/merkle/tile'
import { INBOX_JOURNAL } from '@turnpike/core/ports/inbox'
import { nodeHasher } from '../hasher.ts'
import { SqliteLedger } from './ledger.ts'

const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 6)
const HOUR_MS = 3_600_000
const START = Date.UTC(2026, 9, 31, 20) / HOUR_MS
const EVER = { firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER }
/** READs of these logs are at most so far before their FETCH. */
const BOUNDS = { epochsMax: 3, bundlesMax: 4, windowEntries: 64 }

/** A log and a ledger in memory, whose store may fail. */
function openRig() {
  const faults = new Faults()
  const store = new MemoryLogStore(faults)
  const ledger = new SqliteLedger(':memory:')
  const journal = new MemoryJournal('0')
  const inbox = new MemoryJournal(INBOX_JOURNAL)
  const clock = new TestClock(START * HOUR_MS)
  const deps = {
    store,
    ledger,
    journals: () => [journal, inbox],
    clock,
    random: testRandom(),
    hasher: nodeHasher,
    signer: testSigner('gateway.example/log'),
  }
  const accounting = new Accounting(deps)
  const dropper = new EntryDropper(store, nodeHasher, ledger, BOUNDS)
  return { faults, store, ledger, journal, inbox, clock, deps, accounting, dropper }
}
type Rig = ReturnType<typeof openRig>

function voidOf(index: number): readonly Uint8Array[] {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(8, index)
  return [encodeVoid({ id, ts: 1, index, leaf: new Uint8Array(32), reason: 1 })]
}

async function catchUp(rig: Rig): Promise<number> {
  const { ok, error } = await rig.accounting.catchUp()
  if (error !== undefined) throw error
  return ok.size
}

/** Hours of reads, refusals, errors and fetches, with VOIDs of entries from long before. */
async function fill(rig: Rig, hours: readonly number[], voids: readonly number[]): Promise<void> {
  let n = 0
  let size = 0
  for (const [hour, reads] of hours.entries()) {
    for (let i = 0; i < reads; i++, n++) {
      const space = `did:key:s${n % 3}`
      const refused = { flags: 0, deny: DENY.authorization, status: 403, bytes: 0n, count: 9 }
      const failed = { flags: 1, status: 502, bytes: 40n }
      const fields = n % 11 === 5 ? refused : n % 13 === 6 ? failed : {}
      const { id } = readOf(n)
      const fetch = encodeFetch({ id, provider: `p${n % 2}`, bytes: 5n, requests: 2, failed: 1 })
      rig.journal.append([...groupOf(n, { space, ...fields }), ...(n % 4 === 0 ? [fetch] : [])])
      if (n % 17 === 0)
        rig.journal.append([
          encodeFetch({ id, provider: 'late', bytes: 3n, requests: 1, failed: 0 }),
        ])
    }
    for (const [k, index] of voids.entries())
      if (k % hours.length === hour && size > 0) rig.inbox.append(voidOf(index % size))
    size = await catchUp(rig)
    rig.clock.pass(HOUR_MS)
  }
  rig.clock.pass(HOUR_MS)
  await catchUp(rig)
}

async function dropAll(rig: Rig, beforeEpoch: number): Promise<Dropped> {
  for (let calls = 1; ; calls++) {
    const dropped = await rig.dropper.drop({ beforeEpoch, beforeIndex: Number.MAX_SAFE_INTEGER })
    if (!dropped.more) return dropped
    assert.ok(calls < 1000)
  }
}

/** All that a ledger says but for CIDs, which are gone with the entries. */
function answersOf(ledger: SqliteLedger): unknown {
  const spaces = ledger.spaces()
  const firstEpoch = START
  return {
    watermark: ledger.watermark(),
    by: (['space', 'hour', 'day', 'month'] as const).map((by) => ledger.query({ ...EVER, by })),
    hours: spaces.map((space) => ledger.hours({ space, firstEpoch, endEpoch: firstEpoch + 8000 })),
    voids: spaces.map((space) => ledger.voids({ space, ...EVER })),
    fetched: ledger.fetched(EVER),
  }
}

async function rebuild(rig: Rig): Promise<void> {
  const { error } = await rig.accounting.rebuild()
  if (error !== undefined) throw error
}

function bundlesOf(rig: Rig): number {
  return [...rig.store.files.keys()].filter((path) => path.startsWith('tile/entries/')).length
}

function readerOf(rig: Rig): LogReader {
  const state = decodeState(nodeHasher, rig.store.load()!.bytes)
  return new LogReader(rig.store, nodeHasher, state)
}

const HOURS = [700, 300, 900, 20, 800, 600]
const FEW = [350, 350, 350, 40]

test('a ledger counted again from what is left says the same, whatever was dropped', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 2, maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.nat(7),
      async (hours, voids, age) => {
        const rig = openRig()
        // An entry is voided once: the inbox sees to that.
        await fill(rig, hours, [...new Set(voids.map((index) => index % 400))])
        const before = answersOf(rig.ledger)
        await dropAll(rig, START + age)
        assert.deepEqual((await checkLog(rig.store, nodeHasher)).error, undefined)
        await rebuild(rig)
        assert.deepEqual(answersOf(rig.ledger), before)
        rig.journal.append(groupOf(1))
        await catchUp(rig)
        assert.equal((await checkLog(rig.store, nodeHasher)).error, undefined)
        rig.ledger.close()
      },
    ),
    { numRuns: RUNS },
  )
})

test('entries of old epochs go, SEALs and voided reads stay; others are gone', async () => {
  const rig = openRig()
  await fill(rig, HOURS, [0, 3])
  const before = answersOf(rig.ledger)
  const bundles = bundlesOf(rig)
  const ranges = await readerOf(rig).epochs(0)
  const { keptFrom } = await dropAll(rig, START + 4)
  assert.equal(keptFrom, ranges[4]!.first)
  assert.ok(bundlesOf(rig) < bundles - 4, `${bundles} bundles, ${bundlesOf(rig)} after`)
  const reader = readerOf(rig)
  assert.equal((await reader.entry(3)).kind, 'read', 'a read that was voided')
  const gone = { name: 'EntriesDropped', index: 256, keptFrom }
  await assert.rejects(reader.entry(300), gone)
  await assert.rejects(reader.runs(300, 301).next(), gone)
  assert.equal((await reader.epochs(0)).length, 6)
  assert.deepEqual(answersOf(rig.ledger), before)
  assert.equal((await checkLog(rig.store, nodeHasher)).ok?.epochs, 6)
  const voided = rig.store.files.get(bundlePath(0))!
  voided[100]! ^= 1
  assert.equal((await checkLog(rig.store, nodeHasher)).error?.file, bundlePath(0))
  voided[100]! ^= 1
  rig.store.files.delete(bundlePath(Math.floor(keptFrom / 256) + 1))
  assert.equal((await checkLog(rig.store, nodeHasher)).error?.name, 'LogCorrupt')
  rig.ledger.close()
})

test('the entries that a late FETCH may look back to stay', async () => {
  const rig = openRig()
  await fill(rig, HOURS, [])
  const bundles = bundlesOf(rig)
  const dropper = new EntryDropper(rig.store, nodeHasher, rig.ledger)
  await dropper.drop({ beforeEpoch: START + 6, beforeIndex: Number.MAX_SAFE_INTEGER })
  assert.equal(bundlesOf(rig), bundles, 'all are among the last 65,536')
  rig.ledger.close()
})

test('nothing goes that a follower of the log, or the ledger, has not read', async () => {
  const rig = openRig()
  await fill(rig, HOURS, [])
  const beforeEpoch = START + 6
  const [, second] = await readerOf(rig).epochs(0)
  const { keptFrom } = await rig.dropper.drop({ beforeEpoch, beforeIndex: second!.end - 1 })
  assert.equal(keptFrom, second!.first)
  rig.ledger.clear()
  await assert.rejects(
    rig.dropper.drop({ beforeEpoch, beforeIndex: Number.MAX_SAFE_INTEGER }),
    TypeError,
  )
  rig.ledger.close()
})

test('one call drops so many epochs and bundles, and says that there are more', async () => {
  const rig = openRig()
  await fill(rig, HOURS, [])
  const query = { beforeEpoch: START + 100, beforeIndex: Number.MAX_SAFE_INTEGER }
  const ranges = await readerOf(rig).epochs(0)
  const first = await rig.dropper.drop(query)
  assert.equal(first.keptFrom, ranges[BOUNDS.epochsMax]!.first)
  assert.deepEqual([first.more, first.bundles <= BOUNDS.bundlesMax], [true, true])
  const { keptFrom } = await dropAll(rig, START + 100)
  assert.equal(keptFrom, ranges.at(-1)!.end)
  const idle = await rig.dropper.drop(query)
  assert.deepEqual(idle, { keptFrom, bundles: 0, more: false })
  rig.ledger.close()
})

test('each write of dropping fails, in both ways; the next call ends what it began', async () => {
  const plain = openRig()
  await fill(plain, FEW, [0, 3])
  const expected = answersOf(plain.ledger)
  plain.faults.plan(Number.POSITIVE_INFINITY, 'not persisted')
  await dropAll(plain, START + 3)
  const files = [...plain.store.files.keys()].toSorted()
  const { writes } = plain.faults
  plain.ledger.close()
  assert.ok(writes >= 6, `${writes} writes`)
  for (const kind of ['not persisted', 'persisted but reported failed'] as const)
    for (let at = 0; at < writes; at++) {
      const rig = openRig()
      await fill(rig, FEW, [0, 3])
      rig.faults.plan(at, kind)
      await assert.rejects(dropAll(rig, START + 3), /disk failed/, `write ${at}, ${kind}`)
      await rebuild(rig)
      assert.deepEqual(answersOf(rig.ledger), expected, `counted again after write ${at}, ${kind}`)
      await dropAll(rig, START + 3)
      assert.deepEqual([...rig.store.files.keys()].toSorted(), files, `write ${at}, ${kind}`)
      await rebuild(rig)
      assert.deepEqual(answersOf(rig.ledger), expected, `write ${at}, ${kind}`)
      rig.ledger.close()
    }
})

test('sums that were altered are found: by their checksum, and by the SEAL', async () => {
  const rig = openRig()
  await fill(rig, HOURS, [])
  await dropAll(rig, START + 4)
  const path = sumsPath(START + 1)
  const file = rig.store.files.get(path)!
  const body = file.slice(0, -32)
  const corrupt = async (
    bytes: Uint8Array | undefined,
    what: string,
    place: RegExp,
  ): Promise<void> => {
    if (bytes === undefined) rig.store.files.delete(path)
    else rig.store.files.set(path, bytes)
    const { error } = await rig.accounting.rebuild()
    assert.ok(error instanceof LogCorrupt, what)
    assert.match(error.place, place, what)
    assert.equal((await checkLog(rig.store, nodeHasher)).error?.place, error.place, what)
  }
  await corrupt(undefined, 'no file', /^all$/)
  await corrupt(new Uint8Array(40), 'other bytes', /^checksum$/)
  await corrupt(withChecksum(nodeHasher, body.slice(0, -1)), 'a row that is cut', /^fields$/)
  const row = Buffer.from(body).indexOf('did:key:s') + 'did:key:s0'.length
  // Reads of the first space, one more; then a forged checksum over it.
  const more = body.slice()
  more[row + 1]! += 1
  await corrupt(withChecksum(nodeHasher, more), 'one read more', /^space did:key:s/)
  rig.store.files.set(path, file)
  await rebuild(rig)
  const kept = rig.store.files.get(KEPT_PATH)!
  kept[2]! ^= 1
  assert.equal((await rig.accounting.rebuild()).error?.name, 'LogCorrupt', 'another first entry')
  rig.ledger.close()
})

test('a ledger that ends inside an epoch whose entries are gone counts again', async () => {
  const rig = openRig()
  await fill(rig, HOURS, [])
  const expected = answersOf(rig.ledger)
  await dropAll(rig, START + 4)
  rig.ledger.clear()
  rig.ledger.apply({ first: 0, end: 100, rows: [], voids: [], fetched: [] })
  await catchUp(rig)
  assert.deepEqual(answersOf(rig.ledger), expected)
  rig.ledger.close()
})

test('an epoch whose summary has no room to name all spaces keeps its entries', () => {
  const row = { space: 's', provider: 'p', region: 'r', reads: 1, denied: 0, executions: 0 }
  const sums = { bytes: 0n, bytesFetched: 0n, bytesVoided: 0n, salt: new Uint8Array(16) }
  const rows = Array.from({ length: SUMMARY_ROWS_MAX }, () => ({ ...row, ...sums }))
  assert.equal(namesAllSpaces(rows), false)
  assert.equal(namesAllSpaces(rows.slice(1)), true)
})

test('a VOID of an entry that is gone adds nothing, and holds nothing up', async () => {
  const rig = openRig()
  await fill(rig, HOURS, [])
  await dropAll(rig, START + 4)
  const before = rig.ledger.query(EVER).total
  rig.inbox.append(voidOf(300))
  await catchUp(rig)
  rig.clock.pass(2 * HOUR_MS)
  await catchUp(rig)
  assert.deepEqual(rig.ledger.query(EVER).total, before)
  assert.equal((await checkLog(rig.store, nodeHasher)).error, undefined)
  rig.ledger.close()
})
