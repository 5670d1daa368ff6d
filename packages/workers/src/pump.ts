/**
 * Pumps one body into a stream of fixed length, and says how much of it was handed over.
 *
 * Only a pumped body can be metered: workerd tells nobody when a client leaves a native one. Only a
 * stream of fixed length shows a client that its body was cut: workerd ends a failed chunked body
 * cleanly. Measured on workerd; see docs/operating/workers.md.
 * @module
 */
import type { BodyReader, Delivery } from '@turnpike/core/body'
import { CHUNK_BYTES_MAX, WRITE_IDLE_TIMEOUT_MS } from '@turnpike/core/limits'
import { MARK_MS } from '@turnpike/core/limits/log'
import { GRADE } from '@turnpike/core/log/entry'

/** Blocks below this are joined: a write costs more than copying them. */
const JOIN_BYTES_MAX = CHUNK_BYTES_MAX / 2

/** What is pumped. */
export interface PumpJob {
  readonly reader: BodyReader
  readonly lengthBytes: number
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  /** Hears of the bytes handed over so far: after each write, and each `beatMs` without one. */
  readonly mark: (bytes: number) => void
  readonly beatMs?: number
  /** A reader that takes nothing for so long is cut. */
  readonly idleMs?: number
}

/** A body on its way. */
export interface Pumped {
  readonly readable: ReadableStream<Uint8Array>
  /** Resolves, never rejects, when the body is over. */
  readonly ended: Promise<Delivery>
  /**
   * Resolves when the last read came back: later than `ended` when the client left. Until then the
   * request must live, or what that read holds is never given back.
   */
  readonly quiet: Promise<void>
}

/**
 * Starts to pump. `ended` and `quiet` must be given to `waitUntil` before the response is
 * returned: else the runtime forgets the pump when the client leaves.
 *
 * @example
 * const { readable, ended, quiet } = pump({ reader, lengthBytes, signal, mark })
 */
export function pump(job: PumpJob): Pumped {
  const { readable, writable } = new FixedLengthStream(job.lengthBytes)
  const pumping = new Pump(job, writable.getWriter())
  return { readable, ended: pumping.run(), quiet: pumping.quiet }
}

class Pump {
  readonly #job: PumpJob
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #joined = new Uint8Array(CHUNK_BYTES_MAX)
  #joinedBytes = 0
  #written = 0
  #inFlight = 0
  #end: Delivery['end'] = 'complete'
  #stopped = false
  #over = false
  #quiet: () => void = () => {}
  readonly quiet: Promise<void> = new Promise((resolve) => (this.#quiet = resolve))

  constructor(job: PumpJob, writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.#job = job
    this.#writer = writer
  }

  async run(): Promise<Delivery> {
    const { signal } = this.#job
    const { promise: stop, resolve } = Promise.withResolvers<void>()
    const cut = (end: Delivery['end']): void => {
      this.#stop(end)
      resolve()
    }
    const onAbort = (): void => cut('client-left')
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    this.#writer.closed.catch(onAbort)
    const timer = this.#watch(onAbort)
    const copied = this.#copy()
      .catch(() => this.#stop('failed'))
      .finally(() => {
        clearInterval(timer)
        this.#quiet()
      })
    await Promise.race([stop, copied])
    this.#over = true
    signal.removeEventListener('abort', onAbort)
    this.#job.reader.close()
    const bytes = this.#written + this.#inFlight
    return { bytes, grade: GRADE.handed, end: this.#end }
  }

  async #copy(): Promise<void> {
    const { reader, lengthBytes } = this.#job
    let taken = 0
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      if (this.#stopped) return
      taken += chunk.length
      if (taken > lengthBytes)
        throw new RangeError(`"body" expected ${lengthBytes} bytes, got at least ${taken}`)
      await this.#take(chunk)
      if (this.#stopped) return
    }
    await this.#flush()
    if (taken !== lengthBytes)
      throw new RangeError(`"body" expected ${lengthBytes} bytes, got ${taken}`)
    if (!this.#stopped) await this.#writer.close()
  }

  async #take(chunk: Uint8Array): Promise<void> {
    if (this.#joinedBytes + chunk.length > CHUNK_BYTES_MAX) await this.#flush()
    if (this.#joinedBytes === 0 && chunk.length > JOIN_BYTES_MAX) return this.#write(chunk)
    this.#joined.set(chunk, this.#joinedBytes)
    this.#joinedBytes += chunk.length
  }

  async #flush(): Promise<void> {
    const bytes = this.#joinedBytes
    this.#joinedBytes = 0
    if (bytes > 0) await this.#write(this.#joined.subarray(0, bytes))
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#stopped) return
    this.#inFlight = bytes.length
    try {
      await this.#writer.write(bytes)
    } catch {
      // The stream's other side is gone; had the source failed, we would not be writing.
      return this.#stop('client-left')
    }
    if (this.#stopped) return
    this.#written += bytes.length
    this.#inFlight = 0
    this.#job.mark(this.#written)
  }

  /** Ends the stream short of its length, which cuts the client's connection. Once. */
  #stop(end: Delivery['end']): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#end = end
    void this.#writer.abort(new Error('body cut')).catch(() => {})
  }

  /** Signs of life, and the end of a reader that takes nothing. */
  #watch(onIdle: () => void): ReturnType<typeof setInterval> {
    const { mark, beatMs = MARK_MS, idleMs = WRITE_IDLE_TIMEOUT_MS } = this.#job
    let seen = -1
    let stillMs = 0
    return setInterval(() => {
      if (this.#over) return
      try {
        mark(this.#written)
      } catch {
        // The read was closed: nothing more of it may go out.
        return onIdle()
      }
      stillMs = this.#written === seen && this.#inFlight > 0 ? stillMs + beatMs : 0
      seen = this.#written
      if (stillMs >= idleMs) onIdle()
    }, beatMs)
  }
}
