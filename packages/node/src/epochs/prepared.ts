/**
 * SQL that is prepared once for each database and text: preparing costs more than small queries do.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/**
 * Statements of a database, by their text.
 *
 * @example
 * const sql = prepared(billing)
 * const row = sql('SELECT max(epoch) AS last FROM epochs').get()
 */
export function prepared(database: DatabaseSync): (text: string) => StatementSync {
  // As many as there are texts in the code of its caller, none of which is made of values.
  const statements = new Map<string, StatementSync>()
  return (text) => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const statement = database.prepare(text)
    statements.set(text, statement)
    return statement
  }
}
