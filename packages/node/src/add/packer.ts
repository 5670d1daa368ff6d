/**
 * Packs blocks into shards: leaves as they come, interior nodes together at the end.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { copyBytes, keyOf, type BytesKey } from '@turnpike/core/bytes'
import { encodeDagIndex } from '@turnpike/core/blob-index'
import { CAR_ROOTS_MAX, SHARD_BLOCKS_MAX } from '@turnpike/core/limits'
import { ADD_HELD_BYTES_MAX } from '@turnpike/core/limits/store'
import { CAR, type Link } from '@turnpike/core/link'
import { IDENTITY } from '@turnpike/core/multihash'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { BlockKind } from '@turnpike/core/unixfs/block'
import type { StoredBlob } from '../blobs/draft.ts'
import { createShardWriter, type ShardWriter } from '../blobs/shard-writer.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Stage } from './stage.ts'

/** A block to be stored; its bytes may be reused when `put` has resolved. */
export interface PackedBlock {
  readonly link: Link
  readonly bytes: Uint8Array
  readonly kind: BlockKind
}

/** What a packer works on. */
export interface PackerOptions {
  readonly stage: Stage
  readonly blobs: BlobStore
  /** Looked at for what the space holds already. */
  readonly catalog: DatabaseSync
  readonly space: SpaceDid
  readonly hasher: Hasher
}

/** What {@link Packer.finish} did. */
export interface Packed {
  /** Distinct blocks stored now; those that the space held before are not among them. */
  readonly blocks: number
  readonly shards: readonly FinishedShard[]
  /** Shards that became roots, since there were no others. */
  readonly shardRoots: readonly Link[]
}

/** A shard that was stored. */
export interface FinishedShard extends StoredBlob {
  readonly no: number
}

/** A shard being written, with the blocks that it holds. */
interface OpenShard {
  readonly no: number
  readonly writer: ShardWriter
  readonly keys: Set<BytesKey>
  readonly interior: boolean
}

/** What the DAG under the next root needs. */
type Needs = { readonly shards: Set<number>; readonly blobs: Set<number>; interior: boolean }

const HELD = `
  SELECT s.blob FROM slices s
  CROSS JOIN space_blobs h ON h.blob = s.blob
    AND h.space = (SELECT id FROM spaces WHERE did = ?2)
  CROSS JOIN blobs b ON b.id = s.blob AND b.local = 1
  WHERE s.multihash = ?1 ORDER BY h.accepted LIMIT 1`

/**
 * Stores blocks that the space does not have in shards of about 127 MiB, one being written and one
 * being synced at a time. The same blocks in the same order make the same shards, so adding again
 * what another space has, or what an add that was killed had stored, takes no second copy.
 *
 * An add of less than `ADD_HELD_BYTES_MAX` of leaves becomes a single shard under its root. Methods
 * throw `StoreFault`; then only `abort` may be called. Calls must not overlap.
 */
export class Packer {
  readonly #options: PackerOptions
  readonly #find: StatementSync
  #needs: Needs = { shards: new Set(), blobs: new Set(), interior: false }
  /** Leaves that wait for what becomes of shard 0, until they are too many to wait. */
  #held: PackedBlock[] | undefined = []
  #heldBytes = 0
  #heldKeys = new Set<BytesKey>()
  #open: OpenShard | undefined
  #closing: { readonly shard: OpenShard; readonly done: Promise<void> } | undefined
  /** Roots for the headers of shards that are begun from now on. */
  #roots: Link[] = []
  #rootless: { readonly name: string; readonly blobs: Iterable<number> } | undefined
  readonly #finished: FinishedShard[] = []
  #next = 0
  #blocks = 0

  constructor(options: PackerOptions) {
    this.#options = options
    this.#find = options.catalog.prepare(HELD)
  }

  /** Takes a block of the DAG whose root is told next. Its hash was checked by the caller. */
  async put(block: PackedBlock): Promise<void> {
    const { multihash } = block.link
    if (multihash[0] === IDENTITY) return
    const key = keyOf(multihash)
    const shard = this.#shardOf(key, multihash)
    if (shard !== undefined) return void this.#needs.shards.add(shard)
    const { space } = this.#options
    const held = this.#find.get(multihash, space)
    if (held !== undefined) return void this.#needs.blobs.add(Number(held.blob))
    if (block.kind === 'leaf') return this.#leaf(block, key)
    this.#options.stage.spool(block.link, block.bytes)
    this.#needs.interior = true
  }

  #shardOf(key: BytesKey, multihash: Uint8Array): number | undefined {
    if (this.#heldKeys.has(key)) return 0
    if (this.#open?.keys.has(key)) return this.#open.no
    if (this.#closing?.shard.keys.has(key)) return this.#closing.shard.no
    return this.#finished.length > 0 ? this.#options.stage.shardOf(multihash) : undefined
  }

  async #leaf(block: PackedBlock, key: BytesKey): Promise<void> {
    if (this.#held === undefined) {
      await this.#append(block, key, false)
      this.#needs.shards.add(this.#open!.no)
      return
    }
    this.#held.push({ ...block, bytes: copyBytes(block.bytes) })
    this.#heldBytes += block.bytes.length
    this.#heldKeys.add(key)
    this.#needs.shards.add(0)
    const full = this.#held.length >= SHARD_BLOCKS_MAX || this.#heldBytes >= ADD_HELD_BYTES_MAX
    if (full) await this.#releaseHeld(false)
  }

  async #releaseHeld(interior: boolean): Promise<void> {
    const held = this.#held ?? []
    this.#held = undefined
    this.#heldKeys = new Set()
    for (const block of held) await this.#append(block, keyOf(block.link.multihash), interior)
  }

