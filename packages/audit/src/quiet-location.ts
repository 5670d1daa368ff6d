/**
 * Databases that are read without a trace.
 * @module
 */
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/**
 * Where to open the database at `path` to read it. Without its write-ahead log nobody has it open,
 * and even a reader would leave files beside it: then as one that doesn't change.
 *
 * @example
 * const database = new DatabaseSync(quietLocation(path), { readOnly: true })
 */
export function quietLocation(path: string): string | URL {
  if (existsSync(`${path}-wal`)) return path
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return url
}
