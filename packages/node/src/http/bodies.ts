/**
 * Bodies that routes of our own take, read whole, so many at once.
 * @module
 */
import type { GatewayRequest } from '@turnpike/gateway/request'

/**
 * Reads bodies. One more than there is room for takes the place of the one that has been on its way
 * longest: whoever sends a byte now and then keeps nobody out who sends at once.
 *
 * @example
 * const body = await bodies.read(request, 10_240)
 */
export class Bodies {
  readonly #atOnceMax: number
  /** Those that are read, the first one first. */
  readonly #reading = new Set<AbortController>()

  constructor(atOnceMax: number) {
    this.#atOnceMax = atOnceMax
  }

  /** A body, or undefined, as `readBody` has it; `crowded` for one that lost its place. */
  async read(
    request: Pick<GatewayRequest, 'readBody'>,
    bytesMax: number,
  ): Promise<Uint8Array | undefined | 'crowded'> {
    const [first] = this.#reading
    if (first !== undefined && this.#reading.size >= this.#atOnceMax) {
      first.abort()
      this.#reading.delete(first)
    }
    const reading = new AbortController()
    this.#reading.add(reading)
    try {
      const body = await request.readBody?.(bytesMax, reading.signal)
      return body === undefined && reading.signal.aborted ? 'crowded' : body
    } finally {
      this.#reading.delete(reading)
    }
  }
}
