/**
 * Bounds of the queue, and of the egress records that go through it.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB
const TIB = MIB * MIB
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Characters of a topic and of a key, and bytes of a body. */
export const QUEUE_TOPIC_CHARS_MAX = 64
export const QUEUE_KEY_CHARS_MAX = 256
export const QUEUE_BODY_BYTES_MAX: number = 64 * KIB
/** Characters that are kept of why a message was not done. */
export const QUEUE_REASON_CHARS_MAX = 500
/** Messages of one topic that wait, and that are dead. */
export const QUEUE_MESSAGES_MAX = 100_000
export const QUEUE_DEAD_MAX = 100_000
/** How long dead messages are kept: time for somebody to look, and to redrive. */
export const QUEUE_DEAD_KEPT_MS: number = 14 * DAY_MS
/** Longest wait before a message is taken again. One that waits longer was put by a wrong clock. */
export const QUEUE_DELAY_MS_MAX: number = DAY_MS
/** Shortest and longest wait after a failure, when nobody says how long: it doubles each time. */
export const QUEUE_BACKOFF_MS_MIN = 1_000
export const QUEUE_BACKOFF_MS_MAX: number = HOUR_MS
/** Attempts before a message counts as dead: with the waits above, some eight days. */
export const QUEUE_ATTEMPTS_MAX = 200
/** Messages that one call takes. */
export const QUEUE_TAKEN_MAX = 1024
/** Messages that one answer lists. */
export const QUEUE_LISTED_MAX = 1000

/** Bytes of one egress record. A sender says more in several, so that none is lost. */
export const EGRESS_RECORD_BYTES_MAX: number = TIB
/** Records that are written down in one call: those of one message. */
export const EGRESS_RECORDS_MAX = 128
/**
 * Bytes delivered, ever, beyond which no records of others are taken: half of what sums hold. Else
 * 4,000 signed records a second, of 1 TiB each, would bring accounting to a stand for good within
 * 40 minutes. What waits in a full inbox (some 2^20 records) does not fill the other half.
 */
export const EGRESS_BOOKED_BYTES_MAX: bigint = 2n ** 62n
/**
 * Pairs of a space and a gateway of others whose records are taken in one hour: a quarter of the
 * rows of an epoch's summary, so that names which anybody can make leave room for all others.
 */
export const EGRESS_PAIRS_MAX = 16_384
/** How far ahead of our clock, and how far back, a read may have been served. */
export const EGRESS_AHEAD_MS_MAX: number = 5 * MINUTE_MS
export const EGRESS_AGE_MS_MAX: number = 35 * DAY_MS

/** Messages of one batch that is sent, and bytes and blocks of the invocations in it. */
export const EGRESS_SENT_MAX = 100
export const EGRESS_SENT_BYTES_MAX: number = 200 * KIB
export const EGRESS_SENT_BLOCKS_MAX = 200
/** Bytes and blocks of the answer: a receipt has some 500 bytes, one with a stack 4 KiB. */
export const RECEIPTS_BYTES_MAX: number = 2 * MIB
export const RECEIPTS_BLOCKS_MAX = 1024
/** Time for one such message, answer included. */
export const EGRESS_SENT_TIMEOUT_MS: number = MINUTE_MS
/** Entries of the log that the sender looks at in one transaction. */
export const EGRESS_FOLLOWED_MAX = 1024
/** The same where reads of a minute are told together: some 16 MiB of entries. */
export const EGRESS_SUMMED_MAX = 16_384
/** Pause between two looks for dead messages. */
export const QUEUE_LOOK_MS: number = 10 * MINUTE_MS
