/**
 * What the ledger costs once it is full: questions about a month, and rows added a second.
 * Run: `node packages/node/src/ledger/ledger.bench.ts [one|many|full] [folder]`. `full` makes 100
 * million rows: about 10 GB in the folder, which is the temp folder when none is named.
 * @module
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { unitFirstEpoch, unitOf } from '@turnpike/core/billing/unit'
import { LEDGER_BATCH_ROWS_MAX } from '@turnpike/core/limits/log'
import type { LedgerBatch } from '@turnpike/core/ports/ledger'
import { SqliteLedger } from './ledger.ts'

/** What a ledger is filled with: each hour has rows of all spaces, each space all its CIDs. */
export interface LedgerShape {
  readonly hours: number
  readonly spaces: number
  readonly cids: number
}

/** Figures of one shape. Times are of the wall; each question is asked several times. */
export interface LedgerFigures extends LedgerShape {
  /** Rows by CID. */
  readonly rows: number
  readonly fileBytes: number
  /** Reads in the month that is asked about. */
  readonly readsOfMonth: number
  /** For each question about a whole month: the median and the worst, in ms. */
  readonly questionsMs: Readonly<Record<string, readonly [median: number, worst: number]>>
  /** Rows, one for each read, added in batches: of random spaces and CIDs. */
  readonly appliedPerSecond: number
}

/** 2026-10: the month that is asked about. Hours beyond a month lie before it. */
const MONTH = 681
const FIRST_EPOCH = unitFirstEpoch('month', MONTH)
const END_EPOCH = unitFirstEpoch('month', MONTH + 1)
const MONTH_HOURS = END_EPOCH - FIRST_EPOCH
const READS = 10_000_000
const TIMES = 9
const BATCHES = 40
const CID_BYTES = 36

/** Shapes by name: a month of 10 million reads in one space and in 10,000, and 100 million rows. */
export const LEDGER_SHAPES: Readonly<Record<string, LedgerShape>> = {
  one: { hours: MONTH_HOURS, spaces: 1, cids: 100 },
  many: { hours: MONTH_HOURS, spaces: 10_000, cids: 1 },
  full: { hours: 1000, spaces: 10_000, cids: 10 },
}

/**
 * Fills a ledger in `folder`, asks, adds so many full batches, and removes it.
 *
 * @example
 * const figures = await benchLedger(LEDGER_SHAPES['one']!, tmpdir())
 */
