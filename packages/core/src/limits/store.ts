/**
 * Bounds of the data folder: what is added to it, and kept in it.
 * @module
 */
import { PATH_SEGMENTS_MAX } from '../limits.ts'

const KIB = 1024
const MIB = 1024 * KIB

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
/** Attempts of an add whose space loses, meanwhile, content that the add builds on. */
export const ADD_ATTEMPTS_MAX = 3
/** Bytes of a CAR that import reads at once. */
export const IMPORT_CHUNK_BYTES: number = 1 * MIB
