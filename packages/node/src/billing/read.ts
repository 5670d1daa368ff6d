/**
 * Reading `billing.sqlite` beside accounting, its one writer.
 * @module
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import { BILLING_MIGRATIONS } from './schema.ts'

/**
 * Runs `work` on the database at `path`, for what is asked rarely: nothing is kept open.
 *
 * @returns undefined while accounting has not made the file, or not brought it up to date
 * @example
 * readBilling(path, (billing) => new ClosedBooks(billing).openEpoch()) ?? 0
 */
export function readBilling<T>(path: string, work: (billing: DatabaseSync) => T): T | undefined {
  if (!existsSync(path)) return undefined
  const billing = new DatabaseSync(path, { readOnly: true, timeout: SQLITE_BUSY_TIMEOUT_MS })
  try {
    const { user_version: version } = billing.prepare('PRAGMA user_version').get()!
    return Number(version) === BILLING_MIGRATIONS.length ? work(billing) : undefined
  } finally {
    billing.close()
  }
}
