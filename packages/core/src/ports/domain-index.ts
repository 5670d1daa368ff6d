/**
 * Port of the index of domains: what was read of each in each epoch. It is made from the log and
 * can be made again.
 * @module
 */
import type { LogEntry } from '../log/entry.ts'
import type { Awaitable } from '../result.ts'

/** What reads add up to. */
export interface DomainCounts {
  /** Reads that were let in; error answers are among them. */
  readonly reads: number
  /** Reads that were refused; a coalesced entry counts as many as it stands for. */
  readonly denied: number
  /** Billable bytes: content, allowed, not synthetic. VOIDs take nothing out here. */
  readonly bytes: bigint
  /** Wall-clock ms at the end of the last read that was let in; 0 when there was none. */
  readonly lastMs: number
}

/** Counts of one epoch. */
export interface EpochCounts extends DomainCounts {
  readonly epoch: number
}

/** Counts of one domain in one epoch. */
export interface DomainEpochCounts extends EpochCounts {
  /** Empty for reads without one, and for those of more domains than are kept apart. */
  readonly domain: string
}

/** Entries of the log by their kind. */
export type KindCounts = Readonly<Record<LogEntry['kind'], number>>

/** What some entries of the log that follow each other add. */
export interface DomainBatch {
  /** Index of the first of them; more than `through` only where the log kept none in between. */
  readonly first: number
  /** Index after the last. */
  readonly end: number
  readonly counts: readonly DomainEpochCounts[]
  readonly kinds: KindCounts
  /** Leaf hash of the last entry (32 bytes): it tells one log from another. */
  readonly tip: Uint8Array
}

/** How far the index is. */
export interface DomainStanding {
  /** Index of the first entry that is counted: 0, or where the log began when it was made anew. */
  readonly from: number
  /** Index after the last. */
  readonly through: number
  /** Entries from `from` to `through`. */
  readonly kinds: KindCounts
  /** Leaf hash of the entry before `through`; undefined while the index is empty. */
  readonly tip: Uint8Array | undefined
}

/** The index. There is one writer; questions change nothing. */
export interface DomainIndex {
  standing(): Awaitable<DomainStanding>
  /** Sums of a domain, epochs `first` to `last`. */
  sum(domain: string, first: number, last: number): Awaitable<DomainCounts>
  /** Epochs `first` to `last` in which a domain was asked for, oldest first; at most `countMax`. */
  epochs(
    domain: string,
    first: number,
    last: number,
    countMax: number,
  ): Awaitable<readonly EpochCounts[]>
  /** All that was read in an epoch, of whatever domain. */
  all(epoch: number): Awaitable<DomainCounts>
  /**
   * Adds a batch: counts and position together, or neither.
   *
   * @throws {RangeError} when entries of it are in the index already
   */
  add(batch: DomainBatch): Awaitable<void>
  /** Empties it. */
  clear(): Awaitable<void>
}
