/**
 * Numbers for spaces and providers, so that a row doesn't repeat a name.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LEDGER_NAMES_MAX } from '@turnpike/core/limits/log'

/** Gives each name of a table its number. */
export class Names {
  readonly #find: StatementSync
  readonly #add: StatementSync
  readonly #known = new Map<string, number>()

  constructor(database: DatabaseSync, table: 'space' | 'provider') {
    this.#find = database.prepare(`SELECT id FROM ${table} WHERE name = ?`)
    this.#add = database.prepare(`INSERT INTO ${table} (name) VALUES (?)`)
  }

  /** The number of `name`, a new one when it has none. */
  numberOf(name: string): number {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const found = this.#find.get(name)
    const number = Number(found === undefined ? this.#add.run(name).lastInsertRowid : found['id'])
    if (this.#known.size >= LEDGER_NAMES_MAX) this.#known.clear()
    this.#known.set(name, number)
    return number
  }

  /** Says that numbers given since the last commit may not be in the table. */
  forget(): void {
    this.#known.clear()
  }
}
