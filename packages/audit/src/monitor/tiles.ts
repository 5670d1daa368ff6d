/**
 * Proofs about a log, made of its public hash tiles by whoever reads them.
 * Source: RFC 6962, section 2.1; C2SP tlog-tiles.
 * @module
 */
import type { AuditCrypto } from '../crypto.ts'
import { nodeHash, splitOf } from '../proof.ts'
import { TILE_WIDTH, tilePath } from '../tree.ts'
import { SourceFailed, type PublicFiles } from './source.ts'

const TILE_HEIGHT = 8
const HASH_BYTES = 32
/** Tiles that are kept while a log is looked at: some 512 KiB. */
const TILES_KEPT_MAX = 64
/** Hashes of nodes that are kept beside them. */
const NODES_KEPT_MAX = 8192

/**
 * Reads tiles of a log of one size. They are believed only as far as proofs that are made of them
 * hold under a root that the log signed.
 *
 * @example
 * const tiles = new Tiles(files, checkpoint.size, nodeCrypto)
 * isConsistent(before, checkpoint, await tiles.consistency(before.size), nodeCrypto)
 */
export class Tiles {
  readonly #files: PublicFiles
  readonly #size: number
  readonly #crypto: AuditCrypto
  readonly #tiles = new Map<string, Uint8Array>()
  /** Nodes between the levels of tiles: proofs of many epochs have most of them in common. */
  readonly #nodes = new Map<string, Uint8Array>()

  constructor(files: PublicFiles, size: number, crypto: AuditCrypto) {
    this.#files = files
    this.#size = size
    this.#crypto = crypto
  }

  /** Root of the log's first `size` entries. */
  async root(size: number): Promise<Uint8Array> {
    return size === 0 ? this.#crypto.sha256(new Uint8Array(0)) : this.#range(0, size)
  }

  /** Hash of the leaf at `index`. */
  async leaf(index: number): Promise<Uint8Array> {
    return this.#range(index, index + 1)
  }

  /** Proof that the log began with its first `oldSize` entries. */
  async consistency(oldSize: number): Promise<Uint8Array[]> {
    const proof: Uint8Array[] = []
    if (oldSize === 0 || oldSize === this.#size) return proof
    let [start, end] = [0, this.#size]
    while (end !== oldSize) {
      const middle = start + splitOf(end - start)
      const isLeft = oldSize <= middle
      proof.push(isLeft ? await this.#range(middle, end) : await this.#range(start, middle))
      if (isLeft) end = middle
      else start = middle
    }
    // The old root is known: a whole old tree is not part of the proof.
    if (start !== 0) proof.push(await this.#range(start, end))
    return proof.toReversed()
  }

  /** Proof that the leaf at `index` is in the log, from the leaf upwards. */
  async inclusion(index: number): Promise<Uint8Array[]> {
    const proof: Uint8Array[] = []
    let [start, end] = [0, this.#size]
    while (end - start > 1) {
      const middle = start + splitOf(end - start)
      const isLeft = index < middle
      proof.push(isLeft ? await this.#range(middle, end) : await this.#range(start, middle))
      if (isLeft) end = middle
      else start = middle
    }
    return proof.toReversed()
  }

  /** Hash over leaves that a tree's recursion has under one node. */
  async #range(start: number, end: number): Promise<Uint8Array> {
    const height = Math.round(Math.log2(end - start))
    if (2 ** height === end - start) return this.#node(height, start / (end - start))
    const middle = start + splitOf(end - start)
    return nodeHash(await this.#range(start, middle), await this.#range(middle, end), this.#crypto)
  }

  /** Hash of a complete subtree, the `index`th of its height. */
  async #node(height: number, index: number): Promise<Uint8Array> {
    const level = Math.floor(height / TILE_HEIGHT)
    if (height % TILE_HEIGHT === 0) return this.#hashIn(level, index)
    const name = `${height}/${index}`
    const kept = this.#nodes.get(name)
    if (kept !== undefined) return kept
    const left = await this.#node(height - 1, 2 * index)
    const right = await this.#node(height - 1, 2 * index + 1)
    const node = nodeHash(left, right, this.#crypto)
    if (this.#nodes.size >= NODES_KEPT_MAX) this.#nodes.clear()
    this.#nodes.set(name, node)
    return node
  }

  async #hashIn(level: number, index: number): Promise<Uint8Array> {
    const tile = await this.#tile(level, Math.floor(index / TILE_WIDTH))
    const at = (index % TILE_WIDTH) * HASH_BYTES
    return tile.slice(at, at + HASH_BYTES)
  }

  async #tile(level: number, index: number): Promise<Uint8Array> {
    const whole = tilePath(level, index)
    const kept = this.#tiles.get(whole)
    if (kept !== undefined) return kept
    const hashes = Math.floor(this.#size / TILE_WIDTH ** level) - index * TILE_WIDTH
    const width = Math.min(hashes, TILE_WIDTH)
    const partial = width < TILE_WIDTH ? await this.#files.get(`${whole}.p/${width}`) : undefined
    // A partial tile may go when the log has grown over it.
    const bytes = partial ?? (await this.#files.get(whole))
    if (bytes === undefined || bytes.length < width * HASH_BYTES)
      throw new SourceFailed(
        `${whole} expected ${width} hashes of 32 bytes, got ${bytes?.length ?? 'no'} bytes`,
      )
    if (this.#tiles.size >= TILES_KEPT_MAX) this.#tiles.clear()
    this.#tiles.set(whole, bytes)
    return bytes
  }
}
