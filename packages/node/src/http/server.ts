/**
 * The HTTP server: takes requests off sockets, hands them to the gateway, stops gracefully.
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  HALF_CLOSED_WAIT_MS,
  HEADERS_BYTES_MAX,
  PIPELINED_REQUESTS_MAX,
  REFUSAL_LINGER_MS,
  REQUEST_BODY_BYTES_MAX,
  RESPONSE_DURATION_MS_MAX,
  STOP_GRACE_MS,
  STOP_SETTLE_MS,
  SWEEP_MS_MAX,
  URL_CHARS_MAX,
  WRITE_IDLE_TIMEOUT_MS,
} from '@turnpike/core/limits'
import type { RequestLimits } from '@turnpike/gateway/admission/request-limits'
import type { Observer } from '@turnpike/gateway/observer'
import type { Gateway } from '@turnpike/gateway/types'
import { Exchange, type ExchangeContext } from './exchange.ts'
import { listen, urlOf } from './listen.ts'
import {
  type HeadBounds,
  type ParserError,
  refusalOf,
  refuse,
  refuseRaw,
  urlTooLong,
} from './refusal.ts'
import { OwnAuthority } from './own-authority.ts'
import { type ConnectionBounds, nodeServer } from './node-server.ts'
import { Peer } from './peer.ts'
import { absoluteUrl } from '@turnpike/gateway/hosts/target'
import { BODY_METHODS } from './request-body.ts'
import { TrustedProxies } from './trusted-proxies.ts'
import { openTunnel, refuseTunnel } from './tunnel.ts'

/** What a server is made of. Times are in milliseconds; each has its default in `limits.ts`. */
export interface HttpServerOptions extends ConnectionBounds {
  readonly gateway: Gateway
  readonly observer: Observer
  /** Name or address to listen on; `127.0.0.1` unless told, `::` for all of both families. */
  readonly host?: string
  /** 0 for any free port. */
  readonly port: number
  /** Take the next free port when `port` is taken. */
  readonly portSearch?: boolean
  /** Share the port with the other workers. */
  readonly reusePort?: boolean
  /** Proxies in front whose `X-Forwarded-*` fields count: addresses, ranges, words; `loopback`. */
  readonly trustedProxies?: readonly string[]
  /** Names of the gateway, to which alone it answers `CONNECT`. */
  readonly hosts?: readonly string[]
  readonly subdomainHosts?: readonly string[]
  readonly publicUrl?: string | undefined
  /** What may be asked of this process; without them, anything. */
  readonly limits?: RequestLimits
  readonly urlCharsMax?: number
  /** A reader that takes no byte for so long is cut. */
  readonly writeIdleTimeoutMs?: number
  /** A response that takes longer, from its request on, is cut. */
  readonly responseDurationMsMax?: number
  /** Patience with a client that closed its sending side while there is nothing to write. */
  readonly halfClosedWaitMs?: number
}

/** What a server is doing. */
export interface HttpServerStats {
  readonly connections: number
  /** Requests that are being answered. */
  readonly inFlight: number
  /** Requests refused before they reached the gateway, since the start. */
  readonly refused: number
}

/** A server that listens. */
export interface HttpServer {
  readonly url: string
  readonly port: number
  stats(): HttpServerStats
  /**
   * Stops: takes no more connections, closes idle ones, lets what is in flight finish for
   * `graceMs`, then cuts it. Resolves when all of it is settled (the gateway gets
   * `STOP_SETTLE_MS` for answers that it still owes).
   */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

/** One connection. Node answers pipelined requests in turn; only the one in turn is `current`. */
interface Connection {
  current: Exchange | undefined
  waiting: number
  refused: boolean
  /** Whether `CONNECT` was answered on it. */
  tunnelled: boolean
  readonly peer: Peer
}

class HttpListener implements HttpServer {
  url = ''
  port = 0
  readonly server: Server
  readonly #context: ExchangeContext
  readonly #proxies: TrustedProxies
  readonly #own: OwnAuthority
  readonly #limits: RequestLimits | undefined
  readonly #connections = new Map<Socket, Connection>()
  #inFlight = 0
  #refused = 0
  #closing = false
  readonly #headBounds: HeadBounds
  readonly #durationMsMax: number
  readonly #sweeper: NodeJS.Timeout
  #quiet: (() => void) | undefined

