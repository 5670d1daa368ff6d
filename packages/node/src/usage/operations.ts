/**
 * What accounting answers about usage, on its thread.
 * @module
 */
import { CustomerUsage } from '@turnpike/accounting/customer-usage'
import { UsageUnavailable } from '@turnpike/core/ports/usage'
import type {
  AccountQuery,
  StorageRange,
  UsageQuery,
  UsageRefused,
} from '@turnpike/core/ports/usage'
import { fail } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import { CatalogOwnership } from '../catalog/ownership-history.ts'
import type { Operation } from '../control/server.ts'
import type { AskThread } from '../threads/calls.ts'
import { operatorDids } from './gateway-dids.ts'
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
  const { ledger, catalog, billing, clock, host } = parts
  const { gateway, operators } = await operatorDids(parts)
  return new CustomerUsage({
    ledger,
    storage: new SqliteStorageHistory(catalog, billing),
    owners: new CatalogOwnership(catalog),
    operators,
    provider: gateway,
    clock,
    catchUp: () => host.catchUp(),
  })
}

/** Refusals that whoever asked is told of as they are. */
const TOLD: ReadonlySet<string> = new Set<UsageRefused['name']>([
  'AccountNotFound',
  'SpaceUnauthorized',
  'PeriodNotAcceptable',
  'UsageUnavailable',
])

/** Accounting is starting, stopping or has too much to do. */
const AWAY: ReadonlySet<string> = new Set(['ThreadEnded', 'Busy'])

/**
 * The port for who asks from another thread.
 *
 * @throws what broke on the other thread, by its name and message
 * @example
 * const usage = askedUsage(ask)
 */
export function askedUsage(ask: AskThread): UsageQuery {
  const asked =
    <Query, Answer>(name: UsageOperation) =>
    async (query: Query): Promise<Answer> => {
      const answered = await ask(name, query)
      const fault = answered.error
      if (fault !== undefined && AWAY.has(fault.name))
        return fail(new UsageUnavailable('usage can not be told now: try again')) as Answer
      if (fault !== undefined && !TOLD.has(fault.name)) throw fault
      return answered as Answer
    }
  return {
    storage: asked('usageStorage'),
    account: asked('usageAccount'),
    egressByDay: asked('usageEgressByDay'),
  }
}
