/**
 * The job that keeps the index of domains up with the log.
 * @module
 */
import { followDomains } from '@turnpike/accounting/analytics/follow-domains'
import { LogReader } from '@turnpike/accounting/reader'
import { decodeState } from '@turnpike/accounting/state'
import { LOG_ROUND_MS } from '@turnpike/core/limits/log'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'

/** After each round of the sequencer; what a run leaves undone, the next one does. */
export function domainIndexJob({
  log,
  hasher,
  domains,
}: Pick<AccountingParts, 'log' | 'hasher' | 'domains'>): Job {
  return {
    name: 'domain-index',
    everyMs: LOG_ROUND_MS,
    async run(signal) {
      const committed = await log.load()
      if (committed === undefined) return
      const state = decodeState(hasher, committed.bytes)
      await followDomains(new LogReader(log, hasher, state), domains, signal)
    },
  }
}

/** Index of the first entry that is still to be counted; entries before it may go. */
export function domainsReadBefore({ domains }: Pick<AccountingParts, 'domains'>): number {
  return domains.standing().through
}
