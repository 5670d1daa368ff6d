/**
 * What accounting answers about usage, on its thread.
 * @module
 */
import { CustomerUsage } from '@turnpike/accounting/customer-usage'
import type { AccountQuery, StorageRange, UsageQuery } from '@turnpike/core/ports/usage'
import type { AccountingParts } from '../accounting/parts.ts'
import { CatalogOwnership } from '../catalog/ownership-history.ts'
import type { Operation } from '../control/server.ts'
import type { AskThread } from '../threads/calls.ts'
import { gatewayDids } from './gateway-dids.ts'
import { SqliteStorageHistory } from './storage-history.ts'

/** What the folder's owner asks; answers hold bytes and bigints. */
export type UsageOperation = 'usageStorage' | 'usageAccount' | 'usageEgressByDay'

/** The operations, each with the parameters of a method of `UsageQuery`. */
export function usageOperations(
  parts: AccountingParts,
): Readonly<Record<UsageOperation, Operation>> {
  return {
    usageStorage: async (params) => (await customerUsage(parts)).storage(params as StorageRange),
    usageAccount: async (params) => (await customerUsage(parts)).account(params as AccountQuery),
    usageEgressByDay: async (params) =>
      (await customerUsage(parts)).egressByDay(params as AccountQuery),
  }
}

/** Keys are read each time: a gateway may get another while accounting is open. */
async function customerUsage(parts: AccountingParts): Promise<CustomerUsage> {
  const { ledger, catalog, billing, clock, host, dataDir, settings } = parts
  const dids = await gatewayDids(dataDir, settings)
  return new CustomerUsage({
    ledger,
    storage: new SqliteStorageHistory(catalog, billing),
    owners: new CatalogOwnership(catalog),
    operators: new Set(dids),
    provider: dids[0] ?? '',
    clock,
    catchUp: () => host.catchUp(),
  })
}

/**
 * The port for who asks from another thread. Errors keep their names and messages; that of a
 * thread that is away is not one of the port's.
 *
 * @example
 * const usage = askedUsage(ask)
 */
export function askedUsage(ask: AskThread): UsageQuery {
  const asked =
    <Query, Answer>(name: UsageOperation) =>
    (query: Query): Promise<Answer> =>
      ask(name, query) as Promise<Answer>
  return {
    storage: asked('usageStorage'),
    account: asked('usageAccount'),
    egressByDay: asked('usageEgressByDay'),
  }
}
