/**
 * `usage` for commands: catches up with the journals, then answers.
 * @module
 */
import { usageJson, type UsageQuery } from '@turnpike/accounting/usage'
import { fail, ok } from '@turnpike/core/result'
import type { AccountingHost } from '../accounting/open.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'

const BY = ['space', 'day', 'cid'] as const

/**
 * The operation `usage {sinceMs?, by?}`. `flush` makes what was read so far durable first.
 *
 * @example
 * const usage = usageOperation(accounting, () => journal.flush())
 */
export function usageOperation(
  accounting: AccountingHost,
  flush: () => Promise<unknown>,
): Operation {
  return async (params) => {
    const query = queryOf(params)
    if (query === undefined)
      return fail(new InvalidParams('usage expected { sinceMs?, by?: space | day | cid }'))
    await flush()
    const answer = await accounting.usage(query)
    return answer.error ? answer : ok(usageJson(answer.ok))
  }
}

function queryOf(params: unknown): UsageQuery | undefined {
  const { sinceMs, by } = (params ?? {}) as { readonly sinceMs?: unknown; readonly by?: unknown }
  if (sinceMs !== undefined && !Number.isSafeInteger(sinceMs)) return undefined
  if (by !== undefined && !BY.includes(by as (typeof BY)[number])) return undefined
  return { sinceMs: sinceMs as number | undefined, by: by as UsageQuery['by'] }
}
