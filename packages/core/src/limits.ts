/**
 * Every bound of Turnpike in one place. A bound that an operator may change is a default here and
 * a setting elsewhere; each has a test at the bound.
 * @module
 */

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
/** Bytes of one log entry (receipts, section 6.1). */
export const ENTRY_BYTES_MAX = 1024
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
/** Bytes of an IPNS record (IPNS spec, "Record Size Limit"). */
export const IPNS_RECORD_BYTES_MAX: number = 10 * KIB
/** IPNS names whose records are kept: 1 GiB when each has the most bytes, 50 MB as records are. */
export const NAMES_MAX = 100_000
/** Hops from a name to content (DNSLink specification: what boxo follows). */
export const NAME_HOPS_MAX = 32
/** Time for one name to lead to content, over all hops. */
export const NAME_TIMEOUT_MS = 10_000
/** Time for one router to tell the record of a name. */
export const ROUTER_TIMEOUT_MS = 4_000
/** Routers in the settings. */
export const ROUTERS_MAX = 16
/** Look-ups of names under way at once at routers; others are refused. */
export const ROUTER_LOOKUPS_MAX = 64
/** Names whose records from routers are kept, and as many that routers did not know. */
export const ROUTED_NAMES_KEPT_MAX = 4096
/** How long a record from a router is kept that does not say; and the longest, a setting. */
export const NAME_TTL_MS = 60_000
export const NAME_TTL_MS_MAX = 86_400_000
/** Shortest time that a router's answer is kept. */
export const NAME_TTL_MS_MIN = 1_000
/** How long a name is kept as one that routers do not know, or that they failed for. */
export const NAME_MISSING_TTL_MS = 5_000
/** Own names that are published from one folder. */
export const OWN_NAMES_MAX = 1000
/** How long a record made here holds, unless told: what the field's tools use. */
export const NAME_LIFETIME_MS: number = 48 * 3_600_000
/** Longest lifetime, and longest TTL, of a record made here: 10 years. */
export const NAME_LIFETIME_MS_MAX: number = 3650 * 24 * 3_600_000
/** How long others may keep a record made here, unless told: what the field's tools use. */
export const NAME_PUBLISH_TTL_MS = 300_000
/** Pause between two looks for own records to be signed anew. */
export const NAME_RENEW_MS = 60_000
/** Names mapped in the settings. */
export const NAMES_MAPPED_MAX = 1000
/** Bytes of one page of a bucket's listing: 1,000 keys of 1,024 bytes, percent-encoded. */
export const BUCKET_PAGE_BYTES_MAX: number = 4 * MIB
/** Pages of a bucket's listing: 10 million objects. */
export const BUCKET_PAGES_MAX = 10_000
/** Slices handed to the catalog at once while a CAR is indexed. */
export const INDEX_BATCH_SLICES_MAX = 4096
/** Attempts to go on at one offset of a remote CAR before indexing it fails. */
export const INDEX_ATTEMPTS_MAX = 5
/** First pause before an attempt; doubles with each attempt at the same offset. */
export const INDEX_PAUSE_MS = 250
/** Entries of one folder while it is built: these hold about 400 MB (measured: 0.4 KB an entry). */
export const FOLDER_ENTRIES_MAX = 1_000_000
/** Bytes of a name in a folder that is built: a full HAMT shard of such names stays below 2 MiB. */
export const ENTRY_NAME_BYTES_MAX: number = 4 * KIB
/** Bytes of a symbolic link's target: what any file system allows. */
export const SYMLINK_BYTES_MAX: number = 32 * KIB
/** Bytes of journal that the sequencer takes into the log in one commit, over all journals. */
export const LOG_ROUND_BYTES_MAX: number = 8 * MIB
/** Journals that one log draws on: each has its position in the committed state. */
export const LOG_JOURNALS_MAX = 1024
/** Bytes of a log's committed state: a partial bundle, partial tiles and journal positions. */
export const LOG_STATE_BYTES_MAX: number = 1 * MIB
/** How long after its hour an epoch without new entries is sealed. */
export const SEAL_DELAY_MS = 30_000
/** How far the wall clock may run ahead of the monotonic one before an operator must confirm it. */
export const CLOCK_JUMP_MS_MAX = 3_600_000
/** How long a log may have stood still before an operator must confirm the clock. */
export const LOG_IDLE_MS_MAX = 2_592_000_000
/** Entries before a FETCH among which its READ is looked for. */
export const FETCH_WINDOW_ENTRIES_MAX = 65_536
/** Rows of one epoch's summary; what goes beyond is summed in one row without names. */
export const SUMMARY_ROWS_MAX = 65_536
/** Roll-ups that the ledger adds in one transaction. */
export const LEDGER_BATCH_ROWS_MAX = 8192
/** Rows of one answer about usage. */
export const USAGE_ROWS_MAX = 10_000
/** Bytes of one batch on its way to a blob's file and to the thread that hashes the blob. */
export const SPOOL_BATCH_BYTES: number = 2 * MIB
/** What positions, lengths and memory of direct writes are multiples of. */
export const DIRECT_BLOCK_BYTES = 4096
/** Batches of one blob under way at once: what a slow disk may pile up in memory. */
export const SPOOL_BATCHES_MAX = 4
/** Batches in aligned memory: for two blobs at once, and two buffers that files are read into. */
export const SPOOL_SLOTS_KEPT = 12
/** Frames smaller than `SHARD_LEAF_BYTES_MIN` that one sidecar chunk of a shard takes in. */
export const SHARD_GROUP_BYTES: number = 256 * KIB
/** Bytes of a block that is a sidecar chunk of its own in a shard. */
export const SHARD_LEAF_BYTES_MIN: number = 64 * KIB
/** Files of blobs that are kept open between reads. */
export const BLOB_FILES_MAX = 256
/** Bytes of sidecars that are kept decoded between reads. */
export const SIDECAR_CACHE_BYTES_MAX: number = 8 * MIB
/** Page cache of one connection to the catalog, and what its write-ahead log shrinks back to. */
export const CATALOG_CACHE_BYTES_MAX: number = 16 * MIB
/** Look-ups of each kind whose answers a catalog connection keeps, about 400 bytes each. */
export const CATALOG_ANSWERS_KEPT_MAX = 16_384
/** Blobs whose hash, size and sites a catalog connection keeps. */
export const CATALOG_BLOBS_KEPT_MAX = 4096
/** Wait of one SQLite statement for another connection's lock. */
export const SQLITE_BUSY_TIMEOUT_MS = 5_000
/** Pause between two tries for a lock of the data folder. */
export const LOCK_POLL_MS = 50
/** Wait of an add for whoever deletes files, and of a deletion for adds. */
export const FILES_LOCK_WAIT_MS = 5_000
/** Bytes of one journal frame, header included: a full one is written at once. */
export const FRAME_BYTES_MAX: number = 1 * MIB
/** Entries of one journal frame: its count is 16 bits wide. */
export const FRAME_ENTRIES_MAX = 65_535
/** Bytes of one read's entries in a journal, their lengths included: reserved at admission. */
export const JOURNAL_GROUP_BYTES_MAX: number = 4 * KIB
/** Reads that one process may have open, each with its slot for progress marks. */
export const JOURNAL_OPEN_READS_MAX: number = 4096
/** Bytes of one journal file; a setting. The journal fills one such file ahead of time. */
export const JOURNAL_FILE_BYTES_MAX: number = 16 * MIB
/** Times that a journal's recovery is tried while the log releases files of it. */
export const JOURNAL_RECOVER_TRIES_MAX = 16
/** Bytes kept for the sequencer, so that a full disk can be emptied into the log; a setting. */
export const JOURNAL_RESERVE_BYTES: number = 24 * MIB
/** Longest that an entry waits for others to share its fdatasync. */
export const JOURNAL_COMMIT_MS = 5
/** Wait before a full disk is tried again. */
export const JOURNAL_ROOM_RETRY_MS = 1000
/** How long the sequencer may hold the reserve before a journal tries to make it anew. */
export const JOURNAL_LEND_MS = 60_000
/** Body bytes between two progress marks of a read. */
export const MARK_BYTES: number = 8 * MIB
/** Time between two progress marks of a read that goes on. */
export const MARK_MS = 10_000
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
/** Leaf bytes that add holds before it begins a shard: a smaller add is one shard. */
export const ADD_HELD_BYTES_MAX: number = 8 * MIB
/** Depth of folders that add follows; deeper files could not be asked for by path. */
export const ADD_DEPTH_MAX: number = PATH_SEGMENTS_MAX
/** Bytes of a file that add reads at once and without waiting. */
export const ADD_READ_SYNC_BYTES_MAX: number = 256 * KIB
/** Entries of a folder that add takes before others have a turn. */
export const ADD_TURN_ENTRIES = 64
/** Rows of the index that gc looks at in one transaction. */
export const COLLECT_ROWS_MAX = 50_000
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
/** Rounds of the sequencer in one call that catches up: at most 32 GiB of journal. */
export const CATCH_UP_ROUNDS_MAX = 4096
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
/** Attempts of an add whose space loses, meanwhile, content that the add builds on. */
export const ADD_ATTEMPTS_MAX = 3
/** Bytes of a CAR that import reads at once. */
export const IMPORT_CHUNK_BYTES: number = 1 * MIB
/** Pause between rounds of a running sequencer: how far log and ledger may lag behind journals. */
export const LOG_ROUND_MS = 1_000
/** Pause after a round that failed. */
export const LOG_RETRY_MS = 5_000
/** Calls that may wait for the accounting thread at once. */
export const ACCOUNTING_CALLS_MAX = 1024
/**
 * Bytes of a local read that is made on the serving thread: from the page cache it takes 2 to 8 us,
 * where the way through a thread of the pool costs 60 to 80 us of CPU.
 */
