/**
 * Makes a journal's room before it is needed: the next file, its marks, and the sequencer's
 * reserve, all filled with zeros.
 * @module
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeDisk } from './disk.ts'
import type { Disk } from './disk.ts'
import { listWals, reservePath } from './files.ts'

const LENT = 'the sequencer has the reserve'

/** Sizes in bytes, and times to wait. */
export interface RoomOptions {
  readonly folder: string
  readonly disk: Disk
  readonly fileBytes: number
  readonly marksBytes: number
  readonly reserveBytes: number
  readonly retryMs: number
  /** How long the reserve may be away before it is made anew without a release. */
  readonly lendMs: number
}

/** Paths of a journal file and its marks that are ready to be given their names. */
export interface Spare {
  readonly wal: string
  readonly marks: string
}

/**
 * Gives the reserve of a slot back to the disk, for the sequencer to move a full journal into the
 * log. The journal takes no room until a file was released, the disk has room for both again, or
 * for a minute; then it makes the reserve anew before all else.
 *
 * @example
 * await freeReserve('/data/journal/0')
 */
export async function freeReserve(folder: string): Promise<void> {
  await nodeDisk.remove(reservePath(folder))
}

/** Keeps one spare file ready, trying again for as long as the disk is full. */
export class Room {
  readonly #options: RoomOptions
  readonly #spare: Spare
  #ready = false
  #closed = false
  #making: Promise<void> | undefined
  #retry: NodeJS.Timeout | undefined
  #waiting: (() => void)[] = []
  #lastError: unknown
  /** The oldest journal file when the reserve was last there; undefined before it was made. */
  #oldest: string | undefined
  /** When the reserve was first found missing, on the monotonic clock. */
  #lentMs: number | undefined

  constructor(options: RoomOptions) {
    this.#options = options
    const { folder } = options
    this.#spare = { wal: join(folder, 'spare.wal'), marks: join(folder, 'spare.marks') }
  }

  /** Whether a spare can be taken now. */
  get ready(): boolean {
    return this.#ready
  }

  /** Why there was no room at the last try, or undefined. */
  get lastError(): unknown {
    return this.#lastError
  }

  /** Starts to make room, unless there is some; resolves after one try, whatever came of it. */
  make(): Promise<void> {
    if (this.#ready || this.#closed) return Promise.resolve()
    clearTimeout(this.#retry)
    this.#making ??= this.#try().finally(() => (this.#making = undefined))
    return this.#making
  }

  /**
   * The spare, as soon as there is one; undefined when the journal closes first. The caller renames
   * it, then calls `used`.
   */
  async take(): Promise<Spare | undefined> {
    while (!this.#ready && !this.#closed) {
      const came = new Promise<void>((resolve) => this.#waiting.push(resolve))
      if (this.#making === undefined && this.#retry === undefined) void this.make()
      await came
    }
    return this.#closed ? undefined : this.#spare
  }

  /** Says that the spare has its name; the next one is begun. */
  used(): void {
    this.#ready = false
    void this.make()
  }

  /** Stops trying, and waits for the try under way. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    await this.#making
    this.#wake()
  }

  /** Gives a spare that nobody uses back to the disk. */
  async clear(): Promise<void> {
    const { disk } = this.#options
    await disk.remove(this.#spare.wal)
    await disk.remove(this.#spare.marks)
  }

  async #try(): Promise<void> {
    const { disk, folder, fileBytes, marksBytes, reserveBytes, retryMs } = this.#options
    try {
      if (await this.#isLent()) throw new Error(LENT)
      await this.#fill(reservePath(folder), reserveBytes)
      await this.#noteReserve()
      await this.#fill(this.#spare.marks, marksBytes)
      await this.#fill(this.#spare.wal, fileBytes)
      await disk.syncFolder(folder)
      // Given away meanwhile, it may be what the spare was made of.
      if (await this.#isLent()) {
        await this.clear()
        throw new Error(LENT)
      }
      if (this.#closed) return
      this.#ready = true
      this.#lastError = undefined
      this.#wake()
    } catch (error) {
      this.#lastError = error
      if (this.#closed) return
      this.#retry = setTimeout(() => {
        this.#retry = undefined
        void this.make()
      }, retryMs)
      this.#retry.unref()
    }
  }

  /** Whether the reserve was given away and what it was given for did not happen yet. */
  async #isLent(): Promise<boolean> {
    const { folder, reserveBytes, lendMs } = this.#options
    if (this.#oldest === undefined) return false
    if ((await sizeOf(reservePath(folder))) === reserveBytes) return false
    this.#lentMs ??= performance.now()
    if (performance.now() - this.#lentMs >= lendMs) return false
    if (await this.#hasRoomForBoth()) return false
    return (await oldestIn(folder)) === this.#oldest
  }

  /** Whether the disk is no longer full: what the sequencer may take fits beside all of ours. */
  async #hasRoomForBoth(): Promise<boolean> {
    const { disk, folder, fileBytes, marksBytes, reserveBytes } = this.#options
    return (await disk.freeBytes(folder)) >= 2 * reserveBytes + marksBytes + fileBytes
  }

  async #noteReserve(): Promise<void> {
    const { folder, reserveBytes } = this.#options
    this.#lentMs = undefined
    if (reserveBytes > 0) this.#oldest = await oldestIn(folder)
  }

  /** Fills a file unless it has its size; what was filled in part is given back at once. */
  async #fill(path: string, bytes: number): Promise<void> {
    if (this.#closed || (await sizeOf(path)) === bytes) return
    const { disk } = this.#options
    try {
      await disk.fill(path, bytes)
    } catch (error) {
      await disk.remove(path)
      throw error
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

async function oldestIn(folder: string): Promise<string> {
  const [oldest] = await listWals(folder)
  return oldest?.path ?? ''
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
}
