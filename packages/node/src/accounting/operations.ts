/**
 * What accounting does for others: for commands over the control socket (JSON in, JSON out), and
 * for other threads of its process, whose parameters may hold bytes and bigints.
 * @module
 */
import type { Operation } from '../control/server.ts'
import type { AccountingParts } from './parts.ts'

/** Names of accounting's operations. */
export const ACCOUNTING_OPERATIONS = ['ledgerRebuild'] as const

/** Name of one of accounting's operations. */
export type AccountingOperation = (typeof ACCOUNTING_OPERATIONS)[number]

/** Operations over open files. Their callers have made durable what they want to be counted. */
export function accountingOperations({
  host,
}: AccountingParts): Readonly<Record<AccountingOperation, Operation>> {
  return {
    ledgerRebuild: () => host.rebuild(),
  }
}
