/**
 * Tiles: where the hashes and entries of a log lie in files.
 * Source: C2SP tlog-tiles, "Merkle Tree" and "Log Entries".
 * @module
 */
import type { TreeNode } from './node.ts'

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256
/** Levels of tree that one tile spans. */
export const TILE_HEIGHT = 8
/** Tile levels that a log of 2^53 entries reaches. */
export const TILE_LEVELS_MAX = 7

/** The hashes in a tile whose fold is one node of the tree. */
export interface TileSlot {
  /** Level of the tile: its hashes are subtrees of 256^level entries. */
  readonly level: number
  readonly tile: number
  /** First of the hashes, counted in the tile. */
  readonly first: number
  /** How many: a power of two. */
  readonly count: number
}

/**
 * Where the hash of a complete subtree comes from.
 *
 * @example
 * slotOf({ height: 9, index: 0 }) // { level: 1, tile: 0, first: 0, count: 2 }
 */
export function slotOf(node: TreeNode): TileSlot {
  const level = Math.floor(node.height / TILE_HEIGHT)
  const count = 2 ** (node.height % TILE_HEIGHT)
  const first = node.index * count
  return { level, tile: Math.floor(first / TILE_WIDTH), first: first % TILE_WIDTH, count }
}

/**
 * Hashes in the partial tile at the right edge of `level`, for a log of `size` entries; 0 when
 * there is none.
 *
 * @example
 * edgeWidth(70_000, 0) // 112
 */
export function edgeWidth(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH
}

/** Full tiles at `level`, for a log of `size` entries. */
export function fullTiles(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** (level + 1))
}

/**
 * Path of a full hash tile.
 *
 * @throws {RangeError} when level or index is out of range
 * @example
 * tilePath(0, 1_234_067) // 'tile/0/x001/x234/067'
 */
export function tilePath(level: number, index: number): string {
  if (!Number.isInteger(level) || level < 0 || level >= TILE_LEVELS_MAX)
    throw new RangeError(`"level" expected 0 to ${TILE_LEVELS_MAX - 1}, got ${level}`)
  return `tile/${level}/${indexPath(index)}`
}

/**
 * Path of a full entry bundle.
 *
 * @throws {RangeError} when the index is out of range
 * @example
 * bundlePath(0) // 'tile/entries/000'
 */
export function bundlePath(index: number): string {
  return `tile/entries/${indexPath(index)}`
}

function indexPath(index: number): string {
  if (!Number.isSafeInteger(index) || index < 0)
    throw new RangeError(`"index" expected a safe integer >= 0, got ${index}`)
  let path = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`
  return path
}
