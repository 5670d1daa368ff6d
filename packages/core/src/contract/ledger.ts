/**
 * Contract suite of `Ledger`.
 * @module
 */
import type { FetchedRow, Ledger, LedgerBatch, RollUp, VoidedRead } from '../ports/ledger.ts'
import type { SumsQuery, UsageBy, UsageCounts } from '../ports/ledger.ts'
import { expect } from './case.ts'
import type { ContractCase } from './case.ts'

const BEYOND_DOUBLE = 2n ** 53n + 1n
const ALICE = 'did:key:alice'
const BOB = 'did:key:bob'
const CID = new Uint8Array([1, 85, 0, 0])
const NO_CID = new Uint8Array(0)
/** The first hour of 2026-11, which begins a month and a day. */
const MONTH = 498_192
const EVER = { firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER }

/** A roll-up with 1 read of 10 bytes, and other fields from `fields`. */
function rollUp(fields: Partial<RollUp>): RollUp {
  return {
    epoch: 100,
    space: ALICE,
    cid: CID,
    reads: 1,
    denied: 0,
    errors: 0,
    bytes: 10n,
    bytesDelivered: 10n,
    bytesFetched: 0n,
    ...fields,
  }
}

function batch(first: number, end: number, parts: Partial<LedgerBatch>): LedgerBatch {
  return { first, end, rows: [], voids: [], fetched: [], ...parts }
}

function voided(target: number, fields: Partial<VoidedRead> = {}): VoidedRead {
  const read = { space: ALICE, cid: CID, bytes: 10n, reads: 1 }
  return { target, epoch: 100, targetEpoch: 90, ...read, ...fields }
}

/** An hour on both sides of each month, day and hour that a stretch may begin or end at. */
const EDGES = [MONTH - 25, MONTH - 1, MONTH, MONTH + 23, MONTH + 24, MONTH + 719, MONTH + 720]

/**
 * What a ledger must do. Each case wants an empty one.
 *
 * @example
 * for (const { name, run } of LEDGER_CONTRACT) test(name, async () => run(await open()))
 */
