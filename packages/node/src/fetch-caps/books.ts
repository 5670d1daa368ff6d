/**
 * What all processes fetched, by day, in the catalog.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { FETCHED_DAYS_MAX, FETCHED_KEYS_MAX } from '@turnpike/core/limits'
import type { FetchedRow, FetchTotals } from '@turnpike/gateway/admission/fetch-caps'
import { transact } from '../catalog/database.ts'

/** SQLite's numbers are signed and have 64 bits. */
const BYTES_MAX = 2n ** 63n - 1n

/**
 * Reads the books, on a connection that may be read-only. What can't be read counts as nothing: a
 * fault of the catalog shuts nobody out.
 *
 * @example
 * new FetchedBooks(catalog, onFault).of(20_000, 'space did:key:z6Mk…')
 */
export class FetchedBooks implements FetchTotals {
  readonly #find: StatementSync
  readonly #onFault: (error: unknown) => void

  constructor(catalog: DatabaseSync, onFault: (error: unknown) => void) {
    // The row of all others comes last, and is there only when there are too many.
    this.#find = catalog.prepare(
      `SELECT bytes FROM fetched WHERE day = ? AND key IN (?, '') ORDER BY key DESC LIMIT 1`,
    )
    this.#find.setReadBigInts(true)
    this.#onFault = onFault
  }

  of(day: number, key: string): bigint {
    try {
      const row = this.#find.get(day, key) as { readonly bytes: bigint } | undefined
      return row?.bytes ?? 0n
    } catch (error) {
      this.#onFault(error)
      return 0n
    }
  }
}

/**
 * Adds to the books, all or nothing, and forgets days that are over. Rows beyond `keysMax` of a day
 * share the one whose key is empty.
 */
export function addFetched(
  catalog: DatabaseSync,
  rows: readonly FetchedRow[],
  keysMax: number = FETCHED_KEYS_MAX,
): void {
  const find = catalog.prepare('SELECT 1 FROM fetched WHERE day = ? AND key = ?')
  const count = catalog.prepare('SELECT count(*) AS keys FROM fetched WHERE day = ?')
  const add = catalog.prepare(
    `INSERT INTO fetched (day, key, bytes) VALUES (?, ?, ?)
     ON CONFLICT (day, key) DO UPDATE SET bytes = min(bytes, ? - excluded.bytes) + excluded.bytes`,
  )
  const keysOf = new Map<number, number>()
  transact(catalog, () => {
    for (const { day, key, bytes } of rows) {
      const keys = keysOf.get(day) ?? Number(count.get(day)!['keys'])
      const isNew = find.get(day, key) === undefined
      add.run(day, isNew && keys >= keysMax ? '' : key, bytes, BYTES_MAX)
      keysOf.set(day, isNew && keys < keysMax ? keys + 1 : keys)
    }
    const newest = Math.max(...rows.map(({ day }) => day))
    catalog.prepare('DELETE FROM fetched WHERE day <= ?').run(newest - FETCHED_DAYS_MAX)
  })
}
