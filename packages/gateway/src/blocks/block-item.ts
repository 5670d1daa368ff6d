/**
 * One block on its way from an origin to whoever waits for it.
 * @module
 */
import { copyBytes } from '@turnpike/core/bytes'
import type { Slice } from '@turnpike/core/ports/blob'
import type { BlockError } from './errors.ts'
import type { Slab } from './slab.ts'

/** A verified block, held until `release`; its bytes must not be used after that. */
export interface HeldBlock {
  readonly bytes: Uint8Array
  release(): void
}

/** What an item tells its engine. */
export interface ItemOwner {
  /** The last holder let go of a block that is still on its way. */
  unwanted(item: BlockItem): void
  /** The last holder let go of a verified block: keep it in a cache or forget it. */
  done(item: BlockItem): void
}

/**
 * A block being fetched, or fetched and still held. All who want it at the same time share one
 * item;
 * its bytes stay in the slab that they were read into.
 */
export class BlockItem implements HeldBlock {
  readonly key: string
  readonly multihash: Uint8Array
  readonly slices: readonly Slice[]
  readonly sizeBytes: number
  /**
   * Readers that hold it ahead of their clients: while there is one, the budget counts its bytes.
   */
  aheadHolders: number
  /** Whether a second reader wanted it while it was held: then it is worth keeping. */
  shared = false
  readonly #owner: ItemOwner
  #holders = 1
  #bytes: Uint8Array | undefined
  #owned: Uint8Array | undefined
  #slab: Slab | undefined
  #error: BlockError | undefined
  #waiting: (() => void)[] | undefined
  #tried: Set<string> | undefined

  constructor(
    owner: ItemOwner,
    key: string,
    multihash: Uint8Array,
    slices: readonly Slice[],
    aheadHolders: number = 0,
  ) {
    this.#owner = owner
    this.key = key
    this.multihash = multihash
    this.slices = slices
    this.sizeBytes = slices[0]!.length
    this.aheadHolders = aheadHolders
  }

  get held(): boolean {
    return this.#holders > 0
  }

  get pending(): boolean {
    return this.#bytes === undefined && this.#error === undefined
  }

  get error(): BlockError | undefined {
    return this.#error
  }

  get bytes(): Uint8Array {
    if (this.#bytes === undefined) throw new RangeError('"block" expected to be ready, is not')
    return this.#bytes
  }

  /** The bytes as an array that outlives the slab: the slab's own when it is not used again. */
  ownedBytes(): Uint8Array {
    this.#owned ??= this.#ownsBytes() ? this.bytes : copyBytes(this.bytes)
    return this.#owned
  }

  /** Resolves when the block is verified or has failed; then `error` tells which. */
  settled(): Promise<void> | undefined {
    if (!this.pending) return undefined
    return new Promise((resolve) => (this.#waiting ??= []).push(resolve))
  }

  /** Remembers a blob at a site that failed to give this block. */
  markTried(place: string): void {
    this.#tried ??= new Set()
    this.#tried.add(place)
  }

  /** Whether any place failed to give this block. */
  get tried(): boolean {
    return this.#tried !== undefined
  }

  hasTried(place: string): boolean {
    return this.#tried?.has(place) ?? false
  }

  retain(): void {
    this.#holders++
  }

  release(): void {
    if (this.#holders === 0) throw new RangeError('"block" expected a holder, has none')
    if (--this.#holders > 0) return
    if (this.pending) this.#owner.unwanted(this)
    else this.#finish()
  }

  /** Hands in verified bytes: a view of `slab`, or an array of their own. */
  resolve(bytes: Uint8Array, slab: Slab | undefined): void {
    slab?.retain()
    this.#slab = slab
    this.#bytes = bytes
    this.#wake()
    if (this.#holders === 0) this.#finish()
  }

  /** Says that no origin gave the block. */
  reject(error: BlockError): void {
    this.#error = error
    this.#wake()
    if (this.#holders === 0) this.#finish()
  }

  #finish(): void {
    this.#owner.done(this)
    this.#slab?.release()
    this.#slab = undefined
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) for (const resolve of waiting) resolve()
  }

  #ownsBytes(): boolean {
    return !this.#slab?.pooled && this.bytes.byteLength === this.bytes.buffer.byteLength
  }
}
