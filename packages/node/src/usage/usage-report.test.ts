import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { accountLines } from '@turnpike/accounting/statement/lines'
import type { StatementSources } from '@turnpike/accounting/statement/sources'
import { OPERATOR, SUSPENSE } from '@turnpike/accounting/statement/statement'
import { usageReport, type ReportQuery, type UsageReport } from '@turnpike/accounting/usage-report'
import type { ReportRow } from '@turnpike/accounting/usage-rows'
import { reportJson } from '@turnpike/accounting/usage-json'
import { reportCsv } from '@turnpike/core/billing/usage-json'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod, periodAfter, type Period } from '@turnpike/core/billing/period'
import { addQuantities, NO_QUANTITIES, quantitiesOf } from '@turnpike/core/billing/quantities'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { ALICE, BOB, GATEWAY, openAccountsRig, type AccountsRig } from './testing/accounts.ts'

const S: SpaceDid = 'did:key:s'
const T: SpaceDid = 'did:key:t'
const NOVEMBER = parsePeriod('2026-11')!
const H = NOVEMBER.firstEpoch
const asOf = { size: 7, more: false }

function sourcesOf(rig: AccountsRig, storedUntil: number): StatementSources {
  const { ledger, storage, owners } = rig
  const operators = new Set([GATEWAY])
  const common = { ledger, storage, owners, operators, storedUntil, firstEpoch: 0 }
  return { ...common, breathe: async () => {} } as unknown as StatementSources
}

function open(t: TestContext): AccountsRig {
  const rig = openAccountsRig((H + 720) * EPOCH_MS)
  t.after(() => rig.close())
  return rig
}

function msOf({ firstEpoch, endEpoch }: Pick<Period, 'firstEpoch' | 'endEpoch'>) {
  return { sinceMs: firstEpoch * EPOCH_MS, untilMs: endEpoch * EPOCH_MS }
}

async function reportOf(
  rig: AccountsRig,
  query: ReportQuery,
  storedUntil: number = H + 720,
): Promise<UsageReport> {
  const report = await usageReport(query, sourcesOf(rig, storedUntil), asOf)
  if (report.error) throw report.error
  return report.ok
}

function sum(rows: readonly ReportRow[] | undefined) {
  return rows!.reduce(
    (all, row) => addQuantities(all, quantitiesOf(row, row.storageByteMs)),
    NO_QUANTITIES,
  )
}

test('whole hours of usage are those of statements, for any history of owners', async () => {
  const hour = fc.nat({ max: 1400 })
  const space = fc.constantFrom<string>(S, T, GATEWAY, '')
  const who = fc.constantFrom(ALICE, BOB, null)
  const change = fc.record({ hour, space: fc.constantFrom(S, T), who } as const)
  const read = fc.record({ hour, space, bytes: fc.bigInt(1n, 10n ** 12n) })
  const voided = fc.record({ which: fc.nat({ max: 15 }), after: fc.nat({ max: 400 }) })
  const stored = fc.record({ hour, space: fc.constantFrom(S, T), bytes: fc.bigInt(1n, 10n ** 12n) })
  const lists = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 8 })
  const all = fc.tuple(lists(change), lists(read), lists(voided), lists(stored))
  await fc.assert(
    fc.asyncProperty(all, async ([changes, reads, voids, sizes]) => {
      const rig = openAccountsRig(0)
      const inOrder = <T extends { readonly hour: number }>(list: readonly T[]): T[] =>
        list.toSorted((a, b) => a.hour - b.hour)
      for (const { hour: at, space: of, who: to } of inOrder(changes))
        if (to === null) rig.owners.release(of, (H + at) * EPOCH_MS)
        else rig.assign(of, to, H + at)
      for (const { hour: at, space: of, bytes } of reads) rig.read(of, H + at, bytes)
      for (const { which, after } of voids) {
        const target = reads[which]
        if (target !== undefined)
          rig.void(target.space, H + target.hour + after, H + target.hour, target.bytes)
      }
      for (const { hour: at, space: of, bytes } of inOrder(sizes))
        rig.change({ space: of, atMs: (H + at) * EPOCH_MS + 77, bytes })
      const storedUntil = H + 1300
      for (const period of [NOVEMBER, periodAfter(NOVEMBER)]) {
        const sources = sourcesOf(rig, storedUntil)
        const byCustomer = await reportOf(rig, { ...msOf(period), by: 'customer' }, storedUntil)
        const told = new Map(byCustomer.rows!.map((row) => [row.key, row]))
        for (const account of [ALICE, BOB, OPERATOR, SUSPENSE]) {
          let stated = NO_QUANTITIES
          for await (const lines of accountLines(sources, account, period))
            for (const line of lines) stated = addQuantities(stated, line)
          const row = told.get(account)
          const used = row === undefined ? NO_QUANTITIES : quantitiesOf(row, row.storageByteMs)
          const { egressBytes, deliveredBytes, voidedBytes, storageByteMs } = stated
          assert.deepEqual(
            { egressBytes, deliveredBytes, voidedBytes, storageByteMs, reads: stated.reads },
            {
              egressBytes: used.egressBytes,
              deliveredBytes: used.deliveredBytes,
              voidedBytes: used.voidedBytes,
              storageByteMs: used.storageByteMs,
              reads: used.reads,
            },
            `${account} in ${period.name}`,
          )
          if (account !== ALICE && account !== BOB) continue
          if (rig.owners.customer(account) === undefined) continue
          for (const by of ['hour', 'day', 'month', 'space'] as const) {
            const query: ReportQuery = { ...msOf(period), customer: account, by }
            assert.deepEqual(sum((await reportOf(rig, query, storedUntil)).rows), used, by)
          }
        }
        const whole = quantitiesOf(byCustomer, byCustomer.storageByteMs)
        for (const by of ['customer', 'hour', 'day', 'month', 'space'] as const) {
          const report = await reportOf(rig, { ...msOf(period), by }, storedUntil)
          assert.deepEqual(sum(report.rows), whole, by)
          assert.equal(report.storageByteMs, byCustomer.storageByteMs)
        }
      }
      rig.close()
    }),
    { numRuns: 25 },
  )
})

