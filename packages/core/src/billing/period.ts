/**
 * Billing periods: UTC months, as ranges of whole epochs.
 * @module
 */
import { DAY_EPOCHS, EPOCH_MS } from './epoch.ts'

/** A UTC month. */
export interface Period {
  /** `2026-11`. */
  readonly name: string
  /** The month's first hour, in hours since the Unix epoch. */
  readonly firstEpoch: number
  /** The first hour after it. */
  readonly endEpoch: number
}

/** Text that names no period. */
export class InvalidPeriod extends Error {
  override readonly name = 'InvalidPeriod'
  readonly text: string
  constructor(text: string) {
    super(`"period" expected a month such as 2026-11, from 1970-01 on, got "${text}"`)
    this.text = text
  }
}

const MONTHS = 12
const UNIX_YEAR = 1970

/**
 * The period that `text` names, or undefined when it names none: four digits of the year, from
 * 1970 on, a hyphen, and two of the month.
 *
 * @example
 * parsePeriod('2026-11') // { name: '2026-11', firstEpoch: 498192, endEpoch: 498912 }
 */
export function parsePeriod(text: string): Period | undefined {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text) ?? []
  if (year === undefined || Number(year) < UNIX_YEAR) return undefined
  return monthAt(Number(year), Number(month) - 1)
}

/**
 * The period that an epoch lies in.
 *
 * @example
 * periodOf(498_192).name // '2026-11'
 */
export function periodOf(epoch: number): Period {
  const date = new Date(epoch * EPOCH_MS)
  return monthAt(date.getUTCFullYear(), date.getUTCMonth())
}

/** The period right after another. */
export function periodAfter(period: Period): Period {
  return periodOf(period.endEpoch)
}

/** The period right before another; undefined for the first there is. */
export function periodBefore(period: Period): Period | undefined {
  return period.firstEpoch === 0 ? undefined : periodOf(period.firstEpoch - 1)
}

/** Hours of a period: 672 to 744. */
export function hoursOf(period: Period): number {
  return period.endEpoch - period.firstEpoch
}

/** An hour as text: `2026-11-21T07`. */
export function epochText(epoch: number): string {
  return new Date(epoch * EPOCH_MS).toISOString().slice(0, '2026-11-21T07'.length)
}

/** The UTC day that an epoch lies in, as text: `2026-11-21`. */
export function dayText(epoch: number): string {
  return new Date(epoch * EPOCH_MS).toISOString().slice(0, '2026-11-21'.length)
}

/** Days since the Unix epoch, of an epoch. */
export function dayOf(epoch: number): number {
  return Math.floor(epoch / DAY_EPOCHS)
}

function monthAt(year: number, month: number): Period {
  const firstEpoch = Date.UTC(year, month) / EPOCH_MS
  const endEpoch = Date.UTC(year, month + 1) / EPOCH_MS
  const name = `${String(year).padStart(4, '0')}-${String((month % MONTHS) + 1).padStart(2, '0')}`
  return { name, firstEpoch, endEpoch }
}
