/**
 * The job that tells of plans that customers are on and the file of plans does not have.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { epochOf } from '@turnpike/core/billing/epoch'
import { PLANS_CHECK_MS, PLANS_GONE_LISTED_MAX } from '@turnpike/core/limits/billing'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'

/** A customer on a plan that is gone. */
interface Gone {
  readonly plan: string
  readonly customer: string
}

/** Customers are on plans that the file of plans does not have. */
export class PlansGone extends Error {
  override readonly name = 'PlansGone'
  /** The first of them, by plan and customer. */
  readonly customers: readonly Gone[]
  constructor(customers: readonly Gone[], hasMore: boolean) {
    const named = [...Map.groupBy(customers, ({ plan }) => plan)]
      .map(([plan, on]) => `${plan} (${on.map(({ customer }) => customer).join(', ')})`)
      .join(', ')
    super(
      `plans of customers expected in the plan file, these are not: ${named}` +
        `${hasMore ? ' and more' : ''}. The limits of the standard plan hold for them, and their ` +
        'statements fail: put the plans back and restart, or run turnpike customer plan',
    )
    this.customers = customers
  }
}

/**
 * Looks at the plans that are in force, or will be, as accounting starts and then each minute: a
 * plan that is gone fails the job until nobody is on it.
 *
 * @example
 * const jobs = [plansJob(parts)]
 */
export function plansJob({
  catalog,
  plans,
  clock,
}: Pick<AccountingParts, 'catalog' | 'plans' | 'clock'>): Job {
  return {
    name: 'plans',
    everyMs: PLANS_CHECK_MS,
    async run() {
      const gone = findGone(catalog, [...plans.byId.keys()], epochOf(clock.nowMs()))
      const listed = gone.slice(0, PLANS_GONE_LISTED_MAX)
      if (listed.length > 0) throw new PlansGone(listed, gone.length > listed.length)
    },
  }
}

function findGone(catalog: DatabaseSync, known: readonly string[], epoch: number): readonly Gone[] {
  return catalog
    .prepare(
      `SELECT t.plan, c.did AS customer FROM plan_terms t JOIN customers c ON c.id = t.customer
       WHERE (t.end_epoch IS NULL OR t.end_epoch > ?)
         AND t.plan NOT IN (SELECT value FROM json_each(?))
       LIMIT ?`,
    )
    .all(epoch, JSON.stringify(known), PLANS_GONE_LISTED_MAX + 1)
    .map((row) => ({ plan: String(row['plan']), customer: String(row['customer']) }))
}