export const READ_SYNC_BYTES_MAX: number = 64 * KIB
/** Shards of one folder that a listing walks over. */
export const HAMT_SHARDS_MAX = 1_048_576
/** Commands that may be connected to the owner of a data folder at once. */
export const CONTROL_CLIENTS_MAX = 64
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
/** Bytes that one Worker isolate keeps in caches, read-ahead, spools and body buffers together. */
export const WORKER_ISOLATE_BYTES_MAX: number = 48 * MIB
/** Bytes of verified blocks, of small answers and of decoded nodes that an isolate keeps. */
export const WORKER_BLOCK_CACHE_BYTES_MAX: number = 8 * MIB
export const WORKER_ANSWER_CACHE_BYTES_MAX: number = 4 * MIB
export const WORKER_NODE_CACHE_BYTES_MAX: number = 4 * MIB
/** Bytes of verified blocks that all reads of an isolate may hold ahead of their clients. */
export const WORKER_READ_AHEAD_BYTES_MAX: number = 8 * MIB
/** Freed read buffers that an isolate keeps. */
export const WORKER_SLABS_KEPT_MAX = 2
/** Bytes of a published index: its manifest (some 10,000 blobs), and the pages that are kept. */
export const WORKER_MANIFEST_BYTES_MAX: number = 2 * MIB
export const WORKER_PAGES_KEPT_BYTES_MAX: number = 4 * MIB
/** Bytes of one page of a published index: what one look-up reads. */
export const WORKER_PAGE_BYTES_MAX: number = 32 * KIB
/** How long a Worker believes what the deployment said: changes are in force within a second. */
export const WORKER_DEPLOYMENT_TTL_MS = 500
/** IPNS records of a Worker that are kept checked; each is at most 10 KiB. */
export const WORKER_NAMES_KEPT_MAX = 64
/** Bytes of a body of unknown length that a Worker holds to learn its length; and of all such. */
export const WORKER_SPOOL_BYTES_MAX: number = 4 * MIB
export const WORKER_SPOOLS_BYTES_MAX: number = 8 * MIB
/** Bodies that one isolate pumps at once: workerd holds up to 3 MiB for a reader that stalls. */
export const WORKER_BODIES_MAX = 24
/** Time without a sign of life after which a body's place goes to another: it was killed. */
export const WORKER_BODY_DEAD_MS = 60_000
/** Longest wait for R2: shorter than the 30 s that a request lives on after its client left. */
export const R2_TIMEOUT_MS = 15_000
/** Time in which an END is tried again, within those 30 s. */
export const WORKER_END_RETRY_MS = 25_000
/** First pause before a call of the journal object is tried again; doubles each time. */
export const WORKER_RETRY_PAUSE_MS = 100
/**
 * Silence after which a journal object takes a read for dead: 10 s marks, 30 s grace, and margin.
 */
