/**
 * What an add has stored but not yet made known: a database of its own, which the folder's owner
 * takes over into the catalog in one transaction.
 *
 * So that memory stays bounded whatever the input, that the work can happen in another process than
 * the owner's, and that an add that dies leaves nothing but a file to be removed.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { linkFromBytes, linkToBytes, type Link } from '@turnpike/core/link'
import type { BlobSite } from '@turnpike/core/ports/blob'
import type { SpaceDid } from '@turnpike/core/ports/content'

/** Where a block lies in its shard: `length` bytes from `offset`. */
export interface StagedSlice {
  readonly multihash: Uint8Array
  readonly offset: number
  readonly length: number
}

/** A blob that holds blocks: a shard of our own store, or a CAR that lies elsewhere. */
export interface StagedShard {
  readonly multihash: Uint8Array
  readonly sizeBytes: number
  /** Empty for our own store. */
  readonly sites: readonly BlobSite[]
  /** Whether it holds the interior nodes. */
  readonly interior: boolean
}

/** A root and what of this add, and of what the space had before, its DAG needs. */
export interface StagedRoot {
  readonly link: Link
  readonly name: string
  readonly bytes: number
  /** Whether some of its blocks are interior nodes, stored at the end of the add. */
  readonly interior: boolean
  /** Numbers of shards of this add. */
  readonly shards: Iterable<number>
  /** Rows of the catalog's `blobs`. */
  readonly blobs: Iterable<number>
}

/** A block that waits for the last shard. */
export interface SpooledBlock {
  readonly link: Link
  readonly bytes: Uint8Array
}

const TABLES = `
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
BEGIN;
CREATE TABLE stage (space TEXT NOT NULL) STRICT;
CREATE TABLE shards (
  no INTEGER PRIMARY KEY, multihash BLOB NOT NULL, size INTEGER NOT NULL, interior INTEGER NOT NULL,
  index_multihash BLOB, index_size INTEGER, blob INTEGER
) STRICT;
CREATE TABLE sites (shard INTEGER NOT NULL, url TEXT NOT NULL, provider TEXT NOT NULL) STRICT;
CREATE TABLE blocks (
  multihash BLOB NOT NULL, shard INTEGER NOT NULL, offset INTEGER NOT NULL,
  length INTEGER NOT NULL, PRIMARY KEY (multihash, shard)
) STRICT, WITHOUT ROWID;
CREATE TABLE spool (
  no INTEGER PRIMARY KEY, multihash BLOB NOT NULL UNIQUE, cid BLOB NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE TABLE roots (
  no INTEGER PRIMARY KEY, cid BLOB NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL,
  interior INTEGER NOT NULL
) STRICT;
CREATE TABLE root_shards (
  root INTEGER, shard INTEGER, PRIMARY KEY (root, shard)
) STRICT, WITHOUT ROWID;
CREATE TABLE root_blobs (
  root INTEGER, blob INTEGER, PRIMARY KEY (root, blob)
) STRICT, WITHOUT ROWID;
CREATE TABLE claims (shard INTEGER PRIMARY KEY, cid BLOB NOT NULL, archive BLOB NOT NULL) STRICT;
`

/** Path of a stage; undefined when `id` is none, so that nobody's message leads elsewhere. */
export function stagePath(directory: string, id: string): string | undefined {
  return /^[0-9a-f-]{36}$/.test(id) ? join(directory, `${id}.sqlite`) : undefined
}

/**
 * A stage being filled. Nothing in it needs to survive a crash, so nothing is synced.
 *
 * @example
 * const stage = new Stage('/data/stages', 'did:key:z6Mk…')
 * stage.addShard(0, shard, slices)
 * stage.addRoot(root)
 * stage.close()
 */
export class Stage {
  readonly id: string = randomUUID()
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #block: StatementSync
  readonly #find: StatementSync
  readonly #spool: StatementSync

