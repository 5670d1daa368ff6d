/**
 * What the consolidation of a batch comes to.
 * Source: Storacha, "egress tracking", `space/egress/consolidate`.
 * @module
 */
import { RECEIPT_ERRORS_MAX } from '@turnpike/core/limits/payout'
import { PAYOUT_GRACE_MS } from '@turnpike/core/limits/payout'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { periodOf } from '@turnpike/core/billing/period'
import type {
  CheckedBatch,
  Consolidation,
  ProvenRetrieval,
  ReceiptError,
} from '@turnpike/core/ports/payouts'

/** The month in which a retrieval is paid: its own while that takes late ones in, or this one. */
export function payoutMonth(servedMs: number, consolidatedMs: number): string {
  const own = periodOf(epochOf(servedMs))
  const isOpen = consolidatedMs < own.endEpoch * EPOCH_MS + PAYOUT_GRACE_MS
  return isOpen ? own.name : periodOf(epochOf(consolidatedMs)).name
}

/**
 * The outcome of a batch, given which of its retrievals are counted now.
 *
 * @param isNew told of each in its order, so that the second of two in one batch is none
 * @example
 * const { outcome, counted } = consolidationOf(checked, (task) => insertSeen(task))
 */
export function consolidationOf(
  { proven, errors, errorsLeftOff }: CheckedBatch,
  isNew: (task: Uint8Array) => boolean,
): { readonly outcome: Consolidation; readonly counted: readonly ProvenRetrieval[] } {
  const counted: ProvenRetrieval[] = []
  const listed = [...errors]
  let leftOff = errorsLeftOff
  let total = 0n
  for (const one of proven)
    if (isNew(one.task)) {
      counted.push(one)
      total += BigInt(one.bytes)
    } else if (listed.length < RECEIPT_ERRORS_MAX) listed.push(alreadyCounted(one))
    else leftOff += 1
  if (leftOff > 0) listed.push(moreErrors(leftOff, listed.at(-1)!))
  return { outcome: { ok: { totalEgress: countOf(total), errors: listed } }, counted }
}

function alreadyCounted({ receipt }: ProvenRetrieval): ReceiptError {
  const message = 'retrieval expected to be told of once, was counted before'
  return { name: 'AlreadyCounted', message, receipt }
}

function moreErrors(count: number, { receipt }: ReceiptError): ReceiptError {
  return { name: 'ErrorsLeftOff', message: `${count} more receipts were refused`, receipt }
}

/** A count as DAG-CBOR has it: what is beyond 2^53 keeps all its digits. */
function countOf(bytes: bigint): number | bigint {
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : bytes
}