test('rows by time are in order, with what was only stored or only read', async (t) => {
  const rig = open(t)
  rig.read(S, H + 2, 5n)
  rig.change({ space: T, atMs: (H + 1) * EPOCH_MS, bytes: 3n })
  rig.change({ space: T, atMs: (H + 2) * EPOCH_MS, bytes: -3n })
  const query = msOf({ firstEpoch: H, endEpoch: H + 24 })
  const rows = async (more: ReportQuery): Promise<unknown[]> =>
    (await reportOf(rig, { ...query, ...more })).rows!.map(({ key, bytes, storageByteMs }) => [
      key,
      bytes,
      storageByteMs,
    ])
  const area = 3n * BigInt(EPOCH_MS)
  assert.deepEqual(await rows({ by: 'hour' }), [
    ['2026-11-01T01', 0n, area],
    ['2026-11-01T02', 5n, 0n],
  ])
  assert.deepEqual(await rows({ by: 'day' }), [['2026-11-01', 5n, area]])
  assert.deepEqual(await rows({ by: 'month' }), [['2026-11', 5n, area]])
  assert.deepEqual(await rows({ by: 'space' }), [
    [S, 5n, 0n],
    [T, 0n, area],
  ])
  assert.deepEqual(await rows({ by: 'hour', space: T }), [['2026-11-01T01', 0n, area]])
  assert.deepEqual(await rows({ by: 'space', space: S }), [[S, 5n, 0n]])
})

test('without bounds, the period begins with the first read or byte stored', async (t) => {
  const rig = open(t)
  const period = async (query: ReportQuery): Promise<unknown> => {
    const told = (await reportOf(rig, query, H + 30)).period
    return told && [told.fromMs / EPOCH_MS - H, told.toMs / EPOCH_MS - H]
  }
  assert.equal(await period({}), null)
  rig.read(S, H + 20, 1n)
  assert.deepEqual(await period({}), [20, 21])
  rig.change({ space: S, atMs: (H + 5) * EPOCH_MS + 1, bytes: 1n })
  assert.deepEqual(await period({}), [5, 30])
  assert.deepEqual(await period({ sinceMs: (H + 9) * EPOCH_MS + 1 }), [9, 30])
  assert.deepEqual(await period({ untilMs: (H + 9) * EPOCH_MS + 1 }), [5, 10])
  rig.read(S, H + 40, 1n)
  assert.deepEqual(await period({}), [5, 41])
  assert.deepEqual(await period({ sinceMs: (H + 60) * EPOCH_MS }), [60, 60])
})

