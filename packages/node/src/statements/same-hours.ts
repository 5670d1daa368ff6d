/**
 * Whether anything entered hours that were added up beside the log.
 * @module
 */
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import type { LedgerView, UsageCounts } from '@turnpike/core/ports/ledger'

/**
 * Whether a ledger still has of some hours what it had when a snapshot was taken. Hours that are
 * over change when a clock was set back meanwhile.
 *
 * @example
 * if (!(await hasSameHours(ledger, snapshot, period))) return ok({ closed: undefined })
 */
export async function hasSameHours(
  ledger: Pick<LedgerView, 'query'>,
  snapshot: Pick<LedgerView, 'query'>,
  { firstEpoch, endEpoch }: EpochSpan,
): Promise<boolean> {
  const { total: now } = await ledger.query({ firstEpoch, endEpoch })
  const { total: then } = await snapshot.query({ firstEpoch, endEpoch })
  return (Object.keys(now) as (keyof UsageCounts)[]).every((name) => now[name] === then[name])
}
