/**
 * Log entries as values. Their encoding (canonical DAG-CBOR arrays) is in `encode.ts`.
 * Source: design, "The log: what one entry says"; each field in docs/reference/log-entries.md.
 * @module
 */

/** Version of every entry's layout: the first item of its array. */
export const ENTRY_VERSION = 1

/** Kinds of entries: the second item of an entry's array. */
export const ENTRY_TYPE = { read: 1, exec: 2, ack: 3, seal: 4, void: 5, fetch: 6 } as const

/** What a read was, as bits of `flags`. */
export const READ_FLAGS = {
  allowed: 1,
  dynamic: 2,
  fromCache: 4,
  clientLeft: 8,
  range: 16,
  head: 32,
  originFailed: 64,
  content: 128,
  recovered: 256,
  synthetic: 512,
} as const

/** Why a read was refused; 0 for allowed reads. */
export const DENY = {
  none: 0,
  address: 1,
  identity: 2,
  domain: 3,
  policy: 4,
  authorization: 5,
  payment: 6,
} as const

/** How well the delivered bytes are known. */
export const GRADE = { handed: 0, kernel: 1, acknowledged: 2, edge: 3 } as const

/**
 * One read, served or refused:
 * `[1,1,id,ts,started,domain,space,provider,region,cid,status,bytes,flags,deny,count,grade]`.
 */
export interface ReadEntry {
  /** 16 random bytes; never leaves the log. */
  readonly id: Uint8Array
  /** Wall-clock ms at the end of the read. */
  readonly ts: number
  /** Wall-clock ms at its start. */
  readonly started: number
  readonly domain: string
  readonly space: string
  readonly provider: string
  readonly region: string
  /** Binary CID asked for, or null. */
  readonly cid: Uint8Array | null
  readonly status: number
  /** Body bytes delivered. */
  readonly bytes: bigint
  readonly flags: number
  readonly deny: number
  readonly count: number
  readonly grade: number
}

/** Bytes drawn from one remote provider for a read: `[1,6,id,provider,bytes,requests,failed]`. */
export interface FetchEntry {
  readonly id: Uint8Array
  readonly provider: string
  /** Verified bytes only. */
  readonly bytes: bigint
  readonly requests: number
  readonly failed: number
}

/**
 * Dynamic execution:
 * `[1,2,id,ts,domain,space,provider,region,read,cpuUs,diskRead,diskWrite,code,exit]`.
 */
export interface ExecEntry {
  /** 16 random bytes, of its own. */
  readonly id: Uint8Array
  /** Wall-clock ms at its end. */
  readonly ts: number
  readonly domain: string
  readonly space: string
  readonly provider: string
  readonly region: string
  /** `id` of the READ it was run for; in the same group. */
  readonly read: Uint8Array
  readonly cpuUs: number
  readonly diskReadBytes: bigint
  readonly diskWriteBytes: bigint
  /** Binary CID of the code, or null. */
  readonly code: Uint8Array | null
  /** 0 for success, else the executor's code. */
  readonly exit: number
}

/** What a reader signed about a read: `[1,3,index,leaf,bytes,key,signature,ts]`. */
export interface AckEntry {
  /** Log index of the READ. */
  readonly index: number
  /** 32-byte leaf hash of the READ at `index`. */
  readonly leaf: Uint8Array
  /** Body bytes that the reader says it received. */
  readonly bytes: bigint
  /** 32-byte Ed25519 public key of the reader. */
  readonly key: Uint8Array
  /** 64-byte Ed25519 signature over (origin, public receipt id, bytes, ts). */
  readonly signature: Uint8Array
  /** Wall-clock ms that the reader signed. */
  readonly ts: number
}

/**
 * End of an epoch, last entry in it:
 * `[1,4,epoch,previousEpoch,first,end,summaryRoot,previousRoot,sealed]`.
 */
export interface SealEntry {
  /** Hours since the Unix epoch, on the log's clock. */
  readonly epoch: number
  /** Epoch of the SEAL before, or null for the first. */
  readonly previousEpoch: number | null
  /** Index of the epoch's first entry: the previous SEAL's `end`. */
  readonly first: number
  /** Index after the epoch's last entry, which is this SEAL. */
  readonly end: number
  /** 32-byte root of the summary tree. */
  readonly summaryRoot: Uint8Array
  /** 32-byte root of the log at size `first`. */
  readonly previousRoot: Uint8Array
  /** Wall-clock ms, on the log's clock. */
  readonly sealed: number
}

/** Why an entry was voided. A code, never text: text could carry something of a client's. */
export const VOID_REASON = { other: 0, duplicate: 1, fault: 2, dispute: 3, test: 4 } as const

/** Takes an earlier entry out of what is billed: `[1,5,id,ts,index,leaf,reason]`. */
export interface VoidEntry {
  /** 16 random bytes, of its own. */
  readonly id: Uint8Array
  readonly ts: number
  /** Log index of the entry that is voided. */
  readonly index: number
  /** 32-byte leaf hash of that entry. */
  readonly leaf: Uint8Array
  /** One of `VOID_REASON`; readers accept codes they do not know. */
  readonly reason: number
}

/** Any entry, told apart by `kind`. */
export type LogEntry =
  | { readonly kind: 'read'; readonly entry: ReadEntry }
  | { readonly kind: 'fetch'; readonly entry: FetchEntry }
  | { readonly kind: 'exec'; readonly entry: ExecEntry }
  | { readonly kind: 'ack'; readonly entry: AckEntry }
  | { readonly kind: 'seal'; readonly entry: SealEntry }
  | { readonly kind: 'void'; readonly entry: VoidEntry }
