/**
 * Lines of one space while they are written: what was read, voided and stored, hour by hour.
 * @module
 */
import {
  addQuantities,
  negateQuantities,
  NO_QUANTITIES,
  quantitiesOf,
} from '@turnpike/core/billing/quantities'
import type { Quantities } from '@turnpike/core/billing/quantities'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { LEDGER_HOURS_MAX } from '@turnpike/core/limits/log'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { StatementSources } from './sources.ts'
import type { StatementLine } from './statement.ts'

const ZERO = {
  bytes: 0n,
  bytesVoided: 0n,
  bytesFetched: 0n,
  reads: 0,
  denied: 0,
}

/** Whether lines are added, or take out what was added before they had an owner. */
export type Sign = 1 | -1

/** How hours of a span count. */
export interface Counted extends EpochSpan {
  readonly sign: Sign
  /** The hour in which one counts. */
  billed(epoch: number): number
}

/**
 * Lines of one space.
 *
 * @example
 * const sheet = new Sheet(sources, space)
 * await sheet.addHours({ ...span, sign: 1, billed: (epoch) => epoch })
 */
export class Sheet {
  readonly #sources: StatementSources
  readonly #space: string
  readonly #lines = new Map<string, StatementLine>()

  constructor(sources: StatementSources, space: string) {
    this.#sources = sources
    this.#space = space
  }

  /** Adds what was read and stored in hours. */
  async addHours(counted: Counted): Promise<void> {
    const { ledger, storage, storedUntil } = this.#sources
    for (const span of this.#pieces(counted))
      for (const hour of await ledger.hours(span)) {
        // What came in as VOIDs in this hour goes to whoever owned what they void.
        this.#add(hour.epoch, counted, quantitiesOf({ ...hour, bytesVoided: 0n }, 0n))
      }
    const { firstEpoch } = counted
    const endEpoch = Math.min(counted.endEpoch, storedUntil)
    if (firstEpoch >= endEpoch || this.#space === '') return
    const space = this.#space as SpaceDid
    for await (const { epoch, byteMs } of storage.hours({ space, firstEpoch, endEpoch }))
      this.#add(epoch, counted, quantitiesOf(ZERO, byteMs))
  }

  /** Adds what VOIDs that came in these hours credit for reads in hours that are `meant`. */
  async addVoids(counted: Counted, meant: (targetEpoch: number) => boolean): Promise<void> {
    for (const span of this.#pieces(counted))
      for (const { epoch, targetEpoch, bytes } of await this.#sources.ledger.voids(span))
        if (meant(targetEpoch))
          this.#add(epoch, counted, quantitiesOf({ ...ZERO, bytesVoided: bytes }, 0n))
  }

  /** In order of hours; those that came to nothing are left out. */
  lines(): StatementLine[] {
    const lines = [...this.#lines.values()]
    return lines.toSorted((a, b) => a.epoch - b.epoch || a.billedEpoch - b.billedEpoch)
  }

  #add(epoch: number, { sign, billed }: Counted, more: Quantities): void {
    const billedEpoch = billed(epoch)
    const key = `${epoch}:${billedEpoch}`
    const line = this.#lines.get(key) ?? NO_QUANTITIES
    const added = addQuantities(line, sign === 1 ? more : negateQuantities(more))
    this.#lines.set(key, { space: this.#space, epoch, billedEpoch, ...added })
  }

  /** Spans that the ledger answers about at once. */
  *#pieces({ firstEpoch, endEpoch }: EpochSpan): Generator<EpochSpan & { space: string }> {
    const space = this.#space
    const first = this.#sources.firstEpoch
    for (let at = Math.max(firstEpoch, first); at < endEpoch; at += LEDGER_HOURS_MAX)
      yield { space, firstEpoch: at, endEpoch: Math.min(at + LEDGER_HOURS_MAX, endEpoch) }
  }
}
