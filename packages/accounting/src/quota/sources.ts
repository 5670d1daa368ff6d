/**
 * What quotas are computed from.
 * @module
 */
import type { Grant } from '@turnpike/core/billing/grants'
import type { Money } from '@turnpike/core/billing/money'
import type { Plans } from '@turnpike/core/billing/plan'
import type { OwnershipHistory, PlanHistory } from '@turnpike/core/ports/provisioning'
import type { Awaitable } from '@turnpike/core/result'
import type { BilledSources } from '../billed.ts'

/** What a customer takes from one month into the next. */
export interface Carried {
  /** Bytes left of each grant that was in force until then, by its id. */
  readonly grantsLeftBytes: ReadonlyMap<string, bigint>
  /** Bytes credited that nothing was left to take off from. */
  readonly creditBytes: bigint
  /** Drawn from balances so far: one amount a currency. */
  readonly drawn: readonly Money[]
}

/** What customers were given, and what they had left when months were closed. */
export interface GivenTo {
  /** All grants of a customer. */
  grants(customer: string): Awaitable<readonly Grant[]>
  /** What was paid into balances before an hour: one amount a currency. */
  paidIn(customer: string, beforeEpoch: number): Awaitable<readonly Money[]>
  /** What was carried out of a month that was closed; undefined for any other. */
  carried(customer: string, period: string): Awaitable<Carried | undefined>
}

/** Sources of quotas, all as of one moment. */
export interface QuotaSources extends BilledSources {
  readonly owners: Pick<OwnershipHistory, 'customer' | 'ofCustomer'>
  readonly planTerms: PlanHistory
  readonly plans: Plans
  readonly given: GivenTo
}
