/**
 * Feeds the ledger from the log: reads on from its watermark, adds up, hands over in batches.
 * Source: design, "Ledger".
 * @module
 */
import type { Ledger } from '@turnpike/core/ports/ledger'
import { Charges } from './charge.ts'
import { EpochFinder } from './epochs.ts'
import { LedgerAhead } from './errors.ts'
import { decodeLogged } from './reader.ts'
import type { LogReader } from './reader.ts'
import { BatchBuilder } from './ledger-batch.ts'
import { voidedBy } from './summary-count.ts'

/**
 * Adds what the log has and the ledger has not.
 *
 * @example
 * const feed = new LedgerFeed(ledger)
 * await feed.catchUp(new LogReader(store, hasher, state))
 */
export class LedgerFeed {
  readonly #ledger: Ledger
  /** Charges that have seen the entries before `#next`. */
  #charges = new Charges()
  readonly #epochs = new EpochFinder()
  #next: number | undefined

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /**
   * Brings the ledger up to the reader's state. Rejects with what the ledger or the log store
   * reject with; the next call starts from the watermark.
   *
   * @throws {LedgerAhead} when the ledger has entries that the log doesn't
   */
  async catchUp(reader: LogReader): Promise<void> {
    const { size } = reader.state
    const watermark = await this.#ledger.watermark()
    if (watermark > size) throw new LedgerAhead(watermark, size)
    if (watermark === size) return
    if (this.#next !== watermark) {
      this.#charges = new Charges()
      await this.#charges.warm(reader, watermark)
    }
    // Unknown until the last batch is in: a rejection in between must not leave it stale.
    this.#next = undefined
    let batch = new BatchBuilder(watermark)
    for (const range of await reader.epochs(watermark)) {
      const first = Math.max(range.first, watermark)
      for await (const run of reader.runs(first, range.end)) {
        for (const [i, bytes] of run.entries.entries())
          await this.#count(reader, batch, range.epoch, run.first + i, bytes)
        if (batch.isFull) batch = await this.#hand(batch, run.first + run.entries.length)
      }
    }
    await this.#hand(batch, size)
    this.#next = size
  }

  async #count(
    reader: LogReader,
    batch: BatchBuilder,
    epoch: number,
    index: number,
    bytes: Uint8Array,
  ): Promise<void> {
    const logged = decodeLogged(index, bytes)
    const target = await voidedBy(reader, logged)
    const charge = this.#charges.charge(index, logged, target)
    if (charge === undefined) return
    if (logged.kind === 'void' && target?.kind === 'read') {
      const { entry } = logged
      const targetEpoch = await this.#epochs.epochOf(reader, entry.index)
      return batch.addVoid(epoch, charge, { entry, target: target.entry, targetEpoch })
    }
    batch.add(epoch, charge)
    if (logged.kind === 'fetch') batch.addFetch(epoch, charge, logged.entry)
  }

  async #hand(batch: BatchBuilder, end: number): Promise<BatchBuilder> {
    const applied = await this.#ledger.apply(batch.build(end))
    if (applied.error !== undefined) throw applied.error
    return new BatchBuilder(end)
  }
}
