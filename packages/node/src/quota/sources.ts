/**
 * What quotas are computed from, in a data folder.
 * @module
 */
import type { QuotaSources } from '@turnpike/accounting/quota/sources'
import { epochOf } from '@turnpike/core/billing/epoch'
import { limitingPlan, type Plans } from '@turnpike/core/billing/plan'
import { storedUntil } from '@turnpike/core/billing/storage'
import type { OwnershipHistory, PlanHistory } from '@turnpike/core/ports/provisioning'
import type { AccountingParts } from '../accounting/parts.ts'
import { openEpoch } from '../billing/open-epoch.ts'
import { CatalogOwnership } from '../catalog/ownership-history.ts'
import { ClosedBooks } from '../statements/closed.ts'
import { SqliteStorageHistory } from '../usage/storage-history.ts'
import { SqliteGiven } from './given.ts'

/** Parts that quotas need. */
export type QuotaParts = Pick<AccountingParts, 'billing' | 'catalog' | 'clock' | 'ledger' | 'plans'>

/** Quotas of a folder. */
export interface FolderQuotas {
  readonly given: SqliteGiven
  readonly owners: CatalogOwnership
  /** Sources as of now. */
  sources(): QuotaSources
  /**
   * The hour on the log's clock, which may be ahead of ours, but is never behind, nor in what is
   * billed already.
   */
  epoch(): number
}

/** Opens them over the files of accounting. */
export function openQuotas({ billing, catalog, clock, ledger, plans }: QuotaParts): FolderQuotas {
  const given = new SqliteGiven(billing)
  const owners = new CatalogOwnership(catalog)
  const storage = new SqliteStorageHistory(catalog, billing)
  const books = new ClosedBooks(billing)
  return {
    given,
    owners,
    sources: () => ({
      ledger,
      storage,
      storedUntil: storedUntil(clock.nowMs()),
      owners: withoutSpaces(owners, books.operators([])),
      planTerms: onKnownPlans(owners, plans),
      plans,
      given,
    }),
    epoch() {
      const now = Math.max(epochOf(clock.nowMs()), openEpoch(billing))
      const later = { firstEpoch: now + 1, endEpoch: Number.MAX_SAFE_INTEGER }
      return ledger.query(later).epochs?.last ?? now
    },
  }
}

/** What customers own beside some spaces: DIDs of the operator, which are billed to nobody. */
export function withoutSpaces(
  owners: Pick<OwnershipHistory, 'customer' | 'ofCustomer'>,
  spaces: ReadonlySet<string>,
): Pick<OwnershipHistory, 'customer' | 'ofCustomer'> {
  return {
    customer: (did) => owners.customer(did),
    async ofCustomer(did) {
      return (await owners.ofCustomer(did)).filter(({ space }) => !spaces.has(space))
    },
  }
}

/** Terms of plans that limit somebody; see {@link limitingPlan}. */
function onKnownPlans(history: PlanHistory, plans: Plans): PlanHistory {
  return {
    async plansOf(customer) {
      const terms = await history.plansOf(customer)
      return Array.from(terms, (term) => ({ ...term, plan: limitingPlan(plans, term.plan).id }))
    },
  }
}
