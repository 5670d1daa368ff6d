/**
 * The body of a range response as a `BlobStream`: copied as it arrives, with backpressure.
 * @module
 */
import { ORIGIN_IDLE_BYTES_MIN } from '@turnpike/core/limits'
import { OriginFault, type BlobStream } from '@turnpike/core/ports/blob'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import { closedFault, faultOfError, type OriginResponse } from './transport.ts'

type Filled = Result<Unit, OriginFault>

const FILLED: Filled = Object.freeze(ok({}))
const EMPTY = new Uint8Array(0)

/** What a stream has to know of its range. */
export interface RangeStreamOptions {
  readonly provider: string
  /** Bytes of the range: the body has exactly that many. */
  readonly length: number
  readonly idleMs: number
}

/**
 * Reads one range response. While nobody waits it holds one chunk of at most 64 KiB, and the
 * socket is not read beyond its own buffer. The `fill` that reaches the end of the range waits for
 * the end of the response: a byte too many is a fault, and the connection is kept for reuse.
 */
export class RangeStream implements BlobStream {
  readonly #options: RangeStreamOptions
  readonly #origin: OriginResponse
  readonly #signal: AbortSignal
  readonly #onAbort = (): void => this.close()
  /** Bytes that came and were not asked for yet. */
  #held: Uint8Array = EMPTY
  #target: Uint8Array = EMPTY
  /** Bytes of `#target` that are filled. */
  #filled = 0
  #resolve: ((outcome: Filled) => void) | undefined
  /** Bytes handed out or copied into targets. */
  #copied = 0
  #received = 0
  #ended = false
  #fault: OriginFault | undefined
  #timer: NodeJS.Timeout | undefined
  /** `#received` when the current window began. */
  #windowStart = 0

  constructor(options: RangeStreamOptions, origin: OriginResponse, signal: AbortSignal) {
    this.#options = options
    this.#origin = origin
    this.#signal = signal
    signal.addEventListener('abort', this.#onAbort)
    const { provider } = options
    origin.response.pause()
    origin.response.on('data', (chunk: Uint8Array) => this.#onData(chunk))
    origin.response.on('end', () => this.#onEnd())
    origin.response.on('error', (error) => this.#fail(faultOfError(provider, error)))
    origin.response.on('close', () => this.#ended || this.#fail(faultOfError(provider, undefined)))
    if (signal.aborted) this.close()
  }

  fill(target: Uint8Array): Filled | Promise<Filled> {
    if (this.#fault !== undefined) return fail(this.#fault)
    const rest = this.#options.length - this.#copied
    if (target.length > rest) {
      this.#lied(`a reader that wants ${target.length - rest} more`)
      return fail(this.#fault!)
    }
    if (this.#resolve !== undefined)
      throw new TypeError('"fill" expected to follow the end of the last one, got an overlap')
    this.#target = target
    this.#filled = 0
    const held = this.#held
    this.#held = EMPTY
    this.#copy(held)
    if (this.#isSatisfied()) return FILLED
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#openWindow()
      this.#origin.response.resume()
    })
  }

  close(): void {
    this.#fail(closedFault(this.#options.provider))
  }

  #onData(chunk: Uint8Array): void {
    this.#received += chunk.length
    if (this.#received > this.#options.length) return this.#lied('more')
    this.#copy(chunk)
    if (this.#held.length > 0 || this.#isFull()) this.#settleIfSatisfied()
  }

  #onEnd(): void {
    if (this.#received < this.#options.length) return this.#lied(String(this.#received))
    this.#ended = true
    this.#settleIfSatisfied()
    this.#release()
  }

  /** Copies what fits into the target and holds the rest. */
  #copy(chunk: Uint8Array): void {
    const room = this.#target.length - this.#filled
    const fits = chunk.length <= room ? chunk : chunk.subarray(0, room)
    this.#target.set(fits, this.#filled)
    this.#filled += fits.length
    this.#copied += fits.length
    if (fits.length < chunk.length) this.#held = chunk.subarray(fits.length)
  }

  #isFull(): boolean {
    return this.#filled === this.#target.length
  }

  /** Whether the `fill` under way is done: full and, at the end of the range, no byte more. */
  #isSatisfied(): boolean {
    if (!this.#isFull()) return false
    return this.#copied < this.#options.length || this.#ended
  }

  #settleIfSatisfied(): void {
    if (!this.#isSatisfied()) return
    this.#origin.response.pause()
    this.#settle(FILLED)
  }

  #settle(outcome: Filled): void {
    const resolve = this.#resolve
    this.#resolve = undefined
    this.#target = EMPTY
    this.#filled = 0
    resolve?.(outcome)
  }

  #lied(got: string): void {
    const { provider, length } = this.#options
    const message = `origin ${provider} expected to answer ${length} bytes, got ${got}`
    this.#fail(new OriginFault('OriginLied', provider, message))
  }

  #fail(fault: OriginFault): void {
    if (this.#fault !== undefined) return
    this.#fault = fault
    this.#held = EMPTY
    this.#release()
    // After the end the connection is back in its pool and no longer this stream's.
    if (!this.#ended) this.#origin.request.destroy()
    this.#settle(fail(fault))
  }

  #release(): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#onAbort)
  }

  /** A window runs from the start of a wait; a wait that outlasts it must have brought bytes. */
  #openWindow(): void {
    this.#windowStart = this.#received
    if (this.#timer === undefined)
      this.#timer = setTimeout(() => this.#closeWindow(), this.#options.idleMs)
    else this.#timer.refresh()
  }

  #closeWindow(): void {
    if (this.#resolve === undefined) return
    if (this.#received - this.#windowStart >= ORIGIN_IDLE_BYTES_MIN) return this.#openWindow()
    const { provider, idleMs } = this.#options
    const message = `origin ${provider} expected to send on within ${idleMs} ms, got silence`
    this.#fail(new OriginFault('OriginTimeout', provider, message))
  }
}
