/**
 * `receiptCounts`: figures of the log and of its epochs, for metrics.
 * @module
 */
import { decodeState } from '@turnpike/accounting/state'
import type { EpochState } from '@turnpike/core/epochs/state'
import type { KindCounts } from '@turnpike/core/ports/domain-index'
import { ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import type { HistogramCounts } from '../metrics/histogram.ts'

/** What `receiptCounts` answers. */
export interface ReceiptCounts {
  /** Entries of the log, by kind: of all that it ever had, unless it was counted anew. */
  readonly appended: KindCounts
  /** Commits since the start. */
  readonly commits: HistogramCounts
  /** Bytes of journal files, with the room that is made ahead. */
  readonly walBytes: number
  readonly states: Readonly<Record<EpochState, number>>
  /** For how long the oldest sealed epoch that is not anchored has been sealed. */
  readonly anchorLagMs: number
}

type CountParts = Pick<
  AccountingParts,
  'journals' | 'domains' | 'epochs' | 'log' | 'hasher' | 'clock' | 'commitTimes'
>

/**
 * The operation `receiptCounts {}`.
 *
 * @example
 * const operations = { receiptCounts: receiptCountsOperation(parts) }
 */
export function receiptCountsOperation(parts: CountParts): Operation {
  const { journals, domains, epochs, log, hasher, clock, commitTimes } = parts
  return async () => {
    const { counts, oldestSealedMs } = await epochs.progress()
    const committed = await log.load()
    const open = committed && decodeState(hasher, committed.bytes).open
    const nowMs = clock.nowMs()
    return ok({
      appended: domains.standing().kinds,
      commits: commitTimes.snapshot(),
      walBytes: await journals.bytes(),
      states: { pending: open ? 1 : 0, ...counts },
      anchorLagMs: Math.max(0, nowMs - (oldestSealedMs ?? nowMs)),
    } satisfies ReceiptCounts)
  }
}
