/**
 * Bounds of what storage nodes are paid for.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Storage nodes, and addresses of theirs, that an operator lists. */
export const STORAGE_NODES_MAX = 256
/** Characters of the address that a node gives for its batches. */
export const BATCH_ENDPOINT_CHARS_MAX = 1024
/** Batches of one node that wait to be fetched: one every 12 hours is usual. */
export const BATCHES_WAITING_MAX = 1000
/** Bytes of a batch (Storacha, "egress tracking": at most 1 GiB), and time to get it. */
export const BATCH_BYTES_MAX: number = GIB
export const BATCH_FETCH_MS_MAX: number = 10 * MINUTE_MS
/** Receipts of a batch: 1 GiB of the smallest that there are, some 2 KiB each, kept in memory. */
export const BATCH_RECEIPTS_MAX = 500_000
/** How long one batch may take, to be fetched and checked, before it counts as left. */
export const BATCH_VISIBILITY_MS: number = HOUR_MS
/** Receipts that are checked before other work of accounting has its turn. */
export const BATCH_RECEIPTS_AT_ONCE = 16
/** Bytes and blocks of one receipt with its invocation and their proofs. */
export const RECEIPT_ARCHIVE_BYTES_MAX: number = 64 * KIB
export const RECEIPT_BLOCKS_MAX = 64
/** Refused receipts that a consolidation lists; of more it says how many. */
export const RECEIPT_ERRORS_MAX = 1000
/** Bytes of one retrieval from a blob whose size is not known here. */
export const RETRIEVED_BYTES_MAX: number = 8 * GIB
/** Pause before batches that wait are looked for. */
export const BATCHES_EVERY_MS = 1_000
/** How long after its end a month takes in what was served in it: nodes send twice a day. */
export const PAYOUT_GRACE_MS: number = 3 * DAY_MS
