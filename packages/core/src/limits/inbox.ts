/**
 * Bounds of the inbox, and of what hosts hand on to one another.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes of entries in one signed batch: with its header it is a request body that is taken. */
export const BATCH_PAYLOAD_BYTES_MAX: number = 240 * KIB
/** Bytes of a batch's header: two DIDs, a name, numbers and a hash. */
export const BATCH_HEADER_BYTES_MAX: number = 2 * KIB
/** Characters of a DID that signs batches. */
export const BATCH_DID_CHARS_MAX = 512
/** Characters of a journal's name in a batch. */
export const BATCH_JOURNAL_CHARS_MAX = 64
/** Characters of the reason why a group was refused. */
export const REFUSAL_CHARS_MAX = 200
/** Refused groups of one batch whose reasons are told. */
export const REFUSALS_TOLD_MAX = 1000
/** Bytes of the answer to a batch: a verdict for each group, and reasons. */
export const ACK_BYTES_MAX: number = 1 * MIB
/** Hosts that may hand their journals on to one. */
export const HANDING_HOSTS_MAX = 256
/** Batches that one deployment takes in at the same time, over all its processes. */
export const BATCHES_IN_FLIGHT_MAX = 16
/** How long a batch may take to be answered. */
export const BATCH_TIMEOUT_MS = 30_000
/** First wait after a batch that was not taken; doubles up to the most. */
export const HAND_ON_RETRY_MS = 500
export const HAND_ON_RETRY_MS_MAX = 60_000
/** Batches that one call hands on, over all journals: almost 2 GiB. */
export const HAND_ON_BATCHES_MAX = 8192
/** How long journals may wait to be handed on before it is an alert. */
export const HAND_ON_LAG_MS_MAX = 300_000
/** Refused groups that a host keeps with the reasons; it hands nothing on beyond them. */
export const HAND_ON_REFUSED_MAX = 100_000
/** Refused groups that are read at once to be sent again: as many as fit into some batches. */
export const REFUSED_RESENT_MAX = 1000
/** Refused groups that are listed. */
export const REFUSALS_LISTED_MAX = 100

/** Groups, and bytes of entries, that the inbox takes in one transaction. */
export const INBOX_COMMIT_GROUPS_MAX = 32_768
export const INBOX_COMMIT_BYTES_MAX: number = 8 * MIB
/** Bytes of one row of entries. */
export const INBOX_ROW_BYTES_MAX: number = 256 * KIB
/** Bytes of entries that wait for the sequencer: beyond them nothing is taken. */
export const INBOX_BACKLOG_BYTES_MAX: number = 256 * MIB
/** Calls that wait for their transaction. */
export const INBOX_CALLS_MAX = 4096
/** Page cache of the inbox. */
export const INBOX_CACHE_BYTES_MAX: number = 64 * MIB
