/**
 * Sums over all spaces.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { unitFirstEpoch, unitOf } from '@turnpike/core/billing/unit'
import { USAGE_ROWS_MAX } from '@turnpike/core/limits/log'
import type {
  LedgerAnswer,
  LedgerQuery,
  LedgerRow,
  LedgerUnit,
  UsageBy,
} from '@turnpike/core/ports/ledger'
import { SUMS, SUM_COLUMNS, countsOf, numberOf } from './counts.ts'
import type { Row } from './counts.ts'
import { piecesOf } from './pieces.ts'
import type { Piece } from './pieces.ts'
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
  const { by } = query
  const epochs = epochsIn(database, query)
  const [standing] = rowsOf(database, 'SELECT cids_from_epoch FROM standing')
  const sum = `SELECT ${SUMS} FROM ${sumsIn('total', epochs, 'month')}`
  const answer = {
    total: countsOf(rowsOf(database, sum)[0]!, 0),
    epochs,
    cidsFromEpoch: numberOf(standing![0]),
    rows: [],
    rowsLeftOff: 0,
  }
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
  return numberOf(rowsOf(database, `SELECT count(*) FROM (${sql})`)[0]![0])
}

function epochsIn(database: DatabaseSync, query: LedgerQuery): Epochs | undefined {
  const { firstEpoch, endEpoch } = query
  // Two questions, since SQLite finds a least or a greatest key by the index, but not both at once.
  const [least, greatest] = ['min', 'max'].map((end) => {
    const sql = `SELECT ${end}(time) FROM total_hour WHERE time >= ? AND time < ?`
    return rowsOf(database, sql, firstEpoch, endEpoch)[0]![0]
  })
  if (typeof least !== 'bigint') return undefined
  return { first: numberOf(least), last: numberOf(greatest) }
}

/** Rows of the epochs from the roll-ups up to `coarsest`, as something to select from. */
function sumsIn(of: 'space' | 'total', epochs: Epochs | undefined, coarsest: LedgerUnit): string {
  const pieces = epochs === undefined ? [] : piecesOf(epochs.first, epochs.last + 1, coarsest)
  if (pieces.length === 0) return `(SELECT * FROM ${of}_hour WHERE false)`
  const selects = pieces.map(
    (piece) =>
      `SELECT ${timeIn(piece, coarsest)} AS unit_time, ${of === 'space' ? 'space,' : ''} ` +
      `${SUM_COLUMNS} FROM ${of}_${piece.unit} WHERE time BETWEEN ${piece.first} AND ${piece.last}`,
  )
  return `(${selects.join(' UNION ALL ')})`
}

/** SQL for the time of a piece's rows in a coarser unit, of which all of them lie in one. */
function timeIn({ unit, first }: Piece, coarser: LedgerUnit): string {
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
      `FROM (SELECT space, ${SUMS} FROM ${sumsIn('space', epochs, 'month')} GROUP BY space) ` +
      'JOIN space ON id = space ORDER BY bytes DESC, key'
    )
  return (
    `SELECT unit_time AS key, ${SUMS} FROM ${sumsIn('total', epochs, by)} ` +
    'GROUP BY key ORDER BY key'
  )
}

function ledgerRow(row: Row): LedgerRow {
  const key = row[0] as bigint | string | Uint8Array
  return Object.assign(countsOf(row, 1), { key: typeof key === 'bigint' ? numberOf(key) : key })
}
