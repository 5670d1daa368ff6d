/**
 * Where a customer stands: what was used of what the plan allows, as of the ledger.
 * @module
 */
import { affordableBytes } from '@turnpike/core/billing/affordable'
import { DAY_EPOCHS } from '@turnpike/core/billing/epoch'
import { isInForce, type OpenGrant } from '@turnpike/core/billing/grants'
import type { Money } from '@turnpike/core/billing/money'
import { endOf } from '@turnpike/core/billing/ownership'
import { type Period, periodOf } from '@turnpike/core/billing/period'
import type { Plan } from '@turnpike/core/billing/plan'
import { priceMicros, prorated } from '@turnpike/core/billing/price'
import type { Rated, StretchCharge } from '@turnpike/core/billing/rate'
import type { Customer, Ownership } from '@turnpike/core/ports/provisioning'
import { ok, type Result } from '@turnpike/core/result'
import { paidFrom } from '../statement/bill.ts'
import type { PlanUnknown } from '../statement/sources.ts'
import type { Opening } from '../statement/statement.ts'
import { openingOf, rateMonth } from './opening.ts'
import type { QuotaSources } from './sources.ts'

/** A customer's quota in the hour that it was asked for. */
export interface CustomerQuota {
  readonly customer: string
  readonly period: Period
  readonly plan: Plan
  /** Hours of the period in which that plan is in force: what follows is about them. */
  readonly firstEpoch: number
  readonly endEpoch: number
  /** Billed bytes, less credits. */
  readonly usedBytes: bigint
  /** The plan's part for these hours. */
  readonly includedBytes: bigint
  /** What grants have covered, and what is left of those that are in force now. */
  readonly grantedBytes: bigint
  readonly grants: readonly OpenGrant[]
  readonly overageBytes: bigint
  /** What is left of the balance in the plan's currency, all overage so far paid. */
  readonly balance: Money
  /** Bytes in all that are included, granted or can be paid from the balance. */
  readonly allowanceBytes: bigint
  /** Bytes in all at which reads are refused; undefined for never. */
  readonly limitBytes: bigint | undefined
  readonly day: {
    readonly firstEpoch: number
    readonly endEpoch: number
    /** Bytes delivered since it began, credited or not. */
    readonly usedBytes: bigint
    readonly limitBytes: bigint | undefined
  }
}

/**
 * A customer's quota.
 *
 * @param epoch the hour, on the log's clock
 * @returns undefined for one who was not a customer yet
 * @example
 * const { ok, error } = await quotaOf(sources, customer, epochOf(clock.nowMs()))
 */
export async function quotaOf(
  sources: QuotaSources,
  customer: Customer,
  epoch: number,
): Promise<Result<{ readonly quota: CustomerQuota | undefined }, PlanUnknown>> {
  const period = periodOf(epoch)
  const opening = await openingOf(sources, customer, period)
  if (opening.error !== undefined) return opening
  const rated = await rateMonth(sources, customer, period, opening.ok)
  if (rated.error !== undefined) return rated
  const now = rated.ok.stretches.find((one) => one.firstEpoch <= epoch && epoch < one.endEpoch)
  if (now === undefined) return ok({ quota: undefined })
  const ownerships = await sources.owners.ofCustomer(customer.did)
  const room = roomOf({ period, opening: opening.ok, rated: rated.ok, now, epoch })
  const { plan, firstEpoch, endEpoch, egress } = now
  const { usedBytes, includedBytes, grantedBytes, overageBytes } = egress
  return ok({
    quota: {
      customer: customer.did,
      period,
      plan,
      firstEpoch,
      endEpoch,
      usedBytes,
      includedBytes,
      grantedBytes,
      overageBytes,
      ...room,
      day: await dayOf(sources, ownerships, epoch, plan.egress.dayBytesMax),
    },
  })
}

interface Standing {
  readonly period: Period
  readonly opening: Opening
  readonly rated: Rated
  readonly now: StretchCharge
  readonly epoch: number
}

type Room = Pick<CustomerQuota, 'grants' | 'balance' | 'allowanceBytes' | 'limitBytes'>

function roomOf(standing: Standing): Room {
  const { opening, rated, now, epoch } = standing
  const { plan, egress } = now
  const grants = opening.grants
    .filter((grant) => isInForce(grant, epoch))
    .map((one) => Object.assign({}, one, { leftBytes: rated.grantsLeftBytes.get(one.id)! }))
  const leftBytes = grants.reduce((sum, grant) => sum + grant.leftBytes, 0n)
  const balance = balanceOf(standing)
  const coveredBytes = egress.includedBytes + egress.grantedBytes + leftBytes
  const paidBytes = plan.prepaid ? payableBytes(standing, balance.micros) : 0n
  const common = { grants, balance }
  if (paidBytes === undefined)
    return { ...common, allowanceBytes: coveredBytes, limitBytes: undefined }
  const allowanceBytes = coveredBytes + paidBytes
  if (plan.egress.limit !== 'hard') return { ...common, allowanceBytes, limitBytes: undefined }
  return { ...common, allowanceBytes, limitBytes: allowanceBytes + beyondBytes(standing) }
}

/** How far the limit lies beyond what is included. */
function beyondBytes({ now, period }: Standing): bigint {
  const { limitBytes } = now.plan.egress
  if (limitBytes === undefined) return 0n
  return prorated(limitBytes, now, period) - now.egress.includedBytes
}

/** What is left of the balance in the plan's currency. */
function balanceOf({ opening, rated, now }: Standing): Money {
  const { currency } = now.plan
  const micros = (amounts: readonly Money[]): bigint =>
    amounts.find((one) => one.currency === currency)?.micros ?? 0n
  return { currency, micros: micros(opening.balances) - micros(paidFrom(rated, opening).paid) }
}

/** Bytes of overage of this stretch that are paid or can be; undefined where they cost nothing. */
function payableBytes({ rated, now }: Standing, leftMicros: bigint): bigint | undefined {
  const { egress } = now.plan
  const to = rated.stretches
    .slice(0, rated.stretches.indexOf(now) + 1)
    .reduce((sum, stretch) => sum + stretch.egress.overageBytes, 0n)
  const spent = priceMicros(egress, { from: 0n, to, unitsPerByte: 1n })
  const bytes = affordableBytes(egress, spent + leftMicros)
  if (bytes === undefined) return undefined
  const more = bytes > to ? bytes - to : 0n
  return now.egress.overageBytes + more
}

async function dayOf(
  { ledger }: QuotaSources,
  ownerships: readonly Ownership[],
  epoch: number,
  limitBytes: bigint | undefined,
): Promise<CustomerQuota['day']> {
  const firstEpoch = Math.floor(epoch / DAY_EPOCHS) * DAY_EPOCHS
  const endEpoch = firstEpoch + DAY_EPOCHS
  const spans = ownerships
    .map((owned) => ({
      space: owned.space,
      firstEpoch: Math.max(owned.firstEpoch, firstEpoch),
      endEpoch: Math.min(endOf(owned), endEpoch),
    }))
    .filter((span) => span.firstEpoch < span.endEpoch)
  const { total } = await ledger.sums({ spans })
  return { firstEpoch, endEpoch, usedBytes: total.bytes, limitBytes }
}
