/**
 * Entries of the inbox that wait for the sequencer: rows of a few hundred entries, each a journal
 * frame with its checksum, numbered through like the entries of a journal.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { INBOX_ROW_BYTES_MAX } from '@turnpike/core/limits/inbox'
import { FrameBuilder, frameAt, frameGroups, groupBytes } from '@turnpike/core/log/frame'
import type { JournalBatch } from '@turnpike/core/ports/log'
import { JournalCorrupt } from '../journal/files.ts'
import { JournalBehind } from '../journal/source.ts'

/** Its part of the schema. */
export const WAITING_SCHEMA = `
  CREATE TABLE waiting (
    first INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    frame BLOB NOT NULL
  ) STRICT;
  CREATE TABLE position (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    next INTEGER NOT NULL
  ) STRICT;
  INSERT INTO position VALUES (1, 0)
`

/** Where the queue ends, and how many bytes it has. */
export interface WaitingEnd {
  readonly next: number
  readonly bytes: number
}

interface Row {
  readonly first: number
  readonly frame: Uint8Array
}

/** The queue of one inbox. Writes belong into a transaction of the caller's. */
export class Waiting {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #insert: StatementSync
  readonly #rows: StatementSync

  constructor(database: DatabaseSync, path: string) {
    this.#database = database
    this.#path = path
    this.#insert = database.prepare('INSERT INTO waiting VALUES (?, ?, ?)')
    this.#rows = database.prepare(
      `SELECT first, frame FROM waiting
       WHERE first >= (SELECT max(first) FROM waiting WHERE first <= ?) ORDER BY first`,
    )
  }

  /** As it stands in the file. */
  end(): WaitingEnd {
    const { next } = this.#database.prepare('SELECT next FROM position').get()!
    const sum = 'SELECT coalesce(sum(length(frame)), 0) AS bytes FROM waiting'
    const { bytes } = this.#database.prepare(sum).get()!
    return { next: Number(next), bytes: Number(bytes) }
  }

  /** Writes groups behind `end`, and where the queue ends then. */
  append(end: WaitingEnd, groups: Iterable<readonly Uint8Array[]>): WaitingEnd {
    const builder = new FrameBuilder(new Uint8Array(INBOX_ROW_BYTES_MAX))
    let { next, bytes } = end
    const write = (): void => {
      if (builder.count === 0) return
      this.#insert.run(next, builder.count, builder.seal(next, crc32))
      next += builder.count
      bytes += builder.length
      builder.reset()
    }
    for (const group of groups) {
      if (!builder.fits(group.length, groupBytes(group))) write()
      builder.append(group)
    }
    write()
    if (next !== end.next) this.#database.prepare('UPDATE position SET next = ?').run(next)
    return { next, bytes }
  }

  /**
   * Reads on from `fromEntry`, about `bytesMax`.
   *
   * @throws {JournalBehind} when the queue doesn't hold that entry
   * @throws {JournalCorrupt} when a row is not what was written
   */
  read(fromEntry: number, bytesMax: number, next: number): JournalBatch {
    if (fromEntry === next) return { groups: [], nextEntry: fromEntry }
    const groups: (readonly Uint8Array[])[] = []
    let entry = fromEntry
    let bytes = 0
    for (const row of this.#rows.iterate(fromEntry) as Iterable<Row>) {
      let at = row.first
      for (const group of this.#groupsOf(row)) {
        if (at >= entry) {
          if (bytes >= bytesMax) return { groups, nextEntry: entry }
          groups.push(group)
          bytes += groupBytes(group)
          entry = at + group.length
        } else if (at + group.length > entry) {
          throw new RangeError(`"fromEntry" expected the start of a group, got ${fromEntry}`)
        }
        at += group.length
      }
    }
    if (groups.length === 0 || entry !== next) throw this.#behind(fromEntry, next)
    return { groups, nextEntry: entry }
  }

  /** Deletes rows that lie before `beforeEntry` whole; whether there were any. */
  release(beforeEntry: number): boolean {
    const done = 'DELETE FROM waiting WHERE first < ?1 AND first + count <= ?1'
    return Number(this.#database.prepare(done).run(beforeEntry).changes) > 0
  }

  #groupsOf({ first, frame }: Row): readonly (readonly Uint8Array[])[] {
    const found = frameAt(frame, 0, crc32)
    const groups = found?.first === first % 0x1_0000_0000 ? frameGroups(found) : undefined
    if (groups === undefined)
      throw new JournalCorrupt(this.#path, 0, `expected the frame of entry ${first}`)
    return groups
  }

  #behind(entry: number, next: number): JournalBehind {
    const { first } = this.#database.prepare('SELECT min(first) AS first FROM waiting').get()!
    return new JournalBehind(this.#path, entry, Number(first ?? next), next)
  }
}
