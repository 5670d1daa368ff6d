/**
 * Sums over stretches of named spaces, and what is listed of one.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { addCounts, noCounts } from '@turnpike/core/billing/counts'
import type { MutableCounts } from '@turnpike/core/billing/counts'
import { unitFirstEpoch, unitOf } from '@turnpike/core/billing/unit'
import { LEDGER_HOURS_MAX, LEDGER_SPACES_MAX, LEDGER_SPANS_MAX } from '@turnpike/core/limits/log'
import type {
  FetchedQuery,
  FetchedRow,
  HourRow,
  LedgerSpan,
  LedgerUnit,
  SumsAnswer,
  SumsQuery,
  SumsRow,
  VoidRow,
} from '@turnpike/core/ports/ledger'
import { SUM_COLUMNS, SUMS, bigintOf, countsOf, numberOf } from './counts.ts'
import type { Row } from './counts.ts'
import { piecesOf } from './pieces.ts'
import type { Piece } from './pieces.ts'
import { allRows, exact, rowsOf } from './rows.ts'

/** Sums with what they are of, while they are added up. */
type OpenRow = MutableCounts & Pick<SumsRow, 'space' | 'time'>

/**
 * Sums over stretches; inside a transaction.
 *
 * @throws {RangeError} for too many stretches
 * @example
 * sumsOver(database, { spans: [{ space, firstEpoch, endEpoch }], by: 'day' })
 */
export function sumsOver(database: DatabaseSync, query: SumsQuery): SumsAnswer {
  const { spans, bySpace = false, by } = query
  if (spans.length > LEDGER_SPANS_MAX)
    throw new RangeError(`"spans" expected <= ${LEDGER_SPANS_MAX}, got ${spans.length}`)
  const total = noCounts()
  const split = new Map<string, OpenRow>()
  const reader = new PieceReader(database, bySpace)
  for (const { spaces, firstEpoch, endEpoch } of groupsOf(database, spans))
    for (const piece of piecesOf(firstEpoch, endEpoch, by ?? 'month'))
      for (const row of reader.read(piece, spaces)) {
        const counts = countsOf(row, 2)
        addCounts(total, counts)
        if (by === undefined && !bySpace) continue
        const space = bySpace ? (row[0] as string) : ''
        const time = by === undefined ? 0 : timeIn(piece, by, numberOf(row[1]))
        const key = `${time}:${space}`
        const found = split.get(key)
        if (found === undefined) split.set(key, { space, time, ...counts })
        else addCounts(found, counts)
      }
  return { total, rows: [...split.values()].toSorted(compareRows) }
}

function timeIn(piece: Piece, by: LedgerUnit, time: number): number {
  return unitOf(by, unitFirstEpoch(piece.unit, time))
}

function compareRows(a: SumsRow, b: SumsRow): number {
  if (a.space !== b.space) return a.space < b.space ? -1 : 1
  return a.time - b.time
}

/** Spaces that are asked for the same stretch. */
interface SpanGroup {
  readonly spaces: string[]
  readonly firstEpoch: number
  readonly endEpoch: number
}

/** Stretches cut to the epochs that there are, with the spaces that share one. */
function groupsOf(database: DatabaseSync, spans: readonly LedgerSpan[]): Iterable<SpanGroup> {
  const groups = new Map<string, SpanGroup>()
  const [least, greatest] = ['min', 'max'].map(
    (end) => rowsOf(database, `SELECT ${end}(time) FROM total_hour`)[0]![0],
  )
  for (const span of spans) {
    const firstEpoch = Math.max(span.firstEpoch, numberOf(least))
    const endEpoch = Math.min(span.endEpoch, numberOf(greatest) + 1)
    const key = `${firstEpoch}-${endEpoch}`
    const group = groups.get(key) ?? { spaces: [], firstEpoch, endEpoch }
    group.spaces.push(span.space)
    groups.set(key, group)
  }
  return groups.values()
}

/**
 * Reads the rows of spaces in a piece of time, each by its key. Unless they are wanted by space,
 * those of one time are added up there: each sum is part of one in a table of totals, so that none
 * passes what SQLite holds.
 */
