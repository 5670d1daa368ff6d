/**
 * Proves that an entry is in the log that was published: what a `.tlog-proof` file is made of.
 * @module
 */
import { parseNote } from '@turnpike/core/note/note'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { ReceiptIndex } from '@turnpike/core/ports/receipt-index'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { CHECKPOINT_PATH, checkpointIn } from '../checkpoint.ts'
import { LogCorrupt } from '../errors.ts'
import { inclusionProof } from '../proofs.ts'
import { LogReader } from '../reader.ts'
import { decodeState } from '../state.ts'
import { findEntry, NoSuchRead } from './find-read.ts'
import type { EntryTarget, FoundEntry } from './find-read.ts'

/** What entries are proven with. */
export interface ProveDeps {
  readonly log: LogStore
  readonly hasher: Hasher
  readonly receipts: ReceiptIndex
}

/** An entry with its way to a signed root. */
export interface ProvenEntry extends FoundEntry {
  /** Entries of the log that the checkpoint is of. */
  readonly size: number
  /** From the leaf's sibling upwards. */
  readonly hashes: readonly Uint8Array[]
  /** The newest checkpoint that was published: a signed note. */
  readonly checkpoint: Uint8Array
}

/**
 * Proves an entry against the newest published checkpoint.
 *
 * @throws {LogCorrupt} when a file of the log is missing or altered
 * @throws {ReceiptIndexDamaged} when one of the index is
 * @example
 * const { ok: proven, error } = await proveEntry({ receipt }, { log, hasher, receipts })
 */
export async function proveEntry(
  target: EntryTarget,
  { log, hasher, receipts }: ProveDeps,
): Promise<Result<ProvenEntry, NoSuchRead>> {
  // First the checkpoint: the state that is loaded after it covers it.
  const checkpoint = await log.get(CHECKPOINT_PATH)
  const committed = await log.load()
  if (checkpoint === undefined || committed === undefined)
    return fail(new NoSuchRead('log expected entries, got none'))
  const published = checkpointIn(checkpoint)
  if (published === undefined || parseNote(checkpoint).ok === undefined)
    throw new LogCorrupt(CHECKPOINT_PATH, 'text', 'expected a signed checkpoint')
  const state = decodeState(hasher, committed.bytes)
  const found = await findEntry(target, new LogReader(log, hasher, state), receipts)
  if (found.error !== undefined) return found
  const { size } = published
  const { index } = found.ok
  if (index >= size)
    return fail(
      new NoSuchRead(`entry ${index} expected to be published, is not yet: try again in a second`),
    )
  const hashes = await inclusionProof({ store: log, hasher, state }, index, size)
  return ok({ ...found.ok, size, hashes, checkpoint })
}