export const LEDGER_CONTRACT: readonly ContractCase<Ledger>[] = [
  {
    name: 'a new ledger stands at 0 and sums to nothing',
    run: async (ledger) => {
      expect((await ledger.watermark()) === 0, 'expected watermark 0')
      const { total, rows, epochs, cidsFromEpoch } = await ledger.query({ ...EVER, by: 'space' })
      expect(total.reads === 0 && total.bytes === 0n, 'expected zeros')
      expect(rows.length === 0 && epochs === undefined, 'expected no rows and no epochs')
      expect(cidsFromEpoch === 0, 'expected CIDs from the beginning')
      await expectSums(ledger, { spans: [{ space: ALICE, ...EVER }], by: 'day' }, '')
      expect((await ledger.spaces()).length === 0, 'expected no spaces')
    },
  },
  {
    name: 'a batch adds up and moves the watermark, and given again is refused',
    run: async (ledger) => {
      const one = batch(0, 3, { rows: [rollUp({}), rollUp({ space: BOB })], voids: [voided(0)] })
      expect((await ledger.apply(one)).error === undefined, 'expected the batch to be added')
      expect((await ledger.watermark()) === 3, 'expected watermark 3')
      const again = await ledger.apply(one)
      expect(again.error?.name === 'WatermarkMoved', 'expected WatermarkMoved')
      expect(again.error.first === 0 && again.error.watermark === 3, 'expected both indexes')
      const gap = await ledger.apply({ ...one, first: 4, end: 5 })
      expect(gap.error?.name === 'WatermarkMoved', 'expected a gap to be refused')
      await expectTotal(ledger, '2,0,0,20,20,0,10')
    },
  },
  {
    name: 'sums are exact beyond 2^53',
    run: async (ledger) => {
      const rows = [rollUp({ bytes: BEYOND_DOUBLE, bytesDelivered: BEYOND_DOUBLE })]
      await ledger.apply(batch(0, 1, { rows }))
      await ledger.apply(batch(1, 2, { rows }))
      const bytes = 2n * BEYOND_DOUBLE
      await expectTotal(ledger, `2,0,0,${bytes},${bytes},0,0`)
      const { total } = await ledger.sums({ spans: [{ space: ALICE, ...EVER }] })
      expect(total.bytes === bytes, `expected ${bytes} bytes, got ${total.bytes}`)
    },
  },
  {
    name: 'each sum keeps its own count',
    run: async (ledger) => {
      const fields = { reads: 1, denied: 2, errors: 3, bytes: 4n, bytesDelivered: 5n }
      const rows = [rollUp({ ...fields, bytesFetched: 6n })]
      await ledger.apply(batch(0, 1, { rows, voids: [voided(0, { bytes: 7n })] }))
      await ledger.apply(batch(1, 2, { rows, voids: [voided(1, { bytes: 7n })] }))
      await expectTotal(ledger, '2,4,6,8,10,12,14')
      const [hour] = await ledger.hours({ space: ALICE, firstEpoch: 100, endEpoch: 101 })
      expect(textOf(hour!) === '2,4,6,8,10,12,14', `expected the same, got ${textOf(hour!)}`)
    },
  },
  {
    name: 'a query takes its first epoch, not its end, and says which there were',
    run: async (ledger) => {
      const rows = [99, 100, 101, 102].map((epoch) => rollUp({ epoch }))
      await ledger.apply(batch(0, 4, { rows }))
      const { total, epochs } = await ledger.query({ firstEpoch: 100, endEpoch: 102 })
      expect(total.reads === 2, `expected 2 reads, got ${total.reads}`)
      expect(epochs?.first === 100 && epochs.last === 101, 'expected epochs 100 to 101')
    },
  },
  {
    name: 'rows are by space and by CID, most bytes first, and by time in order',
    run: async (ledger) => {
      const rows = [
        rollUp({ epoch: MONTH - 1 }),
        rollUp({ epoch: MONTH, space: BOB, bytes: 50n }),
        rollUp({ epoch: MONTH + 23, cid: NO_CID, bytes: 0n }),
      ]
      await ledger.apply(batch(0, 3, { rows }))
      await expectRows(ledger, 'space', `${BOB}=50 ${ALICE}=10`)
      await expectRows(ledger, 'hour', '498191=10 498192=50 498215=0')
      await expectRows(ledger, 'day', '20757=10 20758=50')
      await expectRows(ledger, 'month', '681=10 682=50')
      await expectRows(ledger, 'cid', '1,85,0,0=60 =0')
    },
  },
  {
    name: 'a stretch sums its own hours, wherever it begins and ends',
    run: async (ledger) => {
      const rows = EDGES.map((epoch, i) => rollUp({ epoch, bytes: 2n ** BigInt(i) }))
      const others = EDGES.map((epoch) => rollUp({ epoch, space: BOB }))
      await ledger.apply(batch(0, 1, { rows: [...rows, ...others] }))
      const bounds = [0, ...EDGES.flatMap((epoch) => [epoch, epoch + 1]), EVER.endEpoch]
      for (const firstEpoch of bounds)
        for (const endEpoch of bounds) {
          const inside = rows.filter(({ epoch }) => epoch >= firstEpoch && epoch < endEpoch)
          const bytes = inside.reduce((sum, row) => sum + row.bytes, 0n)
          const { total } = await ledger.sums({ spans: [{ space: ALICE, firstEpoch, endEpoch }] })
          const got = `${total.bytes} of ${firstEpoch} to ${endEpoch}`
          expect(total.bytes === bytes, `expected ${bytes} bytes, got ${got}`)
        }
    },
  },
  {
    name: 'stretches of several spaces are split by space, by time, and by both',
    run: async (ledger) => {
      const epochs = [MONTH - 1, MONTH, MONTH + 24]
      const rows = epochs.flatMap((epoch) => [rollUp({ epoch }), rollUp({ epoch, space: BOB })])
      await ledger.apply(batch(0, 6, { rows: [...rows, rollUp({ space: 'did:key:carol' })] }))
      const spans = [
        { space: BOB, ...EVER },
        { space: ALICE, firstEpoch: 0, endEpoch: MONTH },
        { space: ALICE, firstEpoch: MONTH + 24, endEpoch: MONTH + 25 },
        { space: 'did:key:nobody', ...EVER },
      ]
      await expectSums(ledger, { spans }, '')
      await expectSums(ledger, { spans, bySpace: true }, `${ALICE}:0=20 ${BOB}:0=30`)
      await expectSums(ledger, { spans, by: 'month' }, ':681=20 :682=30')
      await expectSums(ledger, { spans, by: 'day' }, ':20757=20 :20758=10 :20759=20')
      await expectSums(ledger, { spans, by: 'hour' }, ':498191=20 :498192=10 :498216=20')
      const months = `${ALICE}:681=10 ${ALICE}:682=10 ${BOB}:681=10 ${BOB}:682=20`
      await expectSums(ledger, { spans, bySpace: true, by: 'month' }, months)
      const { total } = await ledger.sums({ spans })
      expect(textOf(total) === '5,0,0,50,50,0,0', `expected 5 reads, got ${textOf(total)}`)
    },
  },
  {
    name: 'hours of a space are listed in order, and no more than a year',
    run: async (ledger) => {
      const rows = [102, 100, 101].map((epoch) => rollUp({ epoch, bytes: BigInt(epoch) }))
      await ledger.apply(batch(0, 3, { rows: [...rows, rollUp({ epoch: 100, space: BOB })] }))
      const hours = await ledger.hours({ space: ALICE, firstEpoch: 100, endEpoch: 102 })
      const got = hours.map(({ epoch, space, bytes }) => `${epoch} ${space} ${bytes}`).join()
      expect(got === `100 ${ALICE} 100,101 ${ALICE} 101`, `expected two hours, got ${got}`)
      let refused: unknown
      try {
        await ledger.hours({ space: ALICE, firstEpoch: 1, endEpoch: 8786 })
      } catch (error) {
        refused = error
      }
      expect(refused instanceof RangeError, 'expected more than 8,784 hours to be refused')
    },
  },
  {
    name: 'a read is voided once, in the epoch of the first VOID',
    run: async (ledger) => {
      await ledger.apply(batch(0, 1, { voids: [voided(5), voided(5, { bytes: 3n })] }))
      const late = [voided(6, { epoch: 101, reads: 2 }), voided(7, { targetEpoch: 95 })]
      const more = [voided(5, { epoch: 101 }), ...late]
      await ledger.apply(batch(1, 2, { voids: [...more, voided(8, { bytes: 0n, space: BOB })] }))
      await expectTotal(ledger, '0,0,0,0,0,0,30')
      await expectVoids(ledger, ALICE, '100-90=10/1 100-95=10/1 101-90=10/2')
      await expectVoids(ledger, BOB, '100-90=0/1')
      expect(await ledger.hasVoided(5, 6), 'expected entry 5 to be voided')
      expect(!(await ledger.hasVoided(0, 5)), 'expected no entry before to be voided')
      const none = await ledger.voids({ space: ALICE, firstEpoch: 0, endEpoch: 100 })
      expect(none.length === 0, 'expected the VOIDs’ own epochs to bound them')
    },
  },
  {
    name: 'fetches are listed by epoch, provider and space',
    run: async (ledger) => {
      const fetched: FetchedRow[] = [
        { epoch: 100, provider: 'b', space: ALICE, bytes: 5n, requests: 2, failed: 1 },
        { epoch: 100, provider: 'a', space: '', bytes: BEYOND_DOUBLE, requests: 1, failed: 0 },
        { epoch: 101, provider: 'a', space: BOB, bytes: 7n, requests: 1, failed: 0 },
      ]
      await ledger.apply(batch(0, 1, { fetched }))
      await ledger.apply(batch(1, 2, { fetched: [fetched[0]!] }))
      const all = 'a::9007199254740993/1/0 b:did:key:alice:10/4/2 a:did:key:bob:7/1/0'
      await expectFetched(ledger, undefined, all)
      await expectFetched(ledger, 'b', 'b:did:key:alice:10/4/2')
    },
  },
  {
    name: 'spaces are listed in order, after the one that is named',
    run: async (ledger) => {
      await ledger.apply(batch(0, 1, { rows: [rollUp({ space: BOB }), rollUp({})] }))
      expect((await ledger.spaces()).join() === `${ALICE},${BOB}`, 'expected both')
      expect((await ledger.spaces(ALICE)).join() === BOB, 'expected the second')
    },
  },
  {
    name: 'CIDs of old epochs are forgotten, some at a time, and their sums stay',
    run: async (ledger) => {
      const rows = [97, 98, 99, 100].map((epoch) => rollUp({ epoch }))
      await ledger.apply(batch(0, 1, { rows }))
      expect(await ledger.forgetCids(100, 2), 'expected more to forget')
      expect(!(await ledger.forgetCids(100, 2)), 'expected nothing more')
      await ledger.apply(batch(1, 2, { rows }))
      await expectRows(ledger, 'cid', '1,85,0,0=20')
      await expectRows(ledger, 'space', `${ALICE}=80`)
      const { cidsFromEpoch } = await ledger.query(EVER)
      expect(cidsFromEpoch === 100, `expected CIDs from 100, got ${cidsFromEpoch}`)
      expect(!(await ledger.forgetCids(50, 2)), 'expected nothing before 50')
      const later = await ledger.query(EVER)
      expect(later.cidsFromEpoch === 100, `expected 100 to stay, got ${later.cidsFromEpoch}`)
    },
  },
  {
    name: 'a cleared ledger says nothing until the log was counted again, then is as new',
    run: async (ledger) => {
      const parts = { rows: [rollUp({})], voids: [voided(0)] }
      await ledger.apply(batch(0, 1, parts))
      await ledger.forgetCids(1000, 10)
      await ledger.clear()
      expect((await ledger.watermark()) === 0, 'expected watermark 0')
      expect((await ledger.spaces()).length === 0, 'expected no spaces')
      await expectIncomplete(ledger)
      await ledger.apply(batch(0, 0, { partial: true }))
      await expectIncomplete(ledger)
      await ledger.apply(batch(0, 0, {}))
      await expectTotal(ledger, '0,0,0,0,0,0,0')
      await ledger.apply(batch(0, 1, { ...parts, partial: true }))
      await expectTotal(ledger, '1,0,0,10,10,0,10')
      await expectRows(ledger, 'cid', '1,85,0,0=10')
    },
  },
]

