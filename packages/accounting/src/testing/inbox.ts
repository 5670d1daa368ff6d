/**
 * An inbox in memory, for tests.
 * @module
 */
import { keyOf } from '@turnpike/core/bytes'
import {
  INBOX_JOURNAL,
  INBOX_KEY_BYTES_MAX,
  INBOX_KEY_BYTES_MIN,
  InboxFull,
} from '@turnpike/core/ports/inbox'
import type { Inbox, InboxGroup, InboxVerdict } from '@turnpike/core/ports/inbox'
import type { JournalBatch, JournalSource } from '@turnpike/core/ports/log'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { checkGroup } from '../check-group.ts'
import { MemoryJournal } from './memory.ts'

/** Takes everything at once, unless `full` says that it has no room. */
export class MemoryInbox implements Inbox, JournalSource {
  readonly name: string = INBOX_JOURNAL
  full: boolean = false
  readonly #seen = new Set<string>()
  readonly #journal = new MemoryJournal(INBOX_JOURNAL)
  #next = 0

  async accept(
    source: string,
    groups: readonly InboxGroup[],
  ): Promise<Result<readonly InboxVerdict[], InboxFull>> {
    for (const { key } of groups)
      if (key.length < INBOX_KEY_BYTES_MIN || key.length > INBOX_KEY_BYTES_MAX)
        throw new RangeError(`"key" expected 16..32 bytes, got ${key.length}`)
    if (this.full) return fail(new InboxFull('a full disk'))
    return ok(groups.map((group) => this.#take(source, group)))
  }

  async read(fromEntry: number, bytesMax: number): Promise<JournalBatch> {
    if (fromEntry > this.#next) throw new RangeError(`"fromEntry" expected <= ${this.#next}`)
    return this.#journal.read(fromEntry, bytesMax)
  }

  release(beforeEntry: number): Promise<void> {
    return this.#journal.release(beforeEntry)
  }

  #take(source: string, { key, entries }: InboxGroup): InboxVerdict {
    const { error } = checkGroup(source, entries)
    if (error !== undefined) return { kind: 'refused', reason: error.message }
    const name = `${source} ${keyOf(key)}`
    if (this.#seen.has(name)) return { kind: 'seen' }
    this.#seen.add(name)
    this.#journal.append(entries)
    this.#next += entries.length
    return { kind: 'counted' }
  }
}
