/**
 * Who pays for a space's reads now, and may be refused.
 * @module
 */
import { LRUCache } from 'lru-cache'
import type { DatabaseSync } from 'node:sqlite'
import { epochOf } from '@turnpike/core/billing/epoch'
import { canRefuse, limitingPlan, type Plans } from '@turnpike/core/billing/plan'
import { planAt } from '@turnpike/core/billing/plan-terms'
import { QUOTA_PAYERS_MAX, QUOTA_REFRESH_MS } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import { CatalogOwnership } from '../catalog/ownership-history.ts'
import { readPlans } from '../plans/read.ts'

/** What is remembered of a space for a second. */
interface Payer {
  readonly customer: string | undefined
  readonly atMs: number
}

/**
 * Finds the customer of a space whose plan can refuse reads; undefined for all others. A change is
 * in force within a second.
 *
 * @param catalog may be read-only
 * @param path the file of plans, if there is one
 * @throws {PlansRefused} when the file can't be read
 * @example
 * const payerOf = payersOf(folder.catalog, settings.plans, nodeClock)
 * payerOf('did:key:z6Mk…') // 'did:mailto:example.com:alice'
 */
export function payersOf(
  catalog: DatabaseSync,
  path: string | undefined,
  clock: Clock,
): (space: SpaceDid) => string | undefined {
  const { ok: plans, error } = readPlans(path)
  if (error !== undefined) throw error
  const history = new CatalogOwnership(catalog)
  const known = new LRUCache<string, Payer>({ max: QUOTA_PAYERS_MAX })
  return (space) => {
    const nowMs = clock.monotonicMs()
    const payer = known.get(space)
    if (payer !== undefined && nowMs - payer.atMs < QUOTA_REFRESH_MS) return payer.customer
    const customer = findPayer(history, plans, space, epochOf(clock.nowMs()))
    known.set(space, { customer, atMs: nowMs })
    return customer
  }
}

function findPayer(
  history: CatalogOwnership,
  plans: Plans,
  space: SpaceDid,
  epoch: number,
): string | undefined {
  const owned = history.owner(space, epoch)
  if (owned === undefined) return undefined
  const term = planAt(history.plansOf(owned.customer), epoch)
  return canRefuse(limitingPlan(plans, term?.plan)) ? owned.customer : undefined
}
