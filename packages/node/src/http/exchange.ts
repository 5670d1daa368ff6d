/**
 * One request and its response: the one place that turns a metered body into bytes on a socket and
 * reports what was delivered.
 *
 * Delivered are the bytes whose write finished (the kernel has them), and the one chunk in flight
 * when the connection ended early, of which the kernel may have taken any part. Bytes of the head
 * and of chunk framing don't count. Source: design, "A delivered byte".
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { BodyReader, Delivery } from '@turnpike/core/body'
import { CHUNK_BYTES_MAX, PUMP_TURN_BYTES } from '@turnpike/core/limits'
import { GRADE } from '@turnpike/core/log/entry'
import type { Answer, MeteredBody } from '@turnpike/gateway/meter'
import type { Observer } from '@turnpike/gateway/observer'
import type { GatewayRequest } from '@turnpike/gateway/request'
import type { Gateway } from '@turnpike/gateway/types'
import { hasNoBody, headOf } from './head.ts'
import { BROKEN, refuse } from './refusal.ts'
import { readBody } from './request-body.ts'
import type { HeaderFields } from '@turnpike/gateway/hosts/target'

/** What an empty chunk counts for in a turn of the event loop, so that many of them end it, too. */
const EMPTY_CHUNK_COST = 1024

/** What the exchanges of one server share. */
export interface ExchangeContext {
  readonly gateway: Gateway
  readonly observer: Observer
  readonly writeIdleTimeoutMs: number
  readonly halfClosedWaitMs: number
  /** Hears once of each exchange that it is over and settled. */
  over(exchange: Exchange): void
}

/** Header fields as the gateway reads them. */
class FieldView {
  readonly #fields: HeaderFields

  constructor(fields: HeaderFields) {
    this.#fields = fields
  }

  get(name: string): string | null {
    const value = this.#fields[name]
    if (typeof value === 'string') return value
    return value === undefined ? null : value.join(', ')
  }
}

/**
 * Answers one request, from the gateway's answer to the body's end. `run` is called once; `left`
 * when the connection has closed. Settles the body once, however it ends.
 */
export class Exchange implements GatewayRequest {
  readonly method: string
  readonly url: string
  readonly headers: FieldView
  readonly socket: Socket
  /** On the monotonic clock. */
  readonly startedMs: number = performance.now()
  readonly #context: ExchangeContext
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #abort: AbortController | undefined
  #body: MeteredBody | undefined
  #reader: BodyReader | undefined
  #delivered = 0
  #inFlight = 0
  #writesDue = 0
  #written: ((error?: Error | null) => void) | undefined
  #wake: (() => void) | undefined
  #watched = false
  #halfClosedTimer: NodeJS.Timeout | undefined
  #end: Delivery['end'] = 'client-left'
  #left = false
  #over = false

  constructor(
    context: ExchangeContext,
    request: IncomingMessage,
    response: ServerResponse,
    url: string,
  ) {
    this.#context = context
    this.#request = request
    this.#response = response
    this.socket = response.socket!
    this.method = request.method!
    this.url = url
    this.headers = new FieldView(request.headers)
  }

