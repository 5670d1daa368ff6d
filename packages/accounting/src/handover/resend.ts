/**
 * Hands groups on once more that were refused, after somebody has mended why.
 * @module
 */
import { fittingGroups } from '@turnpike/core/handover/batch'
import type { InboxVerdict } from '@turnpike/core/ports/inbox'
import { fail, ok } from '@turnpike/core/result'
import type { Awaitable, Result } from '@turnpike/core/result'
import { deliver } from './deliver.ts'
import type { DeliverDeps, HandOnFailed } from './deliver.ts'
import type { RefusedGroup } from './hand-on.ts'

/** Where a group stands in the order of all that were refused. */
export type RefusedPlace = Pick<RefusedGroup, 'journal' | 'entry'>

/** Groups that were refused, as they are kept. */
export interface RefusedGroups {
  /** The next groups behind `after`, by journal and entry; none at the end. */
  next(after: RefusedPlace | undefined): Awaitable<readonly RefusedGroup[]>
  /** Forgets those that are counted or seen, and notes why the others were refused again. */
  resettle(groups: readonly RefusedGroup[], verdicts: readonly InboxVerdict[]): Awaitable<void>
}

/** What became of them. */
export interface Resent {
  readonly counted: number
  readonly seen: number
  readonly refused: number
}

/**
 * Sends each group that is kept once.
 *
 * @example
 * const { ok: resent, error } = await resendRefused(groups, deps, signal)
 */
export async function resendRefused(
  kept: RefusedGroups,
  deps: DeliverDeps,
  signal: AbortSignal,
): Promise<Result<Resent, HandOnFailed>> {
  const tally = { counted: 0, seen: 0, refused: 0 }
  for (let after: RefusedPlace | undefined; ;) {
    const found = await kept.next(after)
    const [first] = found
    if (first === undefined) return ok(tally)
    const some = found.slice(0, fittingGroups(found.map(({ entries }) => entries)))
    const groups = some.map(({ entries }) => entries)
    const place = { journal: first.journal, first: first.entry }
    const { ok: verdicts, error } = await deliver(place, groups, deps, signal)
    if (verdicts === undefined) return fail(error)
    const settled = some.slice(0, verdicts.length)
    await kept.resettle(settled, verdicts)
    for (const { kind } of verdicts) tally[kind]++
    after = settled.at(-1)
  }
}
