/**
 * What is told of quotas: that a share of what a plan covers was used, and that a state changed.
 * @module
 */
import { countJson } from '@turnpike/core/billing/quantities'
import { type QuotaState, quotaState, thresholdReached } from '@turnpike/core/billing/quota-state'
import { QUOTA_WARN_PERCENT } from '@turnpike/core/limits/billing'
import type { CustomerQuota } from './quota.ts'

/** Shares of what a plan covers that are told of when they were used. */
export const QUOTA_THRESHOLDS: readonly number[] = [50, 80, 100]

/** What was told of a customer. */
export interface Told {
  /** Hours of which: the first in which the plan was in force in that month. */
  readonly firstEpoch: number
  /** Greatest threshold that was told of, or 0. */
  readonly threshold: number
  readonly state: QuotaState
  /** Changes of the state that were told of, ever. */
  readonly changes: number
}

/** An event, in JSON. Counts are bytes. */
export interface QuotaEvent {
  /** Names the event, for those who get it twice. */
  readonly id: string
  readonly type: 'quota.threshold' | 'quota.state'
  readonly customer: string
  readonly plan: string
  readonly period: string
  /** Of a threshold: percent of what is covered. */
  readonly threshold?: number
  readonly state: QuotaState
  /** Of a change. */
  readonly before?: QuotaState
  readonly used: number | string
  readonly allowance: number | string
  readonly limit: number | string | null
  /** When it was noticed, ISO 8601. */
  readonly at: string
}

/** State of a quota as of the ledger, without what is being read. */
export function stateOf(quota: CustomerQuota): QuotaState {
  const isWatched = quota.plan.egress.limit !== 'none'
  const allowanceBytes = isWatched ? quota.allowanceBytes : undefined
  return quotaState({ ...quota, reservedBytes: 0n, allowanceBytes }, QUOTA_WARN_PERCENT)
}

/**
 * What is to be told of a quota, after what was told before; the same quota again tells nothing.
 *
 * @param nameOf makes an event's id from what tells it from all others
 * @example
 * const { events, told } = quotaEvents(before, quota, { nowMs, nameOf })
 */
export function quotaEvents(
  before: Told | undefined,
  quota: CustomerQuota,
  { nowMs, nameOf }: { readonly nowMs: number; readonly nameOf: (of: string) => string },
): { readonly events: readonly QuotaEvent[]; readonly told: Told } {
  const { customer, plan, period, firstEpoch, usedBytes, allowanceBytes } = quota
  const state = stateOf(quota)
  const isSame = before?.firstEpoch === firstEpoch
  const toldOf = isSame ? before.threshold : 0
  const isWatched = plan.egress.limit !== 'none'
  const reached = isWatched ? thresholdReached(usedBytes, allowanceBytes, QUOTA_THRESHOLDS) : 0
  const was = before?.state ?? 'ok'
  const changes = (before?.changes ?? 0) + (was === state ? 0 : 1)
  const common = {
    customer,
    plan: plan.id,
    period: period.name,
    state,
    used: countJson(usedBytes),
    allowance: countJson(allowanceBytes),
    limit: quota.limitBytes === undefined ? null : countJson(quota.limitBytes),
    at: new Date(nowMs).toISOString(),
  }
  const passed = QUOTA_THRESHOLDS.filter((one) => one > toldOf && one <= (reached ?? 0))
  const events: QuotaEvent[] = passed.map((threshold) => {
    const id = nameOf(`${customer} ${firstEpoch} threshold ${threshold}`)
    return Object.assign({ id, type: 'quota.threshold' as const, threshold }, common)
  })
  if (was !== state) {
    const id = nameOf(`${customer} state ${changes}`)
    events.push({ id, type: 'quota.state', before: was, ...common })
  }
  const threshold = Math.max(toldOf, ...passed)
  return { events, told: { firstEpoch, threshold, state, changes } }
}
