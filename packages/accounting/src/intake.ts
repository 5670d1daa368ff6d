/**
 * Takes the next entries out of journals, and checks them before they come near the log.
 * @module
 */
import type { LogEntry } from '@turnpike/core/log/entry'
import { bundledBytes } from '@turnpike/core/merkle/bundle'
import { INBOX_JOURNAL } from '@turnpike/core/ports/inbox'
import type { JournalSource } from '@turnpike/core/ports/log'
import { checkEntry } from './check-group.ts'
import { BadJournalEntry } from './errors.ts'
import type { LogReader } from './reader.ts'
import { voidedBy } from './summary-count.ts'

/** An entry on its way into the log. */
export interface TakenEntry {
  readonly bytes: Uint8Array
  readonly logged: LogEntry
  /** The entry that it voids, when it is a VOID. */
  readonly voided: LogEntry | undefined
}

/** What one round takes. */
export interface Intake {
  /** Whole groups, journal by journal. */
  readonly entries: readonly TakenEntry[]
  /** New position of each journal that gave any. */
  readonly positions: ReadonlyMap<string, number>
  /** Whether a journal filled its share, so that there may be more. */
  readonly more: boolean
}

/**
 * Takes up to about `bytesMax` from all journals together, in equal shares, so that a busy one
 * keeps none waiting. Without `more`, everything that was durable at the call is in it.
 *
 * @throws {BadJournalEntry} on an entry that can't be decoded, that only a sequencer may write, or
 * that is a VOID or an ACK from elsewhere than the inbox
 * @example
 * const intake = await takeEntries(journals, reader, LOG_ROUND_BYTES_MAX)
 */
export async function takeEntries(
  journals: readonly JournalSource[],
  reader: LogReader,
  bytesMax: number,
): Promise<Intake> {
  const share = Math.ceil(bytesMax / Math.max(1, journals.length))
  const entries: TakenEntry[] = []
  const positions = new Map<string, number>()
  let more = false
  for (const journal of journals) {
    const start = Math.max(reader.state.journals.get(journal.name) ?? 0, journal.firstEntry ?? 0)
    let next = start
    // A batch may end where a file does: only an empty one says that the journal is read.
    for (let bytes = 0; bytes < share;) {
      const batch = await journal.read(next, share - bytes)
      if (batch.nextEntry === next) break
      for (const group of batch.groups)
        for (const entry of group) {
          entries.push(await take(journal.name, next++, entry, reader))
          bytes += bundledBytes(entry)
        }
      if (batch.nextEntry !== next)
        throw new BadJournalEntry(
          journal.name,
          next,
          `batch expected to end here, got an end at ${batch.nextEntry}: entries are missing`,
        )
      if (bytes >= share) more = true
    }
    if (next !== start) positions.set(journal.name, next)
  }
  return { entries, positions, more }
}

async function take(
  journal: string,
  entry: number,
  bytes: Uint8Array,
  reader: LogReader,
): Promise<TakenEntry> {
  const { ok: logged, error } = checkEntry(bytes)
  if (logged === undefined) throw new BadJournalEntry(journal, entry, error.message)
  if (logged.kind !== 'void' && logged.kind !== 'ack') return { bytes, logged, voided: undefined }
  const name = logged.kind.toUpperCase()
  if (journal !== INBOX_JOURNAL)
    throw new BadJournalEntry(journal, entry, `expected no ${name}: those come by the inbox alone`)
  if (logged.entry.index >= reader.state.size)
    throw new BadJournalEntry(
      journal,
      entry,
      `${name} expected an entry before ${reader.state.size}, got ${logged.entry.index}`,
    )
  return { bytes, logged, voided: await voidedBy(reader, logged) }
}
