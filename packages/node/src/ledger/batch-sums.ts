/**
 * A batch's sums by time and space: one write for each, however many CIDs it has.
 * @module
 */
import { addCounts, noCounts } from '@turnpike/core/billing/counts'
import type { MutableCounts } from '@turnpike/core/billing/counts'
import { unitOf } from '@turnpike/core/billing/unit'
import type { LedgerUnit, UsageCounts } from '@turnpike/core/ports/ledger'

/** Sums of one unit of time: by space, and of all. */
export interface TimeSums {
  readonly spaces: Map<number, MutableCounts>
  readonly total: MutableCounts
}

/**
 * Adds up hours, and gives out hours, days and months.
 *
 * @example
 * const sums = new BatchSums()
 * sums.add(epoch, space, row)
 * for (const [time, { spaces, total }] of sums.by('day')) write(time, spaces, total)
 */
export class BatchSums {
  readonly #hours = new Map<number, TimeSums>()

  /** Adds to the sums of a space, by its number, in an epoch. */
  add(epoch: number, space: number, counts: UsageCounts): void {
    const { spaces, total } = sumsAt(this.#hours, epoch)
    addCounts(total, counts)
    const found = spaces.get(space)
    if (found === undefined) spaces.set(space, { ...noCounts(), ...counts })
    else addCounts(found, counts)
  }

  /** Sums by units of time, since the Unix epoch. */
  by(unit: LedgerUnit): ReadonlyMap<number, TimeSums> {
    if (unit === 'hour') return this.#hours
    // A batch is nearly always of one hour: then a day has the same sums.
    if (this.#hours.size === 1) {
      const [[epoch, sums]] = this.#hours as unknown as [[number, TimeSums]]
      return new Map([[unitOf(unit, epoch), sums]])
    }
    const times = new Map<number, TimeSums>()
    for (const [epoch, hour] of this.#hours) {
      const { spaces, total } = sumsAt(times, unitOf(unit, epoch))
      addCounts(total, hour.total)
      for (const [space, counts] of hour.spaces) {
        const found = spaces.get(space)
        if (found === undefined) spaces.set(space, { ...counts })
        else addCounts(found, counts)
      }
    }
    return times
  }
}

function sumsAt(times: Map<number, TimeSums>, time: number): TimeSums {
  const found = times.get(time)
  if (found !== undefined) return found
  const sums = { spaces: new Map<number, MutableCounts>(), total: noCounts() }
  times.set(time, sums)
  return sums
}
