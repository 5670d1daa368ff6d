/**
 * What a customer's month costs.
 * @module
 */
import type { Money } from '@turnpike/core/billing/money'
import { endOf } from '@turnpike/core/billing/ownership'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { epochOf } from '@turnpike/core/billing/epoch'
import type { Plan, Plans } from '@turnpike/core/billing/plan'
import { rate } from '@turnpike/core/billing/rate'
import type { PlanStretch, Rated, UsedHour } from '@turnpike/core/billing/rate'
import type { Customer, PlanTerm } from '@turnpike/core/ports/provisioning'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { PlanUnknown } from './sources.ts'
import type { Bill, Opening } from './statement.ts'

/**
 * Stretches of a month in which a customer was on one plan, from the hour in which the customer
 * came on: on the standard plan until another was chosen.
 *
 * @example
 * const { ok: stretches, error } = planStretches(customer, terms, plans, period)
 */
export function planStretches(
  customer: Customer,
  terms: readonly PlanTerm[],
  plans: Plans,
  period: EpochSpan,
): Result<readonly PlanStretch[], PlanUnknown> {
  const stretches: PlanStretch[] = []
  let at = Math.max(period.firstEpoch, epochOf(customer.createdMs))
  const add = (plan: Plan, to: number): void => {
    const endEpoch = Math.min(to, period.endEpoch)
    if (at < endEpoch) stretches.push({ plan, firstEpoch: at, endEpoch })
    at = Math.max(at, endEpoch)
  }
  for (const term of terms) {
    add(plans.standard, term.firstEpoch)
    const isInPeriod = endOf(term) > at && term.firstEpoch < period.endEpoch
    if (!isInPeriod) continue
    const plan = plans.byId.get(term.plan)
    if (plan === undefined) return fail(new PlanUnknown(customer.did, term.plan))
    add(plan, endOf(term))
  }
  add(plans.standard, period.endEpoch)
  return ok(stretches)
}

/**
 * Rates hours and draws on balances: prepaid plans' overage, as far as there is balance.
 *
 * @example
 * const bill = billOf(stretches, hours, opening, period)
 */
export function billOf(
  stretches: readonly PlanStretch[],
  hours: readonly UsedHour[],
  opening: Opening,
  period: EpochSpan,
): Bill {
  const { grants, creditBytes } = opening
  const rated = rate({ period, stretches, hours, grants, creditBytes })
  return { opening, rated, ...paidFrom(rated, opening) }
}

/** What is drawn from balances for a month, and the rest of what it costs. */
export function paidFrom(rated: Rated, opening: Opening): Pick<Bill, 'paid' | 'due'> {
  const paid: Money[] = []
  const due: Money[] = []
  for (const { currency, micros } of rated.totals) {
    const drawn = least(prepaidOverage(rated, currency), balanceIn(opening, currency))
    if (drawn > 0n) paid.push({ currency, micros: drawn })
    due.push({ currency, micros: micros - drawn })
  }
  return { paid, due }
}

function prepaidOverage({ stretches }: Rated, currency: string): bigint {
  let micros = 0n
  for (const { plan, egress, storage } of stretches)
    if (plan.prepaid && plan.currency === currency) micros += egress.micros + storage.micros
  return micros
}

function balanceIn({ balances }: Opening, currency: string): bigint {
  const micros = balances.find((one) => one.currency === currency)?.micros ?? 0n
  return micros > 0n ? micros : 0n
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