export async function benchLedger(
  shape: LedgerShape,
  folder: string,
  batches: number = BATCHES,
): Promise<LedgerFigures> {
  const root = await mkdtemp(join(folder, 'turnpike-ledger-'))
  const path = join(root, 'ledger.sqlite')
  try {
    new SqliteLedger(path).close()
    fillLedger(path, shape)
    const { size: fileBytes } = await stat(path)
    const ledger = new SqliteLedger(path)
    const questionsMs = ask(ledger, shape)
    const readsOfMonth = ledger.query({ firstEpoch: FIRST_EPOCH, endEpoch: END_EPOCH }).total.reads
    const appliedPerSecond = apply(ledger, shape, batches)
    ledger.close()
    const rows = shape.hours * shape.spaces * shape.cids
    return { ...shape, rows, fileBytes, readsOfMonth, questionsMs, appliedPerSecond }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

function ask(ledger: SqliteLedger, { spaces }: LedgerShape): LedgerFigures['questionsMs'] {
  const month = { firstEpoch: FIRST_EPOCH, endEpoch: END_EPOCH }
  // From one hour within a day to another: the most pieces that a stretch has.
  const odd = { firstEpoch: FIRST_EPOCH + 1, endEpoch: END_EPOCH - 1 }
  const spans = Array.from({ length: spaces }, (_, i) => ({ space: spaceOf(i), ...month }))
  const questions = {
    'all spaces': () => ledger.query(month),
    'all spaces, by space': () => ledger.query({ ...month, by: 'space' }),
    'all spaces, by day': () => ledger.query({ ...month, by: 'day' }),
    'one space': () => ledger.sums({ spans: [{ space: spaceOf(0), ...odd }] }),
    'one space, by day': () => ledger.sums({ spans: [{ space: spaceOf(0), ...odd }], by: 'day' }),
    'one space, each hour': () => ledger.hours({ space: spaceOf(0), ...month }),
    'each space by name': () => ledger.sums({ spans, bySpace: true }),
  }
  return Object.fromEntries(
    Object.entries(questions).map(([name, question]) => {
      const times = Array.from({ length: TIMES }, () => {
        const start = performance.now()
        question()
        return Math.round((performance.now() - start) * 10) / 10
      }).toSorted((a, b) => a - b)
      return [name, [times[Math.floor(TIMES / 2)]!, times.at(-1)!]]
    }),
  )
}

/** Adds batches of reads of the hour after all others, one row each. */
function apply(ledger: SqliteLedger, { spaces }: LedgerShape, count: number): number {
  let seed = 1
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647)
  const batches = Array.from({ length: count }, (_, i): LedgerBatch => {
    const rows = Array.from({ length: LEDGER_BATCH_ROWS_MAX }, () => {
      const cid = new Uint8Array(CID_BYTES)
      new DataView(cid.buffer).setUint32(4, random())
      const sums = { reads: 1, denied: 0, errors: 0, bytesFetched: 0n }
      const bytes = BigInt(random())
      const space = spaceOf(random() % spaces)
      return { ...sums, epoch: END_EPOCH, space, cid, bytes, bytesDelivered: bytes }
    })
    return { first: i, end: i + 1, rows, voids: [], fetched: [] }
  })
  const start = performance.now()
  for (const batch of batches) {
    const { error } = ledger.apply(batch)
    if (error !== undefined) throw error
  }
  return Math.round((count * LEDGER_BATCH_ROWS_MAX) / ((performance.now() - start) / 1000))
}

function spaceOf(number: number): string {
  return `did:key:z6Mk${String(number).padStart(44, '0')}`
}

/** Fills the tables by SQL, in the order of their keys: by batches it would take an hour. */
export function fillLedger(path: string, { hours, spaces, cids }: LedgerShape): void {
  const database = new DatabaseSync(path)
  const reads = Math.ceil(READS / (Math.min(hours, MONTH_HOURS) * spaces * cids))
  const sums = (rows: number): string =>
    `${rows * reads}, 0, 0, ${rows * 1_000_003}, ${rows * 1_000_003}, 0, 0`
  const numbers = (count: number, of: string): string =>
    `(WITH RECURSIVE n(${of}) AS (SELECT 0 UNION ALL SELECT ${of} + 1 FROM n LIMIT ${count}) ` +
    `SELECT ${of} FROM n)`
  const add = (unit: string, time: number, rows: number): void =>
    database.exec(
      `INSERT INTO space_${unit} SELECT ${time}, space + 1, ${sums(rows)} ` +
        `FROM ${numbers(spaces, 'space')};` +
        `INSERT INTO total_${unit} VALUES (${time}, ${sums(rows * spaces)})`,
    )
  // No journal: with one, each page would be written twice.
  for (const pragma of ['journal_mode = DELETE', 'journal_mode = OFF', 'cache_size = -262144'])
    database.exec(`PRAGMA ${pragma}`)
  const indexes = ['hour', 'day', 'month'].map((unit) => `space_${unit}_by_space`)
  const made = indexes.map((name) => {
    const { sql } = database.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').get(name)!
    database.exec(`DROP INDEX ${name}`)
    return String(sql)
  })
  database.exec('BEGIN')
  const addSpace = database.prepare('INSERT INTO space VALUES (?, ?)')
  for (let i = 0; i < spaces; i++) addSpace.run(i + 1, spaceOf(i))
  const units = { day: new Map<number, number>(), month: new Map<number, number>() }
  for (let epoch = END_EPOCH - hours; epoch < END_EPOCH; epoch++) {
    database.exec(
      `INSERT INTO cid_hour
       SELECT ${epoch}, space + 1, CAST(printf('%0${CID_BYTES}d', cid) AS BLOB), ${sums(1)}
       FROM ${numbers(spaces, 'space')} CROSS JOIN ${numbers(cids, 'cid')}`,
    )
    add('hour', epoch, cids)
    for (const unit of ['day', 'month'] as const) {
      const time = unitOf(unit, epoch)
      units[unit].set(time, (units[unit].get(time) ?? 0) + cids)
    }
  }
  for (const unit of ['day', 'month'] as const)
    for (const [time, rows] of units[unit]) add(unit, time, rows)
  for (const sql of made) database.exec(sql)
  database.exec('COMMIT')
  database.close()
}

if (import.meta.main) {
  const [name = 'one', folder = tmpdir()] = process.argv.slice(2)
  const shape = LEDGER_SHAPES[name]
  if (shape === undefined) throw new RangeError(`shape expected one, many or full, got ${name}`)
  process.stdout.write(`${JSON.stringify(await benchLedger(shape, folder), null, 2)}\n`)
}
