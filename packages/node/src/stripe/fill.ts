/**
 * Fills the outbox: what each customer used in each hour that is over.
 * @module
 */
import { billedOf, type UsageSums } from '@turnpike/accounting/billed'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { egressBytesOf, NO_QUANTITIES } from '@turnpike/core/billing/quantities'
import { epochOf } from '@turnpike/core/billing/epoch'
import { periodOf } from '@turnpike/core/billing/period'
import { STRIPE_HOURS_MAX } from '@turnpike/core/limits/billing'
import type { Ownership } from '@turnpike/core/ports/provisioning'
import { ok, type Result } from '@turnpike/core/result'
import type { AccountingStopped } from '../accounting/fault.ts'
import { hasSameHours } from '../statements/same-hours.ts'
import { withSources, type OpenSources, type StatementParts } from '../statements/sources.ts'
import { METERS, type MeterKind } from './meters.ts'
import type { HourUsage, StripeOutbox } from './outbox.ts'

/** What a turn of filling did. */
export interface Filled {
  /** Events that are new. */
  readonly events: number
  /** Whether more hours wait: call again. */
  readonly more: boolean
}

const NOTHING: Filled = { events: 0, more: false }

/**
 * Puts down the hours that are over and not put down yet, up to a day at a time, in one
 * transaction with the watermark: after a crash no hour is missing, and none is there twice. Begins
 * with the month in which it is called first.
 *
 * @example
 * const { ok: filled, error } = await fillOutbox(parts, outbox)
 */
export async function fillOutbox(
  parts: StatementParts,
  outbox: StripeOutbox,
): Promise<Result<Filled, AccountingStopped>> {
  const filled = await withSources(parts, async (sources, { log }) => {
    const until = Math.min(sources.statements.storedUntil, log.open?.epoch ?? Infinity)
    const start = outbox.watermark() ?? periodOf(epochOf(parts.clock.nowMs())).firstEpoch
    const end = Math.min(until, start + STRIPE_HOURS_MAX)
    if (start >= end) return ok(NOTHING)
    const span = { firstEpoch: start, endEpoch: end }
    const usage = await usageIn(sources, span)
    return parts.host.settled(async () => {
      const isSame = await hasSameHours(parts.ledger, sources.statements.ledger, span)
      return isSame ? { events: outbox.put(usage, span), more: end < until } : NOTHING
    })
  })
  return filled.error === undefined ? filled.ok : filled
}

/** What all customers are billed for in hours: what was voided or assigned in them, too. */
async function usageIn(
  { statements, quota }: OpenSources,
  span: EpochSpan,
): Promise<readonly HourUsage[]> {
  const usage: HourUsage[] = []
  const { owners, operators } = statements
  for (let after: string | undefined; ;) {
    const customers = await owners.customers(after)
    if (customers.length === 0) return usage
    for (const { did: customer } of customers) {
      const owned = (await owners.ofCustomer(customer)).filter(({ space }) => !operators.has(space))
      for (const [epoch, used] of await hoursOf(quota, owned, span))
        for (const { eventName, valueOf } of METERS) {
          const total = valueOf(used)
          if (total !== 0n) usage.push({ customer, meter: eventName, epoch, total })
        }
      await statements.breathe()
    }
    after = customers.at(-1)!.did
  }
}

type Used = Parameters<MeterKind['valueOf']>[0]

/** What ownerships of one customer are billed for, by the hours in which it counts. */
async function hoursOf(
  sources: OpenSources['quota'],
  ownerships: readonly Ownership[],
  span: EpochSpan,
): Promise<ReadonlyMap<number, Used>> {
  const hours = new Map<number, Used>()
  const add = (epoch: number, sums: UsageSums): void => {
    const { egressBytes, storageByteMs } = hours.get(epoch) ?? NO_QUANTITIES
    hours.set(epoch, {
      egressBytes: egressBytes + egressBytesOf(sums),
      storageByteMs: storageByteMs + sums.storageByteMs,
    })
  }
  // What was assigned in these hours counts from then on, whenever it was read.
  const isLate = ({ assignedEpoch }: Ownership): boolean => assignedEpoch >= span.firstEpoch
  const { late = [], early = [] } = Object.groupBy(ownerships, (owned) =>
    isLate(owned) ? 'late' : 'early',
  )
  const { rows } = await billedOf(sources, early, span, { by: 'hour' })
  for (const row of rows) add(row.time, row)
  for (let epoch = span.firstEpoch; epoch < span.endEpoch && late.length > 0; epoch++) {
    const hour = { firstEpoch: epoch, endEpoch: epoch + 1 }
    add(epoch, (await billedOf(sources, late, hour)).total)
  }
  return hours
}