  constructor(options: HttpServerOptions) {
    this.#proxies = new TrustedProxies(options.trustedProxies ?? ['loopback'])
    this.#own = new OwnAuthority({
      hosts: options.hosts ?? [],
      subdomainHosts: options.subdomainHosts ?? [],
      publicUrl: options.publicUrl,
    })
    this.#limits = options.limits
    this.#context = {
      gateway: options.gateway,
      observer: options.observer,
      writeIdleTimeoutMs: options.writeIdleTimeoutMs ?? WRITE_IDLE_TIMEOUT_MS,
      halfClosedWaitMs: options.halfClosedWaitMs ?? HALF_CLOSED_WAIT_MS,
      over: (exchange) => this.#onOver(exchange),
    }
    this.#headBounds = {
      urlCharsMax: options.urlCharsMax ?? URL_CHARS_MAX,
      headersBytesMax: options.headersBytesMax ?? HEADERS_BYTES_MAX,
    }
    this.#durationMsMax = options.responseDurationMsMax ?? RESPONSE_DURATION_MS_MAX
    this.#sweeper = sweeper(this.#durationMsMax, () => this.#sweep())
    const server = nodeServer(options)
    server.on('connection', (socket: Socket) => this.#onConnection(socket))
    server.on('request', (request, response) => this.#onRequest(request, response))
    server.on('connect', (request: IncomingMessage, socket, head: Buffer) =>
      this.#onConnect(request, socket as Socket, head),
    )
    server.on('clientError', (error, socket) => this.#onClientError(error, socket as Socket))
    server.on('timeout', (socket: Socket) => this.#onTimeout(socket))
    this.server = server
  }

  stats(): HttpServerStats {
    return {
      connections: this.#connections.size,
      inFlight: this.#inFlight,
      refused: this.#refused,
    }
  }

  async close({ graceMs = STOP_GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closing = true
    this.server.close()
    for (const [socket, { current }] of this.#connections) {
      if (current === undefined) socket.destroy()
    }
    await this.#untilQuiet(graceMs)
    for (const [socket, { current }] of this.#connections) {
      if (current === undefined) socket.destroy()
      else current.cut()
    }
    clearInterval(this.#sweeper)
    await this.#untilQuiet(STOP_SETTLE_MS)
  }

  #onConnection(socket: Socket): void {
    // One whose CONNECT was answered comes here again.
    if (this.#connections.has(socket)) return
    const connection: Connection = {
      current: undefined,
      waiting: 0,
      refused: false,
      tunnelled: false,
      peer: new Peer(this.#proxies, socket),
    }
    this.#connections.set(socket, connection)
    socket.once('end', () => connection.current?.halfClosed())
    socket.once('close', () => {
      this.#connections.delete(socket)
      connection.current?.left()
      this.#checkQuiet()
    })
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket)!
    if (response.socket !== null) return this.#answer(connection, request, response)
    // Behind another request. Whoever pipelines sends again what got no answer (RFC 9112, 9.3.2).
    if (connection.waiting === PIPELINED_REQUESTS_MAX) {
      request.socket.destroy()
      return
    }
    connection.waiting += 1
    response.once('socket', () => {
      connection.waiting -= 1
      this.#answer(connection, request, response)
    })
  }

  #answer(connection: Connection, request: IncomingMessage, response: ServerResponse): void {
    const { headers, socket } = request
    const target = request.url!
    if (this.#closing) response.shouldKeepAlive = false
    if (target.length > this.#headBounds.urlCharsMax)
      return this.#refuse(response, urlTooLong(this.#headBounds))
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      if (!this.#takesBody(request, response)) return
    }
    // Only HTTP/1.0 may leave the Host field away (RFC 9112 section 3.2).
    const fallback =
      request.httpVersionMinor === 0 ? `${bracketed(socket.localAddress)}:${this.port}` : undefined
    const host = headers.host ?? fallback
    const url = absoluteUrl(target, { host, forwarded: connection.peer.forwardedOf(headers) })
    if (url instanceof Error) return this.#refuse(response, { status: 400, text: url.message })
    const exchange = new Exchange(this.#contextFor(connection, request), request, response, url)
    connection.current = exchange
    this.#inFlight += 1
    if (socket.readableEnded) exchange.halfClosed()
    void exchange.run()
  }

  /** Where a request is answered: by the gateway, once the limits have no refusal for it. */
  #contextFor(connection: Connection, request: IncomingMessage): ExchangeContext {
    const address = (): string => connection.peer.networkOf(request.headers)
    const refusal = this.#limits?.refusalOf(this.#inFlight, address)
    if (refusal === undefined) return this.#context
    const { gateway } = this.#context
    const handle: Gateway['handle'] = async (asked) => (await refusal) ?? gateway.handle(asked)
    return { ...this.#context, gateway: { handle } }
  }

  /**
   * A tunnel to the gateway itself: the same connection goes on as one of HTTP, with all its
   * bounds. Node's parser has let go of the socket, and takes it up anew.
   */
  #onConnect(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = this.#connections.get(socket)!
    // An answer to an earlier request of the same client is still being written.
    if (connection.current !== undefined || connection.waiting > 0 || this.#closing) {
      socket.destroy()
      return
    }
    const local = { address: socket.localAddress, port: socket.localPort }
    if (connection.tunnelled || !this.#own.has(request.url!, local)) {
      this.#refused += 1
      connection.refused = true
      refuseTunnel(socket)
      return
    }
    connection.tunnelled = true
    openTunnel(this.server, socket, head)
  }

  /** Holds a small request body back or lets it pass by; refuses one that is too large. */
  #takesBody(request: IncomingMessage, response: ServerResponse): boolean {
    if (Number(request.headers['content-length'] ?? 0) > REQUEST_BODY_BYTES_MAX) {
      const text = `Expected a request body of at most ${REQUEST_BODY_BYTES_MAX} bytes.`
      this.#refuse(response, { status: 413, text })
      return false
    }
    let bytes = 0
    request.on('data', (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      if (bytes > REQUEST_BODY_BYTES_MAX) request.socket.destroy()
    })
    if (BODY_METHODS.has(request.method!)) request.pause()
    return true
  }

  #refuse(response: ServerResponse, refusal: { status: number; text: string }): void {
    this.#refused += 1
    response.socket!.setTimeout(REFUSAL_LINGER_MS)
    refuse(response, refusal)
  }

  #onClientError(error: ParserError, socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined || !socket.writable) {
      socket.destroy()
      return
    }
    if (connection.refused) return
    if (connection.current !== undefined || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    connection.refused = true
    this.#refused += 1
    socket.setTimeout(REFUSAL_LINGER_MS)
    refuseRaw(socket, refusalOf(error, this.#headBounds))
  }

  #onTimeout(socket: Socket): void {
    const current = this.#connections.get(socket)?.current
    if (current === undefined) socket.destroy()
    else current.idle()
  }

  #sweep(): void {
    const startedMsMin = performance.now() - this.#durationMsMax
    for (const { current } of this.#connections.values())
      if (current !== undefined && current.startedMs < startedMsMin) current.overdue()
  }

  #onOver(exchange: Exchange): void {
    const { socket } = exchange
    this.#inFlight -= 1
    const connection = this.#connections.get(socket)
    if (connection?.current === exchange) connection.current = undefined
    if (this.#closing) {
      socket.destroySoon()
      this.#checkQuiet()
    }
  }

  #checkQuiet(): void {
    if (this.#inFlight === 0 && this.#connections.size === 0) this.#quiet?.()
  }

  /** Resolves when no connection and no request is left, or after `timeoutMs`. */
  #untilQuiet(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#quiet = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#checkQuiet()
    })
  }
}

/** One timer for all responses, which cost none of their own: they end up to a tenth later. */
function sweeper(durationMsMax: number, sweep: () => void): NodeJS.Timeout {
  return setInterval(sweep, Math.min(Math.ceil(durationMsMax / 10), SWEEP_MS_MAX)).unref()
}

function bracketed(address: string | undefined): string {
  return address?.includes(':') ? `[${address}]` : (address ?? 'localhost')
}

/**
 * Starts a server that answers with the gateway and settles every body.
 *
 * @throws {PortTaken} when no port could be had
 * @example
 * const server = await startHttpServer({ gateway, observer: silentObserver, port: 8080 })
 * await server.close()
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const listener = new HttpListener(options)
  const address = await listen(listener.server, {
    host: options.host ?? '127.0.0.1',
    port: options.port,
    portSearch: options.portSearch ?? false,
    reusePort: options.reusePort ?? false,
  })
  listener.url = urlOf(address)
  listener.port = address.port
  return listener
}
