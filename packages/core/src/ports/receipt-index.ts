/**
 * Port of the index from a read's public receipt id to its place in the log.
 * @module
 */
import type { Awaitable } from '../result.ts'

/**
 * Finds READs by their `X-Receipt-Id`. It is made from the log and can be made again; it may be
 * behind the log, never ahead of it.
 */
export interface ReceiptIndex {
  /** Entries of the log that are in it: all before this index. */
  readonly through: number
  /**
   * Index of the READ whose public id this is (16 bytes); undefined when there is none before
   * `through`. The caller checks it against the entry, which it reads anyway.
   */
  find(receiptId: Uint8Array): Awaitable<number | undefined>
}
