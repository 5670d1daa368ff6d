/**
 * What the gate is told of a quota, on its way from accounting.
 * @module
 */
import type { CustomerQuota } from '@turnpike/accounting/quota/quota'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { Allowed, QuotaAccount } from '@turnpike/gateway/quota/account'

/** Bytes as decimals, so that it may pass through JSON. */
interface AllowedJson {
  readonly used: string
  readonly limit: string | null
  readonly endMs: number
}

/** A `QuotaAccount` in JSON. */
export interface AccountJson extends Pick<QuotaAccount, 'reason' | 'refusal'> {
  readonly period: AllowedJson
  readonly day: AllowedJson
}

/** What the gate has to know of a quota. */
export function accountJson(quota: CustomerQuota): AccountJson {
  const { plan, usedBytes, limitBytes, endEpoch, day } = quota
  return {
    period: allowedJson(usedBytes, limitBytes, endEpoch),
    day: allowedJson(day.usedBytes, day.limitBytes, day.endEpoch),
    reason: plan.prepaid ? 'balance' : 'limit',
    refusal: plan.refusalStatus === 402 ? 'PaymentRequired' : 'QuotaExceeded',
  }
}

/** Reads what {@link accountJson} wrote. */
export function accountOf({ period, day, reason, refusal }: AccountJson): QuotaAccount {
  return { period: allowedOf(period), day: allowedOf(day), reason, refusal }
}

function allowedJson(used: bigint, limit: bigint | undefined, endEpoch: number): AllowedJson {
  return {
    used: String(used),
    limit: limit === undefined ? null : String(limit),
    endMs: endEpoch * EPOCH_MS,
  }
}

function allowedOf({ used, limit, endMs }: AllowedJson): Allowed {
  return {
    usedBytes: BigInt(used),
    limitBytes: limit === null ? undefined : BigInt(limit),
    endMs,
  }
}
