/**
 * What a host remembers of the journals that it hands on: how far each went, and what was refused.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import type { HandedPositions, RefusedGroup } from '@turnpike/accounting/handover/hand-on'
import type { RefusedGroups, RefusedPlace } from '@turnpike/accounting/handover/resend'
import { HAND_ON_REFUSED_MAX, REFUSED_RESENT_MAX } from '@turnpike/core/limits/inbox'
import { JOURNAL_GROUP_BYTES_MAX } from '@turnpike/core/limits/log'
import { SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import { FRAME_HEADER_BYTES, FrameBuilder, frameAt, frameGroups } from '@turnpike/core/log/frame'
import type { InboxVerdict } from '@turnpike/core/ports/inbox'
import { transact } from '../catalog/database.ts'
import { JournalCorrupt } from '../journal/files.ts'
import { openVersioned } from '../log/version.ts'

// FULL: journal files go when their entries were acknowledged, and a refused group is only here.
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
`
const SCHEMA = `
  CREATE TABLE audience (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    did TEXT NOT NULL
  ) STRICT;
  CREATE TABLE positions (
    journal TEXT PRIMARY KEY,
    next INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE refused (
    journal TEXT NOT NULL,
    entry INTEGER NOT NULL,
    refused_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    frame BLOB NOT NULL,
    PRIMARY KEY (journal, entry)
  ) STRICT, WITHOUT ROWID
`

/** More was refused than is kept: somebody must look. */
export class TooManyRefused extends Error {
  override readonly name = 'TooManyRefused'
  constructor(path: string) {
    super(
      `${path} expected <= ${HAND_ON_REFUSED_MAX} refused groups, got more: ` +
        'see why they are refused, and delete them from its table "refused"',
    )
  }
}

/** A group that was refused, as it is listed. */
export interface ListedRefusal {
  readonly journal: string
  readonly entry: number
  readonly refusedMs: number
  readonly reason: string
}

/**
 * The connection of a file's one writer.
 *
 * @throws {StoreTooNew} when a newer program wrote it
 */
export function openHandedDatabase(path: string): DatabaseSync {
  return openVersioned(path, SQLITE_BUSY_TIMEOUT_MS, PRAGMAS, SCHEMA)
}

/**
 * Opens the file at `path`, made when it isn't there.
 *
 * @throws {StoreTooNew} when a newer program wrote it
 * @example
 * const handed = openHanded('/data/handed.sqlite', Date.now)
 */
export function openHanded(path: string, nowMs: () => number): HandedFile {
  return new HandedFile(openHandedDatabase(path), path, nowMs)
}

/** Positions and refusals in a file. */
export class HandedFile implements HandedPositions, RefusedGroups {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #nowMs: () => number

  /** Over a connection of {@link openHandedDatabase}, which it closes. */
  constructor(database: DatabaseSync, path: string, nowMs: () => number) {
    this.#database = database
    this.#path = path
    this.#nowMs = nowMs
  }

  /** The gateway to which journals are handed on, once there was one. */
  get audience(): string | undefined {
    const row = this.#database.prepare('SELECT did FROM audience').get()
    return row === undefined ? undefined : String(row['did'])
  }

  set audience(did: string) {
    const set = 'INSERT INTO audience VALUES (1, ?) ON CONFLICT DO UPDATE SET did = excluded.did'
    this.#database.prepare(set).run(did)
  }

  /** Number of groups that were refused. */
  get refusedCount(): number {
    return Number(this.#database.prepare('SELECT count(*) AS n FROM refused').get()!['n'])
  }

  get(journal: string): number {
    const row = this.#database.prepare('SELECT next FROM positions WHERE journal = ?').get(journal)
    return row === undefined ? 0 : Number(row['next'])
  }

  settle(journal: string, nextEntry: number, refused: readonly RefusedGroup[]): void {
    const move = `
      INSERT INTO positions VALUES (?, ?) ON CONFLICT DO UPDATE SET next = max(next, excluded.next)`
    transact(this.#database, () => {
      if (refused.length > 0) this.#keep(refused)
      this.#database.prepare(move).run(journal, nextEntry)
    })
  }

  /** Refused groups, oldest first, at most `countMax`. */
  refused(countMax: number): readonly ListedRefusal[] {
    const list = `
      SELECT journal, entry, refused_ms AS refusedMs, reason
      FROM refused ORDER BY refused_ms, journal, entry LIMIT ?`
    return this.#database.prepare(list).all(countMax) as unknown as readonly ListedRefusal[]
  }

  next(after: RefusedPlace | undefined): readonly RefusedGroup[] {
    const list = `
      SELECT journal, entry, reason, frame FROM refused WHERE (journal, entry) > (?, ?)
      ORDER BY journal, entry LIMIT ${REFUSED_RESENT_MAX}`
    const rows = this.#database.prepare(list).all(after?.journal ?? '', after?.entry ?? -1)
    return rows.map((row) => {
      const entry = Number(row['entry'])
      const frame = frameAt(row['frame'] as Uint8Array, 0, crc32)
      const entries = frame && frameGroups(frame)?.[0]
      if (entries === undefined)
        throw new JournalCorrupt(this.#path, 0, `expected the frame of entry ${entry}`)
      return { journal: String(row['journal']), entry, reason: String(row['reason']), entries }
    })
  }

  resettle(groups: readonly RefusedGroup[], verdicts: readonly InboxVerdict[]): void {
    const forget = 'DELETE FROM refused WHERE journal = ? AND entry = ?'
    const again = 'UPDATE refused SET reason = ? WHERE journal = ? AND entry = ?'
    transact(this.#database, () => {
      for (const [i, { journal, entry }] of groups.entries()) {
        const verdict = verdicts[i]!
        if (verdict.kind !== 'refused') this.#database.prepare(forget).run(journal, entry)
        else this.#database.prepare(again).run(verdict.reason, journal, entry)
      }
    })
  }

  /** Gives the file back. */
  close(): void {
    this.#database.close()
  }

  #keep(refused: readonly RefusedGroup[]): void {
    if (this.refusedCount + refused.length > HAND_ON_REFUSED_MAX)
      throw new TooManyRefused(this.#path)
    const insert = this.#database.prepare(
      'INSERT INTO refused VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    for (const { journal, entry, reason, entries } of refused) {
      const builder = new FrameBuilder(new Uint8Array(JOURNAL_GROUP_BYTES_MAX + FRAME_HEADER_BYTES))
      builder.append(entries)
      insert.run(journal, entry, this.#nowMs(), reason, builder.seal(entry, crc32))
    }
  }
}
