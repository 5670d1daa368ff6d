/**
 * The `Inbox` port on SQLite, in a file of its own: which groups were ever taken, and those that
 * wait for the sequencer, changed in one transaction.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { CountingInbox } from '@turnpike/accounting/acks/take-ack'
import { checkGroup } from '@turnpike/accounting/check-group'
import {
  INBOX_BACKLOG_BYTES_MAX,
  INBOX_CACHE_BYTES_MAX,
  INBOX_CALLS_MAX,
  INBOX_COMMIT_BYTES_MAX,
  INBOX_COMMIT_GROUPS_MAX,
} from '@turnpike/core/limits/inbox'
import { timedKey } from '@turnpike/core/handover/group-key'
import { groupBytes } from '@turnpike/core/log/frame'
import { SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import {
  INBOX_JOURNAL,
  INBOX_KEY_BYTES_MAX,
  INBOX_KEY_BYTES_MIN,
  InboxFull,
} from '@turnpike/core/ports/inbox'
import type { InboxGroup, InboxVerdict } from '@turnpike/core/ports/inbox'
import type { JournalBatch, JournalSource } from '@turnpike/core/ports/log'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { isFull, transact } from '../catalog/database.ts'
import { openVersioned } from '../log/version.ts'
import { Waiting, WAITING_SCHEMA } from './waiting.ts'
import type { WaitingEnd } from './waiting.ts'

// FULL: what was answered is on disk. Nothing else remembers it: whoever handed it over lets go.
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA cache_size = ${-INBOX_CACHE_BYTES_MAX / 1024};
  PRAGMA journal_size_limit = ${INBOX_CACHE_BYTES_MAX};
`
// Keys as they come, in pages of 4 KiB: with 100 million in the table, keys that begin with a time
// were taken at 229,000/s in transactions of 1,000 and at 567,000/s in those of 20,000 (sorting
// them first made it slower: 129,000 and 383,000); random keys of 16 bytes at 33,000 and 42,000,
// with stalls of 0.6 s, and in pages of 16 KiB at half of that. So callers put a time first.
const SCHEMA = `
  CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE seen (
    source INTEGER NOT NULL,
    key BLOB NOT NULL,
    PRIMARY KEY (source, key)
  ) STRICT, WITHOUT ROWID;
  ${WAITING_SCHEMA}
`

type Accepted = Result<readonly InboxVerdict[], InboxFull>

/**
 * The connection of an inbox's one writer.
 *
 * @throws {StoreTooNew} when a newer program wrote the file
 */
export function openInboxDatabase(path: string): DatabaseSync {
  return openVersioned(path, SQLITE_BUSY_TIMEOUT_MS, PRAGMAS, SCHEMA)
}

/**
 * Opens the inbox at `path`, made when it isn't there.
 *
 * @throws {StoreTooNew} when a newer program wrote it
 * @example
 * const inbox = openInbox('/data/inbox.sqlite')
 */
export function openInbox(path: string): SqliteInbox {
  return new SqliteInbox(openInboxDatabase(path), path)
}

/** A call that waits for its transaction. */
interface Call {
  readonly source: string
  readonly groups: readonly InboxGroup[]
  readonly bytes: number
  resolve(accepted: Accepted): void
  reject(error: unknown): void
}

/**
 * An inbox in a file, and the journal by which the sequencer reads it. It has one writer. Calls
 * that are made while a transaction is written share the next one.
 */
export class SqliteInbox implements CountingInbox, JournalSource {
  readonly name: string = INBOX_JOURNAL
  readonly #database: DatabaseSync
  readonly #waiting: Waiting
  readonly #see: StatementSync
  readonly #countAt: StatementSync
  readonly #has: StatementSync
  readonly #calls: Call[] = []
  readonly #backlogBytesMax: number
  /** Undefined after a transaction of which nobody knows whether it took place. */
  #knownEnd: WaitingEnd | undefined
  #due: NodeJS.Immediate | undefined

