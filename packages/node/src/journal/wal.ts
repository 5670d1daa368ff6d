/**
 * The journal file in use: frames go to its end, and its place is taken by a spare when it is full.
 * @module
 */
import { crc32 } from 'node:zlib'
import type { FrameBuilder } from '@turnpike/core/log/frame'
import type { Disk, DiskFile } from './disk.ts'
import { durablePath, marksPath, walPath } from './files.ts'
import type { MarkWriter } from './mark-writer.ts'
import type { Room } from './room.ts'
import { writeWatermark } from './watermark.ts'

/** Parts that a journal's files are written with. */
export interface WalOptions {
  readonly folder: string
  readonly disk: Disk
  readonly fileBytes: number
  /** Largest frame: what may be left unused at a file's end. */
  readonly frameBytes: number
  readonly room: Room
  readonly marks: MarkWriter
}

/** Appends frames durably. Not safe for overlapping calls. */
export class Wal {
  readonly #options: WalOptions
  readonly #watermark: DiskFile
  #file: DiskFile | undefined
  #position = 0
  /** Bytes of the frame that is being written: it counts though it has no place yet. */
  #writing = 0
  #nextEntry: number
  #writtenBytes = 0

  private constructor(options: WalOptions, watermark: DiskFile, nextEntry: number) {
    this.#options = options
    this.#watermark = watermark
    this.#nextEntry = nextEntry
  }

  /** Goes on with entry `nextEntry`; all before it are durable. */
  static async open(options: WalOptions, nextEntry: number): Promise<Wal> {
    const watermark = await options.disk.open(durablePath(options.folder), true)
    await writeWatermark(watermark, nextEntry)
    return new Wal(options, watermark, nextEntry)
  }

  /** Whether a file is in use. */
  get hasFile(): boolean {
    return this.#file !== undefined
  }

  /** Bytes of all frames written since it was opened. */
  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** Number of durable entries. */
  get durable(): number {
    return this.#nextEntry
  }

  /**
   * Bytes of frames that can be written without any more help from the disk. Where a frame does not
   * fit it goes to the next file, so a frame's size at each file's end does not count.
   */
  get roomBytes(): number {
    const { fileBytes, frameBytes, room } = this.#options
    const here = this.#file === undefined ? 0 : Math.max(0, fileBytes - this.#position - frameBytes)
    return here + (room.ready ? fileBytes - frameBytes : 0) - this.#writing
  }

  /** Writes one frame into the file in use; when it resolves, its entries are durable. */
  async append(frame: FrameBuilder): Promise<void> {
    this.#writing = frame.length
    const fits = this.#position + frame.length <= this.#options.fileBytes
    if (!fits && !(await this.begin())) throw new Error('journal expected the room it promised')
    const file = this.#file!
    await file.write(frame.seal(this.#nextEntry, crc32), this.#position)
    await file.sync()
    this.#position += frame.length
    this.#writing = 0
    this.#writtenBytes += frame.length
    this.#nextEntry += frame.count
    await writeWatermark(this.#watermark, this.#nextEntry)
  }

  /**
   * Begins the next file as soon as there is room; false when the journal closes first.
   *
   * Crash order: (1) the new marks say all that the old ones do, (2) they get their name, (3) the
   * file gets its own, durably. Only from then on may the old file be released, and its marks with
   * it.
   */
  async begin(): Promise<boolean> {
    const { folder, disk, room, marks } = this.#options
    const spare = await room.take()
    if (spare === undefined) return false
    const path = walPath(folder, this.#nextEntry)
    await marks.moveTo(await disk.open(spare.marks, false))
    await disk.rename(spare.marks, marksPath(path))
    await disk.rename(spare.wal, path)
    await disk.syncFolder(folder)
    await marks.moved()
    const before = this.#file
    const bytes = this.#position
    this.#file = await disk.open(path, false)
    this.#position = 0
    room.used()
    // What is left of the zeros goes back to the disk.
    await before?.truncate(bytes)
    await before?.close()
    return true
  }

  /** Closes everything; `cut` says to cut the file in use behind its frames first. */
  async close(cut: boolean): Promise<void> {
    if (cut) {
      await this.#file?.truncate(this.#position)
      await this.#file?.sync()
    }
    await this.#file?.close()
    this.#file = undefined
    // A stop records what it says: it must not be older after a power loss.
    if (cut) await this.#watermark.sync()
    await this.#watermark.close()
  }
}
