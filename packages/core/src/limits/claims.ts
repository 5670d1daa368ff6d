/**
 * Bounds of claims, and of those who are asked where content lies.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Issuers in the settings whose claims are believed about any space. */
export const CLAIM_ISSUERS_MAX = 256
/** Services of one kind in the settings that are asked where content lies. */
export const LOCATOR_SERVICES_MAX = 16
/** Time for all services of one kind to answer a look-up; a setting. */
export const LOCATOR_TIMEOUT_MS = 2_500
/** Bytes of one service's answer: claims and indexes of some 100,000 blocks. */
export const SERVICE_ANSWER_BYTES_MAX: number = 8 * MIB
/** Blocks of one answer, and claims and indexes of it that are looked at (0.2 ms a claim). */
export const SERVICE_ANSWER_BLOCKS_MAX = 4096
export const SERVICE_CLAIMS_MAX = 128
export const SERVICE_INDEXES_MAX = 16
/** Multihashes in one question: 2 KiB of URL. */
export const SERVICE_QUESTION_HASHES_MAX = 32
/** Questions of one look-up that are out at once, where each is about one multihash. */
export const SERVICE_QUESTIONS_MAX = 8
/** Look-ups under way at once; others are refused. */
export const LOCATOR_LOOKUPS_MAX = 64
/** Times that a look-up asks on: for an index, for its shards, for where these lie. */
export const LOCATOR_ROUNDS_MAX = 3
/** Failures in a row after which a service is not asked for a while. */
export const SERVICE_FAILURES_MAX = 5
/** First such while, and the longest. */
export const SERVICE_COOL_DOWN_MS = 1_000
export const SERVICE_COOL_DOWN_MS_MAX = 60_000
/** Time after which a question on trial counts as lost. */
export const SERVICE_TRIAL_MS_MAX = 30_000
/** Pause before a question is asked once more: half of it to all. */
export const SERVICE_RETRY_PAUSE_MS = 100
/** How long what services said is kept, unless claims expire before. */
export const LOCATED_KEPT_MS = 600_000
/** How long it is kept that services know nothing of a block. */
export const LOCATED_MISSING_MS = 5_000
/** Blocks whose look-ups, and blobs whose claims, a process remembers, some 1 KiB each. */
export const LOCATED_KEPT_MAX = 16_384
/** Claims about one blob or block that are kept: a liar's, beyond those that are believed. */
export const LOCATED_CLAIMS_MAX = 16
/** Indexes of others that a process keeps, and slices in them all together, some 100 bytes each. */
export const LOCATED_INDEXES_MAX = 256
export const LOCATED_SLICES_MAX = 400_000
/** Places of one block that are tried. */
export const LOCATED_PLACES_MAX = 16
/** Addresses of one location claim. */
export const CLAIM_URLS_MAX = 16
/** Bytes of one answer of a router. */
export const PROVIDERS_ANSWER_BYTES_MAX: number = 256 * KIB
/** Records of one answer of a router, and trustless gateways of them that are tried. */
export const PROVIDER_RECORDS_MAX = 100
export const PROVIDER_GATEWAYS_MAX = 4
/** Links of one content claim: parts, and children of a block. */
export const CLAIM_LINKS_MAX = 4096
/** Claims that are kept, some 600 bytes each. */
export const CLAIMS_MAX = 5_000_000
/** Of those, claims of issuers that are not believed: about one content, and in all. */
export const CLAIM_HINTS_PER_CONTENT_MAX = 256
export const CLAIM_HINTS_MAX = 500_000
/** Claims that one look-up reads from the store at once. */
export const CLAIMS_PAGE = 100
/** Bytes of the delegations that one `access/claim` is answered with. */
export const CLAIM_ANSWER_BYTES_MAX: number = 1 * MIB
/** Indexes that list one block, and are told of it. */
export const COVERING_INDEXES_MAX = 1000
/** Multihashes, and spaces, of one question about claims. */
export const CLAIMS_QUERY_HASHES_MAX = 64
export const CLAIMS_QUERY_SPACES_MAX = 64
/** Claims of one answer, and bytes of them and of indexes beside them. */
export const CLAIMS_ANSWER_MAX = 2000
export const CLAIMS_ANSWER_BYTES_MAX: number = 8 * MIB
/** How long a claim holds that is issued here; half of that before, it is issued anew. */
export const CLAIM_LIFETIME_MS = 1_209_600_000
/** Blobs whose claims are issued in one turn, before others have theirs. */
export const CLAIMS_ISSUED_AT_ONCE = 50
/** Multihashes whose claims one question leads on to. */
export const CLAIMS_WALK_MAX = 256
/** Slices of an index of others that are read and hashed before it is trusted, and their bytes. */
export const INDEX_CHECKS_MAX = 64
export const INDEX_CHECK_BYTES_MAX: number = 32 * MIB
/** Slices of one index of others that is taken in, and of all, some 160 bytes each. */
export const CLAIMED_SLICES_PER_INDEX_MAX = 262_144
export const CLAIMED_SLICES_MAX = 20_000_000
/**
 * Archive of an index of others that is kept, to be handed on: a part of what an answer may have,
 * and for each slice and shard in it. One that says little in many bytes would fill the disk.
 */
export const CLAIMED_ARCHIVE_BYTES_MAX: number = 4 * MIB
export const CLAIMED_ARCHIVE_SLICE_BYTES_MAX = 160
/** Time for taking one claim in, its index and the check of it included. */
export const CLAIM_TAKEN_TIMEOUT_MS = 8_000
/** Claims that are published in one message; services take some more. */
export const CLAIMS_PER_MESSAGE = 8
/** Claims that a command lists. */
export const CLAIMS_LISTED_MAX = 10_000
/** Time for another service to answer one message with our claims. */
export const CLAIMS_PUBLISH_TIMEOUT_MS = 30_000
/** Slices and indexes of others that a process remembers to have lied. */
export const DISTRUSTED_KEPT_MAX = 4096