  async #append(
    block: Pick<PackedBlock, 'link' | 'bytes'>,
    key: BytesKey,
    interior: boolean,
  ): Promise<void> {
    let shard = this.#open
    const full =
      shard !== undefined &&
      (shard.writer.count >= SHARD_BLOCKS_MAX || !shard.writer.fits(block.link, block.bytes.length))
    if (shard === undefined || full) {
      if (shard !== undefined) await this.#close()
      shard = await this.#begin(interior)
    }
    shard.keys.add(key)
    const appended = await shard.writer.append(block.link, block.bytes)
    if (appended.error) throw appended.error
    this.#blocks++
  }

  async #begin(interior: boolean): Promise<OpenShard> {
    const created = await createShardWriter(this.#options.blobs, { roots: this.#roots })
    if (created.error) throw created.error
    this.#open = { no: this.#next++, writer: created.ok, keys: new Set(), interior }
    return this.#open
  }

  /** Lets the open shard be synced while the next is written; waits for the one before it. */
  async #close(): Promise<void> {
    await this.#closed()
    const shard = this.#open
    if (shard === undefined) return
    this.#open = undefined
    const done = this.#finishShard(shard)
    // Awaited by the next `#closed`; until then a failure must not end the process.
    done.catch(() => {})
    this.#closing = { shard, done }
  }

  async #closed(): Promise<void> {
    await this.#closing?.done
    this.#closing = undefined
  }

  async #finishShard({ no, writer, interior }: OpenShard): Promise<void> {
    const finished = await writer.finish()
    if (finished.error) throw finished.error
    const { multihash, sizeBytes, isNew, slices } = finished.ok
    this.#options.stage.addShard(no, { multihash, sizeBytes, sites: [], interior }, slices)
    this.#finished.push({ no, multihash, sizeBytes, isNew })
  }

  /** Names the roots before the blocks come, so that the header of every shard can say them. */
  announce(roots: readonly Link[]): void {
    this.#roots = roots.slice(0, CAR_ROOTS_MAX)
  }

  /** Says that what was put since the last root is what `link` needs. */
  endRoot(link: Link, name: string, bytes: number): void {
    this.endRoots([link], name, bytes)
    if (this.#roots.length < CAR_ROOTS_MAX) this.#roots.push(link)
  }

  /**
   * Says that each of `links` needs what was put since the last root. Without any, each shard with
   * some of it becomes a root by its own CAR CID: what has no root could not be removed.
   */
  endRoots(links: readonly Link[], name: string, bytes: number): void {
    for (const link of links) this.#options.stage.addRoot({ link, name, bytes, ...this.#needs })
    if (links.length === 0) this.#rootless = { name, blobs: this.#needs.blobs }
    this.#needs = { shards: new Set(), blobs: new Set(), interior: false }
  }

  /** Stores what is left, and the indexes; then the stage is complete. */
  async finish(): Promise<Packed> {
    await this.#close()
    await this.#closed()
    await this.#releaseHeld(true)
    const spooled = this.#options.stage.spooled()
    for (const block of spooled) await this.#append(block, keyOf(block.link.multihash), true)
    await this.#close()
    await this.#closed()
    await this.#storeIndexes()
    return { blocks: this.#blocks, shards: this.#finished, shardRoots: this.#addShardRoots() }
  }

  #addShardRoots(): Link[] {
    if (this.#rootless === undefined) return []
    const { stage, catalog } = this.#options
    const { name, blobs } = this.#rootless
    const links: Link[] = []
    const add = (
      multihash: Uint8Array,
      bytes: number,
      needs: { shards: number[]; blobs: number[] },
    ): void => {
      const link: Link = { version: 1, codec: CAR, multihash }
      links.push(link)
      stage.addRoot({ link, name, bytes, interior: false, ...needs })
    }
    for (const { no, multihash, sizeBytes } of this.#finished)
      add(multihash, sizeBytes, { shards: [no], blobs: [] })
    const find = catalog.prepare('SELECT multihash, size FROM blobs WHERE id = ?')
    for (const blob of blobs) {
      const row = find.get(blob)
      if (row !== undefined)
        add(row.multihash as Uint8Array, Number(row.size), { shards: [], blobs: [blob] })
    }
    return links
  }

  async #storeIndexes(): Promise<void> {
    const { stage, catalog, hasher, blobs } = this.#options
    const known = catalog.prepare(
      'SELECT 1 FROM indexes i JOIN blobs b ON b.id = i.blob WHERE b.multihash = ?',
    )
    stage.indexByShard()
    for (const { no, multihash, sizeBytes } of stage.shards()) {
      if (known.get(multihash) !== undefined) continue
      const content = this.#roots[0] ?? { version: 1, codec: CAR, multihash }
      const shard = { multihash, sizeBytes, slices: stage.slicesOf(no) }
      const archive = encodeDagIndex({ content, shards: [shard] }, hasher)
      const stored = await blobs.putWhole(one(archive))
      if (stored.error) throw stored.error
      stage.setIndex(no, stored.ok.multihash, stored.ok.sizeBytes)
    }
  }

  /** Gives up what is being written. Finished shards stay, for an add to come or a sweep. */
  async abort(): Promise<void> {
    await this.#closing?.done.catch(() => {})
    await this.#open?.writer.abort()
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
