/**
 * Numbers that the ledger has for names, and numbers of our own for those that it lacks.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Names that are kept in memory. */
const KNOWN_MAX = 65_536

/** Names of spaces, or of providers. */
export class Names {
  readonly #find: StatementSync
  readonly #name: StatementSync
  readonly #known = new Map<string, bigint>()
  /** Names that the ledger lacks, with numbers below 0. */
  readonly #missing = new Map<string, bigint>()

  constructor(database: DatabaseSync, table: 'space' | 'provider') {
    this.#find = database.prepare(`SELECT id FROM main.${table} WHERE name = ?`)
    this.#find.setReadBigInts(true)
    this.#name = database.prepare(`SELECT name FROM main.${table} WHERE id = ?`)
  }

  /** Number of a name; below 0 for one that the ledger doesn't know. */
  numberOf(name: string): bigint {
    const known = this.#known.get(name) ?? this.#missing.get(name)
    if (known !== undefined) return known
    const found = this.#find.get(name)?.['id'] as bigint | undefined
    if (found === undefined) {
      const number = -1n - BigInt(this.#missing.size)
      this.#missing.set(name, number)
      return number
    }
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.set(name, found)
    return found
  }

  /** Name of a number, for messages. */
  nameOf(number: bigint): string {
    for (const [name, missing] of this.#missing) if (missing === number) return name
    return String(this.#name.get(number)?.['name'] ?? `no. ${number}, which has no name`)
  }
}
