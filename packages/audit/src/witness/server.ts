/**
 * A witness over HTTP. Source: C2SP tlog-witness; the paths that are read are like those of C2SP
 * tlog-mirror.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeHex } from '../base64.ts'
import { formatKey } from '../note.ts'
import { WITNESS_REQUEST_BYTES_MAX } from './request.ts'
import { Witness, type WitnessAnswer, type WitnessDeps } from './witness.ts'

/** Time for the whole of a request to come. */
export const WITNESS_REQUEST_MS_MAX = 10_000
/** Connections at once. */
export const WITNESS_SOCKETS_MAX = 256
const KEEP_ALIVE_MS = 60_000
const HEADERS_BYTES_MAX = 8192

/** Where a witness listens. */
export interface WitnessListener {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Time for the whole of a request to come; 10 s when not given. */
  readonly requestMsMax?: number
  /** Hears of what should not happen: a folder that can't be written. */
  onFault?(error: unknown): void
}

/** A witness that listens. */
export interface RunningWitness {
  readonly url: string
  /** Its key, as logs and verifiers pin it. */
  readonly key: string
  close(): Promise<void>
}

/**
 * Starts a witness: `POST /add-checkpoint` for logs; `GET /vkey`, its key; and for monitors
 * `GET /<SHA-256 of the origin in hex>/checkpoint`, the newest that it cosigned.
 *
 * @example
 * const running = await startWitness(await openWitness(options), { host: '::', port: 8090 })
 */
export async function startWitness(
  deps: WitnessDeps,
  listener: WitnessListener,
): Promise<RunningWitness> {
  const { requestMsMax = WITNESS_REQUEST_MS_MAX } = listener
  const witness = new Witness(deps)
  const key = formatKey(deps.key, deps.crypto)
  const origins = new Map(deps.logs.map((log) => [originHash(log.key.name, deps), log.key.name]))
  const get = (path: string): WitnessAnswer => {
    if (path === '/vkey') return text(200, `${key}\n`)
    const [, hash = ''] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path) ?? []
    const latest = witness.latest(origins.get(hash) ?? '')
    return latest === undefined ? text(404, 'not found\n') : text(200, latest)
  }
  const server = createServer(
    {
      requestTimeout: requestMsMax,
      headersTimeout: requestMsMax,
      connectionsCheckingInterval: requestMsMax / 4,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADERS_BYTES_MAX,
    },
    (request, response) => {
      handle(request, witness, get).then(
        (answer) => send(response, answer, request),
        (error: unknown) => {
          // Whoever goes away before the end of a request is no fault, and gets no answer.
          if (request.destroyed && !request.complete) return
          listener.onFault?.(error)
          send(response, text(500, 'the witness can not keep what it would say\n'), request)
        },
      )
    },
  )
  server.maxConnections = WITNESS_SOCKETS_MAX
  await listening(server, listener)
  return { url: urlOf(server), key, close: () => closed(server, witness) }
}

async function handle(
  request: IncomingMessage,
  witness: Witness,
  get: (path: string) => WitnessAnswer,
): Promise<WitnessAnswer> {
  const [path = ''] = (request.url ?? '').split('?')
  if (path === '/add-checkpoint') {
    if (request.method !== 'POST') return text(405, 'expected POST\n')
    const body = await bodyOf(request)
    return body === undefined ? text(413, 'expected less\n') : witness.addCheckpoint(body)
  }
  return request.method === 'GET' || request.method === 'HEAD'
    ? get(path)
    : text(405, 'expected GET\n')
}

/** Undefined when there is more than a request may have. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Uint8Array>) {
    bytes += part.length
    if (bytes > WITNESS_REQUEST_BYTES_MAX) return undefined
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

function send(response: ServerResponse, answer: WitnessAnswer, request: IncomingMessage): void {
  const { status, type, body } = answer
  const headers = { 'content-type': type, 'cache-control': 'no-store' }
  // What was not read is not waited for.
  const left = request.complete ? {} : { connection: 'close' }
  response.writeHead(status, { ...headers, ...left })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function text(status: number, body: string): WitnessAnswer {
  return { status, type: 'text/plain; charset=utf-8', body }
}

function originHash(origin: string, { crypto }: WitnessDeps): string {
  return encodeHex(crypto.sha256(new TextEncoder().encode(origin)))
}

function listening(server: Server, { host, port }: WitnessListener): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function closed(server: Server, witness: Witness): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  await witness.close()
  server.closeAllConnections()
  await ended
}
