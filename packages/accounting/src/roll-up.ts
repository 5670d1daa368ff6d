/**
 * Feeds the ledger from the log: reads on from its watermark, adds up, hands over in batches.
 * Source: design, "Ledger".
 * @module
 */
import type { Ledger, LedgerBatch } from '@turnpike/core/ports/ledger'
import { EntryCounter } from './count-entries.ts'
import { LedgerAhead } from './errors.ts'
import { BatchBuilder } from './ledger-batch.ts'
import type { EpochRange, LogReader } from './reader.ts'
import { sealedSums } from './retention/check-sums.ts'
import { readKept } from './retention/kept.ts'

/**
 * Adds what the log has and the ledger has not.
 *
 * @example
 * const feed = new LedgerFeed(ledger)
 * await feed.catchUp(new LogReader(store, hasher, state))
 */
export class LedgerFeed {
  readonly #ledger: Ledger
  readonly #counter = new EntryCounter()

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
    if (watermark === size) {
      if (!(await this.#ledger.isWhole()))
        await this.#apply(new BatchBuilder(size).build(size), size)
      return
    }
    const ranges = await reader.epochs(watermark)
    const { from } = await readKept(reader.store, reader.hasher)
    const [open] = ranges
    if (open !== undefined && open.end <= from && open.first !== watermark) {
      // An old ledger ends inside an epoch whose entries are gone: its sums are of the whole.
      await this.#ledger.clear()
      return this.catchUp(reader)
    }
    for (const range of ranges)
      if (range.end <= from) await this.#apply(await sealedSums(reader, range), size)
      else await this.#addEntries(reader, { ...range, first: Math.max(range.first, watermark) })
  }

  async #addEntries(reader: LogReader, { epoch, first, end }: EpochRange): Promise<void> {
    await this.#counter.startAt(reader, first)
    let batch = new BatchBuilder(first)
    for await (const run of reader.runs(first, end)) {
      await this.#counter.count(reader, batch, epoch, run)
      if (!batch.isFull) continue
      const next = run.first + run.entries.length
      await this.#apply(batch.build(next), reader.state.size)
      batch = new BatchBuilder(next)
    }
    if (batch.first < end) await this.#apply(batch.build(end), reader.state.size)
  }

  /** Adds a batch; of `size` entries those after it come next. */
  async #apply(batch: LedgerBatch, size: number): Promise<void> {
    const applied = await this.#ledger.apply({ ...batch, partial: batch.end < size })
    if (applied.error !== undefined) throw applied.error
  }
}
