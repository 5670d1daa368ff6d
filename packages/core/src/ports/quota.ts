/**
 * Port of the quota: whether the plan of who pays for a read still lets it be sent.
 * @module
 */
import type { Awaitable, Result } from '../result.ts'
import type { SpaceDid } from './content.ts'

/** Why a read is refused whose space allows it. */
export type QuotaReason =
  /** The plan's limit was reached. */
  | 'limit'
  /** The prepaid balance is used up. */
  | 'balance'
  /** The plan's most of a day was reached. */
  | 'day'
  /** What was used can't be told now, and as much was sent since as may be. */
  | 'unknown'

/** The customer who would pay for a read has no quota left. */
export class QuotaRefused extends Error {
  /** As the plan says: 402 for the first, 429 for the second. */
  override readonly name: 'PaymentRequired' | 'QuotaExceeded'
  readonly reason: QuotaReason
  /** After how many ms it may be otherwise; undefined where time alone changes nothing. */
  readonly waitMs: number | undefined
  constructor(
    name: QuotaRefused['name'],
    reason: QuotaReason,
    message: string,
    waitMs: number | undefined,
  ) {
    super(message)
    this.name = name
    this.reason = reason
    this.waitMs = waitMs
  }
}

/**
 * Bytes that one body may still send. Its holder calls `end` exactly once, whatever became of the
 * body; calls of one lease do not overlap.
 */
export interface QuotaLease {
  /** Bytes of the body that may be sent in all, as of now. */
  readonly bytesMax: number
  /**
   * Asks that `bytes` of the body may be sent in all: more than `bytesMax`, which is at least that
   * much if the answer is true. False: the limit was reached, and the body must be cut.
   */
  extend(bytes: number): Awaitable<boolean>
  /**
   * Gives back what was not sent. `bytes` are those of the read's entry in the journal, which has
   * it already: 0 for what is not billed.
   */
  end(bytes: number): void
}

/**
 * Watches the plans of those who pay. What was sent is never counted less than it is: reads that
 * have ended, and all that open ones may send, count until the ledger has them. Never rejects.
 */
export interface QuotaGate {
  /** Why a read of a space is refused now; undefined when it may be sent. Takes nothing. */
  refusal(space: SpaceDid): Awaitable<QuotaRefused | undefined>
  /**
   * Takes quota for a body: for `bytes`, or where that is undefined or more than a window
   * (`QUOTA_WINDOW_BYTES`), for one. A lease is given while anything is left, so that a limit is
   * passed by at most a window a body.
   */
  open(space: SpaceDid, bytes: number | undefined): Awaitable<Result<QuotaLease, QuotaRefused>>
}
