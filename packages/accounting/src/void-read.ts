/**
 * Takes a read out of what is billed: looks its entry up and hands a VOID to the inbox.
 * Source: design, "The log", VOID.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { epochOf } from '@turnpike/core/billing/epoch'
import { timedKey } from '@turnpike/core/handover/group-key'
import { RECEIPT_SEARCH_ENTRIES_MAX } from '@turnpike/core/limits/inbox'
import { ENTRY_ID_BYTES, encodeVoid } from '@turnpike/core/log/encode'
import { VOID_REASON } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { receiptNonceOf } from '@turnpike/core/log/receipt-id'
import { leafHash } from '@turnpike/core/merkle/hash'
import { VOID_SOURCE } from '@turnpike/core/ports/inbox'
import type { Inbox, InboxFull } from '@turnpike/core/ports/inbox'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Clock, Hasher, Random } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { EntriesDropped } from './errors.ts'
import { decodeLogged, LogReader } from './reader.ts'
import { decodeState } from './state.ts'

/** Bytes of a leaf hash in a VOID's key: an index of a successor log is another entry. */
const KEY_LEAF_BYTES = 24
/** Entries that are looked at together, newest first. */
const SEARCH_STEP_ENTRIES = 65_536

/** Which read: its index in the log, or its public receipt id and perhaps when it was answered. */
export type VoidTarget =
  | { readonly index: number }
  | { readonly receipt: Uint8Array; readonly atMs?: number | undefined }

/** Name of a reason. */
export type VoidReason = keyof typeof VOID_REASON

/** What voiding works with. */
export interface VoidDeps {
  readonly log: LogStore
  readonly inbox: Inbox
  readonly clock: Clock
  readonly random: Random
  readonly hasher: Hasher
  /** Entries that are looked at for a receipt; 50 million when not given. */
  readonly searchEntriesMax?: number
}

/** A read that is voided. */
export interface Voided {
  readonly index: number
  readonly read: ReadEntry
  /** Whether it was before: nothing was added. */
  readonly already: boolean
}

/** There is no such read, or none that can be voided. */
export class NoSuchRead extends Error {
  override readonly name = 'NoSuchRead'
}

/**
 * Voids a read. Its VOID is in the inbox, durably, when this resolves, and in the log after the
 * next round. A read is voided once: the key of its VOID is its index.
 *
 * @throws {LogCorrupt} when a file of the log is missing or altered
 * @example
 * const { ok: voided, error } = await voidRead({ index: 5 }, 'duplicate', deps)
 */
export async function voidRead(
  target: VoidTarget,
  reason: VoidReason,
  deps: VoidDeps,
): Promise<Result<Voided, NoSuchRead | InboxFull>> {
  const { log, inbox, clock, random, hasher, searchEntriesMax } = deps
  const committed = await log.load()
  if (committed === undefined) return fail(new NoSuchRead('log expected entries, got none'))
  const reader = new LogReader(log, hasher, decodeState(hasher, committed.bytes))
  const { ok: found, error } = await findRead(target, reader, searchEntriesMax)
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

interface Found {
  readonly index: number
  readonly bytes: Uint8Array
  readonly read: ReadEntry
}

async function findRead(
  target: VoidTarget,
  reader: LogReader,
  entriesMax: number = RECEIPT_SEARCH_ENTRIES_MAX,
): Promise<Result<Found, NoSuchRead>> {
  try {
    return 'index' in target
      ? await readAt(target.index, reader)
      : await readOfReceipt(target, reader, entriesMax)
  } catch (error) {
    if (error instanceof EntriesDropped) return fail(new NoSuchRead(error.message))
    throw error
  }
}

async function readAt(index: number, reader: LogReader): Promise<Result<Found, NoSuchRead>> {
  const { size } = reader.state
  if (index >= size)
    return fail(new NoSuchRead(`index expected < ${size}, the log's size, got ${index}`))
  for await (const { entries } of reader.runs(index, index + 1)) {
    const logged = decodeLogged(index, entries[0]!)
    if (logged.kind === 'read') return ok({ index, bytes: entries[0]!, read: logged.entry })
    return fail(new NoSuchRead(`entry ${index} expected a READ, got a ${logged.kind}`))
  }
  throw new TypeError(`runs expected entry ${index}, got none`)
}

/**
 * Searches the log for the read of a receipt id. There is no index of those: one would cost a
 * random write for each read that is ever served, for a question that is asked rarely. With the
 * time of the answer the search begins in that hour and goes on; without, it begins at the newest
 * entry and goes back. It looks at 400,000 entries a second, and at 50 million at most.
 */
async function readOfReceipt(
  { receipt, atMs }: Extract<VoidTarget, { readonly receipt: Uint8Array }>,
  reader: LogReader,
  entriesMax: number,
): Promise<Result<Found, NoSuchRead>> {
  for await (const [first, end] of stretches(atMs, reader, entriesMax))
    for await (const run of reader.runs(first, end))
      for (const [i, bytes] of run.entries.entries()) {
        const logged = decodeLogged(run.first + i, bytes)
        if (logged.kind !== 'read') continue
        const nonce = receiptNonceOf(logged.entry.id, reader.hasher)
        if (bytesEqual(nonce, receipt))
          return ok({ index: run.first + i, bytes, read: logged.entry })
      }
  const where = atMs === undefined ? 'its end' : 'that hour on'
  return fail(
    new NoSuchRead(
      `log expected a read of this receipt among ${entriesMax} entries from ` +
        `${where}, got none: say when it was answered, or its index`,
    ),
  )
}

/** Ranges of entries to look through, one after the other. */
async function* stretches(
  atMs: number | undefined,
  reader: LogReader,
  entriesMax: number,
): AsyncGenerator<readonly [first: number, end: number]> {
  const { size } = reader.state
  if (atMs !== undefined) {
    const first = await firstOfEpoch(epochOf(atMs), reader)
    return yield [first, Math.min(size, first + entriesMax)]
  }
  const last = Math.max(0, size - entriesMax)
  for (let end = size; end > last; end = Math.max(last, end - SEARCH_STEP_ENTRIES))
    yield [Math.max(last, end - SEARCH_STEP_ENTRIES), end]
}

/** Index of the first entry of `epoch`, or of the last epoch before it that has entries. */
async function firstOfEpoch(epoch: number, reader: LogReader): Promise<number> {
  const { open, sealed } = reader.state
  if (open !== null && open.epoch <= epoch) return open.first
  for (let end = sealed?.end ?? 0; end > 0;) {
    const range = await reader.sealedEpoch(end)
    if (range.epoch <= epoch) return range.first
    end = range.first
  }
  return 0
}
