/**
 * Adds up entries epoch by epoch: into summary rows, and into what the ledger should have.
 * @module
 */
import { Readers, billedBytes, chargeOf } from './charge.ts'
import type { Charge } from './charge.ts'
import type { Entry, Read, Void } from './entry.ts'
import type { LedgerFile } from './ledger-file.ts'
import type { EpochFile } from './kept.ts'
import { Summary } from './summary.ts'
import type { Row } from './row.ts'

/** An epoch that ended. */
interface Epoch {
  readonly epoch: number
  /** Index after its last entry. */
  readonly end: number
}

/**
 * Takes entries in order. Memory grows with the epochs and VOIDs of a log and with the names of an
 * epoch, not with its entries.
 *
 * @example
 * sums.add(index, entry, undefined)
 * const rows = sums.endEpoch(seal.epoch, seal.end)
 */
export class EpochSums {
  readonly #ledger: LedgerFile | undefined
  readonly #readers = new Readers()
  readonly #ended: Epoch[] = []
  /** Index of the VOID of each entry that was voided. */
  readonly #voids = new Map<number, number>()
  /** Reads voided in the epoch under way, whose number only its end says. */
  #voided: { readonly target: number; readonly read: Read }[] = []
  #summary = new Summary()

  constructor(ledger: LedgerFile | undefined) {
    this.#ledger = ledger
  }

  /**
   * Adds the entry at `index`; `target` is what a VOID names.
   *
   * @returns the index of an earlier VOID of the same target, which there should not be
   */
  add(index: number, entry: Entry, target: Entry | undefined): number | undefined {
    const other = entry.kind === 'fetch' ? this.#readers.of(index, entry) : target
    this.#readers.note(index, entry)
    const charge = chargeOf(entry, other)
    if (charge === undefined) return undefined
    this.#summary.add(charge)
    const earlier = entry.kind === 'void' ? this.#void(index, entry) : undefined
    if (earlier === undefined && index < (this.#ledger?.watermark ?? 0))
      this.#addToLedger(entry, charge, other)
    return earlier
  }

  /** Steps over the entry at `index`, whose epoch is old; a FETCH may belong to it. */
  note(index: number, entry: Entry): void {
    this.#readers.note(index, entry)
  }

  /** Ends an epoch whose entries may be gone, by what is kept of their sums. */
  endOldEpoch(file: EpochFile): void {
    this.#ended.push(file)
    if (this.#ledger === undefined || file.end > this.#ledger.watermark) return
    const { epoch, spaces, voids, fetched } = file
    for (const { space, ...adds } of spaces) this.#ledger.addSums(space, adds)
    for (const sums of fetched) this.#ledger.addFetch(sums, sums.space)
    for (const voided of voids) {
      this.#voids.set(voided.target, file.end)
      this.#ledger.addSums(voided.space, { bytes_voided: voided.bytes })
      this.#ledger.addVoid({ ...voided, epoch })
    }
    this.#ledger.endEpoch(epoch, { cids: false })
  }

  /** Ends an epoch, whose entries stand before `end`; its summary rows. */
  endEpoch(epoch: number, end: number): readonly Row[] {
    const rows = this.#summary.rows()
    this.#ended.push({ epoch, end })
    this.#summary = new Summary()
    for (const { target, read } of this.#voided)
      this.#ledger?.addVoid({
        target,
        space: read.space,
        epoch,
        targetEpoch: this.#epochOf(target),
        bytes: billedBytes(read),
        reads: BigInt(read.count),
      })
    this.#voided = []
    this.#ledger?.endEpoch(epoch, { cids: true })
    return rows
  }

  #addToLedger(entry: Entry, charge: Charge, other: Entry | undefined): void {
    this.#ledger?.add(charge)
    if (entry.kind === 'fetch') this.#ledger?.addFetch(entry, charge.space)
    if (entry.kind === 'void' && other?.kind === 'read')
      this.#voided.push({ target: entry.index, read: other })
  }

  #void(index: number, entry: Void): number | undefined {
    const earlier = this.#voids.get(entry.index)
    if (earlier === undefined) this.#voids.set(entry.index, index)
    return earlier
  }

  /** Epoch of an entry, by halving. */
  #epochOf(index: number): number {
    let low = 0
    let high = this.#ended.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#ended[middle]!.end > index) high = middle
      else low = middle + 1
    }
    return this.#ended[low]!.epoch
  }
}
