/**
 * Port of the files that epochs are published in, below `receipts/`.
 * @module
 */
import type { Awaitable } from '../result.ts'
import type { LogFile, LogStore } from './log-store.ts'

/** Stores the files of one log's epochs. There is one writer. */
export interface EpochFiles extends Pick<LogStore, 'get'> {
  /**
   * Writes files whole, in place of any of the same path; durable when it resolves. A crash may
   * leave some of them, each whole.
   */
  put(files: readonly LogFile[]): Promise<void>
  /**
   * The newest epoch, of those before one if it is given, that has a `.root`, whatever is in it;
   * undefined when there is none.
   */
  newestRoot(before?: number): Awaitable<number | undefined>
}
