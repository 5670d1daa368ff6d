/**
 * Rows of credits' tables.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'

/** A value that SQLite gives back: numbers are bigints. */
export type CreditRow = Readonly<Record<string, unknown>>

/** A value that goes into a statement. */
export type CreditValue = string | number | bigint | Uint8Array | null

/** All rows of a query. Amounts don't fit numbers, so that all numbers are bigints. */
export function rowsOf(
  database: DatabaseSync,
  sql: string,
  ...values: readonly CreditValue[]
): CreditRow[] {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement.all(...values)
}

/** Runs a change. */
export function change(database: DatabaseSync, sql: string, values: readonly CreditValue[]): void {
  database.prepare(sql).run(...values)
}
