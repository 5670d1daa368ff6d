/**
 * Port of what storage nodes say that they delivered, and are paid for.
 * @module
 */
import type { Awaitable, Result } from '../result.ts'

/** A batch of receipts that a node tells of. Its bytes are the node's until they are fetched. */
export interface NewBatch {
  /** DID of the node. */
  readonly node: string
  /** Binary CID of the CAR file. */
  readonly batch: Uint8Array
  /** Where it is fetched from: an address of the node's. */
  readonly url: string
  /** Wall-clock ms. */
  readonly trackedMs: number
  /** Binary CID of the invocation that consolidates it, and that in an archive. */
  readonly task: Uint8Array
  readonly invocation: Uint8Array
}

/** A batch that waits to be consolidated. */
export interface WaitingBatch extends NewBatch {
  readonly id: number
}

/** So many batches of a node wait that no more are taken: fetching them takes a while. */
export class BatchesFull extends Error {
  override readonly name = 'BatchesFull'
}

/** A retrieval that a receipt proves, once it was checked. */
export interface ProvenRetrieval {
  /** SHA-256 in the CID of the invocation: it is paid once, whatever receipts there are of it. */
  readonly task: Uint8Array
  /** Binary CID of the receipt. */
  readonly receipt: Uint8Array
  readonly space: string
  readonly bytes: number
  /** Wall-clock ms: the latest time at which it can have been. */
  readonly servedMs: number
}

/** Why a receipt counts for nothing. */
export interface ReceiptError {
  readonly name: string
  readonly message: string
  /** Binary CID: of the receipt, or of its archive where it can't be read. */
  readonly receipt: Uint8Array
}

/** What a batch holds. */
export interface CheckedBatch {
  readonly proven: readonly ProvenRetrieval[]
  readonly errors: readonly ReceiptError[]
  /** Errors beyond `RECEIPT_ERRORS_MAX`. */
  readonly errorsLeftOff: number
}

/** What a consolidation came to: the `ok` or the error of its receipt. */
export type Consolidation =
  | {
      readonly ok: {
        readonly totalEgress: number | bigint
        readonly errors: readonly ReceiptError[]
      }
    }
  | { readonly error: { readonly name: string; readonly message: string } }

/** A receipt's one block, DAG-CBOR, and its binary CID. */
export interface IssuedReceipt {
  readonly cid: Uint8Array
  readonly bytes: Uint8Array
}

/** What was paid to a node for a day and a space. */
export interface PaidRow {
  /** Days since the Unix epoch, UTC. */
  readonly day: number
  readonly space: string
  readonly bytes: bigint
  readonly receipts: number
}

/**
 * Batches, and what they came to. A retrieval counts once for ever: that it was seen, the sums, and
 * the consolidation's receipt are written in one transaction.
 */
export interface Payouts {
  /**
   * Puts a batch down to be consolidated. A batch that its node told of before keeps its
   * consolidation, whether that is done or not; while it waits, the newer address counts.
   *
   * @returns binary CID of the invocation that consolidates it
   */
  track(batch: NewBatch): Awaitable<Result<{ readonly task: Uint8Array }, BatchesFull>>
  /** A batch that waits; undefined once it is consolidated. */
  waiting(id: number): Awaitable<WaitingBatch | undefined>
  /**
   * Counts what was not seen before, and keeps the receipt that `issue` makes of what it came to.
   * A batch that is consolidated already is left as it is.
   *
   * @param issue called in the transaction
   */
  consolidate(
    id: number,
    checked: CheckedBatch,
    issue: (outcome: Consolidation) => IssuedReceipt,
  ): Awaitable<void>
  /** Keeps the receipt of a batch that can never be consolidated. */
  giveUp(id: number, receipt: IssuedReceipt): Awaitable<void>
  /** What a node is paid for in a month, such as `2026-11`, by day and space. */
  paid(node: string, month: string): Iterable<PaidRow> | AsyncIterable<PaidRow>
  /** Nodes that have told of batches, in the order of their DIDs. */
  nodes(): Awaitable<readonly string[]>
}
