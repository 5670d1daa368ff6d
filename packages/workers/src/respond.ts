/**
 * From the gateway's answer to a response: the one place of this package that opens a metered body.
 * @module
 */
import { concatBytes } from '@turnpike/core/bytes'
import type { BodyReader, Delivery } from '@turnpike/core/body'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import { MARK_MS } from '@turnpike/core/limits/log'
import {
  WORKER_BODIES_MAX,
  WORKER_BODY_DEAD_MS,
  WORKER_SPOOLS_BYTES_MAX,
  WORKER_SPOOL_BYTES_MAX,
} from '@turnpike/core/limits/workers'
import { GRADE } from '@turnpike/core/log/entry'
import { bytesBody } from '@turnpike/gateway/format/content'
import type { Answer, MeteredBody } from '@turnpike/gateway/meter'
import { unrecordedAnswer } from '@turnpike/gateway/plain-answer'
import { headersOf, refusalHeadersOf } from './headers.ts'
import { Places, type Place } from './places.ts'
import type { RequestContext } from './platform.ts'
import { pump } from './pump.ts'

/** What responses of an isolate share. */
export interface ResponderOptions {
  /** Runs a `settle`; says, when what it recorded is durable or given up, whether it is durable. */
  readonly during: (settle: () => void) => Promise<boolean>
  readonly monotonicMs: () => number
  readonly onCrash: (error: unknown) => void
  readonly beatMs?: number
  readonly bodiesMax?: number
  readonly spoolBytesMax?: number
}

/** One exchange. */
interface Exchange {
  readonly request: Request
  readonly answer: Answer
  readonly context: RequestContext
}

/** An answer that goes out in place of one whose body can't. */
interface Refusal {
  readonly status: number
  readonly text: string
  readonly end: Delivery['end']
}

const BUSY: Refusal = {
  status: 503,
  text: 'too many downloads at once: try again',
  end: 'complete',
}
const UNRECORDED: Refusal = { status: 503, text: 'no room to record reads', end: 'complete' }
const BROKEN: Refusal = { status: 502, text: 'the origin of this content failed', end: 'failed' }
const utf8 = new TextEncoder()

/** Turns answers into responses, within the isolate's bounds. */
export class Responder {
  readonly #options: ResponderOptions
  readonly #bodies: Places
  readonly #spools: Places
  readonly #spoolBytesMax: number

  constructor(options: ResponderOptions) {
    const { monotonicMs, bodiesMax = WORKER_BODIES_MAX } = options
    const common = { deadMs: WORKER_BODY_DEAD_MS, monotonicMs }
    this.#options = options
    this.#bodies = new Places({ ...common, weightMax: bodiesMax })
    this.#spools = new Places({ ...common, weightMax: WORKER_SPOOLS_BYTES_MAX })
    this.#spoolBytesMax = options.spoolBytesMax ?? WORKER_SPOOL_BYTES_MAX
  }

