/**
 * The meter: the one way for a body to leave the gateway.
 * @module
 */
import type { BodyReader, BodySource, Delivery } from '@turnpike/core/body'
import type { Awaitable, Result, Unit } from '@turnpike/core/result'
import type { Execution, ReadEnded } from './executions.ts'

/** A header as it goes out: name in the field's usual case, value in latin1. */
export type HeaderLine = readonly [name: string, value: string]

/** The end of every pipeline. There is no answer without a metered body, not even an empty one. */
export interface Answer {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  readonly body: MeteredBody
}

/** What becomes of one body: its start, its progress, its end. Held by the meter alone. */
export interface ReadRecorder {
  start(): Awaitable<void>
  mark(bytes: number): void
  executed(execution: Execution): Result<Unit, ReadEnded>
  end(delivery: Delivery): void
}

/**
 * A body that is recorded however it ends. Its private fields make it nominal: an object that only
 * looks like one does not fit {@link Answer}.
 *
 * An adapter awaits `start`, opens and pumps the body (not for HEAD), calls `mark` after each chunk
 * that the socket took, and calls `settle` once. Without `settle` the read counts as admitted for
 * ever.
 */
export class MeteredBody {
  readonly #source: BodySource
  readonly #recorder: ReadRecorder
  #opened = false
  #settled = false

  constructor(source: BodySource, recorder: ReadRecorder) {
    this.#source = source
    this.#recorder = recorder
  }

  /** Exact length in bytes, or undefined when only the end tells. */
  get length(): number | undefined {
    return this.#source.length
  }

  /** Makes the start known to the journal; the body may be opened when it resolves. */
  start(): Awaitable<void> {
    return this.#recorder.start()
  }

  open(signal: AbortSignal): BodyReader {
    this.#opened = true
    return this.#source.open(signal)
  }

  /** Reports progress: `bytes` of the body delivered so far. */
  mark(bytes: number): void {
    this.#recorder.mark(bytes)
  }

  /**
   * Reports code that was run for this answer and has ended, before `settle`: its EXEC entry goes
   * into the same frame of the journal as the READ, so that both are counted or neither is.
   *
   * @throws {RangeError} when a figure can't be written into an entry
   * @example
   * const { error } = answer.body.executed({ cpuUs, diskReadBytes, diskWriteBytes, code, exit: 0 })
   */
  executed(execution: Execution): Result<Unit, ReadEnded> {
    return this.#recorder.executed(execution)
  }

  /**
   * Reports the end. Only the first call counts: runtimes report one end in several ways
   * (workerd calls both `cancel` and `flush` on an empty body that is cancelled).
   */
  settle(delivery: Delivery): void {
    if (this.#settled) return
    this.#settled = true
    // A body whose first chunk was read already holds buffers, opened or not.
    if (!this.#opened) this.open(AbortSignal.abort()).close()
    this.#recorder.end(delivery)
  }
}
