/**
 * What statements are made from, in a data folder: log and ledger stand still meanwhile, and the
 * catalog is read as of one moment.
 * @module
 */
import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as breathe } from 'node:timers/promises'
import { openingOf } from '@turnpike/accounting/quota/opening'
import type { QuotaSources } from '@turnpike/accounting/quota/sources'
import type { StatementSources } from '@turnpike/accounting/statement/sources'
import { storedUntil } from '@turnpike/core/billing/storage'
import type { AccountingParts } from '../accounting/parts.ts'
import { openCatalogReader } from '../catalog/database.ts'
import { CatalogOwnership } from '../catalog/ownership-history.ts'
import { folderPaths } from '../folder/layout.ts'
import { SqliteGiven } from '../quota/given.ts'
import { gatewayDids } from '../usage/gateway-dids.ts'
import { SqliteStorageHistory } from '../usage/storage-history.ts'
import { ClosedBooks } from './closed.ts'

/** Files and ports that statements need. */
export type StatementParts = Pick<
  AccountingParts,
  'dataDir' | 'settings' | 'plans' | 'host' | 'ledger' | 'billing' | 'catalog' | 'clock' | 'hasher'
>

/** Sources of statements, and of what customers carry from one month to the next. */
export interface OpenSources {
  readonly statements: StatementSources
  readonly quota: QuotaSources
}

/**
 * Runs `work` over the folder's sources.
 *
 * @param gateway DID that statements name; by default the one that the gateway has now
 * @example
 * await withSources(parts, undefined, ({ statements }) => buildAll(statements, query, keep))
 */
export async function withSources<T>(
  parts: StatementParts,
  gateway: string | undefined,
  work: (sources: OpenSources) => Promise<T>,
): Promise<T> {
  const dids = await gatewayDids(parts.dataDir, parts.settings)
  const operators = new ClosedBooks(parts.billing).operators(dids)
  const { database } = folderPaths(parts.dataDir)
  if (!existsSync(database)) return work(sourcesOf(parts, parts.catalog, gateway ?? '', operators))
  const opened = openCatalogReader(database)
  if (opened.error) throw opened.error
  try {
    opened.ok.exec('BEGIN')
    return await work(sourcesOf(parts, opened.ok, gateway ?? dids[0] ?? '', operators))
  } finally {
    opened.ok.close()
  }
}

function sourcesOf(
  { ledger, billing, plans, clock, hasher }: StatementParts,
  catalog: DatabaseSync,
  gateway: string,
  operators: ReadonlySet<string>,
): OpenSources {
  const owners = new CatalogOwnership(catalog)
  const storage = new SqliteStorageHistory(catalog, billing)
  const { epochs } = ledger.query({ firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER })
  const common = { ledger, owners, storage, plans, storedUntil: storedUntil(clock.nowMs()) }
  const quota = { ...common, planTerms: owners, given: new SqliteGiven(billing) }
  const statements = {
    ...common,
    firstEpoch: epochs?.first ?? 0,
    planTerms: owners,
    openings: { opening: openingOf.bind(undefined, quota) },
    operators,
    gateway,
    hasher,
    breathe,
  }
  return { statements, quota }
}
