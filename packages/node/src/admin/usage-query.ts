/**
 * Questions about usage as people and scripts write them.
 * @module
 */
import type { UsageQuery } from '@turnpike/accounting/usage'
import { fail, ok, type Result } from '@turnpike/core/result'

/** A question about usage that makes no sense. */
export class UsageQueryRefused extends Error {
  override readonly name = 'UsageQueryRefused'
}

const BY = ['space', 'day', 'cid'] as const
const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/**
 * Reads `since` (a date, a time in ISO 8601, or how long ago: `90m`, `24h`, `7d`, `2w`) and `by`.
 *
 * @example
 * parseUsageQuery({ since: '24h', by: 'day' }, Date.now())
 */
export function parseUsageQuery(
  asked: { readonly since?: unknown; readonly by?: unknown },
  nowMs: number,
): Result<UsageQuery, UsageQueryRefused> {
  const by = BY.find((known) => known === asked.by)
  if (asked.by !== undefined && by === undefined)
    return refuse('by', 'one of "space", "day", "cid"', asked.by)
  const sinceMs = asked.since === undefined ? undefined : readSince(asked.since, nowMs)
  if (asked.since !== undefined && sinceMs === undefined)
    return refuse('since', 'a date, a time, or how long ago (24h, 7d)', asked.since)
  return ok({ sinceMs, by })
}

function readSince(since: unknown, nowMs: number): number | undefined {
  if (typeof since !== 'string') return undefined
  const ago = /^(\d{1,6})([mhdw])$/.exec(since)
  const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(since)
    ? Date.parse(since)
    : Number.NaN
  const sinceMs =
    ago === null ? time : nowMs - Number(ago[1]) * UNITS_MS[ago[2] as keyof typeof UNITS_MS]
  return sinceMs >= 0 ? sinceMs : undefined
}

function refuse(name: string, expected: string, got: unknown): { error: UsageQueryRefused } {
  const shown = String(JSON.stringify(got)).slice(0, 100)
  return fail(new UsageQueryRefused(`"${name}" expected ${expected}, got ${shown}`))
}
