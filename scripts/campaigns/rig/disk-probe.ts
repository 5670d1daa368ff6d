/**
 * How long the disk takes to make a few bytes durable, while others use it, too.
 * @module
 */
import { open } from 'node:fs/promises'

/** Syncs a file of its own again and again, until it is stopped. */
export class DiskProbe {
  readonly #stopped: Promise<void>
  #slowestMs = 0
  #stop = false

  constructor(path: string) {
    this.#stopped = this.#run(path)
  }

  /** Ends it; the slowest sync, in ms. */
  async stop(): Promise<number> {
    this.#stop = true
    await this.#stopped
    return this.#slowestMs
  }

  async #run(path: string): Promise<void> {
    const file = await open(path, 'w')
    while (!this.#stop) {
      const started = performance.now()
      await file.write(new Uint8Array(4096), 0, 4096, 0)
      await file.datasync()
      this.#slowestMs = Math.max(this.#slowestMs, Math.ceil(performance.now() - started))
    }
    await file.close()
  }
}