/** `reads,denied,errors,bytes,bytesDelivered,bytesFetched,bytesVoided` */
function textOf(counts: UsageCounts): string {
  const { reads, denied, errors, bytes, bytesDelivered, bytesFetched, bytesVoided } = counts
  return [reads, denied, errors, bytes, bytesDelivered, bytesFetched, bytesVoided].join()
}

async function expectTotal(ledger: Ledger, expected: string): Promise<void> {
  const got = textOf((await ledger.query(EVER)).total)
  expect(got === expected, `expected ${expected}, got ${got}`)
}

async function expectIncomplete(ledger: Ledger): Promise<void> {
  expect(!(await ledger.isWhole()), 'expected the ledger not to be whole')
  const span = { space: ALICE, firstEpoch: 0, endEpoch: 1 }
  const questions = [
    async () => ledger.query(EVER),
    async () => ledger.sums({ spans: [span] }),
    async () => ledger.hours(span),
    async () => ledger.voids(span),
    async () => ledger.fetched(EVER),
  ]
  for (const question of questions) {
    const refused: unknown = await question().catch((error: unknown) => error)
    const name = refused instanceof Error ? refused.name : 'an answer'
    expect(name === 'LedgerIncomplete', `expected LedgerIncomplete, got ${name}`)
  }
}

