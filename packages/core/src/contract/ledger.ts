/**
 * Contract suite of `Ledger`.
 * @module
 */
import type { Ledger, LedgerRow, RollUp, UsageBy } from '../ports/ledger.ts'
import { expect } from './case.ts'
import type { ContractCase } from './case.ts'

const BEYOND_DOUBLE = 2n ** 53n + 1n

/** A roll-up with 1 read of 10 bytes, and other fields from `fields`. */
function rollUp(fields: Partial<RollUp>): RollUp {
  return {
    epoch: 100,
    space: 'did:key:alice',
    cid: new Uint8Array([1, 85, 0, 0]),
    reads: 1,
    denied: 0,
    errors: 0,
    bytes: 10n,
    bytesDelivered: 10n,
    bytesFetched: 0n,
    bytesVoided: 0n,
    ...fields,
  }
}

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
      const { total, rows, epochs } = await ledger.query({ firstEpoch: 0, lastEpoch: 1e6 })
      expect(total.reads === 0 && total.bytes === 0n, 'expected zeros')
      expect(rows.length === 0 && epochs === undefined, 'expected no rows and no epochs')
    },
  },
  {
    name: 'a batch adds up and moves the watermark, and given again is refused',
    run: async (ledger) => {
      const batch = { first: 0, end: 3, rows: [rollUp({}), rollUp({ space: 'did:key:bob' })] }
      expect((await ledger.apply(batch)).error === undefined, 'expected the batch to be added')
      expect((await ledger.watermark()) === 3, 'expected watermark 3')
      const again = await ledger.apply(batch)
      expect(again.error?.name === 'WatermarkMoved', 'expected WatermarkMoved')
      expect(again.error.first === 0 && again.error.watermark === 3, 'expected both indexes')
      const gap = await ledger.apply({ ...batch, first: 4, end: 5 })
      expect(gap.error?.name === 'WatermarkMoved', 'expected a gap to be refused')
      await expectTotal(ledger, 2, 20n)
    },
  },
  {
    name: 'sums are exact beyond 2^53',
    run: async (ledger) => {
      const rows = [rollUp({ bytes: BEYOND_DOUBLE, bytesDelivered: BEYOND_DOUBLE })]
      await ledger.apply({ first: 0, end: 1, rows })
      await ledger.apply({ first: 1, end: 2, rows: [rollUp({ bytes: BEYOND_DOUBLE })] })
      await expectTotal(ledger, 2, 2n * BEYOND_DOUBLE)
    },
  },
  {
    name: 'each sum keeps its own count',
    run: async (ledger) => {
      const fields = { reads: 1, denied: 2, errors: 3, bytes: 4n, bytesDelivered: 5n }
      const rows = [rollUp({ ...fields, bytesFetched: 6n, bytesVoided: 7n })]
      await ledger.apply({ first: 0, end: 1, rows })
      await ledger.apply({ first: 1, end: 2, rows })
      const { total } = await ledger.query({ firstEpoch: 100, lastEpoch: 100 })
      const got = [total.reads, total.denied, total.errors, total.bytes, total.bytesDelivered]
      expect(got.join() === '2,4,6,8,10', `expected 2,4,6,8,10, got ${got.join()}`)
      expect(total.bytesFetched === 12n && total.bytesVoided === 14n, 'expected 12 and 14')
    },
  },
  {
    name: 'a query takes the epochs at both of its ends, and says which there were',
    run: async (ledger) => {
      const rows = [99, 100, 101, 102].map((epoch) => rollUp({ epoch }))
      await ledger.apply({ first: 0, end: 4, rows })
      const { total, epochs } = await ledger.query({ firstEpoch: 100, lastEpoch: 101 })
      expect(total.reads === 2, `expected 2 reads, got ${total.reads}`)
      expect(epochs?.first === 100 && epochs.last === 101, 'expected epochs 100 to 101')
    },
  },
  {
    name: 'rows are by space and by CID, most bytes first, and by day in order',
    run: async (ledger) => {
      const none = new Uint8Array(0)
      const rows = [
        rollUp({ epoch: 23 }),
        rollUp({ epoch: 24, space: 'did:key:bob', bytes: 50n }),
        rollUp({ epoch: 47, cid: none, bytes: 0n }),
      ]
      await ledger.apply({ first: 0, end: 3, rows })
      await expectRows(ledger, 'space', 'did:key:bob=50 did:key:alice=10')
      await expectRows(ledger, 'day', '0=10 1=50')
      await expectRows(ledger, 'cid', '1,85,0,0=60 =0')
    },
  },
  {
    name: 'a cleared ledger is as new',
    run: async (ledger) => {
      await ledger.apply({ first: 0, end: 1, rows: [rollUp({})] })
      await ledger.clear()
      expect((await ledger.watermark()) === 0, 'expected watermark 0')
      await expectTotal(ledger, 0, 0n)
    },
  },
]

async function expectTotal(ledger: Ledger, reads: number, bytes: bigint): Promise<void> {
  const { total } = await ledger.query({ firstEpoch: 0, lastEpoch: Number.MAX_SAFE_INTEGER })
  expect(total.reads === reads, `expected ${reads} reads, got ${total.reads}`)
  expect(total.bytes === bytes, `expected ${bytes} bytes, got ${total.bytes}`)
}

async function expectRows(ledger: Ledger, by: UsageBy, expected: string): Promise<void> {
  const { rows, rowsLeftOff } = await ledger.query({ firstEpoch: 0, lastEpoch: 1000, by })
  const got = rows.map((row: LedgerRow) => `${row.key}=${row.bytes}`).join(' ')
  expect(got === expected && rowsLeftOff === 0, `expected rows ${expected}, got ${got}`)
}
