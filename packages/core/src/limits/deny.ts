/**
 * Bounds of denylists.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Characters of one line of a denylist (IPIP-383), and of its header. */
export const DENY_LINE_CHARS_MAX: number = 2 * MIB
export const DENY_HEADER_CHARS_MAX: number = 1 * MIB
/** Bytes of a denylist's file: 3 million hashed rules. */
export const DENY_FILE_BYTES_MAX: number = 256 * MIB
/** Characters of a denylist in badbits' JSON, which is read whole: 800,000 anchors. */
export const DENY_JSON_CHARS_MAX: number = 64 * MIB
/** Rules of one denylist, 33 bytes of memory each in every process that serves. */
export const DENY_RULES_MAX = 2_000_000
/** Of those, rules with a path, some 100 bytes each. */
export const DENY_PATHS_MAX = 100_000
/** Rules with a path below one subject: a check may look at all of them. */
export const DENY_SUBJECT_PATHS_MAX = 1_000
/** Hash functions of the hashed rules of one denylist: a check hashes with each of them. */
export const DENY_HASHES_MAX = 4
/** Pause between two reads of the denylists that the settings name; a setting. */
export const DENY_REFRESH_MS = 900_000
/** Rules that operators set one by one; all are packed again at each change (20 ms for 10,000). */
export const DENY_OWN_RULES_MAX = 10_000
/** Denylists that are imported beside them: a check asks each. */
export const DENY_LISTS_MAX = 64
/** Bytes of a packed denylist that are stored, and read, at once. */
export const DENY_PIECE_BYTES: number = 256 * KIB
/** Time for a denylist's source to send all of it. */
export const DENY_FETCH_TIMEOUT_MS = 60_000
/** Pause between two looks for changed denylists: a change must be in force within a second. */
export const DENY_POLL_MS = 250
/** Rules, or lines of the log of changes, of one page: at most 17 KiB each. */
export const DENY_PAGE_ROWS = 500
/** Characters of a reason, and of the name of who gives it. */
export const DENY_REASON_CHARS_MAX = 1000
export const DENY_BY_CHARS_MAX = 100
/** Answers to checks against hashed rules that a process remembers, some 200 bytes each. */
export const DENY_ANSWERS_KEPT_MAX = 16_384
/** Checks of one read that are made again when a denylist changes while it is sent. */
export const DENY_CHECKS_KEPT_MAX = 1024