export const WORKER_SILENCE_MS = 120_000
/** Records that may wait for one group commit of a journal object. */
export const WORKER_PENDING_MAX = 4096
/** Records whose id a journal object remembers, so that a call tried again counts once. */
export const WORKER_RECENT_MAX = 8192
/** Reads that a journal object closes in one alarm. */
export const WORKER_CLOSE_MAX = 1000
/** Bytes of one journal object (a Durable Object holds 10 GB): beyond, no read is admitted. */
export const WORKER_JOURNAL_BYTES_MAX = 8_000_000_000
/**
 * MiB that V8 may use for young objects on a thread beside the serving one; it takes 48 otherwise.
 */
export const THREAD_YOUNG_MIB_MAX = 8
/** Characters of the path in a DNSLink. */
export const DNSLINK_CHARS_MAX: number = 4 * KIB
/** Time for a whole DNSLink look-up: an unknown host must not hold a request. */
export const DNS_TIMEOUT_MS = 2_000
/** Time for one server to answer one query, after which the next is asked. */
export const DNS_TRY_TIMEOUT_MS = 700
/** Queries of one look-up that go out for one record, over all servers. */
export const DNS_TRIES_MAX = 4
/** DNS servers that are used: as many as the system's resolvers use, and one. */
export const DNS_SERVERS_MAX = 4
/** DNSLink look-ups under way at once; others are refused, so that made-up hosts cost little. */
export const DNS_LOOKUPS_MAX = 64
/** Bytes of a DNS answer by UDP: what passes everywhere without fragments (DNS flag day 2020). */
export const DNS_UDP_BYTES_MAX = 1232
/** Bytes of a DNS answer by TCP or HTTPS: its length is 16 bits wide. */
export const DNS_MESSAGE_BYTES_MAX = 65_535
/** CNAMEs from an asked name to its records. */
export const DNS_CNAMES_MAX = 16
/** Hosts whose DNSLink is kept, and as many that have none or whose look-up failed. */
export const DNS_HOSTS_KEPT_MAX = 4096
/** Shortest time that an answer is kept: DNS counts in seconds, and 0 would be a query a request. */
export const DNS_TTL_MS_MIN = 1_000
/** Longest time that a DNSLink is kept; a setting. */
export const DNS_TTL_MS_MAX = 86_400_000
/** Longest time that a host is kept as one without a DNSLink: a new one is seen soon. */
export const DNS_NEGATIVE_TTL_MS_MAX = 60_000
/** Time after a failed look-up before DNS is asked for the same host again. */
export const DNS_FAILURE_TTL_MS = 5_000
/** Time past its TTL that a DNSLink is still used while DNS fails. */
export const DNS_STALE_MS_MAX = 3_600_000
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
/** Delegations of one space, all audiences together, and of all spaces, some 2 KiB each. */
export const DELEGATIONS_PER_SPACE_MAX = 256
export const DELEGATIONS_MAX = 200_000
/** Delegations that one answer lists. */
export const DELEGATIONS_LISTED_MAX = 10_000
/** Revocations that are kept: each stays for ever, some 500 bytes. */
export const REVOCATIONS_MAX = 1_000_000
/** Bytes and blocks of a delegation's archive: a chain of three has 1 KiB in three blocks. */
export const DELEGATION_ARCHIVE_BYTES_MAX: number = 256 * KIB
export const DELEGATION_BLOCKS_MAX = 64
/** Links of a chain, from the space to the gateway: account, agent, and what teams add. */
export const CHAIN_DEPTH_MAX = 8
/** Capabilities of one UCAN, and proofs that it names: a login has one, an agent some twenty. */
export const UCAN_CAPABILITIES_MAX = 64
export const UCAN_PROOFS_MAX = 64
/** Ways through the proofs of one delegation that are tried before it counts as no chain. */
export const CHAIN_STEPS_MAX = 4096
/** Characters of a token in a request, and in a caveat. */
export const TOKEN_CHARS_MAX = 1024
/** Delegations that a process keeps decoded and checked, some 4 KiB each. */
export const CHAINS_KEPT_MAX = 4096
/** Spaces of which a process keeps what they allow. */
export const VERDICTS_KEPT_MAX = 16_384
/** Pause between two looks whether a body that is sent may still be: less than a second. */
export const LEASE_CHECK_MS = 250
/** Pause before keys of a DID are asked for again, when whoever knows them could not be reached. */
export const DID_RETRY_MS = 1_000
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
/** Bytes of a blob that are passed over where an origin knows no ranges; and at once. */
export const ORIGIN_SKIP_BYTES_MAX: number = 4 * MIB
export const ORIGIN_SKIP_STEP_BYTES: number = 64 * KIB
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
/** Bytes and blocks of an agent message: a delegation with its chain has some 2 KiB in 5 blocks. */
export const MESSAGE_BYTES_MAX: number = 256 * KIB
export const MESSAGE_BLOCKS_MAX = 256
/** Invocations of one message, and delegations that one of them names. */
export const MESSAGE_INVOCATIONS_MAX = 16
export const MESSAGE_DELEGATIONS_MAX = 8
/** Ways through the proofs of one invocation: libraries walk each. */
export const MESSAGE_PROOF_STEPS_MAX = 256
/** Signatures that a front door remembers, some 100 bytes each. */
export const SIGNATURES_KEPT_MAX = 4096
/** Signatures that are looked at for one message. */
export const MESSAGE_SIGNATURES_MAX = 256
/**
 * Messages that all processes of a deployment have under way; beyond, clients are told to come
 * again. Half of `CONTROL_CLIENTS_MAX`, since each is a call of the owner.
 */
