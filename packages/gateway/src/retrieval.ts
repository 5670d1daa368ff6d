/**
 * Patience with where content comes from: so long for the first byte, and for each next one.
 * @module
 */
import type { BodyReader, BodySource } from '@turnpike/core/body'
import type { Timer } from '@turnpike/core/ports/runtime'
import { type Awaitable, type Result, fail } from '@turnpike/core/result'
import type { Representation } from './format/serve.ts'
import type { GatewayRequest } from './request.ts'

/** Content did not come in time. */
export class RetrievalTimeout extends Error {
  override readonly name = 'RetrievalTimeout'
  readonly timeoutMs: number
  constructor(timeoutMs: number) {
    super(`content expected within ${timeoutMs} ms, did not come: try again later`)
    this.timeoutMs = timeoutMs
  }
}

/** How long is waited, and by which clock. */
export interface Patience {
  readonly timer: Timer
  readonly timeoutMs: number
}

/** A request that is given up, as if its client had left, when its first byte takes too long. */
export class TimedRequest implements GatewayRequest {
  readonly #request: GatewayRequest
  readonly #patience: Patience
  #abort: AbortController | undefined
  #late = false

  constructor(request: GatewayRequest, patience: Patience) {
    this.#request = request
    this.#patience = patience
  }

  get method(): string {
    return this.#request.method
  }

  get url(): string {
    return this.#request.url
  }

  get headers(): GatewayRequest['headers'] {
    return this.#request.headers
  }

  async readBody(bytesMax: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#request.readBody?.(bytesMax, signal)
  }

  /** Aborts when the client leaves, or time is up. Made on first use: few answers need it. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = (this.#abort = new AbortController())
      const { signal } = this.#request
      if (signal.aborted || this.#late) abort.abort()
      else signal.addEventListener('abort', () => abort.abort())
    }
    return this.#abort.signal
  }

  /**
   * The outcome, or `RetrievalTimeout` when time is up; then what comes later is given back.
   *
   * @param answering must not reject
   */
  inTime(
    answering: Promise<Result<Representation, Error>>,
  ): Promise<Result<Representation, Error>> {
    const { timer, timeoutMs } = this.#patience
    return new Promise((resolve) => {
      const callOff = timer.after(timeoutMs, () => {
        this.#late = true
        resolve(fail(new RetrievalTimeout(timeoutMs)))
        this.#abort?.abort()
      })
      void answering.then((outcome) => {
        callOff()
        if (this.#late) outcome.ok?.body.open(AbortSignal.abort()).close()
        else resolve(outcome)
      })
    })
  }
}

/**
 * A body that fails when its next chunk takes too long. Chunks that are there cost no timer.
 *
 * @example
 * const body = timedBody(source, { timer, timeoutMs: 30_000 })
 */
export function timedBody(source: BodySource, patience: Patience): BodySource {
  return {
    length: source.length,
    open: (signal) => new TimedReader(source.open(signal), patience),
  }
}

class TimedReader implements BodyReader {
  readonly #reader: BodyReader
  readonly #patience: Patience

  constructor(reader: BodyReader, patience: Patience) {
    this.#reader = reader
    this.#patience = patience
  }

  read(): Awaitable<Uint8Array | null> {
    const read = this.#reader.read()
    return read instanceof Promise ? this.#inTime(read) : read
  }

  close(): void {
    this.#reader.close()
  }

  #inTime(read: Promise<Uint8Array | null>): Promise<Uint8Array | null> {
    const { timer, timeoutMs } = this.#patience
    return new Promise((resolve, reject) => {
      const callOff = timer.after(timeoutMs, () => {
        reject(new RetrievalTimeout(timeoutMs))
        this.#reader.close()
      })
      read.then(
        (chunk) => {
          callOff()
          resolve(chunk)
        },
        (error: unknown) => {
          callOff()
          reject(error as Error)
        },
      )
    })
  }
}
