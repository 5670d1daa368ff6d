/**
 * Ports between journals and the log: what the sequencer reads from.
 * @module
 */

/** Entries of one journal, in order, from the position that was asked for. */
export interface JournalBatch {
  /** Groups that stay together (a READ, its FETCH and EXEC entries), each encoded entry whole. */
  readonly groups: readonly (readonly Uint8Array[])[]
  /** Position after the batch, in entries since this journal began. */
  readonly nextEntry: number
}

/** One journal as its reader sees it: only what is durable. */
export interface JournalSource {
  /** Stable name of the journal: the process slot that writes it. */
  readonly name: string
  /**
   * Entries before it are not for this log, though it has not taken them: another host has. Entries
   * from it on are; 0 when not given.
   */
  readonly firstEntry?: number
  /** Reads on from `fromEntry`, at most about `bytesMax`. An empty batch means: nothing new. */
  read(fromEntry: number, bytesMax: number): Promise<JournalBatch>
  /** Says that all entries before `beforeEntry` are in the log: files of only such may go. */
  release(beforeEntry: number): Promise<void>
}
