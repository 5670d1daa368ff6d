/**
 * Quotas, grants and balances as they are shown.
 * @module
 */
import { stateOf } from '@turnpike/accounting/quota/events'
import type { CustomerQuota } from '@turnpike/accounting/quota/quota'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { OpenGrant } from '@turnpike/core/billing/grants'
import { formatMicros } from '@turnpike/core/billing/money'
import { countJson } from '@turnpike/core/billing/quantities'
import type { QuotaState } from '@turnpike/core/billing/quota-state'
import { isoOfEpoch } from '../provisioning/show.ts'
import type { Credit, GivenGrant } from './given.ts'

/** A number that JSON says exactly, or its decimals. */
export type ShownCount = number | string

/** A grant as it is shown. */
export interface ShownGrant {
  readonly id: string
  readonly bytes: ShownCount
  /** Absent where that is not asked for. */
  readonly leftBytes?: ShownCount
  readonly priority: number
  readonly from: string
  /** Null for one that does not expire. */
  readonly until: string | null
  readonly created: string
  /** When it was taken back, or null. */
  readonly voided?: string | null
}

/** A payment as it is shown. */
export interface ShownCredit {
  readonly source: string
  readonly id: string
  readonly amount: string
  readonly currency: string
  readonly credited: string
}

/** A quota as it is shown. Counts are bytes. */
export interface ShownQuota {
  readonly customer: string
  readonly state: QuotaState
  readonly plan: string
  readonly planName: string
  readonly period: string
  /** Hours of the period in which the plan is in force. */
  readonly from: string
  readonly until: string
  readonly used: ShownCount
  readonly included: ShownCount
  readonly granted: ShownCount
  readonly overage: ShownCount
  readonly allowance: ShownCount
  /** Null for none. */
  readonly limit: ShownCount | null
  readonly limitKind: 'none' | 'soft' | 'hard'
  readonly day: { readonly used: ShownCount; readonly limit: ShownCount | null }
  readonly balance: { readonly amount: string; readonly currency: string }
  readonly grants: readonly ShownGrant[]
}

/** A quota for JSON. */
export function shownQuota(quota: CustomerQuota): ShownQuota {
  const { plan, day, balance } = quota
  return {
    customer: quota.customer,
    state: stateOf(quota),
    plan: plan.id,
    planName: plan.name,
    period: quota.period.name,
    from: isoOfEpoch(quota.firstEpoch),
    until: isoOfEpoch(quota.endEpoch),
    used: countJson(quota.usedBytes),
    included: countJson(quota.includedBytes),
    granted: countJson(quota.grantedBytes),
    overage: countJson(quota.overageBytes),
    allowance: countJson(quota.allowanceBytes),
    limit: optionalCount(quota.limitBytes),
    limitKind: plan.egress.limit,
    day: { used: countJson(day.usedBytes), limit: optionalCount(day.limitBytes) },
    balance: { amount: formatMicros(balance.micros), currency: balance.currency },
    grants: quota.grants.map(shownOpenGrant),
  }
}

/** A grant for JSON, with what is left of it. */
export function shownOpenGrant(grant: OpenGrant): ShownGrant {
  return { ...shownTerms(grant), leftBytes: countJson(grant.leftBytes) }
}

/** A grant for JSON, as it was put down. */
export function shownGrant(grant: GivenGrant): ShownGrant {
  const { voidedMs } = grant
  return { ...shownTerms(grant), voided: voidedMs === undefined ? null : isoOf(voidedMs) }
}

/** A payment for JSON. */
export function shownCredit({ source, id, micros, currency, creditedMs }: Credit): ShownCredit {
  return { source, id, amount: formatMicros(micros), currency, credited: isoOf(creditedMs) }
}

function shownTerms(
  grant: Pick<GivenGrant, 'id' | 'bytes' | 'priority' | 'firstEpoch' | 'endEpoch' | 'createdMs'>,
): ShownGrant {
  const { id, bytes, priority, firstEpoch, endEpoch, createdMs } = grant
  return {
    id,
    bytes: countJson(bytes),
    priority,
    from: isoOf(firstEpoch * EPOCH_MS),
    until: endEpoch === undefined ? null : isoOf(endEpoch * EPOCH_MS),
    created: isoOf(createdMs),
  }
}

function optionalCount(count: bigint | undefined): ShownCount | null {
  return count === undefined ? null : countJson(count)
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
