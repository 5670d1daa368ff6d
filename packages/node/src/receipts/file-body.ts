/**
 * Bodies that are read from their file a chunk at a time.
 * @module
 */
import { open } from 'node:fs/promises'
import type { BodyReader } from '@turnpike/core/body'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import type { SizedBody } from '@turnpike/gateway/control-answer'

/**
 * A file as a body. Who reads slowly holds one chunk of it, and no descriptor.
 *
 * @param length bytes of the file; it doesn't change
 * @example
 * const body = fileBody('/data/receipts/read/498592.final', size)
 */
export function fileBody(path: string, length: number): SizedBody {
  return { length, open: () => new FileReader(path, length) }
}

class FileReader implements BodyReader {
  readonly #path: string
  readonly #length: number
  #at = 0

  constructor(path: string, length: number) {
    this.#path = path
    this.#length = length
  }

  async read(): Promise<Uint8Array | null> {
    const bytes = Math.min(CHUNK_BYTES_MAX, this.#length - this.#at)
    if (bytes <= 0) return null
    const file = await open(this.#path, 'r')
    try {
      const chunk = new Uint8Array(bytes)
      const { bytesRead } = await file.read(chunk, 0, bytes, this.#at)
      if (bytesRead !== bytes)
        throw new RangeError(`${this.#path} expected ${this.#length} bytes, got less`)
      this.#at += bytes
      return chunk
    } finally {
      await file.close()
    }
  }

  close(): void {
    this.#at = this.#length
  }
}
