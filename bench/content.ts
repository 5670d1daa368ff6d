/**
 * Content that can be made at any offset, and differs from block to block: no cache flatters.
 * @module
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const PAGE_BYTES = 4096
const PIECE_BYTES = 1024 * 1024

/** Bytes of a made-up file. Two seeds have no block of 4 KiB in common. */
export class Content {
  readonly #noise = new Uint8Array(PIECE_BYTES)
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
    const words = new Uint32Array(this.#noise.buffer)
    let state = (seed + 1) | 0
    for (let i = 0; i < words.length; i++) {
      // xorshift32: incompressible is all that is wanted.
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      words[i] = state
    }
  }

  /** `length` bytes from `offset`. */
  read(offset: number, length: number): Uint8Array {
    const first = Math.floor(offset / PAGE_BYTES) * PAGE_BYTES
    const pages = new Uint8Array(Math.ceil((offset + length - first) / PAGE_BYTES) * PAGE_BYTES)
    const view = new DataView(pages.buffer)
    for (let at = 0; at < pages.length; at += PAGE_BYTES) {
      const from = (first + at) % PIECE_BYTES
      pages.set(this.#noise.subarray(from, from + PAGE_BYTES), at)
      view.setUint32(at, this.#seed)
      view.setBigUint64(at + 4, BigInt(first + at))
    }
    return pages.subarray(offset - first, offset - first + length)
  }

  /** sha2-256 of a part, in hex. */
  sha256(offset: number, length: number): string {
    const hash = createHash('sha256')
    for (let at = 0; at < length; at += PIECE_BYTES)
      hash.update(this.read(offset + at, Math.min(PIECE_BYTES, length - at)))
    return hash.digest('hex')
  }

  /** Writes the first `sizeBytes` to a file. */
  async write(path: string, sizeBytes: number): Promise<void> {
    const file = await open(path, 'w')
    try {
      for (let at = 0; at < sizeBytes; at += PIECE_BYTES)
        await file.write(this.read(at, Math.min(PIECE_BYTES, sizeBytes - at)))
    } finally {
      await file.close()
    }
  }
}

/** Numbers from 0 to 1 that are the same in each run. */
export function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
