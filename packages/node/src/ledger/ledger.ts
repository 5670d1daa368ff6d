/**
 * The `Ledger` port on SQLite: a database of its own, that can be deleted and built again.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { LedgerIncomplete, WatermarkMoved } from '@turnpike/core/ports/ledger'
import type {
  FetchedQuery,
  FetchedRow,
  HourRow,
  Ledger,
  LedgerAnswer,
  LedgerBatch,
  LedgerQuery,
  LedgerSpan,
  LedgerView,
  SumsAnswer,
  SumsQuery,
  VoidRow,
} from '@turnpike/core/ports/ledger'
import { fail, ok } from '@turnpike/core/result'
import type { Result, Unit } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'
import { numberOf } from './counts.ts'
import { forgetCids } from './forget.ts'
import { rowsOf } from './rows.ts'
import { openLedgerFile, remake } from './schema.ts'
import { fetchedIn, hoursOf, spacesAfter, sumsOver, voidsOf } from './spans.ts'
import { totalsOf } from './totals.ts'
import { LedgerWriter } from './writer.ts'

/** How far the ledger is. */
interface Standing {
  readonly watermark: number
  readonly cidsFromEpoch: number
  readonly whole: boolean
}

/** A ledger as of one moment. */
export interface LedgerSnapshot extends LedgerView {
  /** Gives the file back. Nothing may be called afterwards. */
  close(): void
}

/** A ledger in a file. Another process may read it; one at a time adds to it. */
export class SqliteLedger implements Ledger {
  readonly #path: string
  readonly #database: DatabaseSync
  #writer: LedgerWriter

  /**
   * Opens the ledger at `path`, made when it isn't there, and emptied when its layout is an older
   * one.
   *
   * @throws {StoreTooNew} when a newer program wrote it
   * @example
   * const ledger = new SqliteLedger('/data/ledger.sqlite')
   */
  constructor(path: string) {
    this.#path = path
    this.#database = openLedgerFile(path)
    this.#writer = new LedgerWriter(this.#database)
  }

  watermark(): number {
    return this.#standing().watermark
  }

  isWhole(): boolean {
    return this.#standing().whole
  }

  apply(batch: LedgerBatch): Result<Unit, WatermarkMoved> {
    if (batch.end < batch.first)
      throw new RangeError(`"end" expected >= ${batch.first}, got ${batch.end}`)
    try {
      return transact(this.#database, () => {
        const { watermark, cidsFromEpoch } = this.#standing()
        if (watermark !== batch.first) return fail(new WatermarkMoved(batch.first, watermark))
        this.#writer.add(batch, cidsFromEpoch)
        const whole = batch.partial === true ? 0 : 1
        this.#database
          .prepare('UPDATE standing SET watermark = ?, whole = max(whole, ?)')
          .run(batch.end, whole)
        return ok({})
      })
    } catch (error) {
      this.#writer.forget()
      throw error
    }
  }

  query(query: LedgerQuery): LedgerAnswer {
    return this.#read(() => totalsOf(this.#database, query))
  }

  sums(query: SumsQuery): SumsAnswer {
    return this.#read(() => sumsOver(this.#database, query))
  }

  hours(span: LedgerSpan): readonly HourRow[] {
    return this.#read(() => hoursOf(this.#database, span))
  }

  voids(span: LedgerSpan): readonly VoidRow[] {
    return this.#read(() => voidsOf(this.#database, span))
  }

  hasVoided(first: number, end: number): boolean {
    const sql = 'SELECT 1 FROM voided WHERE target >= ? AND target < ? LIMIT 1'
    return rowsOf(this.#database, sql, first, end).length > 0
  }

  fetched(query: FetchedQuery): readonly FetchedRow[] {
    return this.#read(() => fetchedIn(this.#database, query))
  }

  spaces(after?: string): readonly string[] {
    return spacesAfter(this.#database, after)
  }

  forgetCids(epoch: number, rowsMax: number): boolean {
    return transact(this.#database, () => forgetCids(this.#database, epoch, rowsMax))
  }

  clear(): void {
    transact(this.#database, () => remake(this.#database, false))
    this.#writer = new LedgerWriter(this.#database)
  }

  /**
   * The ledger as it is now, to be read while this one goes on. Until it is closed, what is added
   * here stays in the write-ahead log. Not of a ledger in memory, which has no second reader.
   */
  snapshot(): LedgerSnapshot {
    const snapshot = new SqliteLedger(this.#path)
    snapshot.#database.exec('BEGIN')
    // The first read says what moment it is.
    snapshot.#standing()
    return snapshot
  }

  /** Gives the file back. Nothing may be called afterwards. */
  close(): void {
    this.#database.close()
  }

  /** Runs `work` as of one moment, when the ledger is whole. */
  #read<T>(work: () => T): T {
    const isSnapshot = this.#database.isTransaction
    if (!isSnapshot) this.#database.exec('BEGIN')
    try {
      const { watermark, whole } = this.#standing()
      if (!whole) throw new LedgerIncomplete(watermark)
      return work()
    } finally {
      if (!isSnapshot) this.#database.exec('COMMIT')
    }
  }

  #standing(): Standing {
    const sql = 'SELECT watermark, cids_from_epoch, whole FROM standing'
    const [watermark, cidsFromEpoch, whole] = rowsOf(this.#database, sql)[0]!
    return {
      watermark: numberOf(watermark),
      cidsFromEpoch: numberOf(cidsFromEpoch),
      whole: whole === 1n,
    }
  }
}
