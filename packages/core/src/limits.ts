/**
 * Every bound of Turnpike in one place. A bound that an operator may change is a default here and
 * a setting elsewhere; each has a test at the bound.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Largest chunk handed to a socket at once: bounds what a cut client may be billed beyond its bytes. */
export const CHUNK_BYTES_MAX: number = 256 * KIB
/** Largest block that is buffered to be verified; larger raw blocks go through a chunk-digest sidecar. */
export const BLOCK_BYTES_MAX: number = 4 * MIB
/** Largest identity multihash digest in a CID (what kubo accepts). */
export const IDENTITY_BYTES_MAX = 128
/** Segments of a content path. */
export const PATH_SEGMENTS_MAX = 128
/** Characters of a request URL. */
export const URL_CHARS_MAX: number = 16 * KIB
/** Bytes of all request headers. */
export const HEADERS_BYTES_MAX: number = 32 * KIB
/** Depth of a DAG below the requested root. */
export const DAG_DEPTH_MAX = 1024
/** Links of one dag-pb node (a 2 MiB block of minimal links holds fewer). */
export const NODE_LINKS_MAX = 65_536
/** Bytes of one log entry (receipts, section 6.1). */
export const ENTRY_BYTES_MAX = 1024
/** Bytes of a CAR header. */
export const CAR_HEADER_BYTES_MAX: number = 1 * MIB
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
/** Bytes of verified blocks that all reads together may hold ahead of their clients. */
export const READ_AHEAD_BYTES_MAX: number = 64 * MIB
/** Bytes kept in the cache of verified blocks. */
export const BLOCK_CACHE_BYTES_MAX: number = 64 * MIB
/** Bytes kept in the cache of whole small answers. */
export const ANSWER_CACHE_BYTES_MAX: number = 32 * MIB
/** Bytes of an answer that is kept whole. */
export const ANSWER_BYTES_MAX: number = 64 * KIB
