/**
 * What statements are made from, in a data folder: ledger and catalog as of one moment, while both
 * go on.
 * @module
 */
import { existsSync } from 'node:fs'
import { setImmediate as breathe } from 'node:timers/promises'
import type { CaughtUp } from '@turnpike/accounting/accounting'
import { openingOf } from '@turnpike/accounting/quota/opening'
import type { QuotaSources } from '@turnpike/accounting/quota/sources'
import type { LogState } from '@turnpike/accounting/state'
import type { StatementSources } from '@turnpike/accounting/statement/sources'
import { storedUntil } from '@turnpike/core/billing/storage'
import type { Result } from '@turnpike/core/result'
import type { AccountingStopped } from '../accounting/fault.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import { openCatalogReader } from '../catalog/database.ts'
import { CatalogOwnership } from '../catalog/ownership-history.ts'
import { folderPaths } from '../folder/layout.ts'
import type { LedgerSnapshot } from '../ledger/ledger.ts'
import { SqliteGiven } from '../quota/given.ts'
import { withoutSpaces } from '../quota/sources.ts'
import { operatorDids } from '../usage/gateway-dids.ts'
import { SqliteStorageHistory } from '../usage/storage-history.ts'

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

/** What accounting had counted at the moment that sources are of. */
export interface Counted {
  readonly log: LogState
  readonly caughtUp: CaughtUp
}

/**
 * Catches up, then runs `work` over the folder's sources as they are then. Log and ledger go on
 * meanwhile.
 *
 * @example
 * await withSources(parts, ({ statements }) => buildAll(statements, query, keep))
 */
export async function withSources<T extends NonNullable<unknown>>(
  parts: StatementParts,
  work: (sources: OpenSources, counted: Counted) => Promise<T>,
): Promise<Result<T, AccountingStopped>> {
  return parts.host.settledThen(
    async (log, caughtUp) => ({ counted: { log, caughtUp }, ...(await openSources(parts)) }),
    async ({ sources, counted, close }) => {
      try {
        return await work(sources, counted)
      } finally {
        close()
      }
    },
  )
}

async function openSources(
  parts: StatementParts,
): Promise<{ readonly sources: OpenSources; close(): void }> {
  const { gateway, operators } = await operatorDids(parts)
  const { database } = folderPaths(parts.dataDir)
  const files: { close(): void }[] = []
  const close = (): void => files.splice(0).forEach((file) => file.close())
  try {
    const ledger = parts.ledger.snapshot()
    files.push(ledger)
    let { catalog } = parts
    if (existsSync(database)) {
      const opened = openCatalogReader(database)
      if (opened.error) throw opened.error
      catalog = opened.ok
      files.push(catalog)
      // The first read says what moment it is.
      catalog.exec('BEGIN; SELECT 1 FROM sqlite_schema')
    }
    const at = { ...parts, ledger, catalog }
    return { sources: await sourcesOf(at, gateway, operators), close }
  } catch (error) {
    close()
    throw error
  }
}

async function sourcesOf(
  {
    ledger,
    billing,
    catalog,
    plans,
    clock,
    hasher,
  }: Omit<StatementParts, 'ledger'> & { readonly ledger: LedgerSnapshot },
  gateway: string,
  operators: ReadonlySet<string>,
): Promise<OpenSources> {
  const owners = new CatalogOwnership(catalog)
  const storage = new SqliteStorageHistory(catalog, billing)
  const { epochs } = await ledger.query({ firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER })
  const common = { ledger, owners, storage, plans, storedUntil: storedUntil(clock.nowMs()) }
  const quota = {
    ...common,
    owners: withoutSpaces(owners, operators),
    planTerms: owners,
    given: new SqliteGiven(billing),
  }
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
