/**
 * The Merkle tree of RFC 6962 over entries, and the tiles of C2SP tlog-tiles that it lies in.
 * @module
 */
import { hash } from 'node:crypto'

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256
const HASH_BYTES = 32
const TILE_BYTES = TILE_WIDTH * HASH_BYTES

/**
 * Hears of each full tile: its level, its number, its 256 hashes, which it may not keep. What it
 * returns is built upon in their place: hashes that are known to be right when these are not.
 */
export type OnTile = (level: number, index: number, hashes: Uint8Array) => Uint8Array | void

/**
 * Grows leaf by leaf, in memory that grows with the logarithm of its size.
 *
 * @example
 * const tree = new Tree((level, index, hashes) => compare(tilePath(level, index), hashes))
 * tree.append(leafOf(entry))
 * tree.root()
 */
export class Tree {
  /** The tile at the right edge of each level, and how much of it is there. */
  readonly #edge: { readonly tile: Uint8Array; bytes: number }[] = []
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
    this.#put(0, leaf)
  }

  /** Root over the leaves so far. */
  root(): Uint8Array {
    return rootOfEdge(this.#tiles())
  }

  /** Partial tiles at the right edge, from level 0 up, without empty ones at the end. */
  edge(): Uint8Array[] {
    const tiles = this.#tiles()
    while (tiles.at(-1)?.length === 0) tiles.pop()
    return tiles
  }

  #tiles(): Uint8Array[] {
    return this.#edge.map(({ tile, bytes }) => tile.subarray(0, bytes))
  }

  #put(level: number, node: Uint8Array): void {
    const edge = (this.#edge[level] ??= { tile: new Uint8Array(TILE_BYTES), bytes: 0 })
    edge.tile.set(node, edge.bytes)
    edge.bytes += HASH_BYTES
    if (edge.bytes < TILE_BYTES) return
    edge.bytes = 0
    const index = this.#size / TILE_WIDTH ** (level + 1) - 1
    this.#put(level + 1, rootOf(this.#onTile(level, index, edge.tile) ?? edge.tile))
  }
}

/** Root of a log by its partial tiles, from level 0 up. */
export function rootOfEdge(tiles: readonly Uint8Array[]): Uint8Array {
  let root: Uint8Array | undefined
  // Complete subtrees from the smallest, at the right, to the largest.
  for (const tile of tiles)
    for (let width = HASH_BYTES, end = tile.length; end > 0; width *= 2) {
      if (end % (2 * width) === 0) continue
      const peak = rootOf(tile.subarray(end - width, end))
      root = root === undefined ? peak : nodeOf(peak, root)
      end -= width
    }
  return root ?? sha256(new Uint8Array(0))
}

/** Root over hashes, a power of two of them, that stand one behind the other. */
export function rootOf(hashes: Uint8Array): Uint8Array {
  const nodes = hashes.slice()
  const input = new Uint8Array(1 + 2 * HASH_BYTES)
  input[0] = 1
  for (let length = nodes.length; length > HASH_BYTES; length /= 2)
    for (let at = 0; at < length; at += 2 * HASH_BYTES) {
      input.set(nodes.subarray(at, at + 2 * HASH_BYTES), 1)
      nodes.set(sha256(input), at / 2)
    }
  return nodes.slice(0, HASH_BYTES)
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

function nodeOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + 2 * HASH_BYTES)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 1 + HASH_BYTES)
  return sha256(input)
}
