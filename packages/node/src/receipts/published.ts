/**
 * What a log has published, as any process of a deployment reads it: checkpoint, hash tiles, and
 * the files of its epochs. Entries are not published.
 * Source: C2SP tlog-tiles.
 * @module
 */
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKPOINT_PATH, checkpointIn } from '@turnpike/accounting/checkpoint'
import {
  RECEIPT_FILE_BYTES_MAX,
  RECEIPT_FINAL_BYTES_MAX,
} from '@turnpike/core/limits/receipt-index'
import { HASH_BYTES } from '@turnpike/core/log/encode'
import {
  edgeWidth,
  fullTiles,
  TILE_LEVELS_MAX,
  tilePath,
  TILE_WIDTH,
} from '@turnpike/core/merkle/tile'
import type { SizedBody } from '@turnpike/gateway/control-answer'
import { accountingPaths } from '../accounting/open.ts'
import { newestRootIn } from '../epochs/files.ts'
import { fileBody } from './file-body.ts'
import type { ReceiptEdge } from './operations.ts'

/** A tile that is asked for. */
export interface TileAsked {
  readonly level: number
  readonly index: number
  /** Hashes, from its first: 256, or as many as it had at some size of the log. */
  readonly width: number
}

/** Where it is read, and who knows the rest. */
export interface PublishedDeps {
  readonly dataDir: string
  /** Asks accounting for the edge; undefined while it can't be asked. */
  readonly askEdge: () => Promise<ReceiptEdge | undefined>
}

/** Pause between two looks for the newest epoch. */
const NEWEST_LOOK_MS = 1000

/** The edge is not to be had now: the folder's owner is starting, stopping or busy. */
export const NO_EDGE = 'no-edge'

/**
 * Reads what is published.
 *
 * @example
 * const checkpoint = await new Published({ dataDir, askEdge }).checkpoint()
 */
export class Published {
  readonly #log: string
  readonly #receipts: string
  readonly #askEdge: PublishedDeps['askEdge']
  #edge: Promise<ReceiptEdge | undefined> | undefined
  /** Entries of the log that the edge is of. */
  #edgeSize = -1
  #newest: Promise<number | undefined> | undefined
  /** When the newest epoch is looked for again. */
  #lookMs = 0

  constructor({ dataDir, askEdge }: PublishedDeps) {
    this.#log = accountingPaths(dataDir).log
    this.#receipts = join(dataDir, 'receipts')
    this.#askEdge = askEdge
  }

  /** The newest checkpoint. */
  checkpoint(): Promise<Uint8Array | undefined> {
    return readSmall(join(this.#log, CHECKPOINT_PATH))
  }

  /** The log's verifier key, a line. */
  vkey(): Promise<Uint8Array | undefined> {
    return readSmall(join(this.#receipts, 'log.vkey'))
  }

  /** A file of an epoch that is small. */
  epoch(epoch: number, kind: 'root' | 'anchor'): Promise<Uint8Array | undefined> {
    return readSmall(this.#epochPath(epoch, kind))
  }

  /** What an epoch came to, which may be some MiB: then it is not read yet. */
  async final(epoch: number): Promise<Uint8Array | SizedBody | undefined> {
    const path = this.#epochPath(epoch, 'final')
    const size = (await stat(path).catch(absent))?.size
    if (size === undefined || size <= RECEIPT_FILE_BYTES_MAX) return readSmall(path)
    checkSize(path, size, RECEIPT_FINAL_BYTES_MAX)
    return fileBody(path, size)
  }

  /** The `.root` of the newest epoch. It is looked for once a second, by however many. */
  async newestRoot(): Promise<Uint8Array | undefined> {
    const nowMs = performance.now()
    if (nowMs >= this.#lookMs) {
      this.#lookMs = nowMs + NEWEST_LOOK_MS
      this.#newest = newestRootIn(this.#receipts)
    }
    const newest = await this.#newest
    return newest === undefined ? undefined : this.epoch(newest, 'root')
  }

  /**
   * A tile of the log as it is published: hashes beyond the checkpoint are not, since a crash may
   * still put others in their place.
   */
  async tile({ level, index, width }: TileAsked): Promise<Uint8Array | typeof NO_EDGE | undefined> {
    const checkpoint = await this.checkpoint()
    const { size } = (checkpoint && checkpointIn(checkpoint)) ?? { size: 0 }
    if (level >= TILE_LEVELS_MAX) return undefined
    const full = fullTiles(size, level)
    if (index < full) return this.#full(level, index, width)
    if (index > full || width > edgeWidth(size, level)) return undefined
    const edge = await this.#edgeAt(size)
    if (edge === undefined) return NO_EDGE
    // Since the checkpoint was read, the log may have grown beyond the tile.
    if (index < fullTiles(edge.size, level)) return this.#full(level, index, width)
    const tile = Buffer.from(edge.tiles[level] ?? '', 'base64')
    return tile.length < width * HASH_BYTES
      ? undefined
      : new Uint8Array(tile.subarray(0, width * HASH_BYTES))
  }

  #epochPath(epoch: number, kind: string): string {
    return join(this.#receipts, 'read', `${epoch}.${kind}`)
  }

  async #full(level: number, index: number, width: number): Promise<Uint8Array | undefined> {
    const tile = await readSmall(join(this.#log, tilePath(level, index)))
    return tile?.length === TILE_WIDTH * HASH_BYTES
      ? tile.subarray(0, width * HASH_BYTES)
      : undefined
  }

  /** The edge of a log of at least `size`: asked for once for each checkpoint, by however many. */
  async #edgeAt(size: number): Promise<ReceiptEdge | undefined> {
    if (this.#edgeSize >= size && this.#edge !== undefined) return this.#edge
    this.#edgeSize = size
    const asked = this.#askEdge()
    this.#edge = asked
    const edge = await asked
    const isNewest = this.#edge === asked
    if (isNewest && edge === undefined) this.#edge = undefined
    else if (isNewest) this.#edgeSize = edge!.size
    return edge
  }
}

/** A file that is not larger than published ones are; undefined when there is none. */
async function readSmall(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch(absent)
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    checkSize(path, size, RECEIPT_FILE_BYTES_MAX)
    return new Uint8Array(await file.readFile())
  } finally {
    await file.close()
  }
}

function checkSize(path: string, size: number, bytesMax: number): void {
  if (size > bytesMax) throw new RangeError(`${path} expected <= ${bytesMax} bytes, got ${size}`)
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
