/**
 * Egress by day: as sums, and as a chart in SVG.
 * @module
 */
import { DAY_EPOCHS, EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { Period } from '@turnpike/core/billing/period'
import { addQuantities, NO_QUANTITIES } from '@turnpike/core/billing/quantities'
import type { Quantities } from '@turnpike/core/billing/quantities'
import { countText } from './page.ts'
import type { HourTotal } from './statement.ts'

const WIDTH = 720
const HEIGHT = 96
const GAP = 3
const LABEL_HEIGHT = 16
/** A day in so many has its number below it. */
const LABEL_EVERY = 5

/** Sums of one UTC day. */
export interface DayTotal extends Quantities {
  /** `2026-11-21`. */
  readonly date: string
}

/**
 * Sums by day; every day of the month, in order.
 *
 * @example
 * const days = daysOf(statement.hours, statement.period)
 */
export function daysOf(hours: readonly HourTotal[], period: Period): DayTotal[] {
  const { firstEpoch, endEpoch } = period
  const sums = new Map<number, Quantities>()
  for (const hour of hours) {
    const day = Math.floor((hour.epoch - firstEpoch) / DAY_EPOCHS)
    sums.set(day, addQuantities(sums.get(day) ?? NO_QUANTITIES, hour))
  }
  return Array.from({ length: (endEpoch - firstEpoch) / DAY_EPOCHS }, (_, day) => {
    const startMs = (firstEpoch + day * DAY_EPOCHS) * EPOCH_MS
    const date = new Date(startMs).toISOString().slice(0, '2026-11-21'.length)
    return { ...(sums.get(day) ?? NO_QUANTITIES), date }
  })
}

/**
 * Bars of egress, a day each; what is below zero hangs in another colour. Empty without egress.
 *
 * @returns HTML
 */
export function dayChart(days: readonly DayTotal[]): string {
  const most = days.reduce((max, { egressBytes }) => greatest(max, sizeOf(egressBytes)), 0n)
  if (most === 0n) return ''
  const step = WIDTH / days.length
  const bars = days.map(({ date, egressBytes }, i) => {
    const height = Number((sizeOf(egressBytes) * 10_000n) / most) * (HEIGHT / 10_000)
    const x = (i * step + GAP / 2).toFixed(1)
    const y = (HEIGHT - height).toFixed(1)
    const width = (step - GAP).toFixed(1)
    const shape = `x="${x}" y="${y}" width="${width}" height="${height.toFixed(1)}"`
    const below = egressBytes < 0n ? ' class="below"' : ''
    const title = `<title>${date}: ${countText(egressBytes)} bytes</title>`
    const isLabelled = i === 0 || (i + 1) % LABEL_EVERY === 0
    const label = isLabelled ? labelAt(i * step + step / 2, String(i + 1)) : ''
    return `<rect${below} ${shape}>${title}</rect>${label}`
  })
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT + LABEL_HEIGHT}" role="img" aria-label="Egress by day">` +
    `<line x1="0" x2="${WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}"/>${bars.join('')}</svg>`
  )
}

function labelAt(x: number, text: string): string {
  const y = HEIGHT + LABEL_HEIGHT - 3
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="middle">${text}</text>`
}

function sizeOf(bytes: bigint): bigint {
  return bytes < 0n ? -bytes : bytes
}

function greatest(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
