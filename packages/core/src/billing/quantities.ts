/**
 * What is billed: the one definition of each quantity, from which API, commands, statements and
 * sinks derive.
 * @module
 */

/** Sums of a ledger that quantities are made of; its `UsageCounts` are some. */
export interface BilledCounts {
  /** Billable bytes delivered: content, allowed, not synthetic. */
  readonly bytes: bigint
  /** Billable bytes whose VOID came in these hours, whenever they were delivered. */
  readonly bytesVoided: bigint
  /** Verified bytes drawn from remote providers. */
  readonly bytesFetched: bigint
  readonly reads: number
  readonly denied: number
}

/** What an account used, in whole hours. */
export interface Quantities {
  /**
   * Bytes delivered to readers that are billed, less those credited. Below zero where more was
   * credited in these hours than delivered.
   */
  readonly egressBytes: bigint
  /** The billable bytes of the reads in these hours: the part of `egressBytes` that is charged. */
  readonly deliveredBytes: bigint
  /** Billable bytes of earlier reads that were voided in these hours: the part that is credited. */
  readonly voidedBytes: bigint
  /** Bytes stored, times the milliseconds they were: the area below the curve of a space's size. */
  readonly storageByteMs: bigint
  /** Bytes that reads drew from remote providers. Not billed; what storage nodes are paid by. */
  readonly fetchedBytes: bigint
  /** Reads, refused ones included. Not billed. */
  readonly reads: number
  /** Those of `reads` that were refused. Not billed. */
  readonly denied: number
}

/** Nothing of anything. */
export const NO_QUANTITIES: Quantities = {
  egressBytes: 0n,
  deliveredBytes: 0n,
  voidedBytes: 0n,
  storageByteMs: 0n,
  fetchedBytes: 0n,
  reads: 0,
  denied: 0,
}

/** Names of all quantities, in the order in which statements have them. */
export const QUANTITY_NAMES: readonly (keyof Quantities)[] = Object.keys(
  NO_QUANTITIES,
) as (keyof Quantities)[]

/**
 * Egress bytes: what was delivered and is billable, less what was voided.
 *
 * @example
 * egressBytesOf({ bytes: 100n, bytesVoided: 30n }) // 70n
 */
export function egressBytesOf(counts: Pick<BilledCounts, 'bytes' | 'bytesVoided'>): bigint {
  return counts.bytes - counts.bytesVoided
}

/**
 * Quantities of hours whose reads add up to `counts`, and whose storage to `storageByteMs`.
 *
 * @example
 * const { egressBytes } = quantitiesOf(answer.total, 0n)
 */
export function quantitiesOf(counts: BilledCounts, storageByteMs: bigint): Quantities {
  return {
    egressBytes: egressBytesOf(counts),
    deliveredBytes: counts.bytes,
    voidedBytes: counts.bytesVoided,
    storageByteMs,
    fetchedBytes: counts.bytesFetched,
    reads: counts.reads,
    denied: counts.denied,
  }
}

/** The sum of two. */
export function addQuantities(a: Quantities, b: Quantities): Quantities {
  return {
    egressBytes: a.egressBytes + b.egressBytes,
    deliveredBytes: a.deliveredBytes + b.deliveredBytes,
    voidedBytes: a.voidedBytes + b.voidedBytes,
    storageByteMs: a.storageByteMs + b.storageByteMs,
    fetchedBytes: a.fetchedBytes + b.fetchedBytes,
    reads: a.reads + b.reads,
    denied: a.denied + b.denied,
  }
}

/** What takes quantities out again, when it is added. */
export function negateQuantities(quantities: Quantities): Quantities {
  return {
    egressBytes: -quantities.egressBytes,
    deliveredBytes: -quantities.deliveredBytes,
    voidedBytes: -quantities.voidedBytes,
    storageByteMs: -quantities.storageByteMs,
    fetchedBytes: -quantities.fetchedBytes,
    reads: -quantities.reads,
    denied: -quantities.denied,
  }
}

/**
 * A count for JSON: a number up to 2^53 - 1, and beyond, where a JSON number would not be exact, a
 * decimal string.
 *
 * @example
 * countJson(2n ** 53n) // '9007199254740992'
 */
export function countJson(count: bigint): number | string {
  const safe = count <= Number.MAX_SAFE_INTEGER && count >= Number.MIN_SAFE_INTEGER
  return safe ? Number(count) : String(count)
}
