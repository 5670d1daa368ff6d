/**
 * Connections to HTTP origins: pools, timeouts to the first byte, and who may be connected to.
 * @module
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import type { ClientRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https'
import {
  ORIGIN_CONNECT_TIMEOUT_MS,
  ORIGIN_FIRST_BYTE_TIMEOUT_MS,
  ORIGIN_HEADERS_BYTES_MAX,
  ORIGIN_IDLE_TIMEOUT_MS,
  ORIGIN_SOCKETS_FREE_MAX,
  ORIGIN_SOCKETS_MAX,
  ORIGIN_SOCKETS_TOTAL_MAX,
} from '@turnpike/core/limits'
import { faultOfCode } from '@turnpike/core/origin/faults'
import { OriginFault } from '@turnpike/core/ports/blob'
import { fail, ok, type Result } from '@turnpike/core/result'
import { NOT_PUBLIC_CODE, publicLookup, refusalOf } from './address.ts'

/** How long an origin may take. Defaults are in `limits.ts`. */
export interface OriginTimeouts {
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleMs: number
}

/** What an operator may set of the transport. */
export interface TransportOptions {
  /** Whether an address is the operator's own, which may be http and private. Default: none is. */
  readonly trusts?: (url: URL) => boolean
  /** Treats every address as the operator's own: for tests and private networks. */
  readonly allowPrivate?: boolean
  readonly timeouts?: Partial<OriginTimeouts>
  /** Certificate authorities to believe instead of the system's, as PEM. */
  readonly ca?: string
}

/** One request to an origin. */
export interface OriginRequest {
  /** GET unless told. */
  readonly method?: 'GET' | 'HEAD'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Name for faults. */
  readonly provider: string
}

/** An answer whose head has come, and its body has not been read. */
export interface OriginResponse {
  readonly request: ClientRequest
  readonly response: IncomingMessage
}

/**
 * Sends requests to origins over kept connections. Addresses that are not trusted go by https to
 * public hosts only, through a pool of their own, so that they never share a connection that was
 * made without the check. Redirects are answers like any other: nothing is followed.
 */
export class HttpTransport {
  readonly timeouts: OriginTimeouts
  readonly #trusts: (url: URL) => boolean
  readonly #own: RequestOptions
  readonly #foreign: RequestOptions
  readonly #agents: {
    readonly http: HttpAgent
    readonly own: HttpsAgent
    readonly foreign: HttpsAgent
  }

  constructor(options: TransportOptions = {}) {
    this.timeouts = {
      connectMs: ORIGIN_CONNECT_TIMEOUT_MS,
      firstByteMs: ORIGIN_FIRST_BYTE_TIMEOUT_MS,
      idleMs: ORIGIN_IDLE_TIMEOUT_MS,
      ...options.timeouts,
    }
    this.#trusts = options.allowPrivate === true ? () => true : (options.trusts ?? (() => false))
    const pool = {
      keepAlive: true,
      scheduling: 'lifo',
      maxSockets: ORIGIN_SOCKETS_MAX,
      maxTotalSockets: ORIGIN_SOCKETS_TOTAL_MAX,
      maxFreeSockets: ORIGIN_SOCKETS_FREE_MAX,
    } as const
    this.#agents = {
      http: new HttpAgent(pool),
      own: new HttpsAgent(pool),
      foreign: new HttpsAgent(pool),
    }
    this.#own = { maxHeaderSize: ORIGIN_HEADERS_BYTES_MAX, ca: options.ca }
    this.#foreign = { ...this.#own, lookup: publicLookup() }
  }

  /**
   * Sends a request and waits for the head of its answer. Refusals of the address, failed
   * connections and silence are `OriginFault`s. The caller reads or destroys the response.
   */
  async send(
    asked: OriginRequest,
    signal: AbortSignal,
  ): Promise<Result<OriginResponse, OriginFault>> {
    if (signal.aborted) return fail(closedFault(asked.provider))
    const trusted = this.#trusts(asked.url)
    const refusal = trusted ? undefined : refusalOf(asked.url)
    if (refusal !== undefined) {
      const message = `origin ${asked.provider} expected ${refusal}`
      return fail(new OriginFault('OriginForbidden', asked.provider, message))
    }
    const own = this.#own
    const secure = asked.url.protocol === 'https:'
    const { headers, method = 'GET' } = asked
    const request = (agent: HttpAgent | false): ClientRequest =>
      secure
        ? httpsRequest(asked.url, { method, headers, ...(trusted ? own : this.#foreign), agent })
        : httpRequest(asked.url, { method, headers, ...own, agent })
    const agents = this.#agents
    const first = request(secure ? (trusted ? agents.own : agents.foreign) : agents.http)
    const outcome = await headOf(first, asked.provider, this.timeouts, signal)
    // A kept connection that the origin closed just then says nothing of the request, which it
    // never saw (RFC 9112 section 9.3.1): once more, on a connection of its own.
    const stale = first.reusedSocket && outcome.error?.name === 'OriginUnavailable'
    if (!stale || signal.aborted) return outcome
    return headOf(request(false), asked.provider, this.timeouts, signal)
  }

  /** Ends all connections, those in use included. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }
}

/** Waits for the head of an answer: connect within one timeout, first byte within another. */
function headOf(
  request: ClientRequest,
  provider: string,
  timeouts: OriginTimeouts,
  signal: AbortSignal,
): Promise<Result<OriginResponse, OriginFault>> {
  return new Promise((resolve) => {
    const end = (outcome: Result<OriginResponse, OriginFault>): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      resolve(outcome)
      if (outcome.error !== undefined) request.destroy()
    }
    const late = (what: string, ms: number) => () => {
      const message = `origin ${provider} expected to ${what} within ${ms} ms, got silence`
      end(fail(new OriginFault('OriginTimeout', provider, message)))
    }
    let timer = setTimeout(late('connect', timeouts.connectMs), timeouts.connectMs)
    const onConnect = (): void => {
      clearTimeout(timer)
      timer = setTimeout(late('answer', timeouts.firstByteMs), timeouts.firstByteMs)
    }
    const onAbort = (): void => end(fail(closedFault(provider)))
    signal.addEventListener('abort', onAbort)
    request.on('socket', (socket) => {
      if (!socket.connecting) onConnect()
      else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnect)
    })
    request.on('response', (response) => end(ok({ request, response })))
    // Stays for the life of the request: an error without a listener would end the process.
    request.on('error', (error) => end(fail(faultOfError(provider, error))))
    request.end()
  })
}

/** The fault of a transfer that its own reader ended. */
export function closedFault(provider: string): OriginFault {
  const message = `origin ${provider} expected a reader until the end, got one that left`
  return new OriginFault('OriginUnavailable', provider, message)
}

/** The fault that an error of a request or of its response is. */
export function faultOfError(provider: string, error: unknown): OriginFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (code !== NOT_PUBLIC_CODE) return faultOfCode(provider, code)
  const message = `origin ${provider} expected a public host, got a private one`
  return new OriginFault('OriginForbidden', provider, message)
}
