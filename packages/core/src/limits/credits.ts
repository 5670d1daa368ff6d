/**
 * Bounds of credits.
 * @module
 */

/**
 * Micro-credits that may ever be put into the pool: all sums of a deployment stay below 2^63,
 * which is what a column of SQLite holds.
 */
export const CREDIT_SEEDED_MICROS_MAX: bigint = 1n << 62n
/** Characters of an id or of a note that an operator gives. */
export const CREDIT_TEXT_CHARS_MAX = 120
/** Providers, and regions, that one policy names. */
export const CREDIT_RULES_MAX = 1024
/** Weight of a provider or a region, in millionths: a thousandfold. */
export const CREDIT_WEIGHT_PPM_MAX = 1_000_000_000
/** Hours after which a lot expires: ten years. */
export const CREDIT_TTL_HOURS_MAX = 87_600
/**
 * Shares of one issuance. Of more pairs of provider and region those count that earned most: all
 * are published in one file of at most `EPOCH_FILE_BYTES_MAX`, where each takes 1 KiB at most.
 */
export const CREDIT_SHARES_MAX = 8192
/** Seeds that may wait for the next issuance, which names each of them. */
export const CREDIT_SEEDS_WAITING_MAX = 256
/** Rows of one answer about credits. */
export const CREDIT_ROWS_MAX = 1000
/** Issuances that one answer lists: the JSON of each is read whole. */
export const CREDIT_ISSUANCES_LISTED_MAX = 100
/** Providers whose worth one answer says: each lot of theirs is looked at. */
export const CREDIT_HOLDERS_LISTED_MAX = 100
/** Regions that have a metric of their own; what others were issued is summed. */
export const CREDIT_REGION_LABELS_MAX = 64
