/**
 * Bounds of reading and serving; those of other parts stand in `limits/`. A bound that an operator
 * may change is a default here and a setting elsewhere; each has a test at the bound.
 * @module
 */
import { JOURNAL_OPEN_READS_MAX } from './limits/log.ts'

const KIB = 1024
const MIB = 1024 * KIB

/**
 * Largest chunk handed to a socket at once: bounds what a cut client may be billed beyond its
 * bytes.
 */
export const CHUNK_BYTES_MAX: number = 256 * KIB
/**
 * Largest block that is buffered to be verified; larger raw blocks go through a chunk-digest
 * sidecar.
 */
export const BLOCK_BYTES_MAX: number = 4 * MIB
/** Largest identity multihash digest in a CID (what kubo accepts). */
export const IDENTITY_BYTES_MAX = 128
/** Characters of a CID as text: one with `IDENTITY_BYTES_MAX` has 269 in base16. */
export const CID_CHARS_MAX = 512
/** Segments of a content path. */
export const PATH_SEGMENTS_MAX = 128
/**
 * Bytes of a `_redirects` file (Web _redirects File specification, section 2.7). That bounds its
 * rules, too: the shortest, `/ /`, takes four with its line end, so there are at most 16,384.
 */
export const REDIRECTS_FILE_BYTES_MAX: number = 64 * KIB
/** Bytes of memory of the parsed `_redirects` files that are kept. */
export const REDIRECTS_KEPT_BYTES_MAX: number = 16 * MIB
/** Characters of a request URL. */
export const URL_CHARS_MAX: number = 16 * KIB
/** Bytes of all request headers. */
export const HEADERS_BYTES_MAX: number = 32 * KIB
/** Depth of a DAG below the requested root. */
export const DAG_DEPTH_MAX = 1024
/** Links of one dag-pb node (a 2 MiB block of minimal links holds fewer). */
export const NODE_LINKS_MAX = 65_536
/** Buckets of one HAMT shard (the field writes 256; kubo refuses more than 1,024). */
export const HAMT_FANOUT_MAX = 1024
/** Levels of a HAMT: a 64-bit hash has no more bytes. */
export const HAMT_DEPTH_MAX = 21
/** Bytes of a CAR header. */
export const CAR_HEADER_BYTES_MAX: number = 1 * MIB
/** Bytes of a CID in a CAR: an identity CID of `IDENTITY_BYTES_MAX`, more than any hash needs. */
export const CAR_CID_BYTES_MAX = 256
/** Bytes between the header of a CARv2 and the CARv1 inside. */
export const CAR_PADDING_BYTES_MAX: number = 1 * MIB
/** Roots of a CAR that are kept on import. */
export const CAR_ROOTS_MAX = 1024
/** Shard size that add aims at: Storacha's default, 133,169,152 bytes (127 MiB). */
export const SHARD_BYTES_MAX = 133_169_152
/** Bytes wasted between two slices that one range read may span. */
export const READ_GAP_BYTES_MAX: number = 16 * KIB
/** Bytes of one range read from a local blob. */
export const READ_LOCAL_BYTES_MAX: number = 1 * MIB + 64 * KIB
/** Bytes of one range read from a remote blob. */
export const READ_REMOTE_BYTES_MAX: number = 32 * MIB
/** Bytes of a remote read that are waited for before the blocks among them are handed on. */
export const READ_REMOTE_STEP_BYTES: number = 64 * KIB
/** Bytes of verified blocks that all reads together may hold ahead of their clients. */
export const READ_AHEAD_BYTES_MAX: number = 64 * MIB
/** Of those, what reads of our own store may hold together. */
export const READ_AHEAD_LOCAL_BYTES_MAX: number = 8 * MIB
/** Bytes kept in the cache of verified blocks. */
export const BLOCK_CACHE_BYTES_MAX: number = 64 * MIB
/** Bytes kept in the cache of whole small answers. */
export const ANSWER_CACHE_BYTES_MAX: number = 32 * MIB
/** Bytes of an answer that is kept whole. */
export const ANSWER_BYTES_MAX: number = 64 * KIB
/** Bytes of one chunk of a sidecar: what is buffered to verify any part of it. */
export const SIDECAR_CHUNK_BYTES_MAX: number = BLOCK_BYTES_MAX
/** Chunks of one sidecar: a blob of 1 TiB in chunks of 1 MiB; the file has at most 36 MiB. */
export const SIDECAR_CHUNKS_MAX: number = 1024 * 1024
/** Wait for a connection to an origin, the wait for a free one of its pool included. */
export const ORIGIN_CONNECT_TIMEOUT_MS = 5_000
/** Wait for the first byte of an origin's answer, once connected. */
export const ORIGIN_FIRST_BYTE_TIMEOUT_MS = 15_000
/** Window of a body in which an origin must deliver at least `ORIGIN_IDLE_BYTES_MIN`. */
export const ORIGIN_IDLE_TIMEOUT_MS = 10_000
/** Fewer bytes than this in a window while a read waits are silence, or a trickle that holds it. */
export const ORIGIN_IDLE_BYTES_MIN: number = 4 * KIB
/** Bytes of an origin's response headers. */
export const ORIGIN_HEADERS_BYTES_MAX: number = 16 * KIB
/** Connections to one origin; reads beyond wait within the connect timeout. */
export const ORIGIN_SOCKETS_MAX = 64
/** Connections to all origins of one pool together. */
export const ORIGIN_SOCKETS_TOTAL_MAX = 512
/** Idle connections kept to one origin. */
export const ORIGIN_SOCKETS_FREE_MAX = 16
/** Origins and addresses whose recent failure is remembered. */
export const ORIGIN_FAILURES_MAX = 4096
/** First cool-down of an origin that failed; doubles with each failure in a row. */
export const ORIGIN_COOL_DOWN_MS = 1_000
/** Longest cool-down of an origin. */
export const ORIGIN_COOL_DOWN_MS_MAX = 60_000
/** Bytes of a name in a folder that is built: a full HAMT shard of such names stays below 2 MiB. */
export const ENTRY_NAME_BYTES_MAX: number = 4 * KIB
/** Bytes of a symbolic link's target: what any file system allows. */
export const SYMLINK_BYTES_MAX: number = 32 * KIB
/** Open connections of one HTTP server process; more are closed as they come. */
export const CONNECTIONS_MAX = 10_000
/** Requests that may wait on one connection behind the one being answered. */
export const PIPELINED_REQUESTS_MAX = 32
/** Requests that one process answers at once; more are refused. */
export const REQUESTS_MAX: number = JOURNAL_OPEN_READS_MAX
/** Addresses, and as many identities, whose buckets are remembered, some 150 bytes each. */
export const RATE_KEYS_MAX = 65_536
/** Tokens of a bucket, and those that come in a minute. */
export const RATE_TOKENS_MAX = 1_000_000
/** Tokens of one bucket that a worker holds in reserve, so that it need not ask for each. */
export const RATE_LEASE_TOKENS_MAX = 64
/** Buckets that a worker asks the primary about at once. */
export const RATE_ASKED_MAX = 1024
/** Time for the primary to answer that, after which requests are let in without. */
export const RATE_ANSWER_MS = 1_000
/** When a request may come again that came beside too many others. */
export const LOADED_RETRY_MS = 60_000
/** Time in which refusals of one kind become one entry of the log. */
export const REFUSALS_COALESCED_MS = 1_000
/** Time that a client waits for the first byte of an answer, and for each next one. */
export const RETRIEVAL_TIMEOUT_MS = 30_000
/** Time that a client waits for the first byte of what it wants only if it is here. */
export const CACHED_TIMEOUT_MS = 1_000
/** Bytes of a request body, most of which are ignored: those of an agent message. */
export const REQUEST_BODY_BYTES_MAX: number = 256 * KIB
/** Time for a client to send all header fields of a request. */
export const HEADERS_TIMEOUT_MS = 15_000
/** Time for a client to send a whole request. */
export const REQUEST_TIMEOUT_MS = 60_000
/** Time that an idle connection stays open: longer than nginx keeps one to us (60 s). */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000
/** Time in which a reader must take some bytes of what is written to it. */
export const WRITE_IDLE_TIMEOUT_MS = 60_000
/** Longest time that one response may take, from its request to its last byte; a setting. */
export const RESPONSE_DURATION_MS_MAX: number = 12 * 3_600_000
/** Longest time between two looks for responses that take too long. */
export const SWEEP_MS_MAX = 30_000
/** Time without progress after which a client that closed its sending side counts as gone. */
export const HALF_CLOSED_WAIT_MS = 2_000
/** Time that a refused client gets to read why, before its connection is closed. */
export const REFUSAL_LINGER_MS = 1_000
/** Time that a stop leaves to what is in flight. */
export const STOP_GRACE_MS = 10_000
/** Time that a stop waits, after the grace, for the ends of what it cut. */
export const STOP_SETTLE_MS = 2_000
/** Ports tried, from the one asked for upwards, when it is taken. */
export const PORT_SEARCH_MAX = 100
/** Bytes written in one turn of the event loop when source and socket never make the pump wait. */
export const PUMP_TURN_BYTES: number = 1 * MIB
/** Worker processes of one server. */
export const WORKERS_MAX = 64
/** First and longest pause before a crashed worker is started again; doubled in between. */
export const WORKER_PAUSE_MS_MIN = 100
export const WORKER_PAUSE_MS_MAX = 30_000
/** Time after which a worker counts as having started well. */
export const WORKER_SETTLED_MS = 60_000
/** Crashes in a row, each before it had started well, after which a worker is given up. */
export const WORKER_CRASHES_MAX = 10
/** Time in which a worker must answer a question of the primary. */
export const WORKER_ANSWER_MS = 2_000
/** Bytes of a block that is kept after one read; a larger one is kept when read again. */
export const BLOCK_CACHE_KEEP_BYTES_MAX: number = 64 * KIB
/** Blocks remembered as read once. */
export const RECENT_BLOCKS_MAX = 4096
/** Freed read buffers that wait for use, each of READ_LOCAL_BYTES_MAX. */
export const SLABS_KEPT_MAX = 16
/** Links that a read looks ahead over at once. */
export const READ_AHEAD_LINKS_MAX = 256
/** Bytes of the first range read of a body; later ones double while the client keeps reading. */
export const READ_WINDOW_BYTES_MIN: number = 1 * MIB
/** Located blocks that one request remembers. */
export const LOCATED_BLOCKS_MAX = 4096
/** Blocks of one shard: bounds its index (about 50 bytes a block) and what add holds of it. */
export const SHARD_BLOCKS_MAX = 32_768
/** Bytes of the archive of a sharded DAG index: some 1.4 million slices. */
export const DAG_INDEX_BYTES_MAX: number = 64 * MIB
/** Shards of one sharded DAG index: 8 TiB in shards of 127 MiB. */
export const DAG_INDEX_SHARDS_MAX = 65_536
/** Roots whose spaces a process remembers. */
export const LOCATED_ROOTS_MAX = 16_384
/** Spaces whose answer a process remembers for as long. */
export const LOCATED_SPACES_MAX = 4096
/** How long it remembers them: a change must be in force within a second. */
export const LOCATED_TTL_MS = 250
/** Content paths that a process remembers by their URL. */
export const PARSED_URLS_MAX = 4096
/** Bytes of decoded nodes that a process keeps. */
export const NODE_CACHE_BYTES_MAX: number = 16 * MIB
/** Entries that a folder listing shows. */
export const LISTING_ENTRIES_MAX = 20_000
/** Ranges of one request that are answered; with more, the whole is sent. */
export const RANGES_MAX = 16
/** Bytes of content that are looked at to guess its type. */
export const SNIFF_BYTES_MAX = 512
/** Characters of `turnpike.json`. */
export const SETTINGS_FILE_BYTES_MAX: number = 1 * MIB
/** Host names in one setting. */
export const HOSTS_MAX = 1000
/** Proxies, or ranges of them, in the settings. */
export const PROXIES_MAX = 1000
/** Hops of `X-Forwarded-For` that are looked at, from the last. */
export const FORWARDED_HOPS_MAX = 32
/** S3-compatible stores in the settings. */
export const S3_STORES_MAX = 100
/** Different blocks of one walk over a DAG: each is remembered, so that it is sent once. */
export const DAG_BLOCKS_SEEN_MAX = 4_194_304
/** Files of the log that are written at the same time. */
export const LOG_WRITES_MAX = 16
/**
 * Bytes of a local read that is made on the serving thread: from the page cache it takes 2 to 8 us,
 * where the way through a thread of the pool costs 60 to 80 us of CPU.
 */
