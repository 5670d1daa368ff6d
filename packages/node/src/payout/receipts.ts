/**
 * Receipts of consolidations, for processes that serve: beside accounting, which writes them.
 * @module
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import type { AgentStore, TaskRecord } from '@turnpike/core/ports/agent'

/**
 * Receipts in the `billing.sqlite` at `path`, which need not be there yet.
 *
 * @example
 * const task = await new BillingReceipts('/data/billing.sqlite').task(cid)
 */
export class BillingReceipts implements AgentStore {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Asked rarely: nothing is kept open for it. */
  task(task: Uint8Array): TaskRecord | undefined {
    if (!existsSync(this.#path)) return undefined
    const billing = new DatabaseSync(this.#path, {
      readOnly: true,
      timeout: SQLITE_BUSY_TIMEOUT_MS,
    })
    try {
      const row = billing
        .prepare(
          `SELECT task, invocation, receipt_cid AS receiptCid, receipt, consolidated_ms AS ranMs
           FROM payout_batches WHERE task = ? AND receipt IS NOT NULL`,
        )
        .get(task)
      return row && ({ ...row } as unknown as TaskRecord)
    } finally {
      billing.close()
    }
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
