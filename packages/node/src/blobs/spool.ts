/**
 * A temp file that is written and hashed in batches, both off the main thread.
 * @module
 */
import { SPOOL_BATCH_BYTES, SPOOL_BATCHES_MAX } from '@turnpike/core/limits/store'
import { rm } from 'node:fs/promises'
import { DirectFile } from './direct-file.ts'
import type { HashJob, HashThread } from './hash-thread.ts'
import type { Slots } from './slots.ts'

/** What a store's spools share. */
export interface SpoolPlace {
  readonly thread: HashThread
  readonly slots: Slots
}

/**
 * Appends bytes to a new file and hashes them. Each byte is copied once, into a buffer that the
 * disk's threads and the hash thread read side by side. Calls must not overlap.
 */
export class Spool {
  readonly path: string
  /** Bytes written so far. */
  sizeBytes = 0
  readonly #file: DirectFile
  readonly #slots: Slots
  readonly #job: HashJob
  readonly #underWay: Promise<void>[] = []
  #slot: Uint8Array | undefined
  #filled = 0
  #written: Promise<void> = Promise.resolve()
  #failure: unknown

  private constructor(path: string, file: DirectFile, place: SpoolPlace) {
    this.path = path
    this.#file = file
    this.#slots = place.slots
    this.#job = place.thread.begin()
  }

  /** Opens a spool at `path`, where no file may be. */
  static async open(path: string, place: SpoolPlace): Promise<Spool> {
    return new Spool(path, await DirectFile.create(path), place)
  }

  /**
   * Appends `bytes`, which the caller may reuse at once. Returns a promise only when it has to
   * wait for the disk or the hash; rejects with what made an earlier batch fail.
   */
  write(bytes: Uint8Array): Promise<void> | undefined {
    const room = SPOOL_BATCH_BYTES - this.#filled
    if (this.#slot === undefined || bytes.length >= room) return this.#writeOn(bytes)
    this.#slots.copy(this.#slot, this.#filled, bytes)
    this.#filled += bytes.length
    this.sizeBytes += bytes.length
    return undefined
  }

  async #writeOn(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#slot === undefined) await this.#nextBatch()
      const length = Math.min(bytes.length - at, SPOOL_BATCH_BYTES - this.#filled)
      this.#slots.copy(this.#slot!, this.#filled, bytes.subarray(at, at + length))
      this.#filled += length
      this.sizeBytes += length
      at += length
      if (this.#filled === SPOOL_BATCH_BYTES) this.#send()
    }
  }

  async #nextBatch(): Promise<void> {
    if (this.#underWay.length >= SPOOL_BATCHES_MAX) await this.#underWay[0]
    if (this.#failure !== undefined) throw this.#failure
    this.#slot = this.#slots.take()
    this.#filled = 0
  }

  /** Hands the batch to disk and hash. What fails is kept for the next call to throw. */
  #send(): void {
    const slot = this.#slot!
    const length = this.#filled
    const position = this.sizeBytes - length
    // One write at a time: threads that write one file at once spin on its lock (measured).
    this.#written = this.#written.then(() => this.#file.write(slot, length, position))
    const work = Promise.allSettled([this.#job.update(slot, length), this.#written]).then(
      (results) => {
        for (const result of results)
          if (result.status === 'rejected') this.#failure ??= result.reason
        this.#underWay.splice(this.#underWay.indexOf(work), 1)
        this.#slots.give(slot)
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
    await this.#file.finish()
    return digest
  }

  /** Gives everything up and removes the file, unless it was renamed. Idempotent. */
  async abort(): Promise<void> {
    this.#job.drop()
    if (this.#slot !== undefined) this.#slots.give(this.#slot)
    this.#slot = undefined
    this.#filled = 0
    await Promise.all(this.#underWay)
    await this.#file.close()
    await rm(this.path, { force: true })
  }
}
