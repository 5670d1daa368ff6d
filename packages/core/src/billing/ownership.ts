/**
 * Who owns a space in which hours, and in which hour that is billed.
 *
 * Two rules make statements final. An owner keeps the hour in which somebody else takes over. And
 * hours that had no owner go to the next one, who is billed for them in the hour in which the space
 * was taken on: no change reaches back into what was billed before it.
 * @module
 */
import type { Ownership } from '../ports/provisioning.ts'

/** Whole epochs: `firstEpoch` is in it and `endEpoch` is not. */
export interface EpochSpan {
  readonly firstEpoch: number
  readonly endEpoch: number
}

/** Who takes a space on, and in which hour. */
export type NewOwner = Pick<Ownership, 'space' | 'customer' | 'provider' | 'subscription'> & {
  readonly epoch: number
}

/** The end of an ownership, as a number that no epoch reaches where there is none. */
export function endOf({ endEpoch }: { readonly endEpoch: number | null }): number {
  return endEpoch ?? Infinity
}

/**
 * The history of a space after somebody took it on: from the next hour on where it had an owner,
 * else with everything since the last one. Time does not go back from one change to the next.
 *
 * @param history of the space, oldest first
 * @returns the same history when this customer has the space already
 * @example
 * let history = assigned([], { ...alice, epoch: 100 }) // alice: 0 to the end of time
 * history = assigned(history, { ...bob, epoch: 200 }) // alice: 0 to 201, bob: from 201 on
 */
export function assigned(history: readonly Ownership[], next: NewOwner): readonly Ownership[] {
  const last = history.at(-1)
  if (last?.endEpoch === null && last.customer === next.customer) return history
  const { epoch, ...owner } = next
  const assignedEpoch = Math.max(epoch, changedIn(last))
  const before = last?.endEpoch === null ? released(history, assignedEpoch) : history
  const firstEpoch = before.at(-1)?.endEpoch ?? 0
  return [...before, { ...owner, firstEpoch, endEpoch: null, assignedEpoch }]
}

/**
 * The history of a space after it was taken from its owner, who keeps the hour in which that was.
 * An owner who was to have it from the next hour on never had it.
 *
 * @throws {RangeError} when it has no owner
 * @example
 * released(history, 300).at(-1)?.endEpoch // 301
 */
export function released(history: readonly Ownership[], epoch: number): readonly Ownership[] {
  const last = history.at(-1)
  if (last?.endEpoch !== null) throw new RangeError('"history" expected to end with an owner')
  const endEpoch = Math.max(epoch, changedIn(last)) + 1
  const before = history.slice(0, -1)
  return endEpoch <= last.firstEpoch ? before : [...before, { ...last, endEpoch }]
}

/** Hour of the last change of a history, by its last owner. */
function changedIn(last: Ownership | undefined): number {
  if (last === undefined) return 0
  return last.endEpoch === null ? last.assignedEpoch : last.endEpoch - 1
}

/** Who owns a space in an hour, by its history. */
export function ownerAt(history: readonly Ownership[], epoch: number): Ownership | undefined {
  return history.find((one) => one.firstEpoch <= epoch && epoch < endOf(one))
}

/**
 * The hour in which what an owner owes for `epoch` is billed: that hour, or the one in which the
 * space was taken on with what nobody had owned.
 *
 * @example
 * billedEpoch({ assignedEpoch: 100 }, 40) // 100
 */
export function billedEpoch(
  { assignedEpoch }: Pick<Ownership, 'assignedEpoch'>,
  epoch: number,
): number {
  return Math.max(epoch, assignedEpoch)
}

/**
 * The hours of an ownership that are billed within a period; undefined when none are. Over all
 * periods, each hour of it is in one of these spans, once.
 *
 * @example
 * billedSpan(ownership, { firstEpoch: 96, endEpoch: 120 })
 */
export function billedSpan(ownership: Ownership, period: EpochSpan): EpochSpan | undefined {
  const { firstEpoch, assignedEpoch } = ownership
  if (assignedEpoch >= period.endEpoch) return undefined
  const isNew = assignedEpoch >= period.firstEpoch
  const span = {
    firstEpoch: isNew ? firstEpoch : Math.max(firstEpoch, period.firstEpoch),
    endEpoch: Math.min(endOf(ownership), period.endEpoch),
  }
  return span.firstEpoch < span.endEpoch ? span : undefined
}

/**
 * The hours whose VOIDs are credited to an ownership within a period; undefined when none are. Of
 * the VOIDs in them those count whose target lies in the ownership (`ownerAt`), though it may be
 * over by then. A VOID is credited in its own hour, but no sooner than what it voids is billed.
 * Over all periods, each is credited once.
 *
 * @example
 * creditedSpan(ownership, { firstEpoch: 96, endEpoch: 120 })
 */
export function creditedSpan(ownership: Ownership, period: EpochSpan): EpochSpan | undefined {
  return billedSpan({ ...ownership, endEpoch: null }, period)
}

/**
 * The hours of a span in which a space had no owner: what is read in them is in suspense.
 *
 * @param history of the space, oldest first
 * @example
 * unownedSpans([], { firstEpoch: 0, endEpoch: 10 }) // [{ firstEpoch: 0, endEpoch: 10 }]
 */
export function unownedSpans(history: readonly Ownership[], span: EpochSpan): EpochSpan[] {
  const spans: EpochSpan[] = []
  let at = span.firstEpoch
  for (const one of history) {
    const endEpoch = Math.min(one.firstEpoch, span.endEpoch)
    if (at < endEpoch) spans.push({ firstEpoch: at, endEpoch })
    at = Math.max(at, endOf(one))
  }
  if (at < span.endEpoch) spans.push({ firstEpoch: at, endEpoch: span.endEpoch })
  return spans
}
