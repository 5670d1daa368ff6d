/**
 * Content: what a request's path leads to in one representation, before ranges and conditions.
 * @module
 */
import type { BodyReader, BodySource } from '@turnpike/core/body'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import type { ByteRange } from '@turnpike/core/range'
import type { HeaderLine } from '../meter.ts'
import type { Lifetime } from '../caching.ts'

/** One representation of content. */
export interface Content {
  readonly status: number
  /** Content-Type, or undefined when the first bytes are to tell it. */
  readonly type: string | undefined
  /** Entity tag as it goes into the header, quotes and all; empty for none. */
  readonly etag: string
  /** Headers besides type, length, ETag, Cache-Control and those of every answer. */
  readonly headers: readonly HeaderLine[]
  readonly lifetime: Lifetime
  /** CIDs on its path, in version 1, separated by commas: what shared caches know it by. */
  readonly tags?: string
  /** When the content was last changed, in seconds since 1970, where it says so. */
  readonly modifiedSeconds?: number
  /** Exact size in bytes, or undefined when only the end tells. */
  readonly sizeBytes: number | undefined
  /** Whether ranges of it can be asked for. Then `sizeBytes` is known. */
  readonly ranged: boolean
  /** Whether the bytes are content-addressed: only those are billable. */
  readonly billable: boolean
  /** Whether the body is in memory, so that reading it neither waits nor fails. */
  readonly inMemory: boolean
  /**
   * Where browsers get another default than programs: whether this is what they get. Undefined: all
   * get the same.
   */
  readonly forBrowsers?: boolean
  /** The whole body, or a range of it. */
  body(range?: ByteRange): BodySource
}

/** Content that is in memory whole. */
export function bytesContent(
  content: Omit<Content, 'body' | 'sizeBytes' | 'inMemory'>,
  bytes: Uint8Array,
): Content {
  return {
    ...content,
    sizeBytes: bytes.length,
    inMemory: true,
    body: (range) =>
      bytesBody(range === undefined ? bytes : bytes.subarray(range.first, range.last + 1)),
  }
}

/** A body of bytes in memory. The chunks are views of them: larger than one chunk in several. */
export function bytesBody(bytes: Uint8Array): BodySource {
  return { length: bytes.length, open: () => new BytesReader(bytes) }
}

class BytesReader implements BodyReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  read(): Uint8Array | null {
    if (this.#at >= this.#bytes.length) return null
    const chunk = this.#bytes.subarray(this.#at, this.#at + CHUNK_BYTES_MAX)
    this.#at += chunk.length
    return chunk
  }

  close(): void {
    this.#at = this.#bytes.length
  }
}
