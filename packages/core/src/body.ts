/**
 * Bodies: bytes on their way to a client.
 * @module
 */
import type { Awaitable } from './result.ts'

/**
 * Hands out a body piece by piece. A chunk is at most `CHUNK_BYTES_MAX` bytes and is lent: it stays
 * valid until the next `read` or `close`, so call those only when the chunk has been written.
 */
export interface BodyReader {
  /** The next chunk, or null at the end. Rejects when the body can't be finished. */
  read(): Awaitable<Uint8Array | null>
  /** Stops reads upstream at once and gives buffers back. Idempotent. */
  close(): void
}

/** A body that has not been opened yet. */
export interface BodySource {
  /** Exact length in bytes, or undefined when only the end tells. */
  readonly length: number | undefined
  open(signal: AbortSignal): BodyReader
}

/** How a body ended, as its adapter saw it. */
export interface Delivery {
  /** Body bytes delivered: those whose write finished plus at most the chunk in flight. */
  readonly bytes: number
  readonly grade: number
  readonly end: 'complete' | 'client-left' | 'failed'
  /** Status that went out in place of the answer's, when the adapter could not send its body. */
  readonly status?: number
}
