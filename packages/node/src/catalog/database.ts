/**
 * Opening the catalog: one writer, any number of readers.
 * @module
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { CATALOG_CACHE_BYTES_MAX, SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import { fail, ok, type Result } from '@turnpike/core/result'
import { DatabaseDamaged, isDamaged } from './damaged.ts'
import { APPLICATION_ID, MIGRATIONS } from './schema.ts'

/** The catalog was written by a newer Turnpike, or is older than its readers can use. */
export class CatalogVersion extends Error {
  override readonly name = 'CatalogVersion'
  readonly found: number
  readonly expected: number
  constructor(path: string, found: number, expected: number) {
    super(
      `${path} expected schema version ${expected}, got ${found}: ` +
        (found > expected
          ? 'it was written by a newer Turnpike; use that version or a newer one'
          : 'start `turnpike serve` or `turnpike add` once, which migrates it'),
    )
    this.found = found
    this.expected = expected
  }
}

/** The file is a database of something else, or there is none. */
export class CatalogForeign extends Error {
  override readonly name = 'CatalogForeign'
  readonly path: string
  constructor(path: string, got: string) {
    super(`${path} expected a Turnpike catalog, got ${got}: check the data folder's path`)
    this.path = path
  }
}

/** Why a catalog can't be opened. */
export type CatalogRefused = CatalogVersion | CatalogForeign | DatabaseDamaged

/**
 * Opens the catalog for its one writer and brings its schema up to date. Only the folder's owner
 * may. Committed transactions survive a power cut (WAL, `synchronous = FULL`).
 *
 * @example
 * const opened = openCatalogWriter('/data/turnpike.sqlite')
 */
export function openCatalogWriter(
  path: string,
  migrations: readonly string[] = MIGRATIONS,
): Result<DatabaseSync, CatalogRefused> {
  const database = new DatabaseSync(path, { timeout: SQLITE_BUSY_TIMEOUT_MS })
  return opened(database, path, () => {
    const refusal = refuse(database, path, migrations.length)
    if (refusal !== undefined) return refusal
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
      PRAGMA cache_size = ${-CATALOG_CACHE_BYTES_MAX / 1024};
      PRAGMA journal_size_limit = ${CATALOG_CACHE_BYTES_MAX};
    `)
    migrate(database, migrations)
    return undefined
  })
}

/**
 * Opens the catalog read-only, beside its writer: what the writer commits is seen by the next
 * statement.
 */
export function openCatalogReader(path: string): Result<DatabaseSync, CatalogRefused> {
  if (!existsSync(path)) return fail(new CatalogForeign(path, 'no file'))
  const database = new DatabaseSync(path, { readOnly: true, timeout: SQLITE_BUSY_TIMEOUT_MS })
  return opened(database, path, () => {
    const refusal = refuse(database, path, MIGRATIONS.length)
    if (refusal !== undefined) return refusal
    const found = userVersion(database)
    if (found < MIGRATIONS.length) return new CatalogVersion(path, found, MIGRATIONS.length)
    database.exec(`PRAGMA cache_size = ${-CATALOG_CACHE_BYTES_MAX / 1024}`)
    return undefined
  })
}

/** A connection once `prepare` is through with it; closed where it refuses, or throws. */
function opened(
  database: DatabaseSync,
  path: string,
  prepare: () => CatalogRefused | undefined,
): Result<DatabaseSync, CatalogRefused> {
  try {
    const refusal = prepare()
    if (refusal === undefined) return ok(database)
    database.close()
    return fail(refusal)
  } catch (error) {
    database.close()
    if (isDamaged(error)) return fail(new DatabaseDamaged(path, error))
    throw error
  }
}

/**
 * Runs `work` in one transaction that is rolled back when it throws.
 *
 * @example
 * transact(database, () => database.exec('DELETE FROM claims'))
 */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // SQLite may have rolled back by itself, as on a full disk.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** SQLITE_FULL: the disk, or a quota, has no room. The transaction was rolled back. */
const FULL = 13

/** Whether `error` is SQLite's "database or disk is full". */
export function isFull(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === FULL
}

function refuse(
  database: DatabaseSync,
  path: string,
  versionMax: number,
): CatalogRefused | undefined {
  let application: number
  try {
    application = pragma(database, 'application_id')
  } catch (error) {
    if (isDamaged(error)) throw error
    return new CatalogForeign(path, error instanceof Error ? error.message : String(error))
  }
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()!
  if (application !== APPLICATION_ID && tables !== 0)
    return new CatalogForeign(path, `a database of application ${application}`)
  const found = userVersion(database)
  return found > versionMax ? new CatalogVersion(path, found, versionMax) : undefined
}

function migrate(database: DatabaseSync, migrations: readonly string[]): void {
  const from = userVersion(database)
  for (const [version, sql] of migrations.entries()) {
    if (version < from) continue
    transact(database, () =>
      database.exec(`
        PRAGMA application_id = ${APPLICATION_ID};
        ${sql};
        PRAGMA user_version = ${version + 1};
      `),
    )
  }
}

function userVersion(database: DatabaseSync): number {
  return pragma(database, 'user_version')
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()![name])
}
