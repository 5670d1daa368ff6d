/**
 * One keep-alive connection that sends GETs and counts what comes back: as cheap as it gets, so
 * that the client does not become what is measured.
 * @module
 */
import { createHash, type Hash } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** One GET. */
export interface Get {
  readonly path: string
  /** Inclusive range of bytes, or the whole. */
  readonly first?: number
  readonly last?: number
}

/** What came back. Times are of `performance.now()`. */
export interface Got {
  readonly status: number
  readonly bodyBytes: number
  readonly firstByteMs: number
  readonly endMs: number
  /** sha2-256 of the body in hex, when it was asked for. */
  readonly sha256: string | undefined
}

const READ_BYTES = 256 * 1024
const HEAD_END = Buffer.from('\r\n\r\n')

/** Parses answers as they come; takes bodies by Content-Length and in chunks. */
export class HttpConnection {
  readonly #port: number
  readonly #hashes: boolean
  #socket: Socket | undefined
  #done: ((got: Got) => void) | undefined
  #failed: ((error: Error) => void) | undefined
  #head: Buffer | undefined
  #status = 0
  #chunked = false
  /** Body bytes still to come; of the current chunk, when chunked. */
  #left = 0
  #line = ''
  #lastChunk = false
  #bodyBytes = 0
  #firstByteMs = 0
  #hash: Hash | undefined

  constructor(port: number, hashes: boolean) {
    this.#port = port
    this.#hashes = hashes
  }

  /** Sends a GET; one at a time. Rejects when the connection ends before the answer does. */
  get(request: Get): Promise<Got> {
    const range =
      request.first === undefined ? '' : `Range: bytes=${request.first}-${request.last}\r\n`
    const text = `GET ${request.path} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\n${range}\r\n`
    this.#head = undefined
    this.#status = this.#bodyBytes = this.#firstByteMs = this.#left = 0
    this.#lastChunk = false
    this.#line = ''
    this.#hash = this.#hashes ? createHash('sha256') : undefined
    return new Promise((resolve, reject) => {
      this.#done = resolve
      this.#failed = reject
      this.#socket ??= this.#open()
      this.#socket.write(text)
    })
  }

  close(): void {
    this.#done = this.#failed = undefined
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #open(): Socket {
    const socket = connect({
      port: this.#port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(READ_BYTES),
        callback: (bytes, buffer) => {
          this.#take((buffer as Buffer).subarray(0, bytes))
          return true
        },
      },
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#socket = undefined
      this.#failed?.(new Error(`answer expected to end, got ${this.#bodyBytes} bytes of its body`))
    })
    return socket
  }

  #take(part: Buffer): void {
    const body = this.#status === 0 ? this.#takeHead(part) : part
    if (body === undefined) return
    if (this.#chunked) this.#takeChunks(body)
    else this.#takeBody(body)
    const over = this.#chunked ? this.#lastChunk : this.#left === 0
    if (over) this.#finish()
  }

  #takeHead(part: Buffer): Buffer | undefined {
    const head = this.#head === undefined ? part : Buffer.concat([this.#head, part])
    const end = head.indexOf(HEAD_END)
    if (end < 0) {
      this.#head = Buffer.from(head)
      return undefined
    }
    const text = head.toString('latin1', 0, end)
    this.#status = Number(text.slice(9, 12))
    this.#chunked = /\r\ntransfer-encoding: *chunked/i.test(text)
    this.#left = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
    return head.subarray(end + HEAD_END.length)
  }

  #takeBody(body: Buffer): void {
    if (body.length === 0) return
    if (this.#firstByteMs === 0) this.#firstByteMs = performance.now()
    this.#bodyBytes += body.length
    if (!this.#chunked) this.#left -= body.length
    this.#hash?.update(body)
  }

  #takeChunks(part: Buffer): void {
    let at = 0
    while (at < part.length) {
      if (this.#left > 0) {
        const data = part.subarray(at, at + this.#left)
        this.#takeBody(data)
        this.#left -= data.length
        at += data.length
        continue
      }
      // A line: the end of a chunk (empty), a size, or the end of the trailers (empty).
      const end = part.indexOf(10, at)
      this.#line += part.toString('latin1', at, end < 0 ? part.length : end)
      if (end < 0) return
      at = end + 1
      const size = this.#line.trim()
      this.#line = ''
      if (this.#lastChunk || size === '') continue
      this.#left = Number.parseInt(size, 16)
      this.#lastChunk = this.#left === 0
    }
  }

  #finish(): void {
    const endMs = performance.now()
    const done = this.#done!
    this.#done = this.#failed = undefined
    done({
      status: this.#status,
      bodyBytes: this.#bodyBytes,
      firstByteMs: this.#firstByteMs === 0 ? endMs : this.#firstByteMs,
      endMs,
      sha256: this.#hash?.digest('hex'),
    })
  }
}
