/**
 * Database files that can't be read any more: which one it is, and what to do.
 * @module
 */

/** What to do about a file that nothing else can tell again. */
const RESTORE =
  'restore the data folder from a backup, whole (or check the path, if it is no file of Turnpike)'

/** A file expected to be an SQLite database is none, or parts of it are lost. */
export class DatabaseDamaged extends Error {
  override readonly name = 'DatabaseDamaged'
  readonly path: string
  constructor(path: string, cause: Error, todo: string = RESTORE) {
    super(`${path} expected a whole SQLite database, is damaged (${cause.message}): ${todo}`, {
      cause,
    })
    this.path = path
  }
}

const CORRUPT = 11
const NO_DATABASE = 26

/** Whether `error` is SQLite's "malformed", or "not a database". */
export function isDamaged(error: unknown): error is Error {
  if (error instanceof DatabaseDamaged) return true
  if (!(error instanceof Error && 'errcode' in error)) return false
  const code = Number(error.errcode) & 0xff
  return code === CORRUPT || code === NO_DATABASE
}

/**
 * What SQLite threw about the file at `path`, with the file's name where it is damaged.
 *
 * @param todo what an operator is to do; restoring a backup, unless told
 * @example
 * try { database.exec(SCHEMA) } catch (error) { throw namingDamaged(error, path) }
 */
export function namingDamaged(error: unknown, path: string, todo?: string): unknown {
  if (!isDamaged(error) || error instanceof DatabaseDamaged) return error
  return new DatabaseDamaged(path, error, todo)
}
