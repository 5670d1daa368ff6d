/**
 * Hours, days and months as numbers: how roll-ups name their time.
 * @module
 */
import { DAY_EPOCHS, EPOCH_MS } from './epoch.ts'
import type { LedgerUnit } from '../ports/ledger.ts'

const MONTHS = 12
const UNIX_YEAR = 1970

/** Units from fine to coarse. Each begins and ends where one of the finer does. */
export const LEDGER_UNITS: readonly LedgerUnit[] = ['hour', 'day', 'month']

/**
 * Hours, UTC days or UTC months since the Unix epoch, of an epoch.
 *
 * @example
 * unitOf('month', 498_192) // 682: 2026-11
 */
export function unitOf(unit: LedgerUnit, epoch: number): number {
  if (unit === 'hour') return epoch
  if (unit === 'day') return Math.floor(epoch / DAY_EPOCHS)
  const date = new Date(epoch * EPOCH_MS)
  return (date.getUTCFullYear() - UNIX_YEAR) * MONTHS + date.getUTCMonth()
}

/**
 * The first epoch of a unit.
 *
 * @example
 * unitFirstEpoch('day', 20_758) // 498_192
 */
export function unitFirstEpoch(unit: LedgerUnit, time: number): number {
  if (unit === 'hour') return time
  if (unit === 'day') return time * DAY_EPOCHS
  return Date.UTC(UNIX_YEAR, time) / EPOCH_MS
}
