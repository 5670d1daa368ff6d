/**
 * A real HTTP origin for tests: serves blobs by ranges, records what it was asked and what it
 * sent, and lies on demand.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.ts'

/** What a path serves: bytes, or bytes made on demand for blobs too large to hold. */
export type TestBlob =
  | Uint8Array
  | { readonly size: number; read(offset: number, length: number): Uint8Array }

/**
 * How an answer is wrong. A number is a status with an empty body. `short-length` and
 * `long-length` say so in Content-Length; `short-chunked` and `long-chunked` don't say; `cut`
 * closes cleanly, `reset` with RST, in the middle of the body; `trickle` sends ten bytes a second.
 */
export type Lie =
  | number
  | 'flipped-bit'
  | 'whole'
  | 'short-length'
  | 'short-chunked'
  | 'long-length'
  | 'long-chunked'
  | 'cut'
  | 'reset'
  | 'reset-head'
  | 'wrong-range'
  | 'no-range'
  | 'wrong-total'
  | 'no-total'
  | 'multipart'
  | 'gzip'
  | 'redirect'
  | 'silent-head'
  | 'silent-body'
  | 'trickle'
  | 'not-http'

/** One request as the origin saw it. */
export interface SeenRequest {
  readonly method: string
  /** Path with query. */
  readonly url: string
  readonly range: string | undefined
  readonly headers: IncomingMessage['headers']
  /** Number of the connection, from 1: tells kept connections from new ones. */
  readonly connection: number
  status: number
  /** Body bytes that the kernel took. */
  bytesSent: number
  /** Whether the client closed before the answer's end. */
  clientLeft: boolean
  done: boolean
}

/** A running test origin. */
export interface TestOrigin {
  /** `http://127.0.0.1:port`, or `https://localhost:port`. */
  readonly url: string
  readonly requests: SeenRequest[]
  /** Connections made so far. */
  readonly connections: number
  put(path: string, blob: TestBlob): void
  /** Lies about a path, `*` for all, for so many requests; undefined ends the lie. */
  lieAbout(path: string, lie: Lie | undefined, times?: number): void
  /** Waits until no request is being answered. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** Options of a test origin. */
export interface TestOriginOptions {
  /** Serves https with `TEST_CERTIFICATE`. */
  readonly tls?: boolean
  /** Pause before each 64 KiB of a body. */
  readonly delayMs?: number
  /** Answers instead of the origin when it returns true, after the request was recorded. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean
}

const CHUNK_BYTES = 64 * 1024

/**
 * Starts an origin on a free port of the loopback.
 *
 * @example
 * const origin = await startTestOrigin()
 * origin.put('/a.car', bytes)
 * origin.lieAbout('/a.car', 'reset', 1)
 */
export async function startTestOrigin(options: TestOriginOptions = {}): Promise<TestOrigin> {
  const blobs = new Map<string, TestBlob>()
  const lies = new Map<string, { lie: Lie; times: number }>()
  const requests: SeenRequest[] = []
  const sockets = new Map<Socket, number>()
  let connections = 0
  const lieFor = (path: string): Lie | undefined => {
    const entry = lies.get(path) ?? lies.get('*')
    if (entry === undefined || entry.times === 0) return undefined
    entry.times--
    return entry.lie
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? '/', 'http://origin').pathname
    const seen = record(request, response, sockets.get(request.socket) ?? 0)
    requests.push(seen)
    if (options.intercept?.(request, response) === true) return
    const answer = { response, seen, blob: blobs.get(path), lie: lieFor(path), ...options }
    answerRequest(request, answer).catch(() => response.destroy())
  }
  const server: Server = options.tls
    ? createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, onRequest)
    : createServer(onRequest)
  server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.set(socket, ++connections)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: options.tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections
    },
    put: (path, blob) => void blobs.set(path, blob),
    lieAbout(path, lie, times = Infinity) {
      if (lie === undefined) lies.delete(path)
      else lies.set(path, { lie, times })
    },
    async idle() {
      while (!requests.every(({ done }) => done)) await sleep(2)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets.keys()) socket.destroy()
      }),
  }
}

function record(
  request: IncomingMessage,
  response: ServerResponse,
  connection: number,
): SeenRequest {
  const seen: SeenRequest = {
    method: request.method ?? '',
    url: request.url ?? '',
    range: request.headers.range,
    headers: request.headers,
    connection,
    status: 0,
    bytesSent: 0,
    clientLeft: false,
    done: false,
  }
  response.on('close', () => {
    seen.status = response.statusCode
    seen.clientLeft = !response.writableFinished
    seen.done = true
  })
  return seen
}

interface Answer extends TestOriginOptions {
  readonly response: ServerResponse
  readonly seen: SeenRequest
  readonly blob: TestBlob | undefined
  readonly lie: Lie | undefined
}

