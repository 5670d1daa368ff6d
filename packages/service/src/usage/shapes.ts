/**
 * Answers about usage as Storacha's clients read them. Times are in ISO 8601; a number that passes
 * 2^53 - 1 is an integer of CBOR all the same.
 * Source: Storacha, capabilities 2.3.1, types of "usage" and "account".
 * @module
 */
import { CID } from 'multiformats/cid'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type {
  AccountUsage,
  DailyEgress,
  EgressReport,
  StorageReport,
} from '@turnpike/core/ports/usage'

type Count = number | bigint

function count(bytes: bigint): Count {
  const safe = bytes <= Number.MAX_SAFE_INTEGER && bytes >= Number.MIN_SAFE_INTEGER
  return safe ? Number(bytes) : bytes
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function periodShape({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): object {
  return { from: iso(fromMs), to: iso(toMs) }
}

/** `UsageData`: what a space stored. */
export function reportShape(report: StorageReport): NonNullable<unknown> {
  const { provider, space, initialBytes, finalBytes, events } = report
  return {
    provider,
    space,
    period: periodShape(report),
    size: { initial: count(initialBytes), final: count(finalBytes) },
    events: events.map(({ cause, deltaBytes, atMs }) => ({
      cause: CID.decode(cause),
      delta: count(deltaBytes),
      receiptAt: iso(atMs),
    })),
  }
}

function egressShape(report: EgressReport): NonNullable<unknown> {
  const { provider, space, totalBytes } = report
  return { provider, space, period: periodShape(report), total: count(totalBytes) }
}

/**
 * `AccountUsageGetSuccess`. `total` of storage is the size at the end; a space that is told of has
 * its entries in both halves, with 0 where there is nothing.
 */
export function accountShape({ spaces, storage, egress }: AccountUsage): NonNullable<unknown> {
  const stored = entries(spaces, storage, ({ finalBytes }) => finalBytes, reportShape)
  const read = entries(spaces, egress, ({ totalBytes }) => totalBytes, egressShape)
  return { ...bySpace(stored), egress: bySpace(read) }
}

/** Entries of spaces, with what there is of each by its provider. */
function entries<Report extends { readonly space: SpaceDid; readonly provider: string }>(
  spaces: readonly SpaceDid[],
  reports: readonly Report[],
  bytesOf: (report: Report) => bigint,
  shape: (report: Report) => NonNullable<unknown>,
): SpaceEntry[] {
  const bySpaces = Map.groupBy(reports, ({ space }) => space)
  return spaces.map((space) => {
    const found = bySpaces.get(space) ?? []
    const providers = found.map((report) => [report.provider, shape(report)] as const)
    return { space, total: sum(found.map(bytesOf)), providers: Object.fromEntries(providers) }
  })
}

interface SpaceEntry {
  readonly space: SpaceDid
  readonly total: bigint
  readonly [more: string]: unknown
}

/** `AccountEgressGetSuccess`: by days, as dates. */
export function dailyShape(spaces: readonly DailyEgress[]): NonNullable<unknown> {
  return bySpace(
    spaces.map(({ space, days, totalBytes }) => ({
      space,
      total: totalBytes,
      dailyStats: days.map(({ date, bytes }) => ({ date, egress: count(bytes) })),
    })),
  )
}

function bySpace(all: readonly SpaceEntry[]): NonNullable<unknown> {
  return {
    total: count(sum(all.map(({ total }) => total))),
    spaces: Object.fromEntries(
      all.map(({ space, total, ...rest }) => [space, { total: count(total), ...rest }]),
    ),
  }
}

function sum(counts: readonly bigint[]): bigint {
  return counts.reduce((all, one) => all + one, 0n)
}