  /** Over a connection of {@link openInboxDatabase}, which it closes; `path` is for messages. */
  constructor(
    database: DatabaseSync,
    path: string,
    { backlogBytesMax = INBOX_BACKLOG_BYTES_MAX }: { readonly backlogBytesMax?: number } = {},
  ) {
    this.#database = database
    this.#backlogBytesMax = backlogBytesMax
    this.#waiting = new Waiting(database, path)
    this.#countAt = database.prepare(
      `SELECT count(*) AS count FROM seen
       WHERE source = (SELECT id FROM sources WHERE name = ?) AND key >= ? AND key < ?`,
    )
    this.#has = database.prepare(
      'SELECT 1 FROM seen WHERE source = (SELECT id FROM sources WHERE name = ?) AND key = ?',
    )
    this.#see = database.prepare('INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING')
  }

  /** Bytes that wait for the sequencer. */
  get waitingBytes(): number {
    return this.#end.bytes
  }

  async accept(source: string, groups: readonly InboxGroup[]): Promise<Accepted> {
    checkKeys(groups)
    if (groups.length > INBOX_COMMIT_GROUPS_MAX)
      throw new RangeError(`"groups" expected <= ${INBOX_COMMIT_GROUPS_MAX}, got ${groups.length}`)
    if (this.#calls.length >= INBOX_CALLS_MAX)
      return fail(new InboxFull(`${INBOX_CALLS_MAX} calls at once`))
    if (this.#end.bytes >= this.#backlogBytesMax)
      return fail(new InboxFull(`${this.#end.bytes} bytes that the log has not taken yet`))
    const bytes = groups.reduce((sum, { entries }) => sum + groupBytes(entries), 0)
    return new Promise((resolve, reject) => {
      this.#calls.push({ source, groups, bytes, resolve, reject })
      this.#due ??= setImmediate(() => this.#commit())
    })
  }

  /** Groups of `source` that were ever taken under keys that begin with `time`. */
  countAt(source: string, time: number): number {
    const none = new Uint8Array(0)
    return Number(
      this.#countAt.get(source, timedKey(time, none), timedKey(time + 1, none))!['count'],
    )
  }

  /** Whether a group of `source` was ever taken under `key`. */
  has(source: string, key: Uint8Array): boolean {
    return this.#has.get(source, key) !== undefined
  }

  async read(fromEntry: number, bytesMax: number): Promise<JournalBatch> {
    return this.#waiting.read(fromEntry, bytesMax, this.#end.next)
  }

  async release(beforeEntry: number): Promise<void> {
    if (this.#end.bytes === 0) return
    transact(this.#database, () => this.#waiting.release(beforeEntry))
    this.#knownEnd = undefined
  }

  /** Writes what waits and gives the file back. Nothing may be called afterwards. */
  close(): void {
    while (this.#calls.length > 0) this.#commit()
    this.#database.close()
  }

  get #end(): WaitingEnd {
    return (this.#knownEnd ??= this.#waiting.end())
  }

  /** Answers the calls of one transaction; those beyond its bounds get the next turn. */
  #commit(): void {
    clearImmediate(this.#due)
    const calls = this.#calls.splice(0, callsWithin(this.#calls))
    this.#due = this.#calls.length > 0 ? setImmediate(() => this.#commit()) : undefined
    try {
      const verdicts = transact(this.#database, () => this.#write(calls))
      for (const [i, { resolve }] of calls.entries()) resolve(ok(verdicts.each[i]!))
      this.#knownEnd = verdicts.end
    } catch (error) {
      this.#knownEnd = undefined
      for (const { resolve, reject } of calls)
        if (isFull(error)) resolve(fail(new InboxFull('a full disk')))
        else reject(error)
    }
  }

  #write(calls: readonly Call[]): {
    readonly each: readonly (readonly InboxVerdict[])[]
    readonly end: WaitingEnd
  } {
    const counted: (readonly Uint8Array[])[] = []
    const each = calls.map(({ source, groups }) => {
      const id = this.#sourceId(source)
      return groups.map(({ key, entries }): InboxVerdict => {
        const { error } = checkGroup(source, entries)
        if (error !== undefined) return { kind: 'refused', reason: error.message }
        if (Number(this.#see.run(id, key).changes) === 0) return { kind: 'seen' }
        counted.push(entries)
        return { kind: 'counted' }
      })
    })
    return { each, end: this.#waiting.append(this.#end, counted) }
  }

  #sourceId(name: string): number {
    const found = this.#database.prepare('SELECT id FROM sources WHERE name = ?').get(name)
    if (found !== undefined) return Number(found['id'])
    const insert = this.#database.prepare('INSERT INTO sources (name) VALUES (?)')
    return Number(insert.run(name).lastInsertRowid)
  }
}

function checkKeys(groups: readonly InboxGroup[]): void {
  for (const { key } of groups)
    if (key.length < INBOX_KEY_BYTES_MIN || key.length > INBOX_KEY_BYTES_MAX)
      throw new RangeError(
        `"key" expected ${INBOX_KEY_BYTES_MIN}..${INBOX_KEY_BYTES_MAX} bytes, got ${key.length}`,
      )
}

/** How many of `calls` go into one transaction: at least one. */
function callsWithin(calls: readonly Call[]): number {
  let groups = 0
  let bytes = 0
  for (const [i, call] of calls.entries()) {
    groups += call.groups.length
    bytes += call.bytes
    if (i > 0 && (groups > INBOX_COMMIT_GROUPS_MAX || bytes > INBOX_COMMIT_BYTES_MAX)) return i
  }
  return calls.length
}
