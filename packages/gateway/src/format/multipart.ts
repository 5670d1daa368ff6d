/**
 * Several ranges of one content as `multipart/byteranges` (RFC 9110, section 14.6).
 * @module
 */
import type { BodyReader, BodySource } from '@turnpike/core/body'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { type ByteRange, rangeLength } from '@turnpike/core/range'
import type { Awaitable } from '@turnpike/core/result'

/** Bytes of the hash that a boundary shows. */
const BOUNDARY_BYTES = 16
const utf8 = new TextEncoder()

/** What the parts are ranges of. */
export interface MultipartRequest {
  readonly ranges: readonly ByteRange[]
  readonly sizeBytes: number
  /** Content-Type of the content. */
  readonly type: string
  readonly boundary: string
  /** The bytes of one range. Each is asked for once, in order, when the one before is through. */
  body(range: ByteRange): BodySource
}

/**
 * The boundary of a representation: 128 bits of the SHA-256 of its entity tag. The tag holds the
 * CID, so a boundary depends on all bytes that it must not occur in: to write content that contains
 * its own takes some 2^128 hashes. It is the same each time, so that equal requests have equal
 * answers.
 *
 * @example
 * boundaryOf('"bafy…"', hasher) // 32 hex digits
 */
export function boundaryOf(etag: string, hasher: Hasher): string {
  const digest = hasher.sha256(utf8.encode(etag)).subarray(0, BOUNDARY_BYTES)
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * A multipart body: for each range its own Content-Type and Content-Range, then its bytes. The
 * length is known beforehand. One range is open at a time, and read when its turn has come.
 *
 * @example
 * const type = `multipart/byteranges; boundary=${boundary}`
 * const body = multipartBody({ ranges, sizeBytes, type: 'text/plain', boundary, body })
 */
export function multipartBody(request: MultipartRequest): BodySource {
  const { ranges, sizeBytes, type, boundary } = request
  const heads = ranges.map(({ first, last }, i) =>
    utf8.encode(
      `${i === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: ${type}\r\n` +
        `Content-Range: bytes ${first}-${last}/${sizeBytes}\r\n\r\n`,
    ),
  )
  const tail = utf8.encode(`\r\n--${boundary}--\r\n`)
  let length = tail.length
  for (const [i, range] of ranges.entries()) length += heads[i]!.length + rangeLength(range)
  return { length, open: (signal) => new MultipartReader(request, heads, tail, signal) }
}

class MultipartReader implements BodyReader {
  readonly #request: MultipartRequest
  readonly #heads: readonly Uint8Array[]
  readonly #signal: AbortSignal
  /** What follows the last part; undefined when it was handed out. */
  #tail: Uint8Array | undefined
  /** Parts begun. */
  #begun = 0
  /** Opened with the body: its first chunk may have been read already, and hold buffers. */
  #first: BodyReader | undefined
  #part: BodyReader | undefined

  constructor(
    request: MultipartRequest,
    heads: readonly Uint8Array[],
    tail: Uint8Array,
    signal: AbortSignal,
  ) {
    this.#request = request
    this.#heads = heads
    this.#tail = tail
    this.#signal = signal
    this.#first = request.body(request.ranges[0]!).open(signal)
  }

  read(): Awaitable<Uint8Array | null> {
    if (this.#part === undefined) return this.#next()
    const read = this.#part.read()
    return read instanceof Promise
      ? read.then((chunk) => chunk ?? this.#next())
      : (read ?? this.#next())
  }

  close(): void {
    this.#first?.close()
    this.#part?.close()
    this.#first = this.#part = this.#tail = undefined
    this.#begun = this.#heads.length
  }

  /** Ends the part that is through, and begins the next, or the end. */
  #next(): Uint8Array | null {
    this.#part?.close()
    this.#part = undefined
    const range = this.#request.ranges[this.#begun]
    if (range === undefined) {
      const tail = this.#tail ?? null
      this.#tail = undefined
      return tail
    }
    this.#part = this.#first ?? this.#request.body(range).open(this.#signal)
    this.#first = undefined
    return this.#heads[this.#begun++]!
  }
}