async function expectRows(ledger: Ledger, by: UsageBy, expected: string): Promise<void> {
  const { rows, rowsLeftOff } = await ledger.query({ ...EVER, by })
  const got = rows.map((row) => `${row.key}=${row.bytes}`).join(' ')
  expect(got === expected && rowsLeftOff === 0, `expected rows ${expected}, got ${got}`)
}

async function expectSums(ledger: Ledger, query: SumsQuery, expected: string): Promise<void> {
  const { rows } = await ledger.sums(query)
  const got = rows.map(({ space, time, bytes }) => `${space}:${time}=${bytes}`).join(' ')
  expect(got === expected, `expected rows ${expected}, got ${got}`)
}

async function expectVoids(ledger: Ledger, space: string, expected: string): Promise<void> {
  const rows = await ledger.voids({ space, ...EVER })
  const got = rows.map((row) => `${row.epoch}-${row.targetEpoch}=${row.bytes}/${row.reads}`)
  expect(got.join(' ') === expected, `expected VOIDs ${expected}, got ${got.join(' ')}`)
}

async function expectFetched(
  ledger: Ledger,
  provider: string | undefined,
  expected: string,
): Promise<void> {
  const rows = await ledger.fetched({ ...EVER, provider })
  const got = rows.map(
    (row) => `${row.provider}:${row.space}:${row.bytes}/${row.requests}/${row.failed}`,
  )
  expect(got.join(' ') === expected, `expected fetches ${expected}, got ${got.join(' ')}`)
}
