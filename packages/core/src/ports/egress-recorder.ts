/**
 * Port by which the front door hands on what gateways of others say that they served.
 * @module
 */
import type { Awaitable } from '../result.ts'

/** Bytes of a record's key: a time, and 24 of a SHA-256. */
export const EGRESS_KEY_BYTES = 32

/** One record of egress whose issuer the space allowed to make it. */
export interface EgressRecord {
  /**
   * `servedAtMs` as 8 bytes, big-endian, and a hash of what makes it this record and no other:
   * issuer, space, resource, bytes and nonce. The same record signed anew, with other proofs or
   * another end, has the same key.
   */
  readonly key: Uint8Array
  /** DID of the gateway that served, and signed. */
  readonly issuer: string
  /** DID of the space whose content it was. */
  readonly space: string
  /** Binary CID of what was served. */
  readonly resource: Uint8Array
  /** 1 to `EGRESS_RECORD_BYTES_MAX`. */
  readonly bytes: number
  /** Wall-clock ms, by the issuer's clock. */
  readonly servedAtMs: number
}

/** What became of a record. */
export type EgressVerdict =
  /** It is in the books, now or by an earlier call: once. */
  | { readonly kind: 'counted' | 'seen' }
  /** Nothing, for now: it may be given again in another hour. */
  | { readonly kind: 'later' }
  /** It can't be written down, now or ever. */
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Writes records down, each once per issuer and key, for as long as the books are kept. They become
 * entries of the log, and are billed to whoever owns the space when they get there.
 */
export interface EgressRecorder {
  /**
   * Records in one transaction, durable when it resolves. A call that rejects has happened or has
   * not: the same records may be given again.
   *
   * @param records at most `EGRESS_RECORDS_MAX`
   * @returns a verdict for each, in their order
   */
  record(records: readonly EgressRecord[]): Awaitable<readonly EgressVerdict[]>
}
