/**
 * Takes what a reader signed about a read into the log.
 * Source: design, "The log", ACK.
 * @module
 */
import { ackMessage, type ReceiptAck } from '@turnpike/core/acks/receipt-ack'
import { isSmallOrder } from '@turnpike/core/acks/small-order'
import { timedKey } from '@turnpike/core/handover/group-key'
import {
  ACK_AFTER_MS_MAX,
  ACK_SKEW_MS_MAX,
  READ_ACKS_MAX,
} from '@turnpike/core/limits/read-receipts'
import { encodeAck } from '@turnpike/core/log/encode'
import { DENY, type ReadEntry } from '@turnpike/core/log/entry'
import { leafHash } from '@turnpike/core/merkle/hash'
import { ACK_SOURCE, type Inbox, type InboxFull } from '@turnpike/core/ports/inbox'
import type { SignatureVerifier } from '@turnpike/core/ports/keys'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { ReceiptIndex } from '@turnpike/core/ports/receipt-index'
import type { Clock, Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { LogReader } from '../reader.ts'
import { findRead, NoSuchRead } from '../receipts/find-read.ts'
import { decodeState } from '../state.ts'

/** Why an acknowledgement is not taken. */
export type AckFault =
  /** The key did not sign this, or is none that somebody has. */
  | 'forged'
  /** Signed for another time than that of the read, or too long after it. */
  | 'late'
  /** A read that was refused delivered nothing. */
  | 'denied'
  /** The read has as many as it may have. */
  | 'enough'

/** An acknowledgement that is not taken. */
export class AckRefused extends Error {
  override readonly name = 'AckRefused'
  readonly fault: AckFault
  constructor(fault: AckFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/** An inbox that says what it took before. */
export interface CountingInbox extends Inbox {
  /** Groups of `source` whose keys begin with `time` (8 bytes, big-endian). */
  countAt(source: string, time: number): number
  /** Whether a group of `source` was taken under `key`. */
  has(source: string, key: Uint8Array): boolean
}

/** What taking works with. */
export interface AckDeps {
  /** Name of the log. */
  readonly origin: string
  readonly log: LogStore
  readonly receipts: ReceiptIndex
  readonly inbox: CountingInbox
  readonly verifier: SignatureVerifier
  readonly clock: Clock
  readonly hasher: Hasher
}

/** What became of an acknowledgement. */
export interface AckTaken {
  /** Whether the same key had acknowledged the read before: nothing was added. */
  readonly already: boolean
}

const KEY_HASH_BYTES = 16

/** Takes acknowledgements; any number of calls may be under way. */
export class AckTaker {
  readonly #deps: AckDeps
  /** By the index of a read: those that are on their way into the inbox. */
  readonly #arriving = new Map<number, number>()

  constructor(deps: AckDeps) {
    this.#deps = deps
  }

  /**
   * Checks one, and hands it to the inbox: it is there durably when this resolves, and in the log
   * after the next round. A read is acknowledged once by each key. What the reader says it got is
   * not compared with what was billed: that is for auditors to see.
   *
   * @returns `NoSuchRead` for a read that is not in the log, or not yet: try again in a second
   * @throws {LogCorrupt} when a file of the log is missing or altered
   * @throws {ReceiptIndexDamaged} when one of the index is
   * @example
   * const { ok: taken, error } = await taker.take(ack)
   */
  async take(ack: ReceiptAck): Promise<Result<AckTaken, AckRefused | NoSuchRead | InboxFull>> {
    const { origin, log, receipts, verifier, hasher } = this.#deps
    const key = { kind: 'ed25519', bytes: ack.key } as const
    const isSigned = await verifier.verify(key, ackMessage(origin, ack), ack.signature)
    if (!isSigned || isSmallOrder(ack.key))
      return refuse('forged', `signature expected by its key over receipt-ack/v1 of ${origin}`)
    const committed = await log.load()
    if (committed === undefined) return fail(new NoSuchRead('log expected entries, got none'))
    const reader = new LogReader(log, hasher, decodeState(hasher, committed.bytes))
    const { ok: found, error } = await findRead({ receipt: ack.receipt }, reader, receipts)
    if (found === undefined) return fail(error)
    const refused = this.#refusalOf(ack, found.read)
    if (refused !== undefined) return fail(refused)
    const { receipt: _, ...signed } = ack
    const leaf = leafHash(hasher, found.bytes)
    return this.#put(found.index, encodeAck({ index: found.index, leaf, ...signed }), ack.key)
  }

  #refusalOf({ ts }: ReceiptAck, read: ReadEntry): AckRefused | undefined {
    if (read.deny !== DENY.none)
      return new AckRefused('denied', 'read expected to be let in, it was refused')
    const nowMs = this.#deps.clock.nowMs()
    const first = read.started - ACK_SKEW_MS_MAX
    const last = read.ts + ACK_AFTER_MS_MAX
    if (ts >= first && ts <= Math.min(last, nowMs + ACK_SKEW_MS_MAX) && nowMs <= last)
      return undefined
    const hours = ACK_AFTER_MS_MAX / 3_600_000
    return new AckRefused('late', `"ts" expected within ${hours} hours of the read, and of now`)
  }

  async #put(
    index: number,
    entry: Uint8Array,
    key: Uint8Array,
  ): Promise<Result<AckTaken, AckRefused | InboxFull>> {
    const { inbox, hasher } = this.#deps
    const name = timedKey(index, hasher.sha256(key).subarray(0, KEY_HASH_BYTES))
    // Who comes again, since the answer was lost, is not one more.
    if (inbox.has(ACK_SOURCE, name)) return ok({ already: true })
    const arriving = this.#arriving.get(index) ?? 0
    if (inbox.countAt(ACK_SOURCE, index) + arriving >= READ_ACKS_MAX)
      return refuse('enough', `read expected <= ${READ_ACKS_MAX} acknowledgements, has as many`)
    this.#arriving.set(index, arriving + 1)
    try {
      const accepted = await inbox.accept(ACK_SOURCE, [{ key: name, entries: [entry] }])
      if (accepted.error !== undefined) return accepted
      return ok({ already: accepted.ok[0]!.kind === 'seen' })
    } finally {
      const left = this.#arriving.get(index)! - 1
      if (left === 0) this.#arriving.delete(index)
      else this.#arriving.set(index, left)
    }
  }
}

function refuse(fault: AckFault, message: string): { readonly error: AckRefused } {
  return fail(new AckRefused(fault, message))
}
