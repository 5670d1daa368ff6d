/**
 * Adds up whole days of storage ahead of questions.
 * @module
 */
import { STORAGE_DAYS_MS } from '@turnpike/core/limits/billing'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import { SqliteStorageHistory } from './storage-history.ts'

/** The job. A run that is missed is made up for by the next one; answers never wait for it. */
export function storageDaysJob({ catalog, billing, clock }: AccountingParts): Job {
  const storage = new SqliteStorageHistory(catalog, billing)
  return {
    name: 'storage days',
    everyMs: STORAGE_DAYS_MS,
    async run(signal) {
      while (!signal.aborted && storage.addUpDays(clock.nowMs()))
        // Rounds go on in between.
        await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
