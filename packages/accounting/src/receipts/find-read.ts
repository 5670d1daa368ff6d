/**
 * Finds one entry of the log: by its index, or a READ by its public receipt id.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { RECEIPT_TAIL_ENTRIES_MAX } from '@turnpike/core/limits/receipt-index'
import type { LogEntry, ReadEntry } from '@turnpike/core/log/entry'
import { receiptNonceOf } from '@turnpike/core/log/receipt-id'
import { ReceiptIndexDamaged, type ReceiptIndex } from '@turnpike/core/ports/receipt-index'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { EntriesDropped } from '../errors.ts'
import { decodeLogged, type LogReader } from '../reader.ts'

/** Which one: its index in the log, or the public id of a READ (16 bytes). */
export type EntryTarget = { readonly index: number } | { readonly receipt: Uint8Array }

/** An entry, as it stands in the log. */
export interface FoundEntry {
  readonly index: number
  readonly bytes: Uint8Array
  readonly logged: LogEntry
}

/** A READ, as it stands in the log. */
export interface FoundRead {
  readonly index: number
  readonly bytes: Uint8Array
  readonly read: ReadEntry
}

/** There is no such entry, or it is no READ, or it is no longer kept. */
export class NoSuchRead extends Error {
  override readonly name = 'NoSuchRead'
}

/**
 * The entry that is meant, as of the reader's state.
 *
 * @throws {LogCorrupt} when a file of the log is missing or altered
 * @throws {ReceiptIndexDamaged} when one of the index is, or while it is made again
 * @example
 * const { ok: found, error } = await findEntry({ receipt }, reader, receipts)
 */
export async function findEntry(
  target: EntryTarget,
  reader: LogReader,
  receipts: ReceiptIndex,
): Promise<Result<FoundEntry, NoSuchRead>> {
  try {
    return 'index' in target
      ? await entryAt(target.index, reader)
      : await readOfReceipt(target.receipt, reader, receipts)
  } catch (error) {
    if (error instanceof EntriesDropped) return fail(new NoSuchRead(error.message))
    throw error
  }
}

/** {@link findEntry}, where only a READ will do. */
export async function findRead(
  target: EntryTarget,
  reader: LogReader,
  receipts: ReceiptIndex,
): Promise<Result<FoundRead, NoSuchRead>> {
  const { ok: found, error } = await findEntry(target, reader, receipts)
  if (found === undefined) return fail(error)
  const { index, bytes, logged } = found
  if (logged.kind === 'read') return ok({ index, bytes, read: logged.entry })
  return fail(new NoSuchRead(`entry ${index} expected a READ, got a ${logged.kind}`))
}

async function entryAt(index: number, reader: LogReader): Promise<Result<FoundEntry, NoSuchRead>> {
  const { size } = reader.state
  if (index >= size)
    return fail(new NoSuchRead(`index expected < ${size}, the log's size, got ${index}`))
  for await (const { entries } of reader.runs(index, index + 1)) {
    const bytes = entries[0]!
    return ok({ index, bytes, logged: decodeLogged(index, bytes) })
  }
  throw new TypeError(`runs expected entry ${index}, got none`)
}

async function readOfReceipt(
  receipt: Uint8Array,
  reader: LogReader,
  receipts: ReceiptIndex,
): Promise<Result<FoundEntry, NoSuchRead>> {
  const { through } = receipts
  const index = await receipts.find(receipt)
  const found = index === undefined ? undefined : await entryAt(index, reader)
  // The index knows a part of the id only, and may be ahead of an older state.
  if (found?.ok?.logged.kind === 'read') {
    const nonce = receiptNonceOf(found.ok.logged.entry.id, reader.hasher)
    if (bytesEqual(nonce, receipt)) return found
  }
  const { size } = reader.state
  // Further behind than a round or two: it is being made, and "none" would be a guess.
  if (size - through > RECEIPT_TAIL_ENTRIES_MAX)
    throw new ReceiptIndexDamaged('any', `has ${through} entries of ${size} so far`)
  const looked = through < size ? `the first ${through} of ${size}` : `${size}`
  const message = `log expected a read of this receipt among ${looked} entries, got none`
  return fail(new NoSuchRead(through < size ? `${message}: try again later` : message))
}
