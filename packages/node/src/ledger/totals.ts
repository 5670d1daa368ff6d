/**
 * Sums over all spaces.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { USAGE_ROWS_MAX } from '@turnpike/core/limits/log'
import type {
  LedgerAnswer,
  LedgerQuery,
  LedgerRow,
  LedgerUnit,
  UsageBy,
} from '@turnpike/core/ports/ledger'
import { unitOf, unitFirstEpoch } from '@turnpike/core/billing/unit'
import { SUMS, SUM_COLUMNS, countsOf, numberOf } from './counts.ts'
import type { Row } from './counts.ts'
import { piecesOf } from './pieces.ts'
import { rowsOf } from './rows.ts'

/** Least and greatest epoch in a range. */
interface Epochs {
  readonly first: number
  readonly last: number
}

/**
 * Answers a query; inside a transaction, so that total and rows are of the same moment.
 *
 * @example
 * const answer = totalsOf(database, { firstEpoch: 0, endEpoch: 500_000, by: 'space' })
 */
export function totalsOf(database: DatabaseSync, query: LedgerQuery): LedgerAnswer {
  const epochs = epochsIn(database, query)
  const cidsFromEpoch = numberOf(
    rowsOf(database, 'SELECT cids_from_epoch AS epoch FROM standing')[0]!['epoch'],
  )
  const total = countsOf(rowsOf(database, `SELECT ${SUMS} FROM ${sumsIn(epochs, 'month')}`)[0]!)
  const { by } = query
  const answer = { total, epochs, cidsFromEpoch, rows: [], rowsLeftOff: 0 }
  if (by === undefined || epochs === undefined) return answer
  const grouped = groupedBy(by, epochs)
  const rows = rowsOf(database, `${grouped} LIMIT ${USAGE_ROWS_MAX}`)
  return {
    ...answer,
    rows: rows.map(ledgerRow),
    rowsLeftOff: rows.length < USAGE_ROWS_MAX ? 0 : countRows(database, grouped) - rows.length,
  }
}

function countRows(database: DatabaseSync, sql: string): number {
  return numberOf(rowsOf(database, `SELECT count(*) AS rows FROM (${sql})`)[0]!['rows'])
}

function epochsIn(database: DatabaseSync, query: LedgerQuery): Epochs | undefined {
  const { firstEpoch, endEpoch } = query
  // Two questions, since SQLite finds a least or a greatest key by the index, but not both at once.
  const [least, greatest] = ['min', 'max'].map((end) => {
    const sql = `SELECT ${end}(time) AS time FROM space_hour WHERE time >= ? AND time < ?`
    return rowsOf(database, sql, firstEpoch, endEpoch)[0]!['time']
  })
  if (typeof least !== 'bigint') return undefined
  return { first: numberOf(least), last: numberOf(greatest) }
}

/** Rows of the epochs from the roll-ups up to `coarsest`, as something to select from. */
function sumsIn(epochs: Epochs | undefined, coarsest: LedgerUnit): string {
  const pieces = epochs === undefined ? [] : piecesOf(epochs.first, epochs.last + 1, coarsest)
  if (pieces.length === 0) return '(SELECT * FROM space_hour WHERE false)'
  const selects = pieces.map(
    ({ unit, first, last }) =>
      // The time that a row counts for, in the unit that was asked for.
      `SELECT ${timeIn(unit, coarsest, first)} AS unit_time, space, ${SUM_COLUMNS} ` +
      `FROM space_${unit} WHERE time BETWEEN ${first} AND ${last}`,
  )
  return `(${selects.join(' UNION ALL ')})`
}

/** SQL for the time of a piece's rows in a coarser unit, where all of them lie in one. */
function timeIn(unit: LedgerUnit, coarser: LedgerUnit, first: number): string {
  return unit === coarser ? 'time' : String(unitOf(coarser, unitFirstEpoch(unit, first)))
}

function groupedBy(by: UsageBy, epochs: Epochs): string {
  if (by === 'cid')
    return (
      `SELECT cid AS key, ${SUMS} FROM cid_hour ` +
      `WHERE time BETWEEN ${epochs.first} AND ${epochs.last} GROUP BY cid ORDER BY bytes DESC, key`
    )
  if (by === 'space')
    return (
      `SELECT name AS key, ${SUM_COLUMNS} ` +
      `FROM (SELECT space, ${SUMS} FROM ${sumsIn(epochs, 'month')} GROUP BY space) ` +
      'JOIN space ON id = space ORDER BY bytes DESC, key'
    )
  return `SELECT unit_time AS key, ${SUMS} FROM ${sumsIn(epochs, by)} GROUP BY key ORDER BY key`
}

function ledgerRow(row: Row): LedgerRow {
  const key = row['key'] as bigint | string | Uint8Array
  return Object.assign(countsOf(row), { key: typeof key === 'bigint' ? numberOf(key) : key })
}