class PieceReader {
  readonly #statements: Readonly<Record<LedgerUnit, StatementSync>>

  constructor(database: DatabaseSync, bySpace: boolean) {
    const [name, sums, group] = bySpace ? ['name', SUM_COLUMNS, ''] : ["''", SUMS, 'GROUP BY time']
    // CROSS JOIN: SQLite is to begin with the spaces, not with all rows of those times.
    const prepare = (unit: LedgerUnit): StatementSync =>
      exact(
        database.prepare(`
          SELECT ${name}, time, ${sums}
          FROM json_each(?) AS wanted
            CROSS JOIN space ON name = wanted.value
            CROSS JOIN space_${unit} AS sums ON sums.space = space.id
          WHERE time BETWEEN ? AND ? ${group}`),
      )
    this.#statements = { hour: prepare('hour'), day: prepare('day'), month: prepare('month') }
  }

  read({ unit, first, last }: Piece, spaces: readonly string[]): Iterable<Row> {
    return allRows(this.#statements[unit], JSON.stringify(spaces), first, last)
  }
}

/**
 * Hours of one space.
 *
 * @throws {RangeError} for too many epochs
 */
export function hoursOf(database: DatabaseSync, span: LedgerSpan): HourRow[] {
  const { space, firstEpoch, endEpoch } = span
  if (endEpoch - firstEpoch > LEDGER_HOURS_MAX)
    throw new RangeError(`"endEpoch" expected <= ${firstEpoch + LEDGER_HOURS_MAX}, got ${endEpoch}`)
  const sql = `
    SELECT time, ${SUM_COLUMNS} FROM space CROSS JOIN space_hour ON space_hour.space = space.id
    WHERE name = ? AND time >= ? AND time < ? ORDER BY time`
  const rows = rowsOf(database, sql, space, firstEpoch, endEpoch)
  return rows.map((row) => Object.assign(countsOf(row, 1), { epoch: numberOf(row[0]), space }))
}

/** What VOIDs took out of a space. */
export function voidsOf(database: DatabaseSync, span: LedgerSpan): VoidRow[] {
  const { space, firstEpoch, endEpoch } = span
  const sql = `
    SELECT epoch, target_epoch, sum(bytes), sum(reads)
    FROM space CROSS JOIN voided ON voided.space = space.id
    WHERE name = ? AND epoch >= ? AND epoch < ?
    GROUP BY epoch, target_epoch ORDER BY epoch, target_epoch`
  return rowsOf(database, sql, space, firstEpoch, endEpoch).map((row) => ({
    epoch: numberOf(row[0]),
    space,
    targetEpoch: numberOf(row[1]),
    bytes: bigintOf(row[2]),
    reads: numberOf(row[3]),
  }))
}

/** Fetches by epoch, provider and space. */
export function fetchedIn(database: DatabaseSync, query: FetchedQuery): FetchedRow[] {
  const { firstEpoch, endEpoch, provider } = query
  const sql = `
    SELECT epoch, provider.name, space.name, bytes, requests, failed
    FROM fetched
      JOIN provider ON provider.id = fetched.provider
      JOIN space ON space.id = fetched.space
    WHERE epoch >= ? AND epoch < ? AND coalesce(provider.name = ?, true)
    ORDER BY epoch, provider.name, space.name`
  return rowsOf(database, sql, firstEpoch, endEpoch, provider ?? null).map((row) => ({
    epoch: numberOf(row[0]),
    provider: row[1] as string,
    space: row[2] as string,
    bytes: bigintOf(row[3]),
    requests: numberOf(row[4]),
    failed: numberOf(row[5]),
  }))
}

/** Names of spaces, in order, a page at a time. */
export function spacesAfter(database: DatabaseSync, after: string | undefined): string[] {
  // A space may be there only because of its fetches or VOIDs: they are entries, too.
  const sql = `
    SELECT name FROM space WHERE coalesce(name > ?, true) ORDER BY name LIMIT ${LEDGER_SPACES_MAX}`
  return rowsOf(database, sql, after ?? null).map(([name]) => name as string)
}
