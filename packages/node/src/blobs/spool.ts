/**
 * A temp file that is written and hashed in batches, both off the main thread.
 * @module
 */
import { SPOOL_BATCH_BYTES, SPOOL_BATCHES_MAX } from '@turnpike/core/limits'
import { open, rm, type FileHandle } from 'node:fs/promises'
import type { HashJob, HashThread } from './hash-thread.ts'

/**
 * Appends bytes to a new file and hashes them. Each byte is copied once, into a buffer that the
 * disk's threads and the hash thread read side by side. Calls must not overlap.
 */
export class Spool {
  readonly path: string
  /** Bytes written so far. */
  sizeBytes = 0
  readonly #handle: FileHandle
  readonly #thread: HashThread
  readonly #job: HashJob
  readonly #underWay: Promise<void>[] = []
  #slot: SharedArrayBuffer | undefined
  #batch: Uint8Array = new Uint8Array()
  #filled = 0
  #written: Promise<void> = Promise.resolve()
  #failure: unknown

  private constructor(path: string, handle: FileHandle, thread: HashThread) {
    this.path = path
    this.#handle = handle
    this.#thread = thread
    this.#job = thread.begin()
  }

  /** Opens a spool at `path`, where no file may be. */
  static async open(path: string, thread: HashThread): Promise<Spool> {
    return new Spool(path, await open(path, 'wx', 0o644), thread)
  }

  /**
   * Appends `bytes`, which the caller may reuse at once. Returns a promise only when it has to
   * wait for the disk or the hash; rejects with what made an earlier batch fail.
   */
  write(bytes: Uint8Array): Promise<void> | undefined {
    const room = SPOOL_BATCH_BYTES - this.#filled
    if (this.#slot === undefined || bytes.length >= room) return this.#writeOn(bytes)
    this.#batch.set(bytes, this.#filled)
    this.#filled += bytes.length
    this.sizeBytes += bytes.length
    return undefined
  }

  async #writeOn(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#slot === undefined) await this.#nextBatch()
      const length = Math.min(bytes.length - at, SPOOL_BATCH_BYTES - this.#filled)
      this.#batch.set(bytes.subarray(at, at + length), this.#filled)
      this.#filled += length
      this.sizeBytes += length
      at += length
      if (this.#filled === SPOOL_BATCH_BYTES) this.#send()
    }
  }

  async #nextBatch(): Promise<void> {
    if (this.#underWay.length >= SPOOL_BATCHES_MAX) await this.#underWay[0]
    if (this.#failure !== undefined) throw this.#failure
    this.#slot = this.#thread.takeSlot()
    this.#batch = new Uint8Array(this.#slot)
    this.#filled = 0
  }

  /** Hands the batch to disk and hash. What fails is kept for the next call to throw. */
  #send(): void {
    const slot = this.#slot!
    const batch = this.#batch.subarray(0, this.#filled)
    const position = this.sizeBytes - batch.length
    // One write at a time: threads that write one file at once spin on its lock (measured).
    this.#written = this.#written.then(() => writeWhole(this.#handle, batch, position))
    const work = Promise.allSettled([this.#job.update(slot, batch.length), this.#written]).then(
      (results) => {
        for (const result of results)
          if (result.status === 'rejected') this.#failure ??= result.reason
        this.#underWay.splice(this.#underWay.indexOf(work), 1)
        this.#thread.giveSlot(slot)
      },
    )
    this.#underWay.push(work)
    this.#slot = undefined
    this.#filled = 0
  }

  /** Writes out the rest, syncs and closes the file; resolves to the sha2-256 digest of it all. */
  async finish(): Promise<Uint8Array> {
    if (this.#filled > 0) this.#send()
    await Promise.all(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
    const digest = await this.#job.digest()
    await this.#handle.sync()
    await this.#handle.close()
    return digest
  }

  /** Gives everything up and removes the file, unless it was renamed. Idempotent. */
  async abort(): Promise<void> {
    this.#job.drop()
    if (this.#slot !== undefined) this.#thread.giveSlot(this.#slot)
    this.#slot = undefined
    this.#filled = 0
    await Promise.all(this.#underWay)
    await this.#handle.close()
    await rm(this.path, { force: true })
  }
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at)
    at += bytesWritten
  }
}
