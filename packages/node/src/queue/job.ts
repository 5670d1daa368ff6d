/**
 * The job that watches over dead messages, and forgets those that nobody looked at.
 * @module
 */
import { QUEUE_LOOK_MS } from '@turnpike/core/limits/queue'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import { SqliteQueueKeeper } from './keeper.ts'

/** The job. It fails while there are dead messages: that is logged, and a metric. */
export function queueJob({ billing, clock }: Pick<AccountingParts, 'billing' | 'clock'>): Job {
  const keeper = new SqliteQueueKeeper(billing, clock)
  return {
    name: 'queue',
    everyMs: QUEUE_LOOK_MS,
    async run(signal) {
      let purged = 0
      for (let rows = keeper.purge(); rows.length > 0; rows = signal.aborted ? [] : keeper.purge())
        purged += rows.length
      const dead = keeper.counts().filter((count) => count.dead > 0)
      if (purged === 0 && dead.length === 0) return
      const counts = dead.map((count) => `${count.dead} of ${count.topic}`).join(', ') || 'none'
      const gone = purged === 0 ? '' : `; ${purged} were forgotten after 14 days`
      throw new Error(`no dead messages expected, got ${counts}${gone}: see turnpike queue ls`)
    },
  }
}
