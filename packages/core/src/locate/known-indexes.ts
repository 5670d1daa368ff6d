/**
 * Indexes that others published, kept for the blocks that they list.
 * @module
 */
import type { DagIndex } from '../blob-index.ts'
import { keyOf, type BytesKey } from '../bytes.ts'
import { LOCATED_INDEXES_MAX, LOCATED_SLICES_MAX } from '../limits/claims.ts'

/** Where an index says that a block lies. */
export interface IndexedPlace {
  /** Multihash of the blob. */
  readonly shard: Uint8Array
  readonly offset: number
  readonly length: number
}

interface KnownIndex {
  readonly shards: readonly Uint8Array[]
  readonly places: ReadonlyMap<BytesKey, readonly PackedPlace[]>
}

/** Number of the shard, offset, length. */
type PackedPlace = readonly [shard: number, offset: number, length: number]

/**
 * Keeps indexes by the multihash of their archives, at most `LOCATED_INDEXES_MAX` and
 * `LOCATED_SLICES_MAX` slices; those asked least lately go first.
 */
export class KnownIndexes {
  readonly #kept = new Map<BytesKey, KnownIndex>()
  readonly #slicesMax: number
  #slices = 0

  constructor(slicesMax: number = LOCATED_SLICES_MAX) {
    this.#slicesMax = slicesMax
  }

  /** Keeps an index; false when it is too large to be kept at all. */
  add(archive: Uint8Array, index: DagIndex): boolean {
    const places = placesIn(index)
    if (places.size > this.#slicesMax) return false
    this.#drop(keyOf(archive))
    const shards = index.shards.map(({ multihash }) => Uint8Array.from(multihash))
    this.#kept.set(keyOf(archive), { shards, places })
    this.#slices += places.size
    while (this.#slices > this.#slicesMax || this.#kept.size > LOCATED_INDEXES_MAX)
      this.#drop(this.#kept.keys().next().value!)
    return true
  }

  has(archive: Uint8Array): boolean {
    return this.#kept.has(keyOf(archive))
  }

  /** Keys of the indexes that list a block. */
  listing(multihash: Uint8Array): BytesKey[] {
    const block = keyOf(multihash)
    return [...this.#kept].filter(([, { places }]) => places.has(block)).map(([key]) => key)
  }

  /** Where an index says that a block lies, in its order. */
  places(index: BytesKey, multihash: Uint8Array): readonly IndexedPlace[] {
    const known = this.#kept.get(index)
    const packed = known?.places.get(keyOf(multihash))
    if (known === undefined || packed === undefined) return []
    this.#kept.delete(index)
    this.#kept.set(index, known)
    return packed.map(([shard, offset, length]) => ({
      shard: known.shards[shard]!,
      offset,
      length,
    }))
  }

  clear(): void {
    this.#kept.clear()
    this.#slices = 0
  }

  #drop(key: BytesKey): void {
    this.#slices -= this.#kept.get(key)?.places.size ?? 0
    this.#kept.delete(key)
  }
}

/** Blocks, and the shards themselves where their sizes are said. */
function placesIn({ shards }: DagIndex): ReadonlyMap<BytesKey, readonly PackedPlace[]> {
  const places = new Map<BytesKey, PackedPlace[]>()
  const put = (multihash: Uint8Array, place: PackedPlace): void => {
    const key = keyOf(multihash)
    const known = places.get(key)
    if (known === undefined) places.set(key, [place])
    else known.push(place)
  }
  for (const [i, { multihash, sizeBytes, slices }] of shards.entries()) {
    if (sizeBytes !== undefined) put(multihash, [i, 0, sizeBytes])
    for (const { multihash: block, offset, length } of slices) put(block, [i, offset, length])
  }
  return places
}
