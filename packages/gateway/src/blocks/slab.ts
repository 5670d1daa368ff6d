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
  #lent = 0

  constructor(options: { slabBytes: number; keptMax: number }) {
    this.#slabBytes = options.slabBytes
    this.#keptMax = options.keptMax
  }

  /** Number of slabs that wait for use. */
  get free(): number {
    return this.#free.length
  }

  /** Number of slabs that somebody holds: none when nothing is read. */
  get lent(): number {
    return this.#lent
  }

  /** A slab of at least one holder whose `bytes` are exactly `sizeBytes` long, not zeroed. */
  take(sizeBytes: number): Slab {
    this.#lent++
    const pooled = sizeBytes <= this.#slabBytes && sizeBytes * 2 > this.#slabBytes
    if (!pooled) return new CountedSlab(this, new Uint8Array(sizeBytes), undefined)
    const whole = this.#free.pop() ?? new Uint8Array(this.#slabBytes)
    return new CountedSlab(this, whole.subarray(0, sizeBytes), whole)
  }

  /** Takes a slab's memory back, if it came from here. */
  giveBack(whole: Uint8Array | undefined): void {
    this.#lent--
    if (whole !== undefined && this.#free.length < this.#keptMax) this.#free.push(whole)
  }
}

class CountedSlab implements Slab {
  readonly bytes: Uint8Array
  readonly #pool: SlabPool
  readonly #whole: Uint8Array | undefined
  #holders = 1

  constructor(pool: SlabPool, bytes: Uint8Array, whole: Uint8Array | undefined) {
    this.#pool = pool
    this.bytes = bytes
    this.#whole = whole
  }

  get pooled(): boolean {
    return this.#whole !== undefined
  }

  retain(): void {
    if (this.#holders === 0) throw new RangeError('"slab" expected a holder, was given back')
    this.#holders++
  }

  release(): void {
    if (this.#holders === 0) throw new RangeError('"slab" expected a holder, was given back')
    if (--this.#holders === 0) this.#pool.giveBack(this.#whole)
  }
}
