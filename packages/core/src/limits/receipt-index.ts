/**
 * Bounds of the index of receipts.
 * @module
 */

/** Records that wait in memory before they are written as a run: 1 MiB of it. */
export const RECEIPT_TAIL_RECORDS_MAX = 65_536
/** Entries that they may lie among: so many are read anew after a start, half a second of work. */
export const RECEIPT_TAIL_ENTRIES_MAX = 262_144
/**
 * Runs of about the same size: so many become one, so that a search looks into few: at most seven
 * of each of the eleven tiers that 2^48 records reach.
 */
export const RECEIPT_RUNS_OF_TIER_MAX = 8
/** Pages that are read, and written, at once while runs are merged. */
export const RECEIPT_MERGE_READ_PAGES = 16
export const RECEIPT_MERGE_WRITE_PAGES = 64
/** Guesses of a search by where a hash ought to lie, before it halves what is left. */
export const RECEIPT_GUESSES_MAX = 8
/** Pause between two looks whether the log has entries that the index has not. */
export const RECEIPT_INDEX_EVERY_MS = 1_000
/** Receipts that are looked up at the same time over HTTP, over all processes. */
export const RECEIPT_LOOKUPS_MAX = 16
/** How long such a look-up may take. */
export const RECEIPT_LOOKUP_TIMEOUT_MS = 10_000
/** Bytes of a published file: tiles have 8 KiB, signed notes at most 64. */
export const RECEIPT_FILE_BYTES_MAX: number = 64 * 1024
/** Bytes of a published `.final`: 8,192 shares of credits take some 300 each. */
export const RECEIPT_FINAL_BYTES_MAX: number = 4 * 1024 * 1024
