/**
 * Reads rows with exact integers.
 * @module
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Row } from './counts.ts'

/**
 * All rows of a question, integers as bigints: sums pass 2^53, which a number would round.
 *
 * @example
 * rowsOf(database, 'SELECT watermark FROM standing') // [{ watermark: 7n }]
 */
export function rowsOf(
  database: DatabaseSync,
  sql: string,
  ...values: readonly SQLInputValue[]
): Row[] {
  return exact(database.prepare(sql)).all(...values)
}

/** A statement whose integers are read as bigints. */
export function exact(statement: StatementSync): StatementSync {
  statement.setReadBigInts(true)
  return statement
}
