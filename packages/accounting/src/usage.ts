/**
 * Answers about usage: sums over whole hours, and as JSON.
 * @module
 */
import { linkFromBytes, linkToString } from '@turnpike/core/link'
import type { LedgerAnswer, LedgerRow, UsageBy, UsageCounts } from '@turnpike/core/ports/ledger'
import { EPOCH_MS, epochEndMs, epochOf } from '@turnpike/core/billing/epoch'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { dayText, epochText, periodOf as periodAt } from '@turnpike/core/billing/period'
import { countJson } from '@turnpike/core/billing/quantities'
import { unitFirstEpoch } from '@turnpike/core/billing/unit'

/** What is asked. */
export interface UsageQuery {
  /** Wall-clock ms: the hour that it lies in is taken whole. Default: all there is. */
  readonly sinceMs?: number | undefined
  /** Wall-clock ms: the hour that ends then, or holds it, is the last. Default: all there is. */
  readonly untilMs?: number | undefined
  /** Split into rows: by space, by CID, or by hour, day or month of UTC. */
  readonly by?: UsageBy | undefined
}

/**
 * One row: a space's DID, an hour (`2026-11-21T07`), a day (`2026-11-21`), a month (`2026-11`), or
 * a CID; empty where there is none.
 */
export interface UsageRow extends UsageCounts {
  readonly key: string
}

/** Whole hours from `fromMs` to before `toMs`, in wall-clock ms. */
export interface UsagePeriod {
  readonly fromMs: number
  readonly toMs: number
}

/** Sums over a period. */
export interface UsageAnswer extends UsageCounts {
  /** Hours that are summed, from the first with entries or the one asked for; null: none. */
  readonly period: UsagePeriod | null
  /** Log entries that are summed. */
  readonly asOfEntry: number
  /** Whether that is everything the journals had; false only after gigabytes of backlog. */
  readonly complete: boolean
  /** Present when the query says `by`. */
  readonly rows: readonly UsageRow[] | undefined
  /** Rows that were left off because there are more than 10,000. */
  readonly rowsLeftOff: number
  /** Rows by CID say nothing of the hours before this wall-clock ms; null where they say it all. */
  readonly rowsFromMs: number | null
}

/**
 * The hours of a query, each taken whole.
 *
 * @example
 * epochsOf({ sinceMs: 3_600_001, untilMs: 7_200_001 }) // { firstEpoch: 1, endEpoch: 3 }
 */
export function epochsOf({ sinceMs, untilMs }: Pick<UsageQuery, 'sinceMs' | 'untilMs'>): EpochSpan {
  const firstEpoch = sinceMs === undefined ? 0 : epochOf(sinceMs)
  const endEpoch = untilMs === undefined ? Number.MAX_SAFE_INTEGER : endEpochOf(untilMs)
  return { firstEpoch, endEpoch: Math.max(firstEpoch, endEpoch) }
}

function endEpochOf(untilMs: number): number {
  return Math.ceil(untilMs / EPOCH_MS)
}

/**
 * An answer of the ledger in the terms of the query.
 *
 * @example
 * const usage = usageAnswer(query, await ledger.query(range), caughtUp)
 */
export function usageAnswer(
  query: UsageQuery,
  answer: LedgerAnswer,
  asOf: { readonly size: number; readonly more: boolean },
): UsageAnswer {
  return {
    ...answer.total,
    period: periodOf(query, answer),
    asOfEntry: asOf.size,
    complete: !asOf.more,
    rows: query.by && answer.rows.map((row) => rowOf(query.by!, row)),
    rowsLeftOff: answer.rowsLeftOff,
    rowsFromMs: rowsFrom(query, answer),
  }
}

/** The JSON form of an answer; `rows` is there when they were asked for. */
export type UsageJson = { readonly [field: string]: unknown }

/**
 * An answer for `JSON.stringify`: times in ISO 8601, a byte count as a number up to 2^53 - 1 and as
 * a decimal string beyond, where a JSON number would not be exact.
 *
 * @example
 * console.log(JSON.stringify(usageJson(usage)))
 */
export function usageJson(usage: UsageAnswer): UsageJson {
  const { period, rows } = usage
  return {
    ...countsJson(usage),
    period: period && {
      from: new Date(period.fromMs).toISOString(),
      to: new Date(period.toMs).toISOString(),
    },
    asOfEntry: usage.asOfEntry,
    complete: usage.complete,
    ...(rows && {
      rows: rows.map(rowJson),
      rowsLeftOff: usage.rowsLeftOff,
      ...(usage.rowsFromMs !== null && { rowsFrom: new Date(usage.rowsFromMs).toISOString() }),
    }),
  }
}

function rowJson(row: UsageRow): UsageJson {
  return { key: row.key, ...countsJson(row) }
}

/** Sums as {@link usageJson} has them. */
export function countsJson(counts: UsageCounts): UsageJson {
  return {
    reads: counts.reads,
    bytes: countJson(counts.bytes),
    bytesDelivered: countJson(counts.bytesDelivered),
    bytesFetched: countJson(counts.bytesFetched),
    bytesVoided: countJson(counts.bytesVoided),
    denied: counts.denied,
    errors: counts.errors,
  }
}

function periodOf({ sinceMs, untilMs }: UsageQuery, { epochs }: LedgerAnswer): UsagePeriod | null {
  if (epochs === undefined && (sinceMs === undefined || untilMs === undefined)) return null
  const fromMs = sinceMs === undefined ? epochs!.first * EPOCH_MS : epochOf(sinceMs) * EPOCH_MS
  const toMs = untilMs === undefined ? epochEndMs(epochs!.last) : endEpochOf(untilMs) * EPOCH_MS
  return { fromMs, toMs: Math.max(fromMs, toMs) }
}

function rowsFrom(query: UsageQuery, { epochs, cidsFromEpoch }: LedgerAnswer): number | null {
  if (query.by !== 'cid' || epochs === undefined || cidsFromEpoch <= epochs.first) return null
  return cidsFromEpoch * EPOCH_MS
}

function rowOf(by: UsageBy, { key, ...counts }: LedgerRow): UsageRow {
  if (typeof key === 'string') return { key, ...counts }
  if (typeof key === 'number') return { key: timeText(by, key), ...counts }
  const link = key.length === 0 ? undefined : linkFromBytes(key)
  return { key: link === undefined ? '' : linkToString(link), ...counts }
}

/** An hour, day or month since the Unix epoch as {@link UsageRow} has it. */
export function timeText(by: UsageBy, time: number): string {
  if (by === 'hour') return epochText(time)
  if (by === 'day') return dayText(unitFirstEpoch('day', time))
  return periodAt(unitFirstEpoch('month', time)).name
}
