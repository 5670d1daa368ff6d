/**
 * Dates for the owner of a folder, of what is billed by the hour.
 * @module
 */
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { Clock } from '@turnpike/core/ports/runtime'
import { accountingPaths } from '../accounting/open.ts'
import type { FolderOwner } from '../folder/open.ts'
import type { FolderPaths } from '../folder/layout.ts'
import { lastEpoch } from '../ledger/last-epoch.ts'
import { confirmedMs } from './confirmed.ts'
import { openEpoch } from './open-epoch.ts'
import { lastOnBooks, PossibleClock } from './possible-clock.ts'
import { readBilling } from './read.ts'

/** The first hour of a folder in which anything may still change; see {@link openEpoch}. */
export function openEpochOf({ root }: Pick<FolderPaths, 'root'>): number {
  return readBilling(accountingPaths(root).billing, openEpoch) ?? 0
}

/**
 * A clock for what is dated for good: never before that hour, nor ahead of where time can be.
 *
 * A date in the future would hold every later one, and a read would have no owner until then. As
 * the log does, this tells a clock that was set ahead by uptime ({@link PossibleClock}). Nothing is
 * refused, since content must be withdrawn by any clock: dates go on by uptime from the last that
 * was believed. A process that starts has none, so it goes on from the books: the last hour in the
 * ledger, the last change of what is stored. An operator says that a clock is right by touching
 * {@link FolderPaths.clockConfirmed}.
 *
 * Make it when the folder is opened: what it compares with are readings from then on.
 *
 * @example
 * removeRoot(catalog, space, link, datingClock(folder, clock))
 */
export function datingClock(
  { paths, catalog }: Pick<FolderOwner, 'paths' | 'catalog'>,
  clock: Clock,
): Clock {
  const lastMs = lastOnBooks(catalog, lastEpoch(accountingPaths(paths.root).ledger))
  const possible = new PossibleClock(clock, lastMs, () => confirmedMs(paths))
  return {
    nowMs: () => Math.max(possible.nowMs(), openEpochOf(paths) * EPOCH_MS),
    monotonicMs: () => clock.monotonicMs(),
  }
}
