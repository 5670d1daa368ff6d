/**
 * Counts log entries into what they add to the ledger.
 * @module
 */
import type { LogEntry } from '@turnpike/core/log/entry'
import { Charges } from './charge.ts'
import type { BatchBuilder } from './ledger-batch.ts'
import { decodeLogged } from './reader.ts'
import type { EntryRun, LogReader } from './reader.ts'
import { SealChain } from './seal-chain.ts'
import { voidedBy } from './summary-count.ts'

/**
 * Counts entries that follow each other. It looks back when it starts elsewhere than it stopped, so
 * that a FETCH finds its READ.
 *
 * @example
 * const counter = new EntryCounter()
 * await counter.startAt(reader, range.first)
 * for await (const run of reader.runs(range.first, range.end))
 *   await counter.count(reader, batch, range.epoch, run)
 */
export class EntryCounter {
  readonly #chain: SealChain
  #charges = new Charges()
  /** Index of the entry that `count` takes next; undefined when a count broke off. */
  #next: number | undefined

  constructor(chain: SealChain = new SealChain()) {
    this.#chain = chain
  }

  /** Makes `first` the next entry. */
  async startAt(reader: LogReader, first: number): Promise<void> {
    if (this.#next === first) return
    this.#charges = new Charges()
    await this.#charges.warm(reader, first)
    this.#next = first
  }

  /**
   * Adds a run's entries, all of one epoch, to `batch`.
   *
   * @throws {TypeError} when the run is not the next
   */
  async count(reader: LogReader, batch: BatchBuilder, epoch: number, run: EntryRun): Promise<void> {
    if (this.#next !== run.first)
      throw new TypeError(`"run" expected to begin at ${this.#next}, got ${run.first}`)
    this.#next = undefined
    for (const [i, bytes] of run.entries.entries()) {
      const index = run.first + i
      await this.#add(reader, batch, epoch, index, decodeLogged(index, bytes))
    }
    this.#next = run.first + run.entries.length
  }

  async #add(
    reader: LogReader,
    batch: BatchBuilder,
    epoch: number,
    index: number,
    logged: LogEntry,
  ): Promise<void> {
    const target = await voidedBy(reader, logged)
    const charge = this.#charges.charge(index, logged, target)
    if (charge === undefined) return
    if (logged.kind === 'void' && target?.kind === 'read') {
      const { entry } = logged
      const targetEpoch = await this.#chain.epochOf(reader, entry.index)
      return batch.addVoid(epoch, charge, { entry, target: target.entry, targetEpoch })
    }
    batch.add(epoch, charge)
    if (logged.kind === 'fetch') batch.addFetch(epoch, charge, logged.entry)
  }
}
