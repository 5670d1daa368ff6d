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

/** Sizes of pooled slabs as parts of the largest: a read of 1 MiB, and a leaf of 256 KiB. */
const CLASS_PARTS = [4, 1] as const
/** A slab is used for what fills more than this part of it: two leaves of 256 KiB fill half. */
const CLASS_FILL_PART = 4

/**
 * Keeps freed slabs of two sizes. Fresh memory costs a page fault each 4 KiB, which is a sixth of
 * what hashing the same bytes costs; what fills less than a quarter of a slab is left to the
 * garbage collector.
 *
 * @example
 * const pool = new SlabPool({ slabBytes: 1 << 20, keptMax: 16 })
 * const slab = pool.take(700_000)
 * slab.release()
 */
export class SlabPool {
  readonly #classes: readonly SlabClass[]
  #lent = 0

  /** `keptMax` slabs of each size wait for use at most. */
  constructor(options: { slabBytes: number; keptMax: number }) {
    const { slabBytes, keptMax } = options
    this.#classes = CLASS_PARTS.map((part) => ({
      slabBytes: Math.floor(slabBytes / part),
      keptMax,
      free: [],
    }))
  }

  /** Number of slabs that wait for use. */
  get free(): number {
    return this.#classes.reduce((sum, { free }) => sum + free.length, 0)
  }

  /** Number of slabs that somebody holds: none when nothing is read. */
  get lent(): number {
    return this.#lent
  }

  /** A slab of at least one holder whose `bytes` are exactly `sizeBytes` long, not zeroed. */
  take(sizeBytes: number): Slab {
    this.#lent++
    const fitting = this.#classes.find(({ slabBytes }) => sizeBytes <= slabBytes)
    if (fitting === undefined || sizeBytes * CLASS_FILL_PART <= fitting.slabBytes)
      return new CountedSlab(this, new Uint8Array(sizeBytes), undefined, undefined)
    const whole = fitting.free.pop() ?? new Uint8Array(fitting.slabBytes)
    return new CountedSlab(this, whole.subarray(0, sizeBytes), whole, fitting)
  }

  /** Takes a slab's memory back, if it came from here. */
  giveBack(whole: Uint8Array | undefined, to: SlabClass | undefined): void {
    this.#lent--
    if (whole !== undefined && to !== undefined && to.free.length < to.keptMax) to.free.push(whole)
  }
}

/** Slabs of one size. */
interface SlabClass {
  readonly slabBytes: number
  readonly keptMax: number
  readonly free: Uint8Array[]
}

class CountedSlab implements Slab {
  readonly bytes: Uint8Array
  readonly #pool: SlabPool
  readonly #whole: Uint8Array | undefined
  readonly #class: SlabClass | undefined
  #holders = 1

  constructor(
    pool: SlabPool,
    bytes: Uint8Array,
    whole: Uint8Array | undefined,
    slabClass: SlabClass | undefined,
  ) {
    this.#pool = pool
    this.bytes = bytes
    this.#whole = whole
    this.#class = slabClass
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
    if (--this.#holders === 0) this.#pool.giveBack(this.#whole, this.#class)
  }
}