test('what is stored is told as of the end, of who has the spaces then', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  rig.assign(T, ALICE, H)
  rig.change({ space: S, atMs: H * EPOCH_MS, bytes: 5n })
  rig.change({ space: T, atMs: (H + 1) * EPOCH_MS, bytes: 70n })
  rig.assign(T, BOB, H + 9)
  const stored = async (query: ReportQuery): Promise<bigint> =>
    (await reportOf(rig, query)).storedBytes
  const at = (epoch: number) => ({ untilMs: epoch * EPOCH_MS })
  assert.deepEqual(
    [await stored({}), await stored(at(H + 1)), await stored({ space: S })],
    [75n, 5n, 5n],
  )
  const alice = { customer: ALICE }
  assert.deepEqual(
    [
      await stored(alice),
      await stored({ ...alice, ...at(H + 10) }),
      await stored({ customer: BOB }),
    ],
    [5n, 75n, 70n],
  )
  assert.equal(await stored({ ...alice, ...at(H + 11) }), 5n)
})

test('strangers, spaces of others, and rows that nobody keeps are refused', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  const refusal = async (query: ReportQuery): Promise<string | undefined> =>
    (await usageReport(query, sourcesOf(rig, H), asOf)).error?.name
  assert.equal(await refusal({ customer: BOB }), 'AccountNotFound')
  assert.equal(await refusal({ customer: ALICE, space: T }), 'SpaceUnauthorized')
  assert.equal(await refusal({ customer: ALICE, by: 'cid' }), 'SplitUnknown')
  assert.equal(await refusal({ space: S, by: 'customer' }), 'SplitUnknown')
  assert.equal(await refusal({ customer: ALICE, space: S, by: 'day' }), undefined)
})

test('JSON and CSV say the same, and the period that they cover', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  rig.read(S, H + 1, 2n ** 60n)
  rig.read('=cmd()', H + 1, 1n)
  rig.change({ space: S, atMs: H * EPOCH_MS, bytes: 1n })
  const query = { sinceMs: H * EPOCH_MS + 1, untilMs: (H + 1) * EPOCH_MS + 1 }
  const report = await reportOf(rig, { ...query, by: 'space' }, H + 1)
  const json = reportJson(report, 'space')
  assert.deepEqual(json.period, {
    from: '2026-11-01T00:00:00.000Z',
    to: '2026-11-01T02:00:00.000Z',
  })
  assert.equal(json.storedUntil, '2026-11-01T01:00:00.000Z')
  assert.deepEqual([json.bytes, json.rows![1]!.bytes], [String(2n ** 60n + 1n), 1])
  const times = '2026-11-01T00:00:00.000Z,2026-11-01T02:00:00.000Z'
  assert.deepEqual(reportCsv(json).split('\r\n'), [
    'space,from,to,egress_bytes,delivered_bytes,voided_bytes,storage_byte_ms,fetched_bytes,' +
      'reads,denied',
    `${S},${times},${2n ** 60n},${2n ** 60n},0,${EPOCH_MS},0,1,0`,
    `'=cmd(),${times},1,1,0,0,0,1,0`,
    '',
  ])
  const alice = reportJson(await reportOf(rig, { ...query, customer: ALICE }, H + 1), undefined)
  assert.deepEqual(
    [alice.customer, alice.egressBytes, alice.rows],
    [ALICE, String(2n ** 60n), undefined],
  )
  assert.match(reportCsv(alice), /^usage,from.*\r\ntotal,2026/)
})

test('rows that were left off are the last record of CSV, so that columns add up', () => {
  const none = { bytesFetched: 0, bytesVoided: 0, denied: 0, errors: 0, storageByteMs: '0' }
  const sums = (count: number) => {
    return { reads: count, bytes: count, bytesDelivered: count, egressBytes: count, ...none }
  }
  const csv = reportCsv({
    ...sums(10),
    period: null,
    storedUntil: '2026-11-01T00:00:00.000Z',
    storedBytes: 0,
    asOfEntry: 1,
    complete: true,
    by: 'cid',
    rows: [{ key: 'a', ...sums(6) }],
    rowsLeftOff: 3,
  })
  assert.deepEqual(csv.split('\r\n').slice(1, 3), ['a,,,6,6,0,0,0,6,0', '3 more,,,4,4,0,0,0,4,0'])
})