export const READ_SYNC_BYTES_MAX: number = 64 * KIB
/** Shards of one folder that a listing walks over. */
export const HAMT_SHARDS_MAX = 1_048_576
/**
 * Calls of the owner of a data folder at once: of commands, and of what comes over HTTP, whose own
 * bounds leave commands a quarter.
 */
export const CONTROL_CLIENTS_MAX = 128
/** Bytes of a command's request to the owner. */
export const CONTROL_REQUEST_BYTES_MAX: number = 1 * MIB
/** Bytes of one line of the owner's answer: usage has at most 10,000 rows. */
export const CONTROL_ANSWER_BYTES_MAX: number = 16 * MIB
/** Time for a connected command to send its request. */
export const CONTROL_REQUEST_TIMEOUT_MS = 5_000
/** Time for the owner to take a command's connection. */
export const CONTROL_CONNECT_TIMEOUT_MS = 5_000
/** Time between two reports of how far an operation is. */
export const CONTROL_PROGRESS_MS = 100
/** Pause before a command looks again for a folder's owner that is starting or stopping. */
export const CONTROL_RETRY_MS = 200
/** Time after which it gives up. */
export const CONTROL_RETRY_MS_MAX = 5_000
/** Origins with counts of their own in the metrics; the others are counted together. */
export const METRIC_ORIGINS_MAX = 64
/** Warnings about reads and origins that one process logs in a second. */
export const LOG_WARNINGS_PER_SECOND_MAX = 20
/** Connections to the admin listener. */
export const ADMIN_CONNECTIONS_MAX = 64
/** Time for a request to the admin listener, and for its answer. */
export const ADMIN_TIMEOUT_MS = 30_000
/**
 * MiB that V8 may use for young objects on a thread beside the serving one; it takes 48 otherwise.
 */
