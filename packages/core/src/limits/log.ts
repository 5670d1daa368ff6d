/**
 * Bounds of the journal, the log, and what is derived from it.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes of one log entry (receipts, section 6.1). */
export const ENTRY_BYTES_MAX = 1024
/** Bytes of journal that the sequencer takes into the log in one commit, over all journals. */
export const LOG_ROUND_BYTES_MAX: number = 8 * MIB
/** Bundles that one commit may write: no entry takes less than 26 bytes, and groups stay whole. */
export const LOG_ROUND_BUNDLES_MAX = 2048
/** Journals that one log draws on: each has its position in the committed state. */
export const LOG_JOURNALS_MAX = 1024
/** Bytes of a log's committed state: a partial bundle, partial tiles and journal positions. */
export const LOG_STATE_BYTES_MAX: number = 1 * MIB
/** How long after its hour an epoch without new entries is sealed. */
export const SEAL_DELAY_MS = 30_000
/** How far the wall clock may run ahead of the monotonic one before an operator must confirm it. */
export const CLOCK_JUMP_MS_MAX = 3_600_000
/** How long a log may have stood still before an operator must confirm the clock. */
export const LOG_IDLE_MS_MAX = 2_592_000_000
/** Entries before a FETCH among which its READ is looked for. */
export const FETCH_WINDOW_ENTRIES_MAX = 65_536
/** Rows of one epoch's summary; what goes beyond is summed in one row without names. */
export const SUMMARY_ROWS_MAX = 65_536
/** Entries of an open epoch after which its sums are kept, so that a start counts no more anew. */
export const COUNTED_EVERY_ENTRIES = 262_144
/** Roll-ups that the ledger adds in one transaction. */
export const LEDGER_BATCH_ROWS_MAX = 8192
/** Days that a setting may say for which details are kept: a century. */
export const RETENTION_DAYS_MAX = 36_525
/** Pause between two runs of the job that lets old details go. */
export const RETENTION_EVERY_MS = 3_600_000
/** Rows by CID that the ledger lets go in one transaction. */
export const FORGET_CIDS_MAX = 8192
/** Epochs whose entries one call lets go: it counts them once more before. */
export const DROP_EPOCHS_MAX = 24
/** Bundles of 256 entries that one call lets go: each is a file. */
export const DROP_BUNDLES_MAX = 4096
/** Stretches of time that one question to the ledger may sum. */
export const LEDGER_SPANS_MAX = 100_000
/** Hours of one space that one question to the ledger may list: a leap year. */
export const LEDGER_HOURS_MAX = 8784
/** Spaces that one answer of the ledger names. */
export const LEDGER_SPACES_MAX = 10_000
/** Numbers of spaces and providers that the ledger's writer remembers. */
export const LEDGER_NAMES_MAX = 65_536
/** Rows of one answer about usage. */
export const USAGE_ROWS_MAX = 10_000
/** Bytes of one journal frame, header included: a full one is written at once. */
export const FRAME_BYTES_MAX: number = 1 * MIB
/** Entries of one journal frame: its count is 16 bits wide. */
export const FRAME_ENTRIES_MAX = 65_535
/** Bytes of one read's entries in a journal, their lengths included: reserved at admission. */
export const JOURNAL_GROUP_BYTES_MAX: number = 4 * KIB
/** Reads that one process may have open, each with its slot for progress marks. */
export const JOURNAL_OPEN_READS_MAX: number = 4096
/** Bytes of one journal file; a setting. The journal fills one such file ahead of time. */
export const JOURNAL_FILE_BYTES_MAX: number = 16 * MIB
/** Times that a journal's recovery is tried while the log releases files of it. */
export const JOURNAL_RECOVER_TRIES_MAX = 16
/** Bytes kept for the sequencer, so that a full disk can be emptied into the log; a setting. */
export const JOURNAL_RESERVE_BYTES: number = 24 * MIB
/** Longest that an entry waits for others to share its fdatasync. */
export const JOURNAL_COMMIT_MS = 5
/** Wait before a full disk is tried again. */
export const JOURNAL_ROOM_RETRY_MS = 1000
/** How long the sequencer may hold the reserve before a journal tries to make it anew. */
export const JOURNAL_LEND_MS = 60_000
/** Body bytes between two progress marks of a read. */
export const MARK_BYTES: number = 8 * MIB
/** Time between two progress marks of a read that goes on. */
export const MARK_MS = 10_000
/** Rounds of the sequencer in one call that catches up: at most 32 GiB of journal. */
export const CATCH_UP_ROUNDS_MAX = 4096
/** Pause between rounds of a running sequencer: how far log and ledger may lag behind journals. */
export const LOG_ROUND_MS = 1_000
/** Pause after a round that failed. */
export const LOG_RETRY_MS = 5_000
/** Calls that may wait for the accounting thread at once. */
export const ACCOUNTING_CALLS_MAX = 1024
/** Bytes of a signed note: a checkpoint has some hundred, and a hundred for each signature. */
export const NOTE_BYTES_MAX: number = 64 * KIB
/** Signatures of a signed note; verifiers must take 16 at least (C2SP signed-note). */
export const NOTE_SIGNATURES_MAX = 100