  /** The response to a request. What it records outlives the client's leaving. */
  async respond(request: Request, answer: Answer, context: RequestContext): Promise<Response> {
    const exchange = { request, answer, context }
    const { status, body } = answer
    if (request.method === 'HEAD' || status === 204 || status === 304) {
      context.waitUntil(this.#settle(body, { bytes: 0, grade: GRADE.handed, end: 'complete' }))
      return new Response(null, { status, headers: headersOf(answer, request.method) })
    }
    if (body.length === undefined) return this.#spool(exchange)
    if (body.length <= CHUNK_BYTES_MAX) {
      const bytes = await this.#whole(exchange, body.length)
      return bytes?.length === body.length ? this.#small(exchange, bytes) : this.#refuse(exchange)
    }
    return this.#large(exchange, body.length, () => body.open(request.signal))
  }

  /**
   * A body that is one buffer is recorded whole before it goes out, with one call of the journal.
   * Whether the client took all of it is not known then, and grade 0 does not claim it.
   */
  async #small({ answer }: Exchange, bytes: Uint8Array): Promise<Response> {
    const { status, body } = answer
    const delivery = { bytes: bytes.length, grade: GRADE.handed, end: 'complete' } as const
    if (!(await this.#settle(body, delivery))) return unrecorded()
    return new Response(bytes as Uint8Array<ArrayBuffer>, { status, headers: headersOf(answer) })
  }

  /** A larger body is durable as started before its first byte, and pumped. */
  async #large(
    exchange: Exchange,
    lengthBytes: number,
    open: () => BodyReader,
    held?: Place,
  ): Promise<Response> {
    const { request, answer, context } = exchange
    const { body } = answer
    const place = this.#bodies.take(1)
    const free = (): void => {
      place?.free()
      held?.free()
    }
    const started = place !== undefined && (await this.#start(body))
    if (!started) {
      free()
      return this.#refuse(exchange, place === undefined ? BUSY : UNRECORDED)
    }
    const { readable, ended, quiet } = pump({
      reader: open(),
      lengthBytes,
      signal: request.signal,
      beatMs: this.#options.beatMs ?? MARK_MS,
      mark(bytes) {
        place.touch()
        held?.touch()
        body.mark(bytes)
      },
    })
    const recorded = ended.then((delivery) => {
      free()
      return this.#settle(body, delivery)
    })
    // Before the response is returned: what is registered later is lost when the client leaves.
    context.waitUntil(recorded)
    context.waitUntil(quiet)
    return new Response(readable, { status: answer.status, headers: headersOf(answer) })
  }

  /** A body whose length only its end tells is held whole first, since it has to be exact here. */
  async #spool(exchange: Exchange): Promise<Response> {
    const place = this.#spools.take(this.#spoolBytesMax)
    if (place === undefined) return this.#refuse(exchange, BUSY)
    const bytes = await this.#whole(exchange, this.#spoolBytesMax)
    if (bytes === undefined || bytes.length <= CHUNK_BYTES_MAX) place.free()
    if (bytes === undefined) return this.#refuse(exchange)
    if (bytes === TOO_LONG) return this.#refuse(exchange, tooLong(this.#spoolBytesMax))
    if (bytes.length <= CHUNK_BYTES_MAX) return this.#small(exchange, bytes)
    return this.#large(
      exchange,
      bytes.length,
      () => bytesBody(bytes).open(exchange.request.signal),
      place,
    )
  }

  /** The whole body, as bytes of our own; `TOO_LONG`, or undefined when it can't be read. */
  async #whole({ request, answer }: Exchange, bytesMax: number): Promise<Uint8Array | undefined> {
    const reader = answer.body.open(request.signal)
    try {
      return await readAll(reader, bytesMax)
    } catch (error) {
      if (!(error instanceof Error) || !error.name.startsWith('Origin'))
        this.#options.onCrash(error)
      return undefined
    } finally {
      reader.close()
    }
  }

  async #start(body: MeteredBody): Promise<boolean> {
    try {
      await body.start()
      return true
    } catch (error) {
      this.#options.onCrash(error)
      return false
    }
  }

  /** Says what went out in place of the body, and records that. */
  #refuse({ answer, context }: Exchange, refusal: Refusal = BROKEN): Response {
    const { status, end } = refusal
    const bytes = utf8.encode(`${refusal.text}\n`)
    const delivery = { bytes: bytes.length, grade: GRADE.handed, end, status }
    context.waitUntil(this.#settle(answer.body, delivery))
    return new Response(bytes, { status, headers: refusalHeadersOf(answer) })
  }

  #settle(body: MeteredBody, delivery: Delivery): Promise<boolean> {
    return this.#options.during(() => body.settle(delivery))
  }
}

/** Stands for more bytes than are held. */
const TOO_LONG = new Uint8Array(0)

function tooLong(bytesMax: number): Refusal {
  const text =
    `answers of unknown length are limited to ${bytesMax} bytes here: ask for parts of it, ` +
    'or for files, which have ranges'
  return { status: 501, text, end: 'complete' }
}

async function readAll(reader: BodyReader, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
    bytes += chunk.length
    if (bytes > bytesMax) return TOO_LONG
    chunks.push(chunk.slice())
  }
  return concatBytes(chunks)
}

function unrecorded(): Response {
  const { status, headers } = unrecordedAnswer()
  return new Response(`${UNRECORDED.text}\n`, {
    status,
    headers: headers.filter(([name]) => name !== 'Content-Length').map(([n, v]) => [n, v]),
  })
}
