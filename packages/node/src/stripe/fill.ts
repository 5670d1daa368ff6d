/**
 * Fills the outbox: what each customer used in each hour that is over.
 * @module
 */
import { billedOf } from '@turnpike/accounting/billed'
import { egressBytesOf } from '@turnpike/core/billing/quantities'
import { epochOf } from '@turnpike/core/billing/epoch'
import { periodOf } from '@turnpike/core/billing/period'
import { STRIPE_HOURS_MAX } from '@turnpike/core/limits/billing'
import type { Result } from '@turnpike/core/result'
import type { AccountingStopped } from '../accounting/fault.ts'
import { withSources, type OpenSources, type StatementParts } from '../statements/sources.ts'
import { METERS } from './meters.ts'
import type { HourUsage, StripeOutbox } from './outbox.ts'

/** What a turn of filling did. */
export interface Filled {
  /** Events that are new. */
  readonly events: number
  /** Whether more hours wait: call again. */
  readonly more: boolean
}

/**
 * Puts down the hours that are over and not put down yet, each in one transaction with the
 * watermark: after a crash no hour is missing, and none is there twice. Begins with the month in
 * which it is called first.
 *
 * @example
 * const { ok: filled, error } = await fillOutbox(parts, outbox)
 */
export async function fillOutbox(
  parts: StatementParts,
  outbox: StripeOutbox,
): Promise<Result<Filled, AccountingStopped>> {
  return withSources(parts, async (sources, { log }) => {
    const until = Math.min(sources.statements.storedUntil, log.open?.epoch ?? Infinity)
    const start = outbox.watermark() ?? periodOf(epochOf(parts.clock.nowMs())).firstEpoch
    const end = Math.min(until, start + STRIPE_HOURS_MAX)
    let events = 0
    for (let epoch = start; epoch < end; epoch++)
      events += outbox.put(await usageIn(sources, epoch), epoch + 1)
    return { events, more: end < until }
  })
}

/** What all customers are billed for in one hour: what was voided or assigned in it, too. */
async function usageIn(
  { statements, quota }: OpenSources,
  epoch: number,
): Promise<readonly HourUsage[]> {
  const usage: HourUsage[] = []
  const { owners, operators } = statements
  for (let after: string | undefined; ;) {
    const customers = await owners.customers(after)
    if (customers.length === 0) return usage
    for (const { did: customer } of customers) {
      const owned = (await owners.ofCustomer(customer)).filter(({ space }) => !operators.has(space))
      const { total } = await billedOf(quota, owned, { firstEpoch: epoch, endEpoch: epoch + 1 })
      const used = { egressBytes: egressBytesOf(total), storageByteMs: total.storageByteMs }
      for (const { eventName, valueOf } of METERS)
        usage.push({ customer, meter: eventName, epoch, total: valueOf(used) })
    }
    after = customers.at(-1)!.did
    await statements.breathe()
  }
}
