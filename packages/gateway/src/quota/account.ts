/**
 * What accounting says of a customer's quota.
 * @module
 */
import type { QuotaReason } from '@turnpike/core/ports/quota'
import { QuotaRefused } from '@turnpike/core/ports/quota'

/** What was used of a limit, and when it begins anew. */
export interface Allowed {
  /** As the ledger had it. */
  readonly usedBytes: bigint
  /** Bytes at which reads are refused; undefined for never. */
  readonly limitBytes: bigint | undefined
  /** Wall-clock ms from which `usedBytes` says nothing any more. */
  readonly endMs: number
}

/** A customer's quota, as of some place in the log. */
export interface QuotaAccount {
  /** Of the part of the month in which the plan is in force. */
  readonly period: Allowed
  /** Of the day (UTC). */
  readonly day: Allowed
  /** Why reads are refused when the period's limit is reached. */
  readonly reason: Extract<QuotaReason, 'limit' | 'balance'>
  /** How they are, whatever the reason. */
  readonly refusal: QuotaRefused['name']
}

const MESSAGES: Readonly<Record<QuotaReason, string>> = {
  limit: 'the plan of who publishes this content expected no more bytes in this period',
  balance: 'the balance of who publishes this content expected to pay for it, but is used up',
  day: 'the plan of who publishes this content expected no more bytes today: try again tomorrow',
  unknown: 'what the plan of who publishes this content allows can not be told now: try again',
}

/** Wait where it can't be told how long it takes. */
const UNKNOWN_WAIT_MS = 10_000

/** A refusal in the words that readers are told. */
export function refusedFor(
  reason: QuotaReason,
  name: QuotaRefused['name'],
  waitMs: number = UNKNOWN_WAIT_MS,
): QuotaRefused {
  return new QuotaRefused(name, reason, MESSAGES[reason], Math.max(1, waitMs))
}
