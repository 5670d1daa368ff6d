/**
 * Egress of a customer's spaces by days.
 * @module
 */
import { endOf, type EpochSpan } from '@turnpike/core/billing/ownership'
import { dayText } from '@turnpike/core/billing/period'
import { unitFirstEpoch, unitOf } from '@turnpike/core/billing/unit'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { LedgerView } from '@turnpike/core/ports/ledger'
import type { Ownership } from '@turnpike/core/ports/provisioning'
import type { DailyEgress } from '@turnpike/core/ports/usage'

type Days = Map<SpaceDid, Map<number, bigint>>

/**
 * Egress by space and by the day of the read, in the hours in which the space was the customer's.
 * What was voided, whenever that was, is taken off the day on which it was read: no day is below
 * zero.
 *
 * @param named spaces that are told of even when nothing was read of them
 * @example
 * const byDay = await dailyEgress(ledger, await owners.ofCustomer(customer), days, [])
 */
export async function dailyEgress(
  ledger: Pick<LedgerView, 'sums' | 'voids'>,
  ownerships: readonly Ownership[],
  days: EpochSpan,
  named: readonly SpaceDid[],
): Promise<readonly DailyEgress[]> {
  const byDay = await bytesByDay(ledger, ownerships, days)
  const spaces = [...new Set([...named, ...byDay.keys()])].toSorted()
  return spaces.map((space) => dailyOf(space, byDay.get(space)))
}

async function bytesByDay(
  ledger: Pick<LedgerView, 'sums' | 'voids'>,
  ownerships: readonly Ownership[],
  days: EpochSpan,
): Promise<Days> {
  const spans = ownerships.flatMap((owned) => {
    const firstEpoch = Math.max(owned.firstEpoch, days.firstEpoch)
    const endEpoch = Math.min(endOf(owned), days.endEpoch)
    return firstEpoch < endEpoch ? [{ space: owned.space, firstEpoch, endEpoch }] : []
  })
  const byDay: Days = new Map()
  const add = (space: SpaceDid, day: number, bytes: bigint): void => {
    const sums = byDay.get(space) ?? new Map<number, bigint>()
    byDay.set(space, sums.set(day, (sums.get(day) ?? 0n) + bytes))
  }
  for (const row of (await ledger.sums({ spans, bySpace: true, by: 'day' })).rows)
    add(row.space as SpaceDid, row.time, row.bytes)
  for (const { space, firstEpoch, endEpoch } of spans) {
    const since = { space, firstEpoch, endEpoch: Number.MAX_SAFE_INTEGER }
    for (const { targetEpoch, bytes } of await ledger.voids(since))
      if (targetEpoch >= firstEpoch && targetEpoch < endEpoch)
        add(space, unitOf('day', targetEpoch), -bytes)
  }
  return byDay
}

function dailyOf(space: SpaceDid, sums: ReadonlyMap<number, bigint> = new Map()): DailyEgress {
  const days = [...sums]
    .toSorted(([a], [b]) => a - b)
    .map(([day, bytes]) => ({ date: dayText(unitFirstEpoch('day', day)), bytes }))
  return { space, days, totalBytes: days.reduce((sum, { bytes }) => sum + bytes, 0n) }
}
