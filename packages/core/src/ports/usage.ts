/**
 * Ports of usage: what spaces stored and when that changed, and what their owners ask about it.
 *
 * A space's size is the sum of the sizes of the blobs that it holds, each once, wherever they lie:
 * what other spaces hold too counts for each of them. Indexes that this gateway makes are not
 * counted.
 * @module
 */
import type { Awaitable, Result } from '../result.ts'
import type { StorageSum } from '../billing/storage.ts'
import type { SpaceDid } from './content.ts'
import type { LedgerUnit } from './ledger.ts'

/** A change of a space's size. */
export interface StorageDelta {
  readonly space: SpaceDid
  /** Binary CID of the root that was added or removed. */
  readonly cause: Uint8Array
  /** Bytes that came; below zero where they went. */
  readonly deltaBytes: bigint
  /** Wall-clock ms. No delta is dated before one that was written earlier. */
  readonly atMs: number
}

/** A stretch of a space's time, in ms: `fromMs` is in it and `toMs` is not. */
export interface StorageRange {
  readonly space: SpaceDid
  readonly fromMs: number
  readonly toMs: number
}

/** A stretch of time in hours: `firstEpoch` is in it and `endEpoch` is not. */
export interface StorageSpan {
  /** Absent: all spaces together. */
  readonly space?: SpaceDid | undefined
  readonly firstEpoch: number
  readonly endEpoch: number
}

/** What was stored in one hour. */
export interface StorageHour {
  readonly epoch: number
  /** Bytes times the milliseconds for which they were stored. */
  readonly byteMs: bigint
}

/**
 * Dated deltas of spaces, and what they add up to. Each is written in the transaction that changes
 * what the space holds, so that sums are exact and never have to be repaired. An hour is final when
 * `storedUntil` has passed it.
 */
export interface StorageHistory {
  /**
   * Size of a space, or of all together, from the deltas dated before `atMs`; 0 for a space that
   * nobody knows.
   */
  sizeBytes(space: SpaceDid | undefined, atMs: number): Awaitable<bigint>
  /** Deltas of a stretch, of a space or of all, in the order of their dates; at most `limit`. */
  deltas(
    range: Pick<StorageRange, 'fromMs' | 'toMs'> & Partial<StorageRange>,
    limit: number,
  ): Awaitable<readonly StorageDelta[]>
  /** Byte-milliseconds of each span, to the last byte and millisecond. */
  byteMs(spans: readonly StorageSpan[]): Awaitable<readonly bigint[]>
  /**
   * Hours of a span in which something was stored, in order. They add up to what `byteMs` says.
   * The span may begin long before the space's first delta.
   */
  hours(span: StorageSpan): Iterable<StorageHour> | AsyncIterable<StorageHour>
  /**
   * What was stored in each hour, UTC day or UTC month of a span, as far as that lies in it; in
   * order, without those in which nothing was.
   */
  sums(span: StorageSpan, unit: LedgerUnit): Awaitable<Iterable<StorageSum>>
  /** Spaces that have deltas, in order: the first `limit` after `after`. */
  spaces(limit: number, after?: string): Awaitable<readonly SpaceDid[]>
}

/** A customer has no account here, and never had a space. */
export class AccountNotFound extends Error {
  override readonly name = 'AccountNotFound'
  readonly customer: string
  constructor(customer: string) {
    super(`${customer} expected to be a customer of this gateway, but nobody knows it`)
    this.customer = customer
  }
}

/** A customer asks about a space that was never theirs. */
export class SpaceUnauthorized extends Error {
  override readonly name = 'SpaceUnauthorized'
  readonly space: string
  constructor(space: string, customer: string) {
    super(`space ${space} expected to be, or to have been, one of ${customer}'s, but it was not`)
    this.space = space
  }
}

/** A period that can't be answered for: it ends before it begins, or holds too much. */
export class PeriodNotAcceptable extends Error {
  override readonly name = 'PeriodNotAcceptable'
}

/** What was delivered is not all counted yet, or can't be: an answer would be too little. */
export class UsageUnavailable extends Error {
  override readonly name = 'UsageUnavailable'
}

/** Why a question about usage has no answer. */
export type UsageRefused =
  | AccountNotFound
  | SpaceUnauthorized
  | PeriodNotAcceptable
  | UsageUnavailable

/** Storage of a space over a period: `initialBytes` and the deltas add up to `finalBytes`. */
export interface StorageReport {
  /** DID of the gateway that stores it. */
  readonly provider: string
  readonly space: SpaceDid
  readonly fromMs: number
  readonly toMs: number
  /** Size at `fromMs`, before what happened then. */
  readonly initialBytes: bigint
  /** Size at `toMs`, before what happened then. */
  readonly finalBytes: bigint
  readonly events: readonly StorageDelta[]
}

/** Egress of a space over whole hours. */
export interface EgressReport {
  /** DID of the provider under which the customer has the space. */
  readonly provider: string
  readonly space: SpaceDid
  /** Whole hours, in ms: the period that was asked for, widened. */
  readonly fromMs: number
  readonly toMs: number
  /** Bytes billed, less those credited. */
  readonly totalBytes: bigint
}

/** What a customer asks: about some of their spaces or all, and a period. */
export interface AccountQuery {
  /** The customer's DID. */
  readonly customer: string
  /** Absent: all that are theirs, or were in the period. */
  readonly spaces?: readonly SpaceDid[] | undefined
  /** Absent: from the start of the month to now. */
  readonly period?: { readonly fromMs: number; readonly toMs: number } | undefined
}

/** What a customer's spaces stored and delivered, in the hours in which they were theirs. */
export interface AccountUsage {
  /** Spaces that are told of, in order: those asked for, or with something to tell. */
  readonly spaces: readonly SpaceDid[]
  /**
   * One of each space at most: of the last stretch of the period in which it was theirs, which
   * begins no earlier than the hour in which they took it on. What was stored before is in
   * `initialBytes` alone.
   */
  readonly storage: readonly StorageReport[]
  /** By space, then provider: what was read under one is in no other. */
  readonly egress: readonly EgressReport[]
}

/** Egress of one space by the day on which it was delivered. */
export interface DailyEgress {
  readonly space: SpaceDid
  /** Days with reads, in order. */
  readonly days: readonly { readonly date: string; readonly bytes: bigint }[]
  readonly totalBytes: bigint
}

/**
 * Answers questions about usage, over everything that was delivered before the question. An answer
 * is whole or an error: never silently less than there is.
 */
export interface UsageQuery {
  /**
   * Storage of a space from its first delta on, whoever owned it: for who may act for the space
   * itself, which owning it does not give.
   */
  storage(range: StorageRange): Awaitable<Result<StorageReport, UsageRefused>>
  /**
   * Storage and egress of a customer. Egress is what a statement over the same hours bills: the
   * period is widened to whole hours.
   */
  account(query: AccountQuery): Awaitable<Result<AccountUsage, UsageRefused>>
  /** Egress of a customer by UTC days; the period is widened to whole days. */
  egressByDay(query: AccountQuery): Awaitable<Result<readonly DailyEgress[], UsageRefused>>
}
