/**
 * Receipts of consolidations, for processes that serve: beside accounting, which writes them.
 * @module
 */
import type { AgentStore, TaskRecord } from '@turnpike/core/ports/agent'
import { readBilling } from '../billing/read.ts'

const RECEIPT = `
  SELECT task, invocation, receipt_cid AS receiptCid, receipt, consolidated_ms AS ranMs
  FROM payout_batches WHERE task = ? AND receipt IS NOT NULL
`

/**
 * Receipts in the `billing.sqlite` at `path`, which need not be there yet.
 *
 * @example
 * const task = await billingReceipts('/data/billing.sqlite').task(cid)
 */
export function billingReceipts(path: string): AgentStore {
  return {
    task: (task) =>
      readBilling(path, (billing) => {
        const row = billing.prepare(RECEIPT).get(task)
        return row && ({ ...row } as unknown as TaskRecord)
      }),
  }
}

/** Receipts of several stores: the first that has one. */
export function firstOf(...stores: readonly AgentStore[]): AgentStore {
  return {
    async task(task) {
      for (const store of stores) {
        const found = await store.task(task)
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}
