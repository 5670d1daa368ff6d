/**
 * What can go wrong in the cold path, by name.
 * @module
 */

/** A file of the log is not what the log's root says. Serving usage from it would be a guess. */
export class LogCorrupt extends Error {
  override readonly name = 'LogCorrupt'
  /** Path of the file inside the log, or `state` for the committed value. */
  readonly file: string
  /** Where in it: an entry's index, a hash, a field. */
  readonly place: string
  constructor(file: string, place: string, message: string) {
    super(`log file ${file}, ${place}: ${message}; restore it from a copy of the log`)
    this.file = file
    this.place = place
  }
}

/** Entries that the log no longer keeps: only what their hours add up to is left. */
export class EntriesDropped extends Error {
  override readonly name = 'EntriesDropped'
  /** Index of an entry that was asked for. */
  readonly index: number
  /** First index from which all entries are kept. */
  readonly keptFrom: number
  constructor(index: number, keptFrom: number) {
    super(
      `entry expected to be one from ${keptFrom} on, got ${index}: ` +
        'entries before are no longer kept (setting logEntriesDays)',
    )
    this.index = index
    this.keptFrom = keptFrom
  }
}

/** A journal hands out something that must not enter the log. */
export class BadJournalEntry extends Error {
  override readonly name = 'BadJournalEntry'
  readonly journal: string
  /** Entry's number since the journal began. */
  readonly entry: number
  constructor(journal: string, entry: number, message: string) {
    super(`journal ${journal}, entry ${entry}: ${message}`)
    this.journal = journal
    this.entry = entry
  }
}

/** The wall clock is ahead of where it can be: epochs would be burnt. Nothing was sequenced. */
export class ClockJumped extends Error {
  override readonly name = 'ClockJumped'
  /** Wall-clock ms at which the log expects to be, at most. */
  readonly expectedMs: number
  /** Wall-clock ms that the clock says. */
  readonly clockMs: number
  constructor(expectedMs: number, clockMs: number) {
    super(
      `clock expected about ${new Date(expectedMs).toISOString()}, got ` +
        `${new Date(clockMs).toISOString()}: set it right, or confirm that it is; ` +
        'until then reads stay in the journal and are not lost',
    )
    this.expectedMs = expectedMs
    this.clockMs = clockMs
  }
}

/** The ledger has counted entries that the log doesn't have: one of them is of another time. */
export class LedgerAhead extends Error {
  override readonly name = 'LedgerAhead'
  readonly watermark: number
  /** Entries in the log. */
  readonly size: number
  constructor(watermark: number, size: number) {
    super(
      `ledger has counted ${watermark} entries, the log has ${size}: ` +
        'restore the log, or rebuild the ledger from it',
    )
    this.watermark = watermark
    this.size = size
  }
}
