/**
 * Which addresses are the operator's own.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'

/**
 * Tells whether an address is a site in the catalog. Only the operator's commands put sites there
 * (`turnpike index`); addresses from claims never do, so a site may be http, private or a file.
 *
 * @example
 * const trusts = ownSites(catalog)
 * trusts(new URL('file:///srv/cars/a.car'))
 */
export function ownSites(database: DatabaseSync): (url: URL) => boolean {
  const find = database.prepare('SELECT 1 FROM blob_sites WHERE url = ?')
  return (url) => find.get(url.href) !== undefined
}
