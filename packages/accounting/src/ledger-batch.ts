/**
 * What a run of log entries adds to the ledger, summed until it is handed over.
 * @module
 */
import { exactCount } from '@turnpike/core/billing/counts'
import { copyBytes, keyOf } from '@turnpike/core/bytes'
import { LEDGER_BATCH_ROWS_MAX } from '@turnpike/core/limits/log'
import type { FetchEntry, ReadEntry, VoidEntry } from '@turnpike/core/log/entry'
import type { FetchedRow, LedgerBatch, RollUp, VoidedRead } from '@turnpike/core/ports/ledger'
import type { Charge } from './charge.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A VOID with what it names. */
export interface VoidOf {
  readonly entry: VoidEntry
  readonly target: ReadEntry
  /** Epoch of the target. */
  readonly targetEpoch: number
}

/**
 * Sums charges by hour, space and CID.
 *
 * @example
 * const batch = new BatchBuilder(watermark)
 * batch.add(epoch, charge)
 * await ledger.apply(batch.build(end))
 */
export class BatchBuilder {
  /** Index of the first entry in it. */
  readonly first: number
  readonly #rows = new Map<string, Mutable<RollUp>>()
  readonly #voids: VoidedRead[] = []
  readonly #fetched = new Map<string, Mutable<FetchedRow>>()

  readonly #cids: boolean

  /** A batch from entry `first` on; without `cids` it sums by hour and space alone. */
  constructor(first: number, { cids }: { readonly cids: boolean } = { cids: true }) {
    this.first = first
    this.#cids = cids
  }

  /** Asked after each bundle, so that a batch passes its bound by at most one bundle's rows. */
  get isFull(): boolean {
    return this.rows >= LEDGER_BATCH_ROWS_MAX
  }

  /** Rows in it, of any kind. */
  get rows(): number {
    return this.#rows.size + this.#voids.length + this.#fetched.size
  }

  /** What it came to, as entries up to before `end`. */
  build(end: number): LedgerBatch {
    return {
      first: this.first,
      end,
      rows: [...this.#rows.values()],
      voids: this.#voids,
      fetched: [...this.#fetched.values()],
    }
  }

  /**
   * Adds a charge of `epoch`, of anything but a VOID.
   *
   * @throws {RangeError} when a count passes 2^53 - 1
   */
  add(epoch: number, charge: Charge): void {
    const row = this.#row(epoch, charge)
    row.reads = exactCount(row.reads + charge.reads)
    row.denied = exactCount(row.denied + charge.denied)
    row.errors = exactCount(row.errors + charge.errors)
    row.bytes += charge.bytes
    row.bytesDelivered += charge.bytesDelivered
    row.bytesFetched += charge.bytesFetched
  }

  /** Adds what a FETCH says of its provider, beside its charge. */
  addFetch(
    epoch: number,
    { space }: Charge,
    { provider, bytes, requests, failed }: FetchEntry,
  ): void {
    const key = `${epoch}:${provider.length}:${provider}${space}`
    const row = this.#fetched.get(key)
    if (row === undefined) {
      this.#fetched.set(key, { epoch, provider, space, bytes, requests, failed })
      return
    }
    row.bytes += bytes
    row.requests = exactCount(row.requests + requests)
    row.failed = exactCount(row.failed + failed)
  }

  /** Adds a VOID, whose charge says what it takes out. */
  addVoid(epoch: number, charge: Charge, { entry, target, targetEpoch }: VoidOf): void {
    this.#voids.push({
      target: entry.index,
      epoch,
      targetEpoch,
      space: charge.space,
      cid: copyBytes(this.#cidOf(charge)),
      bytes: charge.bytesVoided,
      reads: target.count,
    })
  }

  #cidOf(charge: Charge): Uint8Array {
    return this.#cids ? (charge.cid ?? NO_CID) : NO_CID
  }

  #row(epoch: number, charge: Charge): Mutable<RollUp> {
    const { space } = charge
    const cid = this.#cidOf(charge)
    const key = `${epoch}:${space.length}:${space}${keyOf(cid)}`
    const found = this.#rows.get(key)
    if (found !== undefined) return found
    const row = { epoch, space, cid: copyBytes(cid), ...ZERO }
    this.#rows.set(key, row)
    return row
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
}
