/**
 * Up to when a ledger has read, told beside accounting, its one writer.
 * @module
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import { namingDamaged } from '../catalog/damaged.ts'
import { LEDGER_TODO, LEDGER_VERSION } from './schema.ts'

/**
 * Last hour in the ledger at `path`; nothing is kept open.
 *
 * @throws {DatabaseDamaged} when it can't be read
 * @returns undefined while there is none, or accounting has not brought it up to date
 * @example
 * lastEpoch('/data/ledger.sqlite') // 498_677
 */
export function lastEpoch(path: string): number | undefined {
  if (!existsSync(path)) return undefined
  const ledger = new DatabaseSync(path, { readOnly: true, timeout: SQLITE_BUSY_TIMEOUT_MS })
  try {
    const { user_version: version } = ledger.prepare('PRAGMA user_version').get()!
    if (Number(version) !== LEDGER_VERSION) return undefined
    const { last } = ledger.prepare('SELECT max(time) AS last FROM total_hour').get()!
    return last === null ? undefined : Number(last)
  } catch (error) {
    throw namingDamaged(error, path, LEDGER_TODO)
  } finally {
    ledger.close()
  }
}
