/**
 * The Merkle tree of RFC 6962 over entries, and the tiles of C2SP tlog-tiles that it lies in.
 * @module
 */
import { hash } from 'node:crypto'

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256
const TILE_HEIGHT = 8
const HASH_BYTES = 32

/** Hears of each full tile: its level, its number, its 256 hashes. */
export type OnTile = (level: number, index: number, hashes: Uint8Array) => void

/**
 * Grows leaf by leaf, in memory that grows with the logarithm of its size.
 *
 * @example
 * const tree = new Tree((level, index, hashes) => compare(tilePath(level, index), hashes))
 * tree.append(leafOf(entry))
 * tree.root()
 */
export class Tree {
  /** Complete subtrees, largest first: those that the binary digits of `size` say. */
  readonly #peaks: { readonly height: number; readonly hash: Uint8Array }[] = []
  /** Hashes of the tile at the right edge of each level. */
  readonly #edge: Uint8Array[][] = []
  readonly #onTile: OnTile
  #size = 0

  constructor(onTile: OnTile = () => {}) {
    this.#onTile = onTile
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size
  }

  /** Adds a leaf's hash. */
  append(leaf: Uint8Array): void {
    this.#size++
    let node = { height: 0, hash: leaf }
    this.#toTile(node.height, leaf)
    while (this.#peaks.at(-1)?.height === node.height) {
      const left = this.#peaks.pop()!
      node = { height: node.height + 1, hash: nodeOf(left.hash, node.hash) }
      this.#toTile(node.height, node.hash)
    }
    this.#peaks.push(node)
  }

  /** Root over the leaves so far. */
  root(): Uint8Array {
    const peaks = this.#peaks.map((peak) => peak.hash)
    return peaks.length === 0 ? sha256(new Uint8Array(0)) : peaks.reduceRight(foldLeft)
  }

  /** Partial tiles at the right edge, from level 0 up, without empty ones at the end. */
  edge(): Uint8Array[] {
    const tiles = this.#edge.map(joined)
    while (tiles.at(-1)?.length === 0) tiles.pop()
    return tiles
  }

  #toTile(height: number, hashOfNode: Uint8Array): void {
    if (height % TILE_HEIGHT !== 0) return
    const level = height / TILE_HEIGHT
    const tile = (this.#edge[level] ??= [])
    tile.push(hashOfNode)
    if (tile.length < TILE_WIDTH) return
    const index = this.#size / TILE_WIDTH ** (level + 1) - 1
    this.#onTile(level, index, joined(tile.splice(0)))
  }
}

/** Hash of a leaf: of its bytes behind a zero. */
export function leafOf(bytes: Uint8Array): Uint8Array {
  const input = new Uint8Array(bytes.length + 1)
  input.set(bytes, 1)
  return sha256(input)
}

/** SHA-256. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

/** Path of a full bundle (`level` undefined) or tile, from the log's folder. */
export function tilePath(level: number | undefined, index: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0')
  const groups = digits.match(/\d{3}/g)!
  const last = groups.pop()!
  return ['tile', level ?? 'entries', ...groups.map((group) => `x${group}`), last].join('/')
}

function foldLeft(right: Uint8Array, left: Uint8Array): Uint8Array {
  return nodeOf(left, right)
}

function nodeOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + 2 * HASH_BYTES)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 1 + HASH_BYTES)
  return sha256(input)
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES)
  for (const [i, one] of hashes.entries()) bytes.set(one, i * HASH_BYTES)
  return bytes
}
