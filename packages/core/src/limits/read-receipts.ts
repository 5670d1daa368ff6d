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
