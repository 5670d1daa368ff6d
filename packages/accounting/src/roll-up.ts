/**
 * Feeds the ledger from the log: reads on from its watermark, adds up, hands over in batches.
 * Source: design, "Ledger".
 * @module
 */
import { copyBytes } from '@turnpike/core/bytes'
import { keyOf } from '@turnpike/core/bytes'
import { LEDGER_BATCH_ROWS_MAX } from '@turnpike/core/limits/log'
import type { Ledger, RollUp } from '@turnpike/core/ports/ledger'
import { Charges } from './charge.ts'
import type { Charge } from './charge.ts'
import { LedgerAhead } from './errors.ts'
import { decodeLogged } from './reader.ts'
import type { LogReader } from './reader.ts'
import { voidedBy } from './summary-count.ts'

type MutableRollUp = { -readonly [K in keyof RollUp]: RollUp[K] }

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
    let batch = new Batch(watermark)
    for (const range of await reader.epochs(watermark)) {
      const first = Math.max(range.first, watermark)
      for await (const run of reader.runs(first, range.end)) {
        for (const [i, bytes] of run.entries.entries()) {
          const logged = decodeLogged(run.first + i, bytes)
          const charge = this.#charges.charge(run.first + i, logged, await voidedBy(reader, logged))
          if (charge !== undefined) batch.add(range.epoch, charge)
        }
        if (batch.isFull) batch = await this.#hand(batch, run.first + run.entries.length)
      }
    }
    await this.#hand(batch, size)
    this.#next = size
  }

  async #hand(batch: Batch, end: number): Promise<Batch> {
    const applied = await this.#ledger.apply({ first: batch.first, end, rows: batch.rows() })
    if (applied.error !== undefined) throw applied.error
    return new Batch(end)
  }
}

/** Sums by hour, space and CID, until they are handed over. */
class Batch {
  /** Index of the first entry in it. */
  readonly first: number
  readonly #rows = new Map<string, MutableRollUp>()

  constructor(first: number) {
    this.first = first
  }

  /** Asked after each bundle, so that a batch passes its bound by at most one bundle's rows. */
  get isFull(): boolean {
    return this.#rows.size >= LEDGER_BATCH_ROWS_MAX
  }

  rows(): RollUp[] {
    return [...this.#rows.values()]
  }

  add(epoch: number, charge: Charge): void {
    const { space } = charge
    const cid = charge.cid ?? NO_CID
    const key = `${epoch}:${space.length}:${space}${keyOf(cid)}`
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = { epoch, space, cid: copyBytes(cid), ...ZERO }
      this.#rows.set(key, row)
    }
    row.reads += charge.reads
    row.denied += charge.denied
    row.errors += charge.errors
    row.bytes += charge.bytes
    row.bytesDelivered += charge.bytesDelivered
    row.bytesFetched += charge.bytesFetched
    row.bytesVoided += charge.bytesVoided
  }
}

const NO_CID = new Uint8Array(0)
const ZERO = {
  reads: 0,
  denied: 0,
  errors: 0,
  bytes: 0n,
  bytesDelivered: 0n,
  bytesFetched: 0n,
  bytesVoided: 0n,
}
