/**
 * Opening the small databases of accounting, each with one table layout.
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { namingDamaged } from '../catalog/damaged.ts'

/** A database file was written by a newer Turnpike. */
export class StoreTooNew extends Error {
  override readonly name = 'StoreTooNew'
  readonly path: string
  readonly version: number
  constructor(path: string, version: number, versionMax = 1) {
    super(
      `${path} expected version ${versionMax} at most, got ${version}: ` +
        'use the newer Turnpike that wrote it',
    )
    this.path = path
    this.version = version
  }
}

/**
 * Opens a database of version 1, made by `schema` when it is new, after `pragmas`;
 * waits `busyTimeoutMs` for another process to let go of it.
 *
 * @throws {StoreTooNew} when its version is greater
 * @throws {DatabaseDamaged} when it can't be read
 * @example
 * const database = openVersioned('/data/ledger.sqlite', 5_000, 'PRAGMA journal_mode = WAL', SCHEMA)
 */
export function openVersioned(
  path: string,
  busyTimeoutMs: number,
  pragmas: string,
  schema: string,
): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs })
  try {
    database.exec(pragmas)
    database.exec('BEGIN IMMEDIATE')
    const version = Number(database.prepare('PRAGMA user_version').get()!['user_version'])
    if (version > 1) throw new StoreTooNew(path, version)
    // The version is in the file's header: what is lost behind that is to be found now.
    database.exec('SELECT count(*) FROM sqlite_schema')
    if (version === 0) database.exec(`${schema}; PRAGMA user_version = 1`)
    database.exec('COMMIT')
    return database
  } catch (error) {
    database.close()
    throw namingDamaged(error, path)
  }
}