export const MESSAGES_IN_FLIGHT_MAX = 32
/** Time for all invocations of a message, look-ups of DIDs included. */
export const MESSAGE_TIMEOUT_MS = 10_000
/** Bytes of the delegations that one `access/claim` is answered with. */
export const CLAIM_ANSWER_BYTES_MAX: number = 1 * MIB
/** Bytes of tasks that are kept: of their invocations and receipts. */
export const AGENT_BYTES_MAX: number = 1024 * MIB
/** Tasks whose receipts are kept, some 2 KiB each, and for how long. */
export const AGENT_TASKS_MAX = 100_000
export const AGENT_TASK_MS_MAX: number = 30 * 24 * 3_600_000
/** Characters of a DID that is looked up, and keys that are taken from its document. */
export const DID_CHARS_MAX = 512
export const DID_KEYS_MAX = 16
/** Bytes of a DID document, time to get it, and documents that a process gets at once. */
export const DID_DOCUMENT_BYTES_MAX: number = 64 * KIB
export const DID_TIMEOUT_MS = 5_000
export const DID_FETCHES_MAX = 16
/** DIDs whose keys a process keeps, for how long, and for how long that there are none. */
export const DIDS_KEPT_MAX = 1024
export const DID_TTL_MS = 300_000
export const DID_ABSENT_TTL_MS = 60_000
/** DIDs that an operator maps to keys, and authorities that are believed. */
export const DIDS_MAPPED_MAX = 256
export const ATTESTERS_MAX = 16
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
/** Spaces and origins whose fetching of a day a process counts beside the books, and reports. */
export const FETCH_KEYS_KEPT_MAX = 1024
/** How long a process believes what the books say of one; and the pause between two reports. */
export const FETCH_TOTALS_TTL_MS = 1_000
export const FETCH_REPORT_MS = 1_000
/** Spaces and origins of one day on the books; further ones share one count. */
export const FETCHED_KEYS_MAX = 100_000
/** Days that they are kept. */
export const FETCHED_DAYS_MAX = 7
/** Characters of an `X-Agent-Message` field (RFC: value <= 4 KiB), and bytes that it unpacks to. */
export const AGENT_HEADER_CHARS_MAX = 4096
export const AGENT_HEADER_MESSAGE_BYTES_MAX: number = 16 * KIB
/** Blocks of such a message: an invocation, and more proofs than would fit. */
export const AGENT_HEADER_BLOCKS_MAX = 32
/** How long before its end an invocation to retrieve may come: replays are known until then. */
export const RETRIEVE_LIFE_MS_MAX = 3_600_000
/** How long an invocation of ours holds: what ucanto's clients use. */
export const RETRIEVE_LIFE_MS = 30_000
/** UCANs that one invocation to retrieve may stand on. */
export const RETRIEVE_PROOFS_MAX = 32
/** Proofs that came ahead of what needs them: bytes of all, and how long they are kept. */
export const RETRIEVE_PROOFS_KEPT_BYTES_MAX: number = 8 * MIB
export const RETRIEVE_PROOFS_KEPT_MS = 600_000
/** Invocations that were run and could come again: of one space, and in all; some 200 bytes each. */
export const RETRIEVED_PER_SPACE_MAX = 8192
export const RETRIEVED_MAX = 65_536
/** Bytes of an answer that says which proofs are missing. */
export const MISSING_PROOFS_BYTES_MAX: number = 16 * KIB
/** Origins remembered as open to all, and for how long. */
export const OPEN_ORIGINS_KEPT_MAX = 1024
export const OPEN_ORIGINS_KEPT_MS = 600_000
/** Slices and indexes of others that a process remembers to have lied. */
export const DISTRUSTED_KEPT_MAX = 4096
