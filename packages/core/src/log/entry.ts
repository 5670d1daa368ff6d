/**
 * Log entries as values. Their encoding (canonical DAG-CBOR arrays) is in `encode.ts`.
 * Source: design, "The log: what one entry says".
 * @module
 */

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

/** One read, served or refused: `[1,1,id,ts,started,domain,space,provider,region,cid,status,bytes,flags,deny,count,grade]`. */
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
