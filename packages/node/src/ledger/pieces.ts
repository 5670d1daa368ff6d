/**
 * Cuts a stretch of time into the months and days that lie whole in it, and the hours beside.
 * @module
 */
import { LEDGER_UNITS, unitFirstEpoch, unitOf } from '@turnpike/core/billing/unit'
import type { LedgerUnit } from '@turnpike/core/ports/ledger'

/** Times of one unit that follow each other. */
export interface Piece {
  readonly unit: LedgerUnit
  readonly first: number
  readonly last: number
}

/**
 * Pieces that make up `firstEpoch` to before `endEpoch`, in order, none coarser than `coarsest`: at
 * most five. Those beside a month lie in one month each, those beside a day in one day.
 *
 * @example
 * piecesOf(30, 50, 'month')
 * // [{ unit: 'hour', first: 30, last: 47 }, { unit: 'hour', first: 48, last: 49 }]
 */
export function piecesOf(firstEpoch: number, endEpoch: number, coarsest: LedgerUnit): Piece[] {
  const units = LEDGER_UNITS.slice(0, LEDGER_UNITS.indexOf(coarsest) + 1)
  return cut(firstEpoch, endEpoch, units)
}

function cut(first: number, end: number, units: readonly LedgerUnit[]): Piece[] {
  if (first >= end) return []
  const [unit, coarser] = units
  if (unit === undefined) throw new TypeError('"units" expected one at least, got none')
  const whole = (from: number, to: number): Piece[] =>
    from < to ? [{ unit, first: unitOf(unit, from), last: unitOf(unit, to - 1) }] : []
  if (coarser === undefined) return whole(first, end)
  const head = Math.min(end, unitEnd(coarser, first - 1))
  const tail = Math.max(head, unitFirstEpoch(coarser, unitOf(coarser, end)))
  return [...whole(first, head), ...cut(head, tail, units.slice(1)), ...whole(tail, end)]
}

/** Where the unit that `epoch` lies in ends. */
function unitEnd(unit: LedgerUnit, epoch: number): number {
  return unitFirstEpoch(unit, unitOf(unit, epoch) + 1)
}
