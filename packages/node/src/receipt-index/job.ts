/**
 * The job that keeps the index of receipts up with the log.
 * @module
 */
import { RECEIPT_INDEX_EVERY_MS } from '@turnpike/core/limits/receipt-index'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'

/** Once a second; what a run leaves undone when accounting closes, the next start does. */
export function receiptIndexJob({ receipts }: Pick<AccountingParts, 'receipts'>): Job {
  return {
    name: 'receipt-index',
    everyMs: RECEIPT_INDEX_EVERY_MS,
    run: (signal) => receipts.catchUp(signal),
  }
}
