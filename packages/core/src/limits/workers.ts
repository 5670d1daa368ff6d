/**
 * Bounds of the Worker: what an isolate of 128 MB can hold.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB

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
