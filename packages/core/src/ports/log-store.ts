/**
 * Port of the log's storage: files that never change, and one value that says how far they count.
 * @module
 */
import type { Awaitable, Result, Unit } from '../result.ts'

/** A file of the log: a bundle, a tile, the rows of an epoch, the checkpoint. */
export interface LogFile {
  /** Relative, with `/`, as C2SP tlog-tiles names it. */
  readonly path: string
  readonly bytes: Uint8Array
}

/** The one value that is swapped: what the log is, with the version that the next swap names. */
export interface CommittedValue {
  /** 1 for the first value, then one more for each. */
  readonly version: number
  readonly bytes: Uint8Array
}

/** Somebody else committed in between: reload, and begin the round again. */
export class CommitConflict extends Error {
  override readonly name = 'CommitConflict'
  /** Version that the caller took for the newest. */
  readonly expected: number
  /** Version that the store holds. */
  readonly version: number
  constructor(expected: number, version: number) {
    super(`commit expected version ${expected}, got ${version}: reload the log and try again`)
    this.expected = expected
    this.version = version
  }
}

/**
 * Stores one log. It has one writer at a time; readers may be many and see what was committed.
 *
 * A call that rejects has happened or has not: the caller forgets what it knew and loads anew.
 * Nothing is retried inside.
 */
export interface LogStore {
  /** The newest committed value, or undefined for a log that has none. Read after write. */
  load(): Awaitable<CommittedValue | undefined>
  /**
   * Replaces the committed value when its version is still `version` (0: there is none yet).
   * Durable when it resolves; all or nothing.
   */
  compareAndSwap(version: number, bytes: Uint8Array): Awaitable<Result<Unit, CommitConflict>>
  /**
   * Writes files whole, in place of any of the same path; durable when it resolves. A crash may
   * leave some of them, each whole. What the committed value covers is never written again.
   */
  put(files: readonly LogFile[]): Promise<void>
  /** A file's bytes, owned by the caller; undefined when there is none. */
  get(path: string): Awaitable<Uint8Array | undefined>
  /**
   * Removes files for good; those that are not there are no fault. A crash may leave some of them.
   */
  drop(paths: readonly string[]): Promise<void>
}
