/**
 * Port of who pays for an epoch that is final.
 * @module
 */
import type { JsonObject } from '../epochs/signed-line.ts'
import type { SummaryRow } from '../log/summary.ts'
import type { EpochStatement } from './anchor.ts'

/** An epoch that becomes final, and what it adds up to. */
export interface FinalEpoch {
  readonly statement: EpochStatement
  /** Rows of its summary, as the SEAL has their root. */
  readonly rows: readonly SummaryRow[]
}

/**
 * Issues the credits of epochs, once each, in their order.
 *
 * It is called inside the transaction in which the epoch becomes final, and writes by that one
 * alone: what it throws undoes both. So it is synchronous, and asks nobody.
 */
export interface CreditIssuer {
  /** What was issued, and by which rules: published as it is in `<epoch>.final`. */
  issue(epoch: FinalEpoch): JsonObject
}
