/**
 * Corrects what was put down for Stripe, after a ledger was repaired.
 * @module
 */
import type { HourTotal } from '@turnpike/accounting/statement/statement'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { STRIPE_PAST_MS } from '@turnpike/core/limits/billing'
import type { MeterKind } from './meters.ts'
import type { HourUsage, StripeOutbox } from './outbox.ts'

/** What a customer used, as their statement has it. */
export interface StatedUsage {
  readonly customer: string
  readonly meter: MeterKind
  /** Hours that were put down before. */
  readonly span: EpochSpan
  /** Those with any usage. */
  readonly hours: readonly HourTotal[]
}

/**
 * Puts down by what each hour was put down wrongly, as a further revision, as far as Stripe still
 * takes events of that hour.
 *
 * @returns how many events came of it
 * @example
 * const events = correctHours(outbox, { customer, meter, span, hours }, clock.nowMs())
 */
export function correctHours(
  outbox: StripeOutbox,
  { customer, meter, span, hours }: StatedUsage,
  nowMs: number,
): number {
  const used = new Map(hours.map((hour) => [hour.epoch, meter.valueOf(hour)]))
  const usage: HourUsage[] = []
  const firstTaken = Math.ceil((nowMs - STRIPE_PAST_MS) / EPOCH_MS)
  for (let epoch = Math.max(span.firstEpoch, firstTaken); epoch < span.endEpoch; epoch++)
    usage.push({ customer, meter: meter.eventName, epoch, total: used.get(epoch) ?? 0n })
  return outbox.put(usage)
}
