/**
 * `usage` for commands and the admin listener: what was read and stored.
 * @module
 */
import { usageReport, type ReportQuery } from '@turnpike/accounting/usage-report'
import { reportJson } from '@turnpike/accounting/usage-json'
import { fail, ok } from '@turnpike/core/result'
import { USAGE_BY } from '../admin/usage-query.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { withSources, type StatementParts } from '../statements/sources.ts'

/**
 * The operation `usage {sinceMs?, untilMs?, by?, customer?, space?}`: answers with a `ReportJson`
 * of everything that is durable when it begins.
 *
 * @example
 * const operations = { usage: usageOperation(parts) }
 */
export function usageOperation(parts: StatementParts): Operation {
  return async (params) => {
    const query = queryOf((params ?? {}) as Readonly<Record<string, unknown>>)
    if (query === undefined)
      return fail(
        new InvalidParams('usage expected { sinceMs?, untilMs?, by?, customer?, space? }'),
      )
    const made = await withSources(parts, ({ statements }, { log, caughtUp }) =>
      usageReport(query, statements, { size: log.size, more: caughtUp.more }),
    )
    if (made.error) return made
    const report = made.ok
    return report.error ? report : ok(reportJson(report.ok, query.by))
  }
}

function queryOf(asked: Readonly<Record<string, unknown>>): ReportQuery | undefined {
  const { sinceMs, untilMs, by, customer, space } = asked
  for (const ms of [sinceMs, untilMs])
    if (ms !== undefined && !(Number.isSafeInteger(ms) && Number(ms) >= 0)) return undefined
  for (const name of [customer, space])
    if (name !== undefined && typeof name !== 'string') return undefined
  if (by !== undefined && !USAGE_BY.some((known) => known === by)) return undefined
  return { sinceMs, untilMs, by, customer, space } as ReportQuery
}
