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
   *
   * @throws {ReceiptIndexDamaged} when its files are not what was written
   */
  find(receiptId: Uint8Array): Awaitable<number | undefined>
}

/** Files of the index are not what was written: it is made again from the log. */
export class ReceiptIndexDamaged extends Error {
  override readonly name = 'ReceiptIndexDamaged'
  /** Name of the file. */
  readonly file: string
  constructor(file: string, message: string) {
    super(`receipt index, file ${file}: ${message}; it is made again from the log: try again later`)
    this.file = file
  }
}

/** Some entries of the log that follow each other, as the index takes them. */
export interface IndexedEntries {
  /** READs among them. */
  readonly reads: readonly { readonly receiptId: Uint8Array; readonly index: number }[]
  /** Index after the last of the entries. */
  readonly end: number
  /** Leaf hash of the last (32 bytes). */
  readonly tip: Uint8Array
}

/** The index as what fills it sees it. One call after the other. */
export interface ReceiptIndexStore extends ReceiptIndex {
  /** First bytes of the leaf hash of the entry before `through`; undefined when it is empty. */
  readonly tip: Uint8Array | undefined
  /**
   * Adds entries from `through` on, or later ones when the log keeps none in between. They are
   * found when it resolves, and may be asked for again after a restart. When `signal` aborts, it
   * rejects and has added nothing.
   */
  add(entries: IndexedEntries, signal?: AbortSignal): Promise<void>
  /** Empties it. */
  clear(): Promise<void>
}
