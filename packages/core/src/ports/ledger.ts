/**
 * Port of the ledger: what the log adds up to, by hour, day and month of each space.
 *
 * Time is counted in epochs: hours since the Unix epoch, on the log's clock. Of a range of epochs,
 * `firstEpoch` is in it and `endEpoch` is not.
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

/** What a batch adds for one hour, space and CID. What VOIDs take out comes beside it. */
export interface RollUp extends Omit<UsageCounts, 'bytesVoided'> {
  readonly epoch: number
  readonly space: string
  /** Binary CID, or empty for what carried no content or has no details. */
  readonly cid: Uint8Array
}

/** A read that was taken out of what is billed. */
export interface VoidedRead {
  /** Log index of the read: it is voided once, whatever the log says later. */
  readonly target: number
  /** Epoch of the VOID, in which it counts. */
  readonly epoch: number
  /** Epoch of the read: whoever owned the space then gets the credit. */
  readonly targetEpoch: number
  readonly space: string
  /** CID of the read, or empty. */
  readonly cid: Uint8Array
  /** What the read was billed: 0 for one that was not billable. */
  readonly bytes: bigint
  /** Reads that the entry stands for. */
  readonly reads: number
}

/** What was drawn from one remote provider for one space in one epoch. */
export interface FetchedRow {
  readonly epoch: number
  /** The provider's DID, or its URL's origin. */
  readonly provider: string
  /** Empty where the log doesn't say whose read it was. */
  readonly space: string
  /** Verified bytes only. */
  readonly bytes: bigint
  readonly requests: number
  /** Those of `requests` that failed. */
  readonly failed: number
}

