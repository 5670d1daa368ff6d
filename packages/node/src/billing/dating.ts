/**
 * Dates for the owner of a folder, of what is billed by the hour.
 * @module
 */
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { Clock } from '@turnpike/core/ports/runtime'
import { accountingPaths } from '../accounting/open.ts'
import type { FolderPaths } from '../folder/layout.ts'
import { openEpoch } from './open-epoch.ts'
import { readBilling } from './read.ts'

/** The first hour of a folder in which anything may still change; see {@link openEpoch}. */
export function openEpochOf({ root }: Pick<FolderPaths, 'root'>): number {
  return readBilling(accountingPaths(root).billing, openEpoch) ?? 0
}

/**
 * A clock that is never before that hour.
 *
 * @example
 * removeRoot(catalog, space, link, datingClock(folder.paths, clock))
 */
export function datingClock(
  paths: Pick<FolderPaths, 'root'>,
  clock: Pick<Clock, 'nowMs'>,
): Pick<Clock, 'nowMs'> {
  return { nowMs: () => Math.max(clock.nowMs(), openEpochOf(paths) * EPOCH_MS) }
}
