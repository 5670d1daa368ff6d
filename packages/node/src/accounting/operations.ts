/**
 * What accounting does for others: for commands over the control socket (JSON in, JSON out), and
 * for other threads of its process, whose parameters may hold bytes and bigints.
 * @module
 */
import { ackOperation } from '../acks/operation.ts'
import { analyticsOperations } from '../analytics/operations.ts'
import { receiptCountsOperation } from '../analytics/receipt-counts.ts'
import type { Operation } from '../control/server.ts'
import { domainOperations } from '../domains/operations.ts'
import { DomainOwners } from '../domains/owners.ts'
import { bundleOperation } from '../bundles/operation.ts'
import { creditOperations } from '../credits/operations.ts'
import { epochOperations } from '../epochs/operations.ts'
import { egressRecordOperation } from '../egress/recorder.ts'
import { handoverOperations } from '../handover/answer.ts'
import { payoutOperation } from '../payout/operation.ts'
import { egressTrackOperation } from '../payout/track.ts'
import { batchOperation } from '../handover/take.ts'
import { voidOperation } from '../inbox/void.ts'
import { queueOperations } from '../queue/operations.ts'
import { quotaOperations } from '../quota/operations.ts'
import { receiptOperations } from '../receipts/operations.ts'
import { statementOperation } from '../statements/operation.ts'
import { stripeOperations } from '../stripe/open.ts'
import { usageOperations } from '../usage/operations.ts'
import { usageOperation } from '../usage/report-operation.ts'
import type { AccountingParts } from './parts.ts'

/** Names of accounting's operations. */
export const ACCOUNTING_OPERATIONS = [
  'anchorConflictForget',
  'balanceCredit',
  'balanceShow',
  'creditBalance',
  'creditLs',
  'creditPolicy',
  'creditSeed',
  'creditSpend',
  'creditTotals',
  'domainCheck',
  'domainLs',
  'egressRecord',
  'egressTrack',
  'epochs',
  'gatewayEpoch',
  'gatewayPolicy',
  'gatewayReadsSince',
  'gatewayReceipt',
  'grantAdd',
  'grantLs',
  'grantVoid',
  'handover',
  'handoverRetry',
  'journalBatch',
  'ledgerRebuild',
  'queueLs',
  'queueRedrive',
  'payout',
  'receiptAck',
  'receiptCounts',
  'receiptEdge',
  'receiptProof',
  'reconcile',
  'statement',
  'statementBundle',
  'stripeMap',
  'stripeRedrive',
  'stripeStatus',
  'quota',
  'quotaAccounts',
  'usage',
  'usageAccount',
  'usageEgressByDay',
  'usageStorage',
  'void',
] as const

/** Name of one of accounting's operations. */
export type AccountingOperation = (typeof ACCOUNTING_OPERATIONS)[number]

/** Operations over open files. Their callers have made durable what they want to be counted. */
export function accountingOperations(
  parts: AccountingParts,
): Readonly<Record<AccountingOperation, Operation>> {
  const owners = new DomainOwners(parts.billing)
  return {
    ...analyticsOperations({ ...parts, owners }),
    ...domainOperations({ ...parts, owners }),
    ...creditOperations(parts),
    egressRecord: egressRecordOperation(parts),
    ...epochOperations(parts),
    egressTrack: egressTrackOperation(parts),
    ...handoverOperations(parts.settings),
    journalBatch: batchOperation(parts),
    ledgerRebuild: () => parts.host.rebuild(),
    payout: payoutOperation(parts),
    receiptAck: ackOperation(parts),
    receiptCounts: receiptCountsOperation(parts),
    ...receiptOperations(parts),
    statement: statementOperation(parts),
    statementBundle: bundleOperation(parts),
    ...stripeOperations(parts),
    void: voidOperation(parts),
    ...queueOperations(parts),
    ...quotaOperations(parts),
    usage: usageOperation(parts),
    ...usageOperations(parts),
  }
}

/** Operations that don't ask for what was read so far. */
export const UNFLUSHED: ReadonlySet<string> = new Set<AccountingOperation>([
  'domainCheck',
  'domainLs',
  'gatewayEpoch',
  'gatewayPolicy',
  'gatewayReadsSince',
  'gatewayReceipt',
  'anchorConflictForget',
  'creditBalance',
  'creditLs',
  'creditPolicy',
  'creditSeed',
  'creditSpend',
  'creditTotals',
  'egressTrack',
  'epochs',
  'handover',
  'handoverRetry',
  'journalBatch',
  'queueLs',
  'queueRedrive',
  'receiptAck',
  'receiptCounts',
  'receiptEdge',
  'receiptProof',
])
