/**
 * Bounds of receipts: epochs, anchors, credits, proofs and what is asked about them.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB
const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

/**
 * Bytes of one of an epoch's files. The largest is a `.final`: the share of each provider in each
 * region, at most one for each row of the epoch's summary, some 200 bytes each.
 */
export const EPOCH_FILE_BYTES_MAX: number = 16 * MIB
/** Anchors of one deployment. */
export const ANCHORS_MAX = 8
/** Bytes of what an anchor stores before it sends anything. */
export const ANCHOR_INTENT_BYTES_MAX: number = 64 * KIB
/** Bytes of JSON of the proof that an anchor gives for an epoch. */
export const ANCHOR_PROOF_BYTES_MAX: number = 64 * KIB
/** Characters that are kept of what an anchor says that the log is not. */
export const ANCHOR_CONFLICT_CHARS_MAX = 2000
/** Intents of one anchor that are there and not final yet: no further epochs are sent by then. */
export const ANCHOR_OPEN_MAX = 256
/** Sealed epochs that one step takes from the log, credits, and compares with their files. */
export const EPOCHS_STEP_MAX = 256
/** Intents that one step makes by each anchor; those after them have to wait for the next. */
export const ANCHOR_INTENTS_STEP_MAX = 64
/** Pause between two steps of epochs, and the longest while an anchor can't be reached. */
export const EPOCHS_EVERY_MS: number = 10 * SECOND_MS
export const EPOCHS_RETRY_MS_MAX: number = MINUTE_MS
/** Time after which all epochs' files are compared with the records again. */
export const EPOCH_FILES_CHECK_MS: number = 24 * 60 * MINUTE_MS
/** `.root` files that are looked at for the newest one that is signed, when a log is loaded. */
export const EPOCH_ROOTS_LOOKED_MAX = 16
/** Epochs that one answer lists. */
export const EPOCHS_LISTED_MAX = 1000
/** Witnesses of one deployment. */
export const WITNESSES_MAX = 16
/** Bytes of what a witness answers: a line for each of its keys. */
export const WITNESS_ANSWER_BYTES_MAX: number = 16 * KIB
/** Time for one witness to cosign, all tries together. */
export const WITNESS_TIMEOUT_MS: number = 15 * SECOND_MS
/** Requests to a witness for one cosignature: each but the first from where it says that it is. */
export const WITNESS_TRIES_MAX = 4
/** Checkpoints whose cosignatures are remembered until their epochs are written down. */
export const WITNESS_NOTES_MAX = 64

/** Entries that one statement bundle lists: some 250 bytes of JSON each. */
export const STATEMENT_BUNDLE_ENTRIES_MAX = 200_000
/** Summary rows in one statement bundle: some 500 bytes of JSON each. */
export const STATEMENT_BUNDLE_ROWS_MAX = 200_000
/** Bytes of a statement bundle. Verifiers take no larger one. */
export const STATEMENT_BUNDLE_BYTES_MAX: number = 256 * MIB