  /** Aborts when the client leaves. Made on first use: a refusal never needs it. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#left) this.#abort.abort()
    }
    return this.#abort.signal
  }

  readBody(bytesMax: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return readBody(this.#request, bytesMax, signal)
  }

  /** Answers the request. Never rejects. */
  async run(): Promise<void> {
    try {
      const answer = await this.#context.gateway.handle(this)
      this.#body = answer.body
      if (this.#left) return this.#finish(this.#end)
      if (hasNoBody(this.method, answer.status)) await this.#sendHead(answer)
      else await this.#sendBody(answer)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The connection has closed: stops reads upstream and settles. */
  left(): void {
    if (this.#left || this.#over) return
    this.#left = true
    this.#abort?.abort()
    // Without a body yet, the answer that comes is settled unopened in `run`.
    if (this.#body !== undefined) {
      this.#finish(this.#end)
      this.#close()
    }
    this.#wake?.()
  }

  /** The server stops: cuts the connection. Its end is not the client's doing. */
  cut(): void {
    this.#end = 'failed'
    this.socket.destroy()
  }

  /** The response takes longer than it may, whatever it waits for: cuts the connection. */
  overdue(): void {
    this.socket.resetAndDestroy()
  }

  /** No bytes moved for `writeIdleTimeoutMs`: cuts a reader that takes none. */
  idle(): void {
    // A reset gives back the kernel's send buffer at once; a closed socket would keep it for
    // minutes.
    if (this.#writesDue > 0 || this.#response.writableEnded) this.socket.resetAndDestroy()
  }

  /**
   * The client closed its sending side. It may still read, as RFC 9112 section 9.6 lets it, or be
   * gone: only a write tells. So it counts as gone when there is nothing to write for a while.
   */
  halfClosed(): void {
    const before = this.#delivered
    this.#halfClosedTimer = setTimeout(() => {
      if (this.#writesDue > 0 || this.#response.writableEnded || this.#delivered > before) {
        this.halfClosed()
      } else this.socket.destroy()
    }, this.#context.halfClosedWaitMs)
  }

  async #sendHead(answer: Answer): Promise<void> {
    this.#response.writeHead(answer.status, headOf(answer, this.method))
    this.#response.end()
    if (!this.#taken()) await this.#ended()
    this.#finish('complete')
  }

  async #sendBody(answer: Answer): Promise<void> {
    const { body } = answer
    const { length } = body
    const started = body.start()
    if (started instanceof Promise) await started
    if (this.#over) return
    const reader = (this.#reader = body.open(this.signal))
    let turnBytes = 0
    for (;;) {
      const read = reader.read()
      const chunk = read instanceof Promise ? await read : read
      if (this.#over) return
      if (chunk === null) break
      const last = this.#accept(chunk.byteLength, length)
      if (!this.#response.headersSent) {
        this.#response.writeHead(answer.status, headOf(answer, this.method))
      }
      this.#write(chunk, last)
      if (!this.#taken()) await (last ? this.#ended() : this.#drained())
      if (this.#over) return
      this.#delivered += this.#inFlight
      this.#inFlight = 0
      body.mark(this.#delivered)
      if (last) return this.#complete(reader)
      turnBytes += Math.max(chunk.byteLength, EMPTY_CHUNK_COST)
      if (turnBytes >= PUMP_TURN_BYTES) {
        turnBytes = 0
        await new Promise(setImmediate)
        if (this.#over) return
      }
    }
    await this.#endBody(answer)
  }

  /** Checks a chunk against the body's promises; says whether it is the last of a known length. */
  #accept(bytes: number, length: number | undefined): boolean {
    if (bytes > CHUNK_BYTES_MAX) {
      throw new RangeError(`"chunk" expected <= ${CHUNK_BYTES_MAX} bytes, got ${bytes}`)
    }
    const after = this.#delivered + bytes
    if (length !== undefined && after > length) {
      throw new RangeError(`"body" expected ${length} bytes, got at least ${after}`)
    }
    return after === length
  }

  #write(chunk: Uint8Array, last: boolean): void {
    const response = this.#response
    this.#inFlight = chunk.byteLength
    if (last) {
      // Node sends head and last chunk with one writev, and needs no callback of ours.
      response.end(chunk)
    } else if (chunk.byteLength > 0) {
      this.#written ??= (error) => this.#wrote(error)
      this.#writesDue += 1
      // Corked by us, the write happens now; by itself, Node would put it off to the next tick.
      this.socket.cork()
      response.write(chunk, this.#written)
      this.socket.uncork()
    }
  }

  async #endBody(answer: Answer): Promise<void> {
    const response = this.#response
    const { length } = answer.body
    if (length !== undefined && this.#delivered !== length) {
      throw new RangeError(`"body" expected ${length} bytes, got ${this.#delivered}`)
    }
    if (!response.headersSent) response.writeHead(answer.status, headOf(answer, this.method))
    response.end()
    if (!this.#taken()) await this.#ended()
    this.#finish('complete')
    this.#close()
  }

  /** All of a known length was taken. That the source has no more is checked off the record. */
  async #complete(reader: BodyReader): Promise<void> {
    this.#finish('complete')
    const read = reader.read()
    const extra = read instanceof Promise ? await read : read
    this.#close()
    if (extra !== null) {
      throw new RangeError(`"body" expected ${this.#delivered} bytes, got more`)
    }
  }

  /**
   * Whether the kernel has all that was written. libuv writes at once what it can, and Node's
   * stream knows at once when that was everything, before any callback.
   */
  #taken(): boolean {
    const { socket } = this
    return socket.writableLength === 0 && !socket.destroyed && socket.errored === null
  }

  /** Resolves when all chunks were taken, or the connection closed. */
  #drained(): Promise<void> {
    this.#watch()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Resolves when the whole response was taken, or the connection closed. */
  #ended(): Promise<void> {
    this.#watch()
    return new Promise((resolve) => {
      this.#wake = resolve
      this.#response.once('finish', resolve)
    })
  }

  #wrote(error: Error | null | undefined): void {
    // After an error the socket closes, and `left` wakes the pump.
    if (error) return
    this.#writesDue -= 1
    if (this.#writesDue === 0) this.#wake?.()
  }

  /** Lets the socket's own timer, which knows of partly taken writes, find readers that stopped. */
  #watch(): void {
    if (this.#watched) return
    this.#watched = true
    this.socket.setTimeout(this.#context.writeIdleTimeoutMs)
  }

  /** Ends an exchange whose answer or body failed. Never ends a body cleanly. */
  #fail(error: unknown): void {
    // A body that can't be finished is the source's own affair; anything else is a fault of ours.
    if (this.#reader === undefined || isBroken(error)) this.#context.observer.crash(error)
    const response = this.#response
    const untouched = this.#reader === undefined && !response.headersSent && !this.#left
    this.#finish('failed')
    this.#close()
    if (untouched) refuse(response, BROKEN)
    // Only a reset tells a client of HTTP/1.0 that a body without length was cut.
    else if (response.useChunkedEncodingByDefault) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  #finish(end: Delivery['end']): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#halfClosedTimer)
    // A body that nobody read would hold up the next request.
    if (this.#request.isPaused()) this.#request.resume()
    const bytes = this.#delivered + this.#inFlight
    try {
      this.#body?.settle({ bytes, grade: GRADE.kernel, end })
    } catch (error) {
      this.#context.observer.crash(error)
    }
    this.#context.over(this)
  }

  /** Gives the source's buffers back and stops its reads. Only when no chunk is being written. */
  #close(): void {
    try {
      this.#reader?.close()
    } catch (error) {
      this.#context.observer.crash(error)
    }
  }
}

/** Whether an error is a broken invariant rather than a body that could not be finished. */
function isBroken(error: unknown): boolean {
  return (
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  )
}
