/**
 * Questions about usage as people and scripts write them.
 * @module
 */
import type { ReportQuery } from '@turnpike/accounting/usage-report'
import type { ReportBy } from '@turnpike/core/billing/usage-json'
import { customerDidOf } from '@turnpike/core/billing/customer-did'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod } from '@turnpike/core/billing/period'
import { fail, ok, type Result } from '@turnpike/core/result'

/** A question about usage that makes no sense. */
export class UsageQueryRefused extends Error {
  override readonly name = 'UsageQueryRefused'
}

/** How usage may be split into rows. */
export const USAGE_BY: readonly ReportBy[] = ['space', 'customer', 'hour', 'day', 'month', 'cid']

/** Words of a question; those that are absent leave it open. */
export interface UsageWords {
  readonly since?: unknown
  readonly until?: unknown
  readonly period?: unknown
  readonly by?: unknown
  readonly customer?: unknown
  readonly space?: unknown
}

/** Names of the words. */
export const USAGE_WORDS: readonly (keyof UsageWords)[] = [
  'since',
  'until',
  'period',
  'by',
  'customer',
  'space',
]

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/**
 * Reads `since` and `until` (a date, a time in ISO 8601, or how long ago: `90m`, `24h`, `7d`,
 * `2w`), or `period` (a month: `2026-11`); `by`; `customer` (a DID or an email address); `space`.
 *
 * @example
 * parseUsageQuery({ since: '24h', by: 'day' }, Date.now())
 */
export function parseUsageQuery(
  asked: UsageWords,
  nowMs: number,
): Result<ReportQuery, UsageQueryRefused> {
  const bounds = readBounds(asked, nowMs)
  if (bounds.error) return bounds
  const by = USAGE_BY.find((known) => known === asked.by)
  if (asked.by !== undefined && by === undefined)
    return refuse('by', `one of ${USAGE_BY.map((known) => `"${known}"`).join(', ')}`, asked.by)
  const customer = typeof asked.customer === 'string' ? customerDidOf(asked.customer) : undefined
  if (asked.customer !== undefined && customer === undefined)
    return refuse('customer', 'a DID or an email address', asked.customer)
  const { space } = asked
  if (space !== undefined && !(typeof space === 'string' && space.startsWith('did:')))
    return refuse('space', 'a DID', space)
  return ok({ ...bounds.ok, by, customer, space })
}

type Bounds = Pick<ReportQuery, 'sinceMs' | 'untilMs'>

function readBounds(
  { since, until, period }: UsageWords,
  nowMs: number,
): Result<Bounds, UsageQueryRefused> {
  const expected = 'a date, a time, or how long ago (24h, 7d)'
  const [sinceMs, untilMs] = [readTime(since, nowMs), readTime(until, nowMs)]
  if (since !== undefined && sinceMs === undefined) return refuse('since', expected, since)
  if (until !== undefined && untilMs === undefined) return refuse('until', expected, until)
  if (sinceMs !== undefined && untilMs !== undefined && untilMs < sinceMs)
    return refuse('until', 'a time after "since"', until)
  if (period === undefined) return ok({ sinceMs, untilMs })
  if (since !== undefined || until !== undefined)
    return refuse('period', 'to stand without "since" and "until"', period)
  const month = parsePeriod(String(period))
  if (month === undefined) return refuse('period', 'a month, such as 2026-11', period)
  return ok({ sinceMs: month.firstEpoch * EPOCH_MS, untilMs: month.endEpoch * EPOCH_MS })
}

function readTime(text: unknown, nowMs: number): number | undefined {
  if (typeof text !== 'string') return undefined
  const ago = /^(\d{1,6})([mhdw])$/.exec(text)
  const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  const ms =
    ago === null ? time : nowMs - Number(ago[1]) * UNITS_MS[ago[2] as keyof typeof UNITS_MS]
  return ms >= 0 ? ms : undefined
}

function refuse(name: string, expected: string, got: unknown): { error: UsageQueryRefused } {
  const shown = String(JSON.stringify(got)).slice(0, 100)
  return fail(new UsageQueryRefused(`"${name}" expected ${expected}, got ${shown}`))
}