export const THREAD_YOUNG_MIB_MAX = 8
/** Characters of a path in a TAR: four times the longest that Linux takes. */
export const TAR_PATH_CHARS_MAX: number = 16 * KIB
/** Bytes of a block of which an HTML preview shows the value; of a larger one, the first bytes. */
export const PREVIEW_BLOCK_BYTES_MAX: number = 1 * MIB
/** Values that an HTML preview shows, and levels of them inside of one another. */
export const PREVIEW_VALUES_MAX = 10_000
export const PREVIEW_DEPTH_MAX = 64
/** Characters of one text or number, and bytes of one byte string, that an HTML preview shows. */
export const PREVIEW_TEXT_CHARS_MAX: number = 4 * KIB
export const PREVIEW_BYTES_MAX = 256
/** Pause between two looks whether a body that is sent may still be: less than a second. */
export const LEASE_CHECK_MS = 250
/** Bytes of a blob that are passed over where an origin knows no ranges; and at once. */
export const ORIGIN_SKIP_BYTES_MAX: number = 4 * MIB
export const ORIGIN_SKIP_STEP_BYTES: number = 64 * KIB
/** Spaces and origins whose fetching of a day a process counts beside the books, and reports. */
export const FETCH_KEYS_KEPT_MAX = 1024
/** How long a process believes what the books say of one; and the pause between two reports. */
export const FETCH_TOTALS_TTL_MS = 1_000
export const FETCH_REPORT_MS = 1_000
/** Spaces and origins of one day on the books; further ones share one count. */
export const FETCHED_KEYS_MAX = 100_000
/** Days that they are kept. */
export const FETCHED_DAYS_MAX = 7
