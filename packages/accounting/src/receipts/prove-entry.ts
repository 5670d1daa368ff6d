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
import { anchoredHead } from './anchored-head.ts'
import type { AnchoredHead, AnchoredHours, NotAnchored } from './anchored-head.ts'
import { findEntry, NoSuchRead } from './find-read.ts'
import type { EntryTarget, FoundEntry } from './find-read.ts'

/** What entries are proven with. */
export interface ProveDeps {
  readonly log: LogStore
  readonly hasher: Hasher
  readonly receipts: ReceiptIndex
}

/** What is asked for beside the entry. */
export interface ProveWish {
  /** Prove it against the checkpoint of its own hour, as that was anchored. */
  readonly hours?: AnchoredHours | undefined
  /** Only a READ of this space will do: of others nothing is told, not even that they are there. */
  readonly space?: string | undefined
}

/** An entry with its way to a signed root. */
export interface ProvenEntry extends FoundEntry {
  /** Entries of the log that the checkpoint is of. */
  readonly size: number
  /** From the leaf's sibling upwards. */
  readonly hashes: readonly Uint8Array[]
  /** The checkpoint that they lead to: a signed note. */
  readonly checkpoint: Uint8Array
  /** The entry's hour, when it was asked for; else undefined. */
  readonly anchored: AnchoredHead | undefined
}

/**
 * Proves an entry against the newest published checkpoint, or against that of its own hour.
 *
 * @throws {LogCorrupt} when a file of the log is missing or altered
 * @throws {ReceiptIndexDamaged} when one of the index is
 * @example
 * const { ok: proven, error } = await proveEntry({ receipt }, { log, hasher, receipts })
 */
export async function proveEntry(
  target: EntryTarget,
  { log, hasher, receipts }: ProveDeps,
  { hours, space }: ProveWish = {},
): Promise<Result<ProvenEntry, NoSuchRead | NotAnchored>> {
  // First the checkpoint: the state that is loaded after it covers it.
  const checkpoint = await log.get(CHECKPOINT_PATH)
  const committed = await log.load()
  if (checkpoint === undefined || committed === undefined)
    return fail(new NoSuchRead('log expected entries, got none'))
  const published = checkpointIn(checkpoint)
  if (published === undefined || parseNote(checkpoint).ok === undefined)
    throw new LogCorrupt(CHECKPOINT_PATH, 'text', 'expected a signed checkpoint')
  const state = decodeState(hasher, committed.bytes)
  const reader = new LogReader(log, hasher, state)
  const found = await findEntry(target, reader, receipts)
  if (found.error !== undefined) return found
  const { index, logged } = found.ok
  if (space !== undefined && !(logged.kind === 'read' && logged.entry.space === space))
    return fail(new NoSuchRead(`${space} expected to have this read, has not`))
  if (index >= published.size)
    return fail(
      new NoSuchRead(`entry ${index} expected to be published, is not yet: try again in a second`),
    )
  const anchored = hours && (await anchoredHead(index, reader, hours))
  if (anchored?.error !== undefined) return anchored
  const head = anchored?.ok ?? { size: published.size, checkpoint }
  const hashes = await inclusionProof({ store: log, hasher, state }, index, head.size)
  const { size } = head
  return ok({ ...found.ok, size, hashes, checkpoint: head.checkpoint, anchored: anchored?.ok })
}
