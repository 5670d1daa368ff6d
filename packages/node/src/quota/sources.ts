/**
 * What quotas are computed from, in a data folder.
 * @module
 */
import type { QuotaSources } from '@turnpike/accounting/quota/sources'
import { epochOf } from '@turnpike/core/billing/epoch'
import { storedUntil } from '@turnpike/core/billing/storage'
import type { AccountingParts } from '../accounting/parts.ts'
import { openEpoch } from '../billing/open-epoch.ts'
import { CatalogOwnership } from '../catalog/ownership-history.ts'
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
  return {
    given,
    owners,
    sources: () => ({
      ledger,
      storage,
      storedUntil: storedUntil(clock.nowMs()),
      owners,
      planTerms: owners,
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
