/**
 * Which plan a customer is on in which hours.
 * @module
 */
import type { PlanTerm } from '../ports/provisioning.ts'
import { epochOf } from './epoch.ts'
import { endOf } from './ownership.ts'

/**
 * The terms of a customer after they chose a plan in an hour: the plan that they were on keeps that
 * hour. One that was to be in force from the next hour on is forgotten. Time does not go back from
 * one choice to the next.
 *
 * @param terms of one customer, oldest first
 * @returns the same terms when that plan is in force, or is to be
 * @example
 * planned([], { customer, plan: 'did:web:lite.example', epoch: 100, setMs }) // from 100 on
 */
export function planned(
  terms: readonly PlanTerm[],
  { epoch, ...chosen }: Pick<PlanTerm, 'customer' | 'plan' | 'setMs'> & { readonly epoch: number },
): readonly PlanTerm[] {
  const last = terms.at(-1)
  if (last === undefined) return [{ ...chosen, firstEpoch: epoch, endEpoch: null }]
  if (last.plan === chosen.plan) return terms
  const firstEpoch = Math.max(epoch + 1, last.firstEpoch)
  const isPending = firstEpoch === last.firstEpoch
  const before = terms.slice(0, -1)
  const kept = isPending ? before : [...before, { ...last, endEpoch: firstEpoch }]
  const resumed = kept.at(-1)
  // Back to the plan that is in force: it was never left.
  if (isPending && resumed?.plan === chosen.plan)
    return [...kept.slice(0, -1), { ...resumed, endEpoch: null }]
  return [...kept, { ...chosen, firstEpoch, endEpoch: null }]
}

/** The plan in force in an hour; undefined before the first one. */
export function planAt(terms: readonly PlanTerm[], epoch: number): PlanTerm | undefined {
  return terms.find((term) => term.firstEpoch <= epoch && epoch < endOf(term))
}

/** The hour that a change counts in: that of its time, but none before `floorEpoch`. */
export function changeEpoch(atMs: number, floorEpoch: number): number {
  return Math.max(epochOf(atMs), floorEpoch)
}
