/**
 * Bounds of executions, of acknowledgements, and of what is told about reads.
 * @module
 */

/**
 * EXEC entries of one read, what goes beyond is summed into the last: with the READ they fit into
 * `JOURNAL_GROUP_BYTES_MAX` however long the names in them are.
 */
export const EXECUTIONS_RECORDED_MAX = 2
/** Bytes of the CID of code: one of a 64-byte digest. */
export const CODE_CID_BYTES_MAX = 72
/** Entries that the index of domains takes in one step: some 10 ms, then others have their turn. */
export const DOMAINS_FOLLOWED_MAX = 8192
/** Domains of one epoch that are kept apart; reads of others are counted without a domain. */
export const DOMAINS_EPOCH_MAX = 65_536
/** Bytes of a request to `/rpc`, and calls in one. */
export const RPC_BODY_BYTES_MAX = 65_536
export const RPC_CALLS_MAX = 100
/** Epochs that one answer of `gateway.reads_since` lists. */
export const RPC_EPOCHS_MAX = 1000
/** Characters of a DID that owns a domain. */
export const DID_CHARS_MAX = 512
/** Domains whose owners are kept, changes of one domain that are, and those that are listed. */
export const DOMAINS_OWNED_MAX = 10_000
export const OWNER_CHANGES_MAX = 100
export const DOMAINS_LISTED_MAX = 1000
/** Entries behind a READ that may be of its group: 4 KiB hold no more, of 20 bytes at least. */
export const FRAME_GROUP_ENTRIES_MAX = 200
/** Bytes of an acknowledgement: its JSON takes some 300. */
export const ACK_BODY_BYTES_MAX = 1024
/** Acknowledgements of one read that go into the log: a reader has one key, or a few. */
export const READ_ACKS_MAX = 8
/** How long after the end of a read it can be acknowledged. */
export const ACK_AFTER_MS_MAX = 86_400_000
/** How far a reader's clock may be off. */
export const ACK_SKEW_MS_MAX = 900_000
/** Acknowledgements that a deployment looks at in a minute, and at once after a pause. */
export const ACKS_PER_MINUTE = 60_000
export const ACKS_BURST = 2000
/** Acknowledgements that one deployment takes in at the same time, over all its processes. */
export const ACKS_IN_FLIGHT_MAX = 32
/** How long one may take to be answered. */
export const ACK_TIMEOUT_MS = 10_000
