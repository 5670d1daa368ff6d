/**
 * The `JournalSource` port on files: what a sequencer, in this process or another, reads a journal
 * by.
 *
 * It trusts the watermark and nothing beyond: a frame that it can see but that is not durable yet
 * may be gone after a power loss.
 * @module
 */
import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { FRAME_BYTES_MAX } from '@turnpike/core/limits/log'
import { frameAt, frameGroups, groupBytes } from '@turnpike/core/log/frame'
import type { Groups } from '@turnpike/core/log/frame'
import type { JournalBatch, JournalSource } from '@turnpike/core/ports/log'
import { nodeDisk } from './disk.ts'
import { durablePath, JournalCorrupt, listWals, marksPath } from './files.ts'
import type { WalFile } from './files.ts'
import { readWatermark } from './watermark.ts'

/** The journal does not hold the entry that its reader is at. */
export class JournalBehind extends Error {
  override readonly name = 'JournalBehind'
  readonly entry: number
  readonly firstEntry: number
  readonly nextEntry: number
  constructor(folder: string, entry: number, firstEntry: number, nextEntry: number) {
    super(
      `journal ${folder} expected to hold entry ${entry}, got ${firstEntry} to ${nextEntry}: ` +
        'it or the log was restored from an older copy; open a successor log',
    )
    this.entry = entry
    this.firstEntry = firstEntry
    this.nextEntry = nextEntry
  }
}

/**
 * A journal folder as its reader sees it. `name` is the slot. Throws {@link JournalBehind} for a
 * position it does not hold, `JournalCorrupt` for a durable frame that is damaged, and RangeError
 * for a position inside a group.
 *
 * @example
 * const source = journalSource('data/journal/0', '0')
 * const { groups, nextEntry } = await source.read(position, 1024 * 1024)
 */
export function journalSource(folder: string, name: string): JournalSource {
  const reader = new FolderReader(folder)
  return {
    name,
    read: (fromEntry, bytesMax) => reader.read(fromEntry, bytesMax),
    release: (beforeEntry) => release(folder, beforeEntry),
  }
}

/** Where a frame stands: kept between reads, so that a file is gone through once. */
interface Cursor {
  readonly path: string
  /** Number of the frame's first entry. */
  entry: number
  offset: number
}

/** What a read has gathered so far. */
interface Batch {
  readonly groups: (readonly Uint8Array[])[]
  nextEntry: number
  bytes: number
  readonly bytesMax: number
}

class FolderReader {
  readonly #folder: string
  #cursor: Cursor | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  async read(fromEntry: number, bytesMax: number): Promise<JournalBatch> {
    // Before the files are listed: what it counts is in one of them.
    const durable = await readWatermark(durablePath(this.#folder))
    if (fromEntry === durable) return { groups: [], nextEntry: fromEntry }
    const wals = await listWals(this.#folder)
    const wal = wals.findLast(({ first }) => first <= fromEntry)
    if (wal === undefined || fromEntry > durable)
      throw new JournalBehind(this.#folder, fromEntry, wals[0]?.first ?? durable, durable)
    const cursor = this.#cursorIn(wal, fromEntry)
    const batch: Batch = { groups: [], nextEntry: fromEntry, bytes: 0, bytesMax }
    await fill(batch, cursor, durable)
    if (batch.groups.length === 0)
      throw new JournalCorrupt(cursor.path, cursor.offset, `expected durable entry ${fromEntry}`)
    this.#cursor = cursor
    return { groups: batch.groups, nextEntry: batch.nextEntry }
  }

  #cursorIn(wal: WalFile, entry: number): Cursor {
    const last = this.#cursor
    if (last?.path === wal.path && last.entry <= entry) return { ...last }
    return { path: wal.path, entry: wal.first, offset: 0 }
  }
}

/** Gathers what one file has for `batch`, as far as it is durable. */
async function fill(batch: Batch, cursor: Cursor, durable: number): Promise<void> {
  const handle = await open(cursor.path, 'r')
  try {
    while (cursor.entry < durable) {
      // Large enough for any frame, and fresh: the caller keeps views of it.
      const window = new Uint8Array(Math.max(batch.bytesMax, FRAME_BYTES_MAX))
      const { bytesRead } = await handle.read(window, 0, window.length, cursor.offset)
      const from = cursor.offset
      if (!fillFrom(window.subarray(0, bytesRead), batch, cursor, durable)) return
      if (cursor.offset === from) return
    }
  } finally {
    await handle.close()
  }
}

/** Moves `cursor` over the whole frames of `window`; false when the batch is full. */
function fillFrom(window: Uint8Array, batch: Batch, cursor: Cursor, durable: number): boolean {
  for (let at = 0; cursor.entry < durable;) {
    const frame = frameAt(window, at, crc32)
    if (frame === undefined || frame.first !== cursor.entry % 0x1_0000_0000) return true
    const end = cursor.entry + frame.count
    if (end > batch.nextEntry && !fillGroups(frameGroups(frame) ?? [], batch, cursor.entry))
      return false
    cursor.offset += frame.next - at
    cursor.entry = end
    at = frame.next
  }
  return false
}

/** Adds groups of a frame that begins with entry `first`; false when the batch is full. */
function fillGroups(groups: Groups, batch: Batch, first: number): boolean {
  let entry = first
  for (const group of groups) {
    if (entry >= batch.nextEntry) {
      if (batch.bytes >= batch.bytesMax) return false
      batch.groups.push(group)
      batch.bytes += groupBytes(group)
      batch.nextEntry = entry + group.length
    } else if (entry + group.length > batch.nextEntry) {
      throw new RangeError(`"fromEntry" expected the start of a group, got ${batch.nextEntry}`)
    }
    entry += group.length
  }
  return true
}

/** Crash order: marks first, since a file without marks is whole and marks alone are nothing. */
async function release(folder: string, beforeEntry: number): Promise<void> {
  const wals = await listWals(folder)
  // The last file is the one in use; an earlier one ends where the next begins.
  const done = wals.filter((_, i) => (wals[i + 1]?.first ?? Infinity) <= beforeEntry)
  for (const { path } of done) {
    await nodeDisk.remove(marksPath(path))
    await nodeDisk.remove(path)
  }
  if (done.length > 0) await nodeDisk.syncFolder(folder)
}
