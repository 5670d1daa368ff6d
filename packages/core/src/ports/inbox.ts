/**
 * Port of the inbox: the one way by which entries reach the log from outside this host's journals.
 * Source: design, "The log", Ledger.
 * @module
 */
import type { Awaitable, Result } from '../result.ts'

/** Least bytes of a group's key: fewer could not tell a hundred million apart. */
export const INBOX_KEY_BYTES_MIN = 16
/** Most bytes of a group's key: a SHA-256. */
export const INBOX_KEY_BYTES_MAX = 32

/** Name of the inbox among the journals that a sequencer reads. */
export const INBOX_JOURNAL = 'inbox'

/** Who vouches for VOIDs, where others have the DID of a gateway. A VOID comes from nobody else. */
export const VOID_SOURCE = 'void'

/** Who vouches for ACKs: they are checked here, and come from nobody else. */
export const ACK_SOURCE = 'ack'

/** Entries that stay together, and the name under which their source hands them over. */
export interface InboxGroup {
  /**
   * 16 to 32 bytes, the same whenever the source hands this group over: what is counted once. Keys
   * that begin with a time (8 bytes, big-endian) are looked up many times faster than random ones,
   * since those of one hour lie beside each other.
   */
  readonly key: Uint8Array
  /** Encoded entries: a READ with its FETCH and EXEC entries, or one of another kind. */
  readonly entries: readonly Uint8Array[]
}

/** What became of one group. */
export type InboxVerdict =
  /** It will be in the log, once. */
  | { readonly kind: 'counted' }
  /** Its source handed over this key before: nothing was added. */
  | { readonly kind: 'seen' }
  /** It can be no part of a log; its key stays free. Handing it over again changes nothing. */
  | { readonly kind: 'refused'; readonly reason: string }

/** The inbox takes nothing now, and took nothing of this call: hand it all over again, later. */
export class InboxFull extends Error {
  override readonly name = 'InboxFull'
  constructor(cause: string) {
    super(`inbox expected room for more groups, got ${cause}: hand them over again later`)
  }
}

/** Takes groups from many sources, each once. Any number of calls may be under way. */
export interface Inbox {
  /**
   * Takes `groups` of `source` (a DID, {@link VOID_SOURCE} or {@link ACK_SOURCE}). When it resolves
   * with verdicts, one for each group in order, they are durable: keys and entries went to disk in
   * one transaction. A key that comes twice in one call is counted once. A call that rejects has
   * happened or has not: handing over the same groups again is always safe.
   *
   * @throws {RangeError} when a key has less than 16 or more than 32 bytes
   * @example
   * const { ok: verdicts, error } = await inbox.accept(gateway, [{ key, entries: [read] }])
   */
  accept(
    source: string,
    groups: readonly InboxGroup[],
  ): Awaitable<Result<readonly InboxVerdict[], InboxFull>>
}
