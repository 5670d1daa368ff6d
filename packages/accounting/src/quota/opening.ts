/**
 * What a customer brings into a month: from what was carried out of the last one that was closed,
 * over those since, which are rated anew.
 * @module
 */
import { epochOf } from '@turnpike/core/billing/epoch'
import { cutByGrants } from '@turnpike/core/billing/grants'
import type { Money } from '@turnpike/core/billing/money'
import { type Period, periodBefore } from '@turnpike/core/billing/period'
import { egressBytesOf } from '@turnpike/core/billing/quantities'
import { type PlanStretch, rate, type Rated, type UsedHour } from '@turnpike/core/billing/rate'
import type { Customer } from '@turnpike/core/ports/provisioning'
import { ok, type Result } from '@turnpike/core/result'
import { billedOf } from '../billed.ts'
import { paidFrom, planStretches } from '../statement/bill.ts'
import type { PlanUnknown } from '../statement/sources.ts'
import type { Opening } from '../statement/statement.ts'
import type { Carried, QuotaSources } from './sources.ts'

/** A month of one customer as far as it is over. */
export interface RatedMonth {
  readonly opening: Opening
  readonly rated: Rated
}

const NOTHING: Carried = { grantsLeftBytes: new Map(), creditBytes: 0n, drawn: [] }

/**
 * What a customer brings into a period.
 *
 * @example
 * const { ok: opening, error } = await openingOf(sources, customer, periodOf(epoch))
 */
export async function openingOf(
  sources: QuotaSources,
  customer: Customer,
  period: Period,
): Promise<Result<Opening, PlanUnknown>> {
  const carried = await carriedInto(sources, customer, period)
  return carried.error === undefined
    ? ok(await openWith(sources, customer, period, carried.ok))
    : carried
}

/** What a customer carries out of a month: to be kept when it is closed. */
export function carriedOut({ opening, rated }: RatedMonth, before: Carried): Carried {
  const { paid } = paidFrom(rated, opening)
  return {
    grantsLeftBytes: new Map([...before.grantsLeftBytes, ...rated.grantsLeftBytes]),
    creditBytes: rated.creditBytes,
    drawn: added(before.drawn, paid),
  }
}

/** What a customer carries into a month. */
export async function carriedInto(
  sources: QuotaSources,
  customer: Customer,
  period: Period,
): Promise<Result<Carried, PlanUnknown>> {
  const { given } = sources
  const since: Period[] = []
  let carried: Carried | undefined
  const firstEpoch = epochOf(customer.createdMs)
  for (let before = periodBefore(period); before; before = periodBefore(before)) {
    if (before.endEpoch <= firstEpoch) break
    carried = await given.carried(customer.did, before.name)
    if (carried !== undefined) break
    since.unshift(before)
  }
  carried ??= NOTHING
  for (const month of since) {
    const opening = await openWith(sources, customer, month, carried)
    const rated = await rateMonth(sources, customer, month, opening)
    if (rated.error !== undefined) return rated
    carried = carriedOut({ opening, rated: rated.ok }, carried)
  }
  return ok(carried)
}

async function openWith(
  { given }: QuotaSources,
  { did }: Customer,
  { firstEpoch, endEpoch }: Period,
  carried: Carried,
): Promise<Opening> {
  const grants = (await given.grants(did))
    .filter((one) => one.firstEpoch < endEpoch && (one.endEpoch ?? Infinity) > firstEpoch)
    .map((one) => {
      const leftBytes = carried.grantsLeftBytes.get(one.id) ?? one.bytes
      return Object.assign({}, one, { leftBytes })
    })
  const drawn = carried.drawn.map(({ currency, micros }) => ({ currency, micros: -micros }))
  const balances = added(await given.paidIn(did, endEpoch), drawn)
  return { grants, creditBytes: carried.creditBytes, balances }
}

/**
 * Rates a month, or what of it is over by now: from sums over the hours between which nothing
 * changes, which come to the same as all of its hours.
 */
export async function rateMonth(
  sources: QuotaSources,
  customer: Customer,
  period: Period,
  opening: Opening,
): Promise<Result<Rated, PlanUnknown>> {
  const stretches = await stretchesOf(sources, customer, period)
  if (stretches.error !== undefined) return stretches
  const { grants, creditBytes } = opening
  const ownerships = await sources.owners.ofCustomer(customer.did)
  const hours: UsedHour[] = []
  for (const { firstEpoch, endEpoch } of stretches.ok)
    for (const cut of cutByGrants(firstEpoch, endEpoch, grants)) {
      const { total } = await billedOf(sources, ownerships, cut)
      const { storageByteMs } = total
      hours.push({ epoch: cut.firstEpoch, egressBytes: egressBytesOf(total), storageByteMs })
    }
  return ok(rate({ period, stretches: stretches.ok, hours, grants, creditBytes }))
}

/** Stretches of a month in which a customer was on one plan. */
export async function stretchesOf(
  { planTerms, plans }: Pick<QuotaSources, 'planTerms' | 'plans'>,
  customer: Customer,
  period: Period,
): Promise<Result<readonly PlanStretch[], PlanUnknown>> {
  return planStretches(customer, await planTerms.plansOf(customer.did), plans, period)
}

function added(a: readonly Money[], b: readonly Money[]): Money[] {
  const sums = new Map<string, bigint>()
  for (const { currency, micros } of [...a, ...b])
    sums.set(currency, (sums.get(currency) ?? 0n) + micros)
  const currencies = [...sums.keys()].toSorted()
  return currencies.map((currency) => ({ currency, micros: sums.get(currency)! }))
}