  constructor(directory: string, space: SpaceDid) {
    this.#path = stagePath(directory, this.id)!
    this.#database = new DatabaseSync(this.#path)
    this.#database.exec(TABLES)
    this.#database.prepare('INSERT INTO stage VALUES (?)').run(space)
    this.#block = this.#database.prepare('INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?)')
    this.#find = this.#database.prepare('SELECT shard FROM blocks WHERE multihash = ? LIMIT 1')
    this.#spool = this.#database.prepare(
      'INSERT OR IGNORE INTO spool (multihash, cid, bytes) VALUES (?, ?, ?)',
    )
  }

  /** Takes in a shard that is stored, with its blocks, or with those that are known by now. */
  addShard(no: number, shard: StagedShard, slices: Iterable<StagedSlice>): void {
    this.#database
      .prepare('INSERT INTO shards (no, multihash, size, interior) VALUES (?, ?, ?, ?)')
      .run(no, shard.multihash, shard.sizeBytes, Number(shard.interior))
    const site = this.#database.prepare('INSERT INTO sites VALUES (?, ?, ?)')
    for (const { url, provider } of shard.sites) site.run(no, url, provider)
    this.addSlices(no, slices)
  }

  /** Takes in more blocks of a shard. Of two places of one block, the first is kept. */
  addSlices(no: number, slices: Iterable<StagedSlice>): void {
    for (const { multihash, offset, length } of slices)
      this.#block.run(multihash, no, offset, length)
  }

  /** Number of a shard that holds the block. */
  shardOf(multihash: Uint8Array): number | undefined {
    const row = this.#find.get(multihash)
    return row === undefined ? undefined : Number(row.shard)
  }

  /** Keeps a block for the last shard, once. */
  spool(link: Link, bytes: Uint8Array): void {
    this.#spool.run(link.multihash, linkToBytes(link), bytes)
  }

  /** The blocks that were kept, in order. */
  *spooled(): Generator<SpooledBlock> {
    const rows = this.#database.prepare('SELECT cid, bytes FROM spool ORDER BY no').iterate()
    for (const { cid, bytes } of rows)
      yield { link: linkFromBytes(cid as Uint8Array)!, bytes: bytes as Uint8Array }
  }

  /** Takes in a root. */
  addRoot(root: StagedRoot): void {
    const { lastInsertRowid: no } = this.#database
      .prepare('INSERT INTO roots (cid, name, bytes, interior) VALUES (?, ?, ?, ?)')
      .run(linkToBytes(root.link), root.name, root.bytes, Number(root.interior))
    const shard = this.#database.prepare('INSERT INTO root_shards VALUES (?, ?)')
    for (const needed of root.shards) shard.run(no, needed)
    const blob = this.#database.prepare('INSERT INTO root_blobs VALUES (?, ?)')
    for (const needed of root.blobs) blob.run(no, needed)
  }

  /** The shards so far. */
  shards(): { readonly no: number; readonly multihash: Uint8Array; readonly sizeBytes: number }[] {
    const rows = this.#database.prepare('SELECT no, multihash, size FROM shards ORDER BY no').all()
    return rows.map(({ no, multihash, size }) => ({
      no: Number(no),
      multihash: multihash as Uint8Array,
      sizeBytes: Number(size),
    }))
  }

  /** Makes {@link slicesOf} fast; to be called when all shards are in. */
  indexByShard(): void {
    this.#database.exec('CREATE INDEX blocks_by_shard ON blocks (shard)')
  }

  /** Blocks of one shard. */
  slicesOf(no: number): StagedSlice[] {
    const rows = this.#database
      .prepare('SELECT multihash, offset, length FROM blocks WHERE shard = ?')
      .all(no)
    return rows as unknown as StagedSlice[]
  }

  /** Notes the stored index of a shard. */
  setIndex(no: number, multihash: Uint8Array, sizeBytes: number): void {
    this.#database
      .prepare('UPDATE shards SET index_multihash = ?, index_size = ? WHERE no = ?')
      .run(multihash, sizeBytes, no)
  }

  /** Ends filling: from now on the owner may take the stage over. Idempotent. */
  close(): void {
    if (!this.#database.isOpen) return
    this.#database.exec('COMMIT')
    this.#database.close()
  }

  /** Removes the stage. Idempotent. */
  discard(): void {
    if (this.#database.isOpen) this.#database.close()
    rmSync(this.#path, { force: true })
  }
}
