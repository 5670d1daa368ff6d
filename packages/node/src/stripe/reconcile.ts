/**
 * The three-way reconciliation: the log's SEALs, the ledger, what was put down for Stripe, and what
 * Stripe has.
 * @module
 */
import { compareWithLog } from '@turnpike/accounting/compare-log'
import type { LogState } from '@turnpike/accounting/state'
import { buildStatement } from '@turnpike/accounting/statement/build'
import type { HourTotal } from '@turnpike/accounting/statement/statement'
import { epochOf } from '@turnpike/core/billing/epoch'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { epochText, periodBefore, periodOf, type Period } from '@turnpike/core/billing/period'
import {
  RECONCILE_LISTED_MAX,
  STRIPE_LATE_MS,
  STRIPE_SETTLE_MS,
} from '@turnpike/core/limits/billing'
import type { Result } from '@turnpike/core/result'
import type { AccountingStopped } from '../accounting/fault.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import { withSources, type OpenSources } from '../statements/sources.ts'
import type { StripeApi } from './client.ts'
import { correctHours } from './correct.ts'
import { METERS, type MeterKind } from './meters.ts'
import { StripeOutbox } from './outbox.ts'

/** Two sides that say different things of the same. Counts are decimal strings. */
export interface Difference {
  readonly between: 'log and ledger' | 'ledger and outbox' | 'outbox and Stripe' | 'outbox'
  /** What it is about: an hour, or a month, a customer and a meter. */
  readonly about: string
  readonly left: string
  readonly right: string
}

/** What was compared, and what differs. */
export interface Reconciliation {
  readonly periods: readonly string[]
  /** Sealed epochs of which log and ledger were compared. */
  readonly epochs: number
  /** Sums of customers and meters that were compared with the outbox, and with Stripe. */
  readonly sums: number
  readonly sumsAtStripe: number
  /** Events that are new: corrections of what was put down wrongly. */
  readonly corrected: number
  readonly isEqual: boolean
  /** At most `RECONCILE_LISTED_MAX`. */
  readonly differences: readonly Difference[]
}

/** Sides of a deployment do not agree about what was used. */
export class Unreconciled extends Error {
  override readonly name = 'Unreconciled'
  readonly differences: readonly Difference[]
  constructor(differences: readonly Difference[]) {
    const [first] = differences
    super(
      `expected the same on all sides, got ${differences.length} differences, the first between ` +
        `${first?.between} (${first?.about}): ${first?.left} and ${first?.right}; ` +
        'see turnpike reconcile',
    )
    this.differences = differences
  }
}

/** A customer's sums in a month, waiting to be compared with Stripe's. */
interface Expected {
  readonly period: Period
  readonly span: EpochSpan
  readonly customer: string
  readonly meter: string
}

/**
 * Compares this month and the last one.
 *
 * @param api Stripe, where usage is sent there
 * @param correct whether to put down what the outbox has wrongly, as far as Stripe takes it
 * @example
 * const { ok: reconciliation, error } = await reconcile(parts, api)
 */
export async function reconcile(
  parts: AccountingParts,
  api: StripeApi | undefined,
  correct = false,
): Promise<Result<Reconciliation, AccountingStopped>> {
  const outbox = new StripeOutbox(parts.billing)
  const now = periodOf(epochOf(parts.clock.nowMs()))
  const periods = [periodBefore(now), now].filter((period) => period !== undefined)
  const sheet = new Sheet()
  const settled = await parts.host.settled(async (state) => {
    for (const period of periods) await compareLog(parts, state, period, sheet)
    return {}
  })
  if (settled.error !== undefined) return settled
  const deps = { outbox, periods, correctMs: correct ? parts.clock.nowMs() : undefined }
  const expected = await withSources(parts, async (sources, { log }) =>
    outbox.watermark() === undefined ? [] : compareOutbox(sources, deps, log, sheet),
  )
  if (expected.error !== undefined) return expected
  const lateEpoch = epochOf(parts.clock.nowMs() - STRIPE_LATE_MS)
  for (const { customer, meter, epoch, reason } of outbox.stuck(lateEpoch, RECONCILE_LISTED_MAX))
    sheet.differ('outbox', `${epochText(epoch)} ${customer} ${meter}`, 'to be sent', reason)
  if (api !== undefined)
    await compareStripe(api, outbox, expected.ok, parts.clock.nowMs() - STRIPE_SETTLE_MS, sheet)
  const { epochs, sums, sumsAtStripe, corrected, differences } = sheet
  return {
    ok: {
      periods: periods.map(({ name }) => name),
      epochs,
      sums,
      sumsAtStripe,
      corrected,
      isEqual: sheet.found === 0,
      differences,
    },
  }
}

