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
 * rowsOf(database, 'SELECT watermark FROM standing') // [[7n]]
 */
export function rowsOf(
  database: DatabaseSync,
  sql: string,
  ...values: readonly SQLInputValue[]
): Row[] {
  return allRows(exact(database.prepare(sql)), ...values)
}

/** A statement for {@link allRows}. */
export function exact(statement: StatementSync): StatementSync {
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  return statement
}

/** All rows of an {@link exact} statement. */
export function allRows(statement: StatementSync, ...values: readonly SQLInputValue[]): Row[] {
  return statement.all(...values) as unknown as Row[]
}
