/**
 * Buffers that range reads go into: pooled when large, counted so that they go back in time.
 * @module
 */

/** A buffer with several holders. The last `release` gives it back to its pool. */
export interface Slab {
  readonly bytes: Uint8Array
  /** Whether its memory is used again after the last `release`: then no view may outlive that. */
  readonly pooled: boolean
  retain(): void
  release(): void
}

/**
 * Keeps freed slabs of one size. Fresh memory costs a page fault each 4 KiB, which is a sixth of what
 * hashing the same bytes costs; slabs below half the size are left to the garbage collector.
 *
 * @example
 * const pool = new SlabPool({ slabBytes: 1 << 20, keptMax: 16 })
 * const slab = pool.take(700_000)
 * slab.release()
 */
export class SlabPool {
  readonly #slabBytes: number
  readonly #keptMax: number
  readonly #free: Uint8Array[] = []

  constructor(options: { slabBytes: number; keptMax: number }) {
    this.#slabBytes = options.slabBytes
    this.#keptMax = options.keptMax
  }

  /** Number of slabs that wait for use. */
  get free(): number {
    return this.#free.length
  }

  /** A slab of at least one holder whose `bytes` are exactly `sizeBytes` long, not zeroed. */
  take(sizeBytes: number): Slab {
    const pooled = sizeBytes <= this.#slabBytes && sizeBytes * 2 > this.#slabBytes
    if (!pooled) return new CountedSlab(new Uint8Array(sizeBytes), undefined)
    const whole = this.#free.pop() ?? new Uint8Array(this.#slabBytes)
    return new CountedSlab(whole.subarray(0, sizeBytes), () => {
      if (this.#free.length < this.#keptMax) this.#free.push(whole)
    })
  }
}

class CountedSlab implements Slab {
  readonly bytes: Uint8Array
  readonly #free: (() => void) | undefined
  #holders = 1

  get pooled(): boolean {
    return this.#free !== undefined
  }

  constructor(bytes: Uint8Array, free: (() => void) | undefined) {
    this.bytes = bytes
    this.#free = free
  }

  retain(): void {
    if (this.#holders === 0) throw new RangeError('"slab" expected a holder, was given back')
    this.#holders++
  }

  release(): void {
    if (this.#holders === 0) throw new RangeError('"slab" expected a holder, was given back')
    if (--this.#holders === 0) this.#free?.()
  }
}