/** What is found on the way. */
class Sheet {
  epochs: number = 0
  sums: number = 0
  sumsAtStripe: number = 0
  corrected: number = 0
  found: number = 0
  readonly differences: Difference[] = []

  differ(between: Difference['between'], about: string, left: string, right: string): void {
    this.found++
    if (this.differences.length < RECONCILE_LISTED_MAX)
      this.differences.push({ between, about, left, right })
  }
}

async function compareLog(
  { log, hasher, ledger }: AccountingParts,
  state: LogState,
  period: Period,
  sheet: Sheet,
): Promise<void> {
  const compared = await compareWithLog({ store: log, hasher, ledger }, state, period)
  sheet.epochs += compared.epochs
  for (const one of compared.differences) {
    const about = `${epochText(one.epoch)} ${one.quantity}`
    sheet.differ('log and ledger', about, String(one.log), String(one.ledger))
  }
}

/** What statements are compared with. */
interface OutboxDeps {
  readonly outbox: StripeOutbox
  readonly periods: readonly Period[]
  /** Wall-clock ms, if what is wrong is to be corrected. */
  readonly correctMs: number | undefined
}

/** Statements against the outbox, as far as hours were put down. */
async function compareOutbox(
  { statements }: OpenSources,
  { outbox, periods, correctMs }: OutboxDeps,
  state: LogState,
  sheet: Sheet,
): Promise<readonly Expected[]> {
  const expected: Expected[] = []
  const until = outbox.watermark()!
  const since = outbox.firstEpoch()
  for (let after: string | undefined; ;) {
    const customers = await statements.owners.customers(after)
    if (customers.length === 0) return expected
    for (const { did: customer } of customers)
      for (const period of periods) {
        const span = {
          firstEpoch: Math.max(period.firstEpoch, since),
          endEpoch: Math.min(period.endEpoch, until),
        }
        if (span.firstEpoch >= span.endEpoch) continue
        const query = { period, asOfEntry: state.size }
        const built = await buildStatement(statements, customer, query)
        if (built.error !== undefined) throw built.error
        for (const meter of METERS) {
          const { hours } = built.ok
          const used = usedIn(hours, meter, span)
          const sum = (): bigint => outbox.sum(customer, meter.eventName, span, 'all')
          if (correctMs !== undefined && used !== sum())
            sheet.corrected += correctHours(outbox, { customer, meter, span, hours }, correctMs)
          const put = sum()
          sheet.sums++
          const about = `${period.name} ${customer} ${meter.eventName}`
          if (used !== put) sheet.differ('ledger and outbox', about, String(used), String(put))
          expected.push({ period, span, customer, meter: meter.eventName })
        }
      }
    after = customers.at(-1)!.did
  }
}

/** What a meter makes of hours. */
function usedIn(hours: readonly HourTotal[], meter: MeterKind, span: EpochSpan): bigint {
  let sum = 0n
  for (const hour of hours)
    if (span.firstEpoch <= hour.epoch && hour.epoch < span.endEpoch) sum += meter.valueOf(hour)
  return sum
}

/** What Stripe should have against what it has; what was sent just now it may not have summed. */
async function compareStripe(
  api: StripeApi,
  outbox: StripeOutbox,
  expected: readonly Expected[],
  settledMs: number,
  sheet: Sheet,
): Promise<void> {
  const meters = await api.meters()
  const ids = new Map(outbox.mapped().map(({ customer, stripeId }) => [customer, stripeId]))
  for (const { period, span: all, customer, meter } of expected) {
    const endEpoch = outbox.firstSentSince(customer, meter, all, settledMs) ?? all.endEpoch
    const span = { firstEpoch: all.firstEpoch, endEpoch }
    if (span.firstEpoch >= endEpoch) continue
    const stripeId = ids.get(customer)
    if (stripeId === undefined) continue
    const meterId = meters.get(meter)
    const about = `${period.name} ${customer} ${meter}`
    const sent = outbox.sum(customer, meter, span, 'sent')
    if (meterId === undefined) {
      if (sent !== 0n) sheet.differ('outbox and Stripe', about, String(sent), 'no active meter')
      continue
    }
    const total = await api.total(meterId, stripeId, span)
    sheet.sumsAtStripe++
    if (total !== sent) sheet.differ('outbox and Stripe', about, String(sent), String(total))
  }
}
