/**
 * For tests and benches: a gateway of metered bodies with nothing behind it, and raw clients.
 * @module
 */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { BodyReader, BodySource, Delivery } from '@turnpike/core/body'
import type { Awaitable } from '@turnpike/core/result'
import { type Answer, type HeaderLine, MeteredBody } from '@turnpike/gateway/meter'
import { nobody } from '@turnpike/gateway/plain-answer'
import type { GatewayRequest } from '@turnpike/gateway/request'
import type { Gateway } from '@turnpike/gateway/types'
import type { Observer } from '@turnpike/gateway/observer'
import { silentObserver } from '@turnpike/gateway/observer'

/** What became of one body. */
export interface BodyRecord {
  readonly path: string
  started: number
  opened: number
  closed: number
  marked: number
  ends: Delivery[]
  aborted: boolean
}

/** How a test body behaves. */
export interface BodyShape {
  readonly status?: number
  readonly headers?: readonly HeaderLine[]
  /** Declared length, or undefined for none. */
  readonly length: number | undefined
  read(signal: AbortSignal): () => Awaitable<Uint8Array | null>
}

/** A gateway that answers by path, and its books. */
export interface RigGateway extends Gateway {
  readonly records: BodyRecord[]
  readonly crashes: unknown[]
  readonly observer: Observer
}

/**
 * A gateway whose answers `shape` makes, each with a record of what became of its body.
 *
 * @example
 * const gateway = rigGateway(() => chunks(1024, 256))
 */
export function rigGateway(
  shape: (request: GatewayRequest, record: BodyRecord) => Awaitable<BodyShape>,
): RigGateway {
  const records: BodyRecord[] = []
  const crashes: unknown[] = []
  return {
    records,
    crashes,
    observer: { ...silentObserver, crash: (error) => crashes.push(error) },
    async handle(request): Promise<Answer> {
      const path = new URL(request.url).pathname
      const counts = { started: 0, opened: 0, closed: 0, marked: 0 }
      const record: BodyRecord = { path, ...counts, ends: [], aborted: false }
      records.push(record)
      const made = await shape(request, record)
      return {
        status: made.status ?? 200,
        headers: made.headers ?? [],
        body: metered(made, record),
      }
    },
  }
}

function metered(shape: BodyShape, record: BodyRecord): MeteredBody {
  const source: BodySource = {
    length: shape.length,
    open(signal): BodyReader {
      // A body that nobody wants is opened once to give back what it holds.
      if (signal.aborted) return { read: () => null, close() {} }
      record.opened += 1
      signal.addEventListener('abort', () => (record.aborted = true))
      return { read: shape.read(signal), close: () => void (record.closed += 1) }
    },
  }
  return new MeteredBody(source, {
    ...nobody,
    start: () => void (record.started += 1),
    mark: (bytes) => void (record.marked = bytes),
    end: (delivery) => void record.ends.push(delivery),
  })
}

/**
 * A body of `length` bytes in chunks of `chunkBytes`, read now or, if `later`, in a promise.
 *
 * @example
 * chunks(1 << 20, 256 * 1024)
 */
export function chunks(length: number, chunkBytes: number, later = false): BodyShape {
  return {
    length,
    read() {
      const buffer = new Uint8Array(chunkBytes).fill(0x78)
      let left = length
      return () => {
        const bytes = Math.min(left, chunkBytes)
        left -= bytes
        const chunk = bytes === 0 ? null : buffer.subarray(0, bytes)
        return later ? new Promise((resolve) => setImmediate(resolve, chunk)) : chunk
      }
    },
  }
}

/** Resolves when `condition` holds; rejects, saying which, after `timeoutMs`. */
export async function until(
  condition: () => boolean,
  what: string,
  timeoutMs = 5000,
): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Waits as an origin that never answers, until the client leaves; then answers `shape`. */
export function untilLeft(request: GatewayRequest, shape: BodyShape): Promise<BodyShape> {
  return new Promise((resolve) => {
    request.signal.addEventListener('abort', () => resolve(shape))
  })
}

/** What a raw client got before the connection's end. */
export interface RawAnswer {
  /** Everything received, as latin1. */
  readonly text: string
  readonly head: string
  readonly body: string
  /** How the connection ended. */
  readonly end: 'closed' | 'reset'
}

/** A raw client: sends `request`, leaves reading to the caller. */
export function rawClient(port: number, request: string, host = '127.0.0.1'): Socket {
  const socket = connect({ port, host, allowHalfOpen: true })
  socket.write(request, 'latin1')
  return socket
}

/** Sends `request` and reads until the server closes. */
export function rawRequest(port: number, request: string, host?: string): Promise<RawAnswer> {
  return rawRead(rawClient(port, request, host))
}

/** Reads until the server closes. */
export function rawRead(socket: Socket): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let end: RawAnswer['end'] = 'closed'
    socket.on('data', (part: Buffer) => parts.push(part))
    socket.on('error', () => (end = 'reset'))
    socket.on('end', () => socket.end())
    socket.resume()
    socket.on('close', () => {
      const text = Buffer.concat(parts).toString('latin1')
      const split = text.indexOf('\r\n\r\n')
      resolve({ text, head: text.slice(0, split), body: text.slice(split + 4), end })
    })
  })
}

/** A GET as raw text. */
export function get(path: string, ...fields: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n')
}

/** Bytes of one connection that Linux may hold here: send buffer and receive buffer. */
export function kernelBytesMax(): number {
  const most = (name: string): number => {
    const text = readFileSync(`/proc/sys/net/ipv4/${name}`, 'latin1')
    return Number(text.trim().split(/\s+/)[2])
  }
  return most('tcp_wmem') + most('tcp_rmem')
}
