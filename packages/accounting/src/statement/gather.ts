/**
 * Gathers the lines of an account into sums, and as many lines as a statement can hold: by the
 * hour; when those are too many, by the day; and when those are, those of the first spaces.
 * @module
 */
import { DAY_EPOCHS } from '@turnpike/core/billing/epoch'
import { addQuantities, NO_QUANTITIES } from '@turnpike/core/billing/quantities'
import type { Quantities } from '@turnpike/core/billing/quantities'
import type { HourTotal, SpaceTotal, Statement, StatementLine } from './statement.ts'

/** How much a statement lists. */
export interface GatherBounds {
  readonly linesMax: number
  readonly spacesMax: number
}

/** What was gathered of an account: sums of all lines, and those lines that fit. */
export type Gathered = Pick<
  Statement,
  'total' | 'hours' | 'spaces' | 'spacesLeftOff' | 'lines' | 'linesBy' | 'linesLeftOff'
>

/**
 * Gathers lines, space by space. The same lines always come to the same.
 *
 * @example
 * const gatherer = new Gatherer({ linesMax: 400_000, spacesMax: 100_000 })
 * for await (const lines of accountLines(sources, account, period)) gatherer.add(lines)
 * const { total, lines, linesLeftOff } = gatherer.gathered()
 */
export class Gatherer {
  readonly #bounds: GatherBounds
  readonly #hours = new Map<number, HourTotal>()
  readonly #spaces: SpaceTotal[] = []
  #total = NO_QUANTITIES
  #spacesLeftOff = 0
  #lines: StatementLine[] = []
  #linesBy: Statement['linesBy'] = 'hour'
  #linesLeftOff = 0

  constructor(bounds: GatherBounds) {
    this.#bounds = bounds
  }

  /** Adds all lines of one space, of which there is one at least. */
  add(ofSpace: readonly StatementLine[]): void {
    const [{ space }] = ofSpace as [StatementLine]
    const sum = totalOf(ofSpace)
    this.#total = addQuantities(this.#total, sum)
    if (this.#spaces.length < this.#bounds.spacesMax) this.#spaces.push({ space, ...sum })
    else this.#spacesLeftOff++
    for (const line of ofSpace) this.#addHour(line)
    this.#addLines(ofSpace)
  }

  /** What there is so far. */
  gathered(): Gathered {
    return {
      total: this.#total,
      hours: [...this.#hours.values()].toSorted((a, b) => a.epoch - b.epoch),
      spaces: this.#spaces,
      spacesLeftOff: this.#spacesLeftOff,
      lines: this.#lines,
      linesBy: this.#linesBy,
      linesLeftOff: this.#linesLeftOff,
    }
  }

  #addHour(line: StatementLine): void {
    const epoch = line.billedEpoch
    const sum = addQuantities(this.#hours.get(epoch) ?? NO_QUANTITIES, line)
    this.#hours.set(epoch, { epoch, ...sum })
  }

  #addLines(ofSpace: readonly StatementLine[]): void {
    if (this.#linesBy === 'hour' && !this.#fits(ofSpace)) {
      this.#linesBy = 'day'
      this.#lines = byDay(this.#lines)
    }
    const lines = this.#linesBy === 'day' ? byDay(ofSpace) : ofSpace
    // From the first space that does not fit on, none is listed: what is missing is the end.
    if (this.#linesLeftOff > 0 || !this.#fits(lines)) this.#linesLeftOff += lines.length
    else for (const line of lines) this.#lines.push(line)
  }

  #fits(lines: readonly StatementLine[]): boolean {
    return this.#lines.length + lines.length <= this.#bounds.linesMax
  }
}

/** The sum of several. */
export function totalOf(parts: Iterable<Quantities>): Quantities {
  let total = NO_QUANTITIES
  for (const part of parts) total = addQuantities(total, part)
  return total
}

/** One line for the lines of a space, a day, and a day in which they count; in the same order. */
function byDay(lines: readonly StatementLine[]): StatementLine[] {
  const days = new Map<string, StatementLine>()
  for (const line of lines) {
    const { space } = line
    const [epoch, billedEpoch] = [dayOf(line.epoch), dayOf(line.billedEpoch)]
    const key = `${epoch}:${billedEpoch}:${space}`
    const sum = addQuantities(days.get(key) ?? NO_QUANTITIES, line)
    days.set(key, { space, epoch, billedEpoch, ...sum })
  }
  return [...days.values()]
}

/** First hour of the UTC day that an hour is in. */
function dayOf(epoch: number): number {
  return epoch - (epoch % DAY_EPOCHS)
}
