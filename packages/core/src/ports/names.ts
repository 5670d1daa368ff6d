/**
 * Ports for mutable names: IPNS keys and DNS names with a DNSLink.
 * @module
 */
import type { IpnsRecord } from '../ipns/record.ts'
import type { RecordRank } from '../ipns/validate.ts'
import type { Awaitable, Result, Unit } from '../result.ts'
import type { Link } from '../link.ts'

/** A name that another name led to. */
export interface NameHop {
  /** In its canonical form. */
  readonly text: string
  /** Names below it that the records before it carried. */
  readonly below: readonly string[]
}

/** What a name stands for now. */
export interface NameTarget {
  readonly root: Link
  /** Path below the root that records carried, as decoded names. */
  readonly segments: readonly string[]
  /**
   * How long it may be kept, in ms from now: the least of all hops, less than a record's remaining
   * life. Undefined when no hop said.
   */
  readonly ttlMs: number | undefined
  /** Names on the way, in order, without the one that was asked for; none unless told. */
  readonly through?: readonly NameHop[]
}

/** Nobody has published the name: no record, no DNSLink. */
export class NameNotFound extends Error {
  override readonly name = 'NameNotFound'
  readonly asked: string
  constructor(asked: string, message: string) {
    super(message)
    this.asked = asked
  }
}

/** What was published under the name is not to be believed, or leads nowhere. */
export class NameInvalid extends Error {
  override readonly name = 'NameInvalid'
  readonly asked: string
  constructor(asked: string, message: string) {
    super(message)
    this.asked = asked
  }
}

/** Whoever knows the name did not answer, or not in time. */
export class NameUnavailable extends Error {
  override readonly name = 'NameUnavailable'
  readonly asked: string
  constructor(asked: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.asked = asked
  }
}

/** Names lead to names for more hops than `NAME_HOPS_MAX`, or in a circle. */
export class NameTooDeep extends Error {
  override readonly name = 'NameTooDeep'
  readonly asked: string
  constructor(asked: string, message: string) {
    super(message)
    this.asked = asked
  }
}

/** Why a name leads to no content. */
export type NameError = NameNotFound | NameInvalid | NameUnavailable | NameTooDeep

/**
 * Leads from names to content, over as many hops as it takes. It keeps what it found for its TTL,
 * and that there is nothing for a short while; a name published here is seen within a second.
 */
export interface NameResolver {
  /** `name` is an IPNS name in any text form (base36 CID, base58 peer id …) or a DNS name. */
  resolve(name: string, signal: AbortSignal): Awaitable<Result<NameTarget, NameError>>
  /** Whether a DNS name has a DNSLink. What can't be looked up has none. */
  hasDnsLink(host: string, signal: AbortSignal): Awaitable<boolean>
}

/** A record as it was found. */
export interface FoundRecord {
  readonly bytes: Uint8Array
  /** What it says; undefined when it is not to be believed. It may have come to its end since. */
  readonly record: IpnsRecord | undefined
  /**
   * How long it may be kept from now, ms: what is left of its TTL, and no longer than it holds.
   * Undefined when it does not say.
   */
  readonly ttlMs: number | undefined
}

/** No room for another name. */
export class NamesFull extends Error {
  override readonly name = 'NamesFull'
}

/** The record that is to be kept is not to be believed. */
export class NameRefused extends Error {
  override readonly name = 'NameRefused'
}

/**
 * Keeps a record that somebody sent, when it is valid and counts more than the kept one; one that
 * counts less changes nothing. `name` is a multihash.
 */
export type PublishRecord = (
  name: Uint8Array,
  record: Uint8Array,
) => Promise<Result<Unit, NameRefused | NamesFull | NameUnavailable>>

/** Records of IPNS names as the gateway hands them on, whatever they say. */
export interface NameRecords {
  /** The record that counts most; `NameNotFound` when nobody has one. `name` is a multihash. */
  find(name: Uint8Array, signal: AbortSignal): Awaitable<Result<FoundRecord, NameError>>
  /** Undefined where records are not taken from others. */
  readonly publish: PublishRecord | undefined
}

/** Signed records, by the multihash of their name. Read-after-write within one process. */
export interface NameStore {
  /** The record's bytes as they were put, valid or not. */
  get(name: Uint8Array): Awaitable<Uint8Array | undefined>
  /**
   * Keeps a record, of which `rank` says how much it counts; undefined is one that was found
   * invalid. It takes the place of one that counts less: an invalid one, or any when it is valid
   * and newer. Otherwise nothing changes, and `kept` is false. Durable when it resolves.
   */
  put(
    name: Uint8Array,
    record: Uint8Array,
    rank: RecordRank | undefined,
  ): Awaitable<Result<{ readonly kept: boolean }, NamesFull>>
}