/** What the entries from `first` to before `end` add. */
export interface LedgerBatch {
  readonly first: number
  readonly end: number
  /** Rows of the same epoch, space and CID add up. */
  readonly rows: readonly RollUp[]
  readonly voids: readonly VoidedRead[]
  /** Rows of the same epoch, provider and space add up. */
  readonly fetched: readonly FetchedRow[]
  /** Whether the log has more entries, that come next. */
  readonly partial?: boolean | undefined
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

/** Units of time that sums are kept for. Days and months are of UTC. */
export type LedgerUnit = 'hour' | 'day' | 'month'

/** The log is being counted again: sums would be of a part of it. Ask again later. */
export class LedgerIncomplete extends Error {
  override readonly name = 'LedgerIncomplete'
  /** Entries that are counted. */
  readonly watermark: number
  constructor(watermark: number) {
    super(`ledger counts the log again, ${watermark} entries so far: try again later`)
    this.watermark = watermark
  }
}

/** How sums over everything are split into rows. */
export type UsageBy = LedgerUnit | 'space' | 'cid'

/** Which epochs to sum, over all spaces. */
export interface LedgerQuery {
  readonly firstEpoch: number
  readonly endEpoch: number
  readonly by?: UsageBy | undefined
}

/** One row of an answer. */
export interface LedgerRow extends UsageCounts {
  /**
   * A space's DID; a binary CID (empty: no content); hours, days or months since the Unix epoch.
   */
  readonly key: string | number | Uint8Array
}

/** Sums, and their rows when they were asked for. */
export interface LedgerAnswer {
  readonly total: UsageCounts
  /** At most `USAGE_ROWS_MAX`: times in order, else most bytes first. */
  readonly rows: readonly LedgerRow[]
  /** Rows that were left off. */
  readonly rowsLeftOff: number
  /** Least and greatest epoch that has entries, or undefined when none has. */
  readonly epochs: { readonly first: number; readonly last: number } | undefined
  /** Epoch from which CIDs are known: rows by CID say nothing of what lies before it. */
  readonly cidsFromEpoch: number
}

/** A stretch of time of one space. */
export interface LedgerSpan {
  readonly space: string
  readonly firstEpoch: number
  readonly endEpoch: number
}

/** Which stretches to sum. They don't overlap: what lies in two of them would count twice. */
export interface SumsQuery {
  /** At most `LEDGER_SPANS_MAX`. */
  readonly spans: readonly LedgerSpan[]
  /** Whether rows are split by space. */
  readonly bySpace?: boolean | undefined
  /** Whether, and how finely, rows are split by time. */
  readonly by?: LedgerUnit | undefined
}

/** Sums of one space, one unit of time, or both. */
export interface SumsRow extends UsageCounts {
  /** Empty unless rows are split by space. */
  readonly space: string
  /** Hours, days or months since the Unix epoch; 0 unless rows are split by time. */
  readonly time: number
}

/** Sums over stretches. */
export interface SumsAnswer {
  readonly total: UsageCounts
  /** By space, then by time; none where nothing happened, or when no split was asked for. */
  readonly rows: readonly SumsRow[]
}

/** Sums of one space in one epoch: what a line of a statement says. */
export interface HourRow extends UsageCounts {
  readonly epoch: number
  readonly space: string
}

/** What VOIDs of one epoch took out of one space's reads of another (or the same). */
export interface VoidRow {
  readonly epoch: number
  readonly space: string
  readonly targetEpoch: number
  readonly bytes: bigint
  readonly reads: number
}

/** Which fetches to list. */
export interface FetchedQuery {
  readonly firstEpoch: number
  readonly endEpoch: number
  /** Of this provider only. */
  readonly provider?: string | undefined
}

/**
 * Reads what the ledger has, as of its watermark. Sums are exact, or the call throws: with
 * `LedgerIncomplete` from when the ledger is emptied until it has the log's entries again.
 */
export interface LedgerView {
  /** Index of the first entry that is not counted yet. */
  watermark(): Awaitable<number>
  /** Whether sums can be asked for: not while an emptied ledger is counted again. */
  isWhole(): Awaitable<boolean>
  /** Sums over all spaces. */
  query(query: LedgerQuery): Awaitable<LedgerAnswer>
  /**
   * Sums over stretches of named spaces, from the months and days that lie whole in them and the
   * hours beside.
   *
   * @throws {RangeError} for more than `LEDGER_SPANS_MAX` stretches
   */
  sums(query: SumsQuery): Awaitable<SumsAnswer>
  /**
   * Hours of one space that have entries, in order.
   *
   * @throws {RangeError} for more than `LEDGER_HOURS_MAX` epochs
   */
  hours(span: LedgerSpan): Awaitable<readonly HourRow[]>
  /**
   * What VOIDs of these epochs took out of a space, by epoch and target's epoch. `firstEpoch` and
   * `endEpoch` are of the VOIDs, not of what they void.
   */
  voids(span: LedgerSpan): Awaitable<readonly VoidRow[]>
  /** Whether a read among the log's entries from `first` to before `end` was voided. */
  hasVoided(first: number, end: number): Awaitable<boolean>
  /** Fetches by epoch, provider and space, in that order. */
  fetched(query: FetchedQuery): Awaitable<readonly FetchedRow[]>
  /** Spaces that have entries, in order: the first `LEDGER_SPACES_MAX` after `after`. */
  spaces(after?: string): Awaitable<readonly string[]>
}

/**
 * Keeps roll-ups. The watermark moves in the transaction that adds them, so that an entry counts
 * once by its index, and replay changes nothing. It can always be rebuilt from the log.
 */
export interface Ledger extends LedgerView {
  /**
   * Adds a batch and moves the watermark to its `end`, all or nothing. A power loss may take back
   * the last batches, which the log then gives again. A VOID of a read that was voided before adds
   * nothing.
   *
   * @throws when a sum passes what the store can hold (bytes of a space in a month: 2^63 - 1)
   */
  apply(batch: LedgerBatch): Awaitable<Result<Unit, WatermarkMoved>>
  /**
   * Forgets the CIDs of epochs before `epoch`, about `rowsMax` rows at most; the sums stay.
   * Resolves with whether there is more to forget: call again.
   */
  forgetCids(epoch: number, rowsMax: number): Awaitable<boolean>
  /**
   * Forgets everything: the watermark is 0 again. Sums can be asked for after the next batch that
   * is not `partial`.
   */
  clear(): Awaitable<void>
}
