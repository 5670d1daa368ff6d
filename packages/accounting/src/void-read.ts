/**
 * Takes a read out of what is billed: looks its entry up and hands a VOID to the inbox.
 * Source: design, "The log", VOID.
 * @module
 */
import { timedKey } from '@turnpike/core/handover/group-key'
import { ENTRY_ID_BYTES, encodeVoid } from '@turnpike/core/log/encode'
import { VOID_REASON } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { leafHash } from '@turnpike/core/merkle/hash'
import { VOID_SOURCE } from '@turnpike/core/ports/inbox'
import type { Inbox, InboxFull } from '@turnpike/core/ports/inbox'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { ReceiptIndex } from '@turnpike/core/ports/receipt-index'
import type { Clock, Hasher, Random } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { LogReader } from './reader.ts'
import { findRead, NoSuchRead } from './receipts/find-read.ts'
import type { EntryTarget } from './receipts/find-read.ts'
import { decodeState } from './state.ts'

/** Bytes of a leaf hash in a VOID's key: an index of a successor log is another entry. */
const KEY_LEAF_BYTES = 24

/** Name of a reason. */
export type VoidReason = keyof typeof VOID_REASON

/** What voiding works with. */
export interface VoidDeps {
  readonly log: LogStore
  readonly receipts: ReceiptIndex
  readonly inbox: Inbox
  readonly clock: Clock
  readonly random: Random
  readonly hasher: Hasher
}

/** A read that is voided. */
export interface Voided {
  readonly index: number
  readonly read: ReadEntry
  /** Whether it was before: nothing was added. */
  readonly already: boolean
}

/**
 * Voids a read. Its VOID is in the inbox, durably, when this resolves, and in the log after the
 * next round. A read is voided once: the key of its VOID is its index.
 *
 * @throws {LogCorrupt} when a file of the log is missing or altered
 * @throws {ReceiptIndexDamaged} when one of the index is
 * @example
 * const { ok: voided, error } = await voidRead({ index: 5 }, 'duplicate', deps)
 */
export async function voidRead(
  target: EntryTarget,
  reason: VoidReason,
  deps: VoidDeps,
): Promise<Result<Voided, NoSuchRead | InboxFull>> {
  const { log, receipts, inbox, clock, random, hasher } = deps
  const committed = await log.load()
  if (committed === undefined) return fail(new NoSuchRead('log expected entries, got none'))
  const reader = new LogReader(log, hasher, decodeState(hasher, committed.bytes))
  const { ok: found, error } = await findRead(target, reader, receipts)
  if (found === undefined) return fail(error)
  const { index, bytes, read } = found
  const leaf = leafHash(hasher, bytes)
  const entry = encodeVoid({
    id: random.bytes(ENTRY_ID_BYTES),
    ts: clock.nowMs(),
    index,
    leaf,
    reason: VOID_REASON[reason],
  })
  const group = { key: timedKey(index, leaf.subarray(0, KEY_LEAF_BYTES)), entries: [entry] }
  const accepted = await inbox.accept(VOID_SOURCE, [group])
  if (accepted.error !== undefined) return accepted
  return ok({ index, read, already: accepted.ok[0]!.kind === 'seen' })
}
