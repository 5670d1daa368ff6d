/**
 * How long commits of the log take.
 * @module
 */
import type { CommitConflict, LogFile, LogStore } from '@turnpike/core/ports/log-store'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { Awaitable, Result, Unit } from '@turnpike/core/result'

/**
 * A store that tells how long each commit took, from its first file to the swap that made it count.
 *
 * @example
 * const log = new TimedLogStore(store, nodeClock, (ms) => times.add(ms))
 */
export class TimedLogStore implements LogStore {
  readonly #store: LogStore
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #onCommit: (ms: number) => void
  #beganMs: number | undefined

  constructor(store: LogStore, clock: Pick<Clock, 'monotonicMs'>, onCommit: (ms: number) => void) {
    this.#store = store
    this.#clock = clock
    this.#onCommit = onCommit
  }

  load(): ReturnType<LogStore['load']> {
    return this.#store.load()
  }

  async compareAndSwap(version: number, bytes: Uint8Array): Promise<Result<Unit, CommitConflict>> {
    const beganMs = this.#beganMs ?? this.#clock.monotonicMs()
    this.#beganMs = undefined
    const swapped = await this.#store.compareAndSwap(version, bytes)
    if (swapped.error === undefined) this.#onCommit(this.#clock.monotonicMs() - beganMs)
    return swapped
  }

  put(files: readonly LogFile[]): Promise<void> {
    this.#beganMs = this.#clock.monotonicMs()
    return this.#store.put(files)
  }

  get(path: string): Awaitable<Uint8Array | undefined> {
    return this.#store.get(path)
  }

  drop(paths: readonly string[]): Promise<void> {
    return this.#store.drop(paths)
  }
}
