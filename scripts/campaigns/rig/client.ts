/**
 * A client on a bare socket that does what clients do: reads all, leaves, resets, stalls.
 * @module
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { queuedBytes } from './kernel.ts'

/** Ways to end a download; `all` reads to the end. */
export type Ending = 'all' | 'close' | 'reset' | 'half-close' | 'stall-close' | 'never-reads'

/** What to ask for, and how to behave. */
export interface Asking {
  readonly port: number
  readonly path: string
  readonly method?: 'GET' | 'HEAD'
  readonly ending?: Ending
  /** Body bytes after which to leave. */
  readonly cutAtBytes?: number
  /** Reads at most so fast, by pauses. */
  readonly bytesPerSecondMax?: number
}

/** What a client saw. */
export interface Seen {
  readonly asking: Asking
  /** `X-Receipt-Id`; undefined when no head arrived. */
  readonly receipt: string | undefined
  readonly status: number
  /** `Content-Length` of the answer. */
  readonly length: number
  /** Body bytes that left the kernel for this process. */
  readonly received: number
  /** All bytes that left the kernel: Node reads up to 64 KiB ahead for a client that takes none. */
  readonly bytesRead: number
  /** Body bytes in the kernel's buffers of both sides when a stalled client left. */
  readonly queued: number | undefined
  /** Whether the whole answer arrived. */
  readonly whole: boolean
  /** Wall clock at the end, ms. */
  readonly endedMs: number
}

const HEAD_END = Buffer.from('\r\n\r\n')
/** Quiet time after which buffers count as full. */
const STALLED_MS = 60

/**
 * Asks once on a connection of its own. Never rejects: a connection that breaks is an end, too.
 *
 * @example
 * const seen = await ask({ port, path: '/ipfs/bafy…', ending: 'reset', cutAtBytes: 100_000 })
 */
export async function ask(asking: Asking): Promise<Seen> {
  const client = new Client(asking)
  await client.ended
  return client.seen()
}

class Client {
  readonly ended: Promise<void>
  readonly #asking: Asking
  readonly #socket: Socket
  #head: Buffer = Buffer.alloc(0)
  #headBytes = 0
  #fields = ''
  #queued: number | undefined
  #leaving = false
  #endedMs = 0
  #startedMs = 0

  constructor(asking: Asking) {
    this.#asking = asking
    const { port, path, method = 'GET', ending = 'all' } = asking
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.#socket = socket
    socket.on('error', () => {})
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.once('close', () => (this.#endedMs = Date.now()))
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    // Asked to close, the server ends its side after the answer.
    socket.once('end', () => socket.end())
    socket.once('connect', () => {
      this.#startedMs = performance.now()
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: campaign\r\nConnection: close\r\n\r\n`)
      if (ending === 'never-reads') socket.pause()
    })
    if (ending === 'never-reads') void this.#wait()
  }

  seen(): Seen {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: (.*)$`, 'im').exec(this.#fields)?.[1]?.trim()
    const length = Number(field('content-length') ?? Number.NaN)
    const received = this.#received()
    const isHead = this.#asking.method === 'HEAD'
    return {
      asking: this.#asking,
      receipt: field('x-receipt-id'),
      status: Number(/^HTTP\/1\.1 (\d{3})/.exec(this.#fields)?.[1] ?? 0),
      length,
      received,
      bytesRead: this.#socket.bytesRead,
      queued: this.#queued,
      whole: this.#headBytes > 0 && (isHead || received === length),
      endedMs: this.#endedMs,
    }
  }

  #received(): number {
    return this.#headBytes === 0 ? 0 : this.#socket.bytesRead - this.#headBytes
  }

  #onData(chunk: Buffer): void {
    if (this.#headBytes === 0) {
      this.#head = Buffer.concat([this.#head, chunk])
      const end = this.#head.indexOf(HEAD_END)
      if (end === -1) return
      this.#headBytes = end + HEAD_END.length
      this.#fields = this.#head.subarray(0, end).toString('latin1').replaceAll('\r', '')
    }
    const { cutAtBytes, ending = 'all', bytesPerSecondMax } = this.#asking
    if (ending !== 'all' && this.#received() >= (cutAtBytes ?? 0)) void this.#leave(ending)
    else if (bytesPerSecondMax !== undefined) void this.#slowDown(bytesPerSecondMax)
  }

  async #slowDown(bytesPerSecondMax: number): Promise<void> {
    const dueMs = this.#startedMs + (this.#received() / bytesPerSecondMax) * 1000
    const waitMs = dueMs - performance.now()
    if (waitMs < 5) return
    this.#socket.pause()
    await sleep(waitMs)
    this.#socket.resume()
  }

  async #leave(ending: Ending): Promise<void> {
    if (this.#leaving) return
    this.#leaving = true
    const socket = this.#socket
    if (ending === 'half-close') socket.end()
    else if (ending === 'reset') socket.resetAndDestroy()
    else if (ending === 'close') socket.destroy()
    else await this.#stall()
  }

  /** Stops reading, waits until nothing moves, and leaves what the buffers hold. */
  async #stall(): Promise<void> {
    const socket = this.#socket
    socket.pause()
    const { localPort, remotePort } = socket
    let before = -1
    for (let now = 0; now !== before;) {
      before = now
      await sleep(STALLED_MS)
      if (socket.destroyed) return
      now = await queuedBytes(localPort!, remotePort!)
    }
    this.#queued = before
    socket.destroy()
  }

  /** Waits for the server to cut a reader that takes nothing; the kernel alone sees the end. */
  async #wait(): Promise<void> {
    const socket = this.#socket
    while (!socket.destroyed) {
      await sleep(100)
      if (socket.localPort === undefined) continue
      const queued = await queuedBytes(socket.localPort, this.#asking.port)
      if (queued !== -1) this.#queued = queued
      else socket.destroy()
    }
  }
}
