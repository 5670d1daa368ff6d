/**
 * The job that closes months, and looks after those that are closed.
 * @module
 */
import {
  STATEMENT_CHECK_MS,
  STATEMENT_CLOSE_EVERY_MS,
  STATEMENT_RETRY_MS_MAX,
} from '@turnpike/core/limits/billing'
import type { Job } from '../accounting/jobs.ts'
import { ClosedBooks } from './closed.ts'
import { closeNext } from './close.ts'
import { removeLeftTexts } from './files.ts'
import { makeStatement } from './make.ts'
import type { StatementParts } from './sources.ts'

/**
 * Closes one month after the other as they are over. Once a day, and at the start, the last closed
 * one is made again: if it comes out otherwise, the job fails, which is an alert.
 *
 * @example
 * const jobs = [closingJob(parts)]
 */
export function closingJob(parts: StatementParts): Job {
  let checkedMs: number | undefined
  return {
    name: 'statements',
    everyMs: STATEMENT_CLOSE_EVERY_MS,
    retryMsMax: STATEMENT_RETRY_MS_MAX,
    async run(signal) {
      if (checkedMs === undefined) await removeLeftTexts(parts.dataDir)
      while (!signal.aborted) {
        const closing = await closeNext(parts)
        if (closing.error !== undefined) throw closing.error
        if (closing.ok.closed === undefined) break
      }
      const nowMs = parts.clock.monotonicMs()
      if (checkedMs !== undefined && nowMs - checkedMs < STATEMENT_CHECK_MS) return
      await checkLast(parts)
      checkedMs = nowMs
    },
  }
}

async function checkLast(parts: StatementParts): Promise<void> {
  const last = new ClosedBooks(parts.billing).last()
  if (last === undefined) return
  const { error } = await makeStatement(parts, { period: last.period, format: 'json' })
  if (error !== undefined) throw error
}
