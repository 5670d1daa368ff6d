/**
 * The `Journal` port on files: group commit, room made ahead, progress marks.
 * Source: design, "The log: Journal". Files: docs/reference/journal-files.md.
 * @module
 */
import { encodeRead } from '@turnpike/core/log/encode'
import { groupBytes } from '@turnpike/core/log/frame'
import { JOURNAL_COMMIT_MS, JOURNAL_GROUP_BYTES_MAX } from '@turnpike/core/limits/log'
import type { Journal, OpenRead } from '@turnpike/core/ports/journal'
import { ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { makeDirectory } from '../durable.ts'
import { writeCleanRecord } from './clean.ts'
import { listWals, marksPath } from './files.ts'
import type { JournalCorrupt } from './files.ts'
import { FrameQueue } from './frame-queue.ts'
import { MarkWriter } from './mark-writer.ts'
import type { HeldMark } from './mark-writer.ts'
import { recoveredRead, SLOT_BYTES } from './marks.ts'
import { JournalFailed, READ_BYTES_MAX, settingsOf } from './options.ts'
import type { JournalOptions, JournalSettings } from './options.ts'
import { JournalRead } from './open-read.ts'
import type { ReadHost } from './open-read.ts'
import { recover } from './recover.ts'
import type { Recovery } from './recover.ts'
import { Room } from './room.ts'
import { Wal } from './wal.ts'

/** State of a journal, for metrics. */
export interface JournalStats {
  readonly appended: number
  readonly durable: number
  readonly openReads: number
  readonly queuedBytes: number
  readonly roomBytes: number
  /** Bytes of all frames written since it was opened. */
  readonly writtenBytes: number
  /** Reads that the last recovery wrote down with flag 256. */
  readonly recovered: number
  /** Why there is no room, when the last try to make some failed. */
  readonly roomError: unknown
}

interface Waiter {
  readonly entry: number
  readonly resolve: () => void
  readonly reject: (error: JournalFailed) => void
}

/**
 * Opens a slot's journal, recovering whatever the last process left; there is no other way in.
 *
 * @throws {RangeError} when the sizes do not go together
 * @example
 * const { ok: journal, error } = await openJournal({ folder: 'data/journal/0', onFailure: stop })
 */
export async function openJournal(
  options: JournalOptions,
): Promise<Result<NodeJournal, JournalCorrupt>> {
  const settings = settingsOf(options)
  const { folder, disk, fileBytes, frameBytes, reserveBytes } = settings
  await makeDirectory(folder)
  const recovered = await recover(folder, disk)
  if (recovered.ok === undefined) return recovered
  const { nextEntry, lost } = recovered.ok
  const slots = Math.max(settings.openReadsMax, lost.length)
  const room = new Room({
    folder,
    disk,
    fileBytes,
    reserveBytes,
    marksBytes: slots * SLOT_BYTES,
    retryMs: settings.roomRetryMs,
    lendMs: settings.reserveLendMs,
  })
  const marks = new MarkWriter(slots)
  const wal = await Wal.open({ folder, disk, fileBytes, frameBytes, room, marks }, nextEntry)
  const journal = new NodeJournal(settings, { wal, room, marks }, recovered.ok)
  await room.make()
  const begun = journal.begin()
  // With the disk full it begins once there is room.
  if (room.ready || wal.hasFile) await begun
  return ok(journal)
}

/** A journal on files. Made by {@link openJournal}. */
export class NodeJournal implements Journal {
  readonly #settings: JournalSettings
  readonly #wal: Wal
  readonly #room: Room
  readonly #marks: MarkWriter
  readonly #queue: FrameQueue
  readonly #recovered: number
  /** Marks of reads whose entries are not durable yet, in the order of their entries. */
  readonly #leaving: { readonly entry: number; readonly held: HeldMark }[] = []
  readonly #waiters: Waiter[] = []
  readonly #host: ReadHost
  #appended: number
  #openReads = 0
  #failed: JournalFailed | undefined
  /** Whether `close` was called: nothing is admitted. */
  #closed = false
  /** Whether nothing is written any more. */
  #stopped = false
  #timer: NodeJS.Timeout | undefined
  #due = false
  #committing: Promise<void> | undefined

  constructor(
    settings: JournalSettings,
    parts: { readonly wal: Wal; readonly room: Room; readonly marks: MarkWriter },
    recovery: Recovery,
  ) {
    this.#settings = settings
    this.#wal = parts.wal
    this.#room = parts.room
    this.#marks = parts.marks
    this.#queue = new FrameQueue(settings.frameBytes)
    this.#marks.onFailure = (error) => this.fail(error)
    this.#appended = recovery.nextEntry
    this.#recovered = recovery.lost.length
    this.#host = { marks: this.#marks, end: (group, held) => this.#end(group, held) }
    // Lost reads are open reads whose marks are known: they hold slots until they are durable.
    for (const { read, mark } of recovery.lost) {
      this.#openReads++
      const held = this.#marks.hold(read, mark)
      this.#end([encodeRead(recoveredRead(read, mark))], held)
    }
  }

  /** Number of durable entries and other figures. */
  get stats(): JournalStats {
    return {
      appended: this.#appended,
      durable: this.#wal.durable,
      openReads: this.#openReads,
      queuedBytes: this.#queue.bytes,
      roomBytes: this.#wal.roomBytes,
      writtenBytes: this.#wal.writtenBytes,
      recovered: this.#recovered,
      roomError: this.#room.lastError,
    }
  }

  /** Whether one more read could be recorded, were there not too many open already. */
  get hasRoom(): boolean {
    if (this.#failed !== undefined || this.#closed) return false
    const needed = (this.#openReads + 1) * READ_BYTES_MAX + this.#queue.bytes
    return needed <= this.#wal.roomBytes
  }

  admit(): OpenRead | undefined {
    if (this.#openReads >= this.#settings.openReadsMax || !this.hasRoom) return undefined
    this.#openReads++
    return new JournalRead(this.#host)
  }

  /** Resolves when all that was appended so far is durable. Rejects with `JournalFailed`. */
  flush(): Promise<void> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed)
    if (this.#wal.durable === this.#appended) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ entry: this.#appended, resolve, reject })
      this.#due = true
      this.#commit()
    })
  }

  /**
   * Stops cleanly: all entries durable, files cut and recorded with length and hash. Reads still
   * open are found by the next opening through their marks. Idempotent.
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    // With the disk full since the start nothing was admitted, and what recovery found stays in
    // the marks.
    const hasRoom = this.#wal.hasFile || this.#room.ready
    const flushed = hasRoom ? this.flush() : Promise.resolve()
    const [end] = await Promise.allSettled([flushed])
    clearTimeout(this.#timer)
    this.#stopped = true
    await this.#room.close()
    await this.#committing
    await this.#room.clear()
    await this.#marks.close()
    await this.#wal.close(end.status === 'fulfilled')
    if (end.status === 'rejected') throw end.reason
    // With all entries durable and no read open, marks say nothing that is not recorded.
    if (this.#openReads === 0) await removeMarks(this.#settings)
    await writeCleanRecord(this.#settings.folder)
  }

  /** Makes the first file, and in it what recovery found. Called by {@link openJournal} only. */
  async begin(): Promise<void> {
    this.#due = true
    this.#commit()
    await this.#committing
  }

  /** Poisons the journal: what was admitted can't be recorded. */
  fail(cause: unknown): void {
    if (this.#failed !== undefined) return
    this.#failed = new JournalFailed(cause)
    clearTimeout(this.#timer)
    for (const { reject } of this.#waiters.splice(0)) reject(this.#failed)
    this.#settings.onFailure(this.#failed)
  }

  #end(group: readonly Uint8Array[], held: HeldMark | undefined): void {
    if (this.#closed) throw new TypeError('"end" expected an open journal, got a closed one')
    if (held === undefined) this.#openReads--
    if (group.length === 0 || this.#failed !== undefined) return
    const bytes = groupBytes(group)
    if (bytes > JOURNAL_GROUP_BYTES_MAX) {
      const error = new RangeError(`group expected <= ${JOURNAL_GROUP_BYTES_MAX}, got ${bytes}`)
      this.fail(error)
      throw error
    }
    this.#queue.append(group)
    this.#appended += group.length
    if (held !== undefined) this.#leaving.push({ entry: this.#appended, held })
    if (this.#queue.hasFull) this.#commit()
    else this.#timer ??= setTimeout(() => this.#onTimer(), JOURNAL_COMMIT_MS)
  }

  #onTimer(): void {
    this.#timer = undefined
    this.#due = true
    this.#commit()
  }

  #commit(): void {
    this.#committing ??= this.#drain()
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.#committing = undefined
        // Somebody may have asked for more between the last look and now.
        if (this.#isDue) this.#commit()
      })
  }

  get #isDue(): boolean {
    return this.#failed === undefined && !this.#stopped && (this.#due || this.#queue.hasFull)
  }

  /** Writes frames for as long as one is full or due. */
  async #drain(): Promise<void> {
    while (this.#isDue) {
      if (!this.#queue.hasFull) this.#due = false
      if (!this.#wal.hasFile && !(await this.#wal.begin())) return
      const frame = this.#queue.shift()
      if (frame === undefined) return
      await this.#wal.append(frame)
      this.#queue.recycle(frame)
      this.#settle()
    }
  }

  /** Tells those who waited, and gives the marks of reads that are durable back. */
  #settle(): void {
    const { durable } = this.#wal
    while (this.#leaving.length > 0 && this.#leaving[0]!.entry <= durable) {
      this.#openReads--
      this.#marks.release(this.#leaving.shift()!.held)
    }
    while (this.#waiters.length > 0 && this.#waiters[0]!.entry <= durable)
      this.#waiters.shift()!.resolve()
  }
}

async function removeMarks({ folder, disk }: JournalSettings): Promise<void> {
  for (const { path } of await listWals(folder)) await disk.remove(marksPath(path))
}
