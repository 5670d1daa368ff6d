/**
 * Port of the ledger: what the log adds up to, by hour, space and CID.
 * @module
 */
import type { Awaitable, Result, Unit } from '../result.ts'

/** Sums over log entries. */
export interface UsageCounts {
  /** Reads, refused ones included; a coalesced entry counts as many as it stands for. */
  readonly reads: number
  /** Those of `reads` that were refused. */
  readonly denied: number
  /** Those of `reads` that were let in and answered with a status of 400 or more. */
  readonly errors: number
  /** Body bytes delivered that are billable: content, allowed, not synthetic. */
  readonly bytes: bigint
  /** All body bytes delivered, error pages and synthetic reads included. */
  readonly bytesDelivered: bigint
  /** Verified bytes drawn from remote providers. */
  readonly bytesFetched: bigint
  /** Billable bytes of reads that were voided, at the time of the VOID. */
  readonly bytesVoided: bigint
}

/** Sums for one hour, space and CID. */
export interface RollUp extends UsageCounts {
  /** Hours since the Unix epoch, on the log's clock. */
  readonly epoch: number
  readonly space: string
  /** Binary CID, or empty for what carried no content. */
  readonly cid: Uint8Array
}

/** Roll-ups of the entries from `first` to before `end`. */
export interface LedgerBatch {
  readonly first: number
  readonly end: number
  readonly rows: readonly RollUp[]
}

/** The batch does not begin where the ledger stands: somebody else moved it. Read on from there. */
export class WatermarkMoved extends Error {
  override readonly name = 'WatermarkMoved'
  /** First index that the batch covers. */
  readonly first: number
  /** Index that the ledger expects next. */
  readonly watermark: number
  constructor(first: number, watermark: number) {
    super(`batch expected to begin at entry ${watermark}, got ${first}`)
    this.first = first
    this.watermark = watermark
  }
}

/** How sums are split into rows. */
export type UsageBy = 'space' | 'day' | 'cid'

/** Which epochs to sum: `firstEpoch` to `lastEpoch`, both inclusive. */
export interface LedgerQuery {
  readonly firstEpoch: number
  readonly lastEpoch: number
  readonly by?: UsageBy | undefined
}

/** One row of an answer. */
export interface LedgerRow extends UsageCounts {
  /** A space's DID, days since the Unix epoch, or a binary CID (empty: no content). */
  readonly key: string | number | Uint8Array
}

/** Sums, and their rows when they were asked for. */
export interface LedgerAnswer {
  readonly total: UsageCounts
  /** At most `USAGE_ROWS_MAX`: days in order, else most bytes first. */
  readonly rows: readonly LedgerRow[]
  /** Rows that were left off. */
  readonly rowsLeftOff: number
  /** Least and greatest epoch that has entries, or undefined when none has. */
  readonly epochs: { readonly first: number; readonly last: number } | undefined
}

/**
 * Keeps roll-ups. The watermark moves in the transaction that adds them, so that an entry counts
 * once by its index, and replay changes nothing. It can always be rebuilt from the log.
 */
export interface Ledger {
  /** Index of the first entry that is not counted yet. */
  watermark(): Awaitable<number>
  /**
   * Adds a batch and moves the watermark to its `end`, all or nothing. A power loss may take back
   * the last batches, which the log then gives again.
   */
  apply(batch: LedgerBatch): Awaitable<Result<Unit, WatermarkMoved>>
  /** Sums as of the watermark. */
  query(query: LedgerQuery): Awaitable<LedgerAnswer>
  /** Forgets everything: the watermark is 0 again. */
  clear(): Awaitable<void>
}
