/**
 * The load, in a process of its own: closed loops over connections, or requests at fixed times.
 * @module
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerParent, usage } from '../servers/side-channel.ts'
import { type Get, HttpConnection } from './http-connection.ts'

/** What to send. */
export interface LoadSpec {
  readonly port: number
  /** Sent in turn, from the first again when they are used up. */
  readonly requests: readonly Get[]
  readonly total: number
  /** Connections that each send the next request when the last was answered. */
  readonly connections: number
  /** Sends at this rate instead, on free connections or new ones, whatever the server does. */
  readonly ratePerSecond?: number
  /** Hashes each body. */
  readonly hash?: boolean
}

/** Milliseconds at some quantiles. */
export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/** What came back. */
export interface LoadResult {
  readonly requests: number
  readonly bodyBytes: number
  readonly wallMs: number
  /** From the time at which a request was due to the first byte of its body. */
  readonly firstByteMs: Quantiles
  readonly totalMs: Quantiles
  /** Number of answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  /** In the order of the requests, when hashes were asked for. */
  readonly sha256: readonly string[]
}

/** Readers that take 64 KiB every 100 ms. */
export interface SlowSpec {
  readonly port: number
  readonly requests: readonly Get[]
  readonly durationMs: number
}

const SLOW_READ_BYTES = 64 * 1024
const SLOW_PAUSE_MS = 100

/** Collects answers. */
class Collector {
  readonly #firstByteMs: number[] = []
  readonly #totalMs: number[] = []
  readonly #statuses: Record<string, number> = {}
  readonly #sha256: string[] = []
  #bodyBytes = 0

  async send(connection: HttpConnection, request: Get, index: number, dueMs: number) {
    const got = await connection.get(request)
    this.#firstByteMs.push(got.firstByteMs - dueMs)
    this.#totalMs.push(got.endMs - dueMs)
    this.#statuses[got.status] = (this.#statuses[got.status] ?? 0) + 1
    this.#bodyBytes += got.bodyBytes
    if (got.sha256 !== undefined) this.#sha256[index] = got.sha256
  }

  result(wallMs: number): LoadResult {
    return {
      requests: this.#totalMs.length,
      bodyBytes: this.#bodyBytes,
      wallMs,
      firstByteMs: quantiles(this.#firstByteMs),
      totalMs: quantiles(this.#totalMs),
      statuses: this.#statuses,
      sha256: this.#sha256,
    }
  }
}

function quantiles(values: number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (q: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}

async function closedLoops(spec: LoadSpec): Promise<LoadResult> {
  const collector = new Collector()
  const startMs = performance.now()
  let next = 0
  const loop = async (): Promise<void> => {
    const connection = new HttpConnection(spec.port, spec.hash ?? false)
    while (next < spec.total) {
      const index = next++
      const request = spec.requests[index % spec.requests.length]!
      await collector.send(connection, request, index, performance.now())
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: spec.connections }, loop))
  return collector.result(performance.now() - startMs)
}

/** A request that finds the client late is measured from when it was due. */
async function fixedRate(spec: LoadSpec, ratePerSecond: number): Promise<LoadResult> {
  const collector = new Collector()
  const free: HttpConnection[] = []
  const open: Promise<void>[] = []
  const startMs = performance.now()
  for (let index = 0; index < spec.total; index++) {
    const dueMs = startMs + (index * 1000) / ratePerSecond
    const earlyMs = dueMs - performance.now()
    if (earlyMs > 0) await sleep(earlyMs)
    const connection = free.pop() ?? new HttpConnection(spec.port, spec.hash ?? false)
    const request = spec.requests[index % spec.requests.length]!
    open.push(
      collector.send(connection, request, index, dueMs).then(() => void free.push(connection)),
    )
  }
  await Promise.all(open)
  for (const connection of free) connection.close()
  return collector.result(performance.now() - startMs)
}

/** Bytes that slow readers took before they left. */
async function slowly(spec: SlowSpec): Promise<number> {
  let bytes = 0
  const sockets = spec.requests.map((request): Socket => {
    const socket = connect({
      port: spec.port,
      host: '127.0.0.1',
      onread: {
        buffer: Buffer.allocUnsafe(SLOW_READ_BYTES),
        callback: (count) => {
          bytes += count
          return false
        },
      },
    })
    const range = request.first === undefined ? '' : `Range: bytes=${request.first}-\r\n`
    socket.write(`GET ${request.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${range}\r\n`)
    socket.on('error', () => {})
    return socket
  })
  const endMs = performance.now() + spec.durationMs
  while (performance.now() < endMs) {
    await sleep(SLOW_PAUSE_MS)
    for (const socket of sockets) socket.resume()
  }
  for (const socket of sockets) socket.destroy()
  return bytes
}

/** A client that leaves before the end. */
export interface LeaveSpec {
  readonly port: number
  readonly request: Get
  /** Leaves when it has so many bytes, those of the head included. */
  readonly bytes: number
}

/** What it got. */
export interface LeaveResult {
  readonly firstByteMs: number
  readonly bytes: number
}

async function leaveAfter(spec: LeaveSpec): Promise<LeaveResult> {
  const socket = connect({ port: spec.port, host: '127.0.0.1' })
  const askedMs = performance.now()
  socket.write(`GET ${spec.request.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  let bytes = 0
  let firstByteMs = 0
  for await (const part of socket as AsyncIterable<Buffer>) {
    if (firstByteMs === 0) firstByteMs = performance.now() - askedMs
    bytes += part.length
    if (bytes >= spec.bytes) break
  }
  socket.destroy()
  return { firstByteMs, bytes }
}

answerParent(
  {},
  {
    load: (spec: LoadSpec): Promise<LoadResult> =>
      spec.ratePerSecond === undefined ? closedLoops(spec) : fixedRate(spec, spec.ratePerSecond),
    slow: slowly,
    leave: leaveAfter,
    usage: () => usage(),
  },
)