async function answerRequest(request: IncomingMessage, answer: Answer): Promise<void> {
  const { response, blob, lie } = answer
  if (typeof lie === 'number') return void response.writeHead(lie).end()
  if (lie === 'silent-head') return
  if (lie === 'reset-head') return void request.socket.resetAndDestroy()
  if (lie === 'not-http') return void request.socket.end('SSH-2.0-not-a-web-server\r\n')
  if (lie === 'redirect') return void response.writeHead(302, { location: '/moved' }).end()
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
  if (blob === undefined) return void response.writeHead(404).end()
  const size = sizeOf(blob)
  const etag = `"${size}"`
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end()
  const ifRange = request.headers['if-range']
  const asked = ifRange === undefined || ifRange === etag ? request.headers.range : undefined
  const range = lie === 'whole' ? undefined : rangeOf(asked, size)
  if (range === 'unsatisfiable')
    return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
  const first = range?.first ?? 0
  const length = (range?.last ?? size - 1) - first + 1
  const headers: Record<string, string | number> = { 'accept-ranges': 'bytes', etag }
  if (range !== undefined) headers['content-range'] = `bytes ${first}-${range.last}/${size}`
  const body = bodyOf(answer, headers, first, length)
  response.writeHead(range === undefined ? 200 : 206, headers)
  if (request.method === 'HEAD') return void response.end()
  await sendBody(answer, body)
}

/** Bytes to send, and where sending them goes wrong. */
interface Body {
  readonly read: (at: number, length: number) => Uint8Array
  readonly length: number
}

/** Sets the headers of an answer, and its body, as its lie wants them. */
function bodyOf(
  answer: Answer,
  headers: Record<string, string | number>,
  first: number,
  length: number,
): Body {
  const { lie } = answer
  const blob = answer.blob!
  const size = sizeOf(blob)
  const read = (at: number, count: number): Uint8Array => {
    const bytes = readBlob(blob, first + at, count)
    if (lie === 'flipped-bit' && at === 0) {
      const flipped = new Uint8Array(bytes)
      flipped[0]! ^= 1
      return flipped
    }
    return bytes
  }
  if (lie === 'wrong-range')
    headers['content-range'] = `bytes ${first + 1}-${first + length}/${size + 1}`
  if (lie === 'no-range') delete headers['content-range']
  if (lie === 'wrong-total')
    headers['content-range'] = `bytes ${first}-${first + length - 1}/${size + 1}`
  if (lie === 'no-total') headers['content-range'] = `bytes ${first}-${first + length - 1}/*`
  if (lie === 'multipart') {
    delete headers['content-range']
    headers['content-type'] = 'multipart/byteranges; boundary=x'
  }
  if (lie === 'gzip') {
    const packed = gzipSync(readBlob(blob, first, length))
    headers['content-encoding'] = 'gzip'
    headers['content-length'] = packed.length
    return { read: (at, count) => packed.subarray(at, at + count), length: packed.length }
  }
  const over = lie === 'long-length' || lie === 'long-chunked' ? 1 : 0
  const short = lie === 'short-length' || lie === 'short-chunked' ? 1 : 0
  const body = { read, length: length + over - short }
  if (lie !== 'short-chunked' && lie !== 'long-chunked') headers['content-length'] = body.length
  return body
}

async function sendBody(answer: Answer, body: Body): Promise<void> {
  const { response, lie, seen } = answer
  const breaksAt = Math.floor(body.length / 2)
  const step = lie === 'trickle' ? 1 : CHUNK_BYTES
  for (let at = 0; at < body.length && !response.destroyed;) {
    if (lie === 'trickle') await sleep(100)
    if (answer.delayMs !== undefined) await sleep(answer.delayMs)
    const stops = at < breaksAt && (lie === 'cut' || lie === 'reset' || lie === 'silent-body')
    const length = Math.min(step, (stops ? breaksAt : body.length) - at)
    const chunk = body.read(at, length)
    at += length
    await new Promise<void>((resolve) => {
      response.once('close', resolve)
      response.write(chunk, (error) => {
        if (!error) seen.bytesSent += length
        response.off('close', resolve)
        resolve()
      })
    })
    if (at < breaksAt) continue
    if (lie === 'cut') return void response.socket?.end()
    if (lie === 'reset') return void response.socket?.resetAndDestroy()
    if (lie === 'silent-body') return
  }
  response.end()
}

function sizeOf(blob: TestBlob): number {
  return blob instanceof Uint8Array ? blob.length : blob.size
}

/** Bytes of a blob; zeros beyond its end, for answers that are too long. */
function readBlob(blob: TestBlob, offset: number, length: number): Uint8Array {
  const within = Math.max(0, Math.min(length, sizeOf(blob) - offset))
  const bytes =
    blob instanceof Uint8Array ? blob.subarray(offset, offset + within) : blob.read(offset, within)
  if (within === length) return bytes
  const padded = new Uint8Array(length)
  padded.set(bytes)
  return padded
}

/** The one range of a header; undefined when it names none that this origin knows. */
function rangeOf(
  header: string | undefined,
  size: number,
): { first: number; last: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const suffix = match[1] === ''
  const first = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const last = suffix || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  return first >= size || last < first ? 'unsatisfiable' : { first, last }
}
