/**
 * The job that lets go of old log entries, and of what the ledger knows about single CIDs.
 * @module
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { DAY_EPOCHS, epochOf } from '@turnpike/core/billing/epoch'
import { FORGET_CIDS_MAX, RETENTION_EVERY_MS } from '@turnpike/core/limits/log'
import type { Job } from './jobs.ts'
import type { AccountingParts } from './parts.ts'

/** What of a deployment the job works on. */
export type RetentionParts = Pick<AccountingParts, 'settings' | 'ledger' | 'clock'> & {
  readonly host: Pick<AccountingParts['host'], 'catchUp' | 'dropEntries'>
}

/**
 * Drops what is older than the settings say. It works in small steps between the rounds, and begins
 * where it stopped.
 *
 * @param readBefore index before which all who follow the log have read it, besides the ledger
 * @example
 * const job = retentionJob(parts, () => sender.position())
 */
export function retentionJob(parts: RetentionParts, readBefore: () => number): Job {
  const { settings, clock } = parts
  const { logEntriesDays, usageCidDays } = settings
  return {
    name: 'retention',
    everyMs: RETENTION_EVERY_MS,
    run: async (signal) => {
      // A clock that is set ahead would drop what is young: then nothing is sequenced either.
      const { error } = await parts.host.catchUp()
      if (error !== undefined) throw error
      const now = epochOf(clock.nowMs())
      if (logEntriesDays > 0)
        await dropEntries(parts, now - logEntriesDays * DAY_EPOCHS, readBefore(), signal)
      if (usageCidDays > 0) await forgetCids(parts, now - usageCidDays * DAY_EPOCHS, signal)
    },
  }
}

async function dropEntries(
  { host }: RetentionParts,
  beforeEpoch: number,
  beforeIndex: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const dropped = await host.dropEntries({ beforeEpoch, beforeIndex })
    if (dropped.error !== undefined) throw dropped.error
    if (!dropped.ok.more) return
  }
}

async function forgetCids(
  { ledger }: RetentionParts,
  beforeEpoch: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && ledger.forgetCids(beforeEpoch, FORGET_CIDS_MAX)) await yieldToOthers()
}
