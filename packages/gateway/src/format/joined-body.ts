/**
 * Bodies made of pieces of all sizes: small ones are joined, large ones sent from where they lie.
 * @module
 */
import type { BodyReader } from '@turnpike/core/body'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import type { HeldBlock } from '../blocks/block-item.ts'

/** Hands out the pieces of a body in order. A piece is released before the next is asked for. */
export interface PieceSource {
  /** The next piece, or undefined at the end. Rejects when the body can't be finished. */
  next(): Promise<HeldBlock | undefined>
  /** Stops reads upstream at once; pieces that were not handed out are released. Idempotent. */
  close(): void
}

/** A piece that nobody lent. */
export function ownPiece(bytes: Uint8Array): HeldBlock {
  return { bytes, release: nothing }
}

const nothing = (): void => {}

/**
 * Pieces up to this size are joined into chunks of 256 KiB, because a write costs more than copying
 * 64 KiB; a larger one is sent from where it lies.
 */
const JOIN_BYTES_MAX = CHUNK_BYTES_MAX / 4

/** Reads a body from its pieces. */
export class JoinedReader implements BodyReader {
  readonly #source: PieceSource
  readonly #joined = new Uint8Array(CHUNK_BYTES_MAX)
  #joinedBytes = 0
  /** A piece that found no room in the last chunk, or that is being sent from where it lies. */
  #piece: HeldBlock | undefined
  /** What is left of a large piece. */
  #rest: Uint8Array | undefined

  constructor(source: PieceSource) {
    this.#source = source
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#rest !== undefined && this.#rest.length > 0) return this.#cut(this.#rest)
    if (this.#rest !== undefined) this.#letGo()
    for (;;) {
      this.#piece ??= await this.#source.next()
      const piece = this.#piece
      if (piece === undefined) return this.#joinedBytes > 0 ? this.#flush() : null
      const { bytes } = piece
      const large = bytes.length > JOIN_BYTES_MAX
      if (large && this.#joinedBytes === 0) return this.#cut(bytes)
      if (large || this.#joinedBytes + bytes.length > CHUNK_BYTES_MAX) return this.#flush()
      this.#joined.set(bytes, this.#joinedBytes)
      this.#joinedBytes += bytes.length
      this.#letGo()
    }
  }

  close(): void {
    this.#letGo()
    this.#source.close()
  }

  #cut(rest: Uint8Array): Uint8Array {
    this.#rest = rest.subarray(CHUNK_BYTES_MAX)
    return rest.subarray(0, CHUNK_BYTES_MAX)
  }

  #letGo(): void {
    this.#piece?.release()
    this.#piece = this.#rest = undefined
  }

  #flush(): Uint8Array {
    const chunk = this.#joined.subarray(0, this.#joinedBytes)
    this.#joinedBytes = 0
    return chunk
  }
}
