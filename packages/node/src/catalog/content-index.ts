/**
 * The `ContentIndex` port on the catalog: point look-ups by space and multihash.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { keyOf } from '@turnpike/core/bytes'
import { Recent } from '@turnpike/core/recent'
import { CATALOG_ANSWERS_KEPT_MAX, CATALOG_BLOBS_KEPT_MAX } from '@turnpike/core/limits/store'
import type { BlobRef, BlobSite, Slice } from '@turnpike/core/ports/blob'
import type { ContentIndex, SpaceDid } from '@turnpike/core/ports/content'

/**
 * Blobs that have a block in them, or are it: a shard is a block by its own CID. The index of a
 * shard belongs to whoever holds the shard.
 */
const SPACES = `
  SELECT p.did FROM (
    SELECT blob FROM slices WHERE multihash = ?1
    UNION ALL SELECT id FROM blobs WHERE multihash = ?1
    UNION ALL SELECT i.blob FROM blobs b CROSS JOIN indexes i ON i.index_blob = b.id
      WHERE b.multihash = ?1
  ) s CROSS JOIN space_blobs h ON h.blob = s.blob CROSS JOIN spaces p ON p.id = h.space
  GROUP BY p.id ORDER BY min(h.accepted), p.did`

/** Our own store first, then whatever the space got first. */
const SLICES = `
  SELECT s.blob, s.offset, s.length FROM (
    SELECT blob, blob AS held, offset, length FROM slices WHERE multihash = ?2
    UNION ALL SELECT id, id, 0, size FROM blobs WHERE multihash = ?2
    UNION ALL SELECT b.id, i.blob, 0, b.size
      FROM blobs b CROSS JOIN indexes i ON i.index_blob = b.id
      WHERE b.multihash = ?2
  ) s CROSS JOIN space_blobs h ON h.blob = s.held AND h.space = ?1
  CROSS JOIN blobs b ON b.id = s.blob
  ORDER BY b.local DESC, h.accepted`

const LOCAL_SITE: BlobSite = { url: 'local:', provider: '' }

/**
 * Looks blocks up in an open catalog, synchronously. One instance belongs to one connection and
 * one thread.
 *
 * Answers are kept until anybody else commits to the catalog, which SQLite tells in 2 us
 * (`data_version`); a look-up that misses takes about 10 us at a million slices. So nothing is ever
 * answered that the catalog no longer says.
 *
 * @example
 * const index = new CatalogIndex(database)
 * index.slices('did:key:z6Mk…', [multihash])
 */
export class CatalogIndex implements ContentIndex {
  readonly #spaces: StatementSync
  readonly #slices: StatementSync
  readonly #spaceId: StatementSync
  readonly #blob: StatementSync
  readonly #sites: StatementSync
  readonly #version: StatementSync
  readonly #spacesKept = new Recent<string, readonly SpaceDid[]>(CATALOG_ANSWERS_KEPT_MAX)
  readonly #slicesKept = new Recent<string, readonly Slice[]>(CATALOG_ANSWERS_KEPT_MAX)
  readonly #blobsKept = new Recent<string, BlobRef>(CATALOG_BLOBS_KEPT_MAX)
  readonly #idsKept = new Recent<string, number>(CATALOG_BLOBS_KEPT_MAX)
  #seenVersion = -1

  constructor(database: DatabaseSync) {
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql)
      statement.setReturnArrays(true)
      return statement
    }
    this.#spaces = prepare(SPACES)
    this.#slices = prepare(SLICES)
    this.#spaceId = prepare('SELECT id FROM spaces WHERE did = ?')
    this.#blob = prepare('SELECT multihash, size, local FROM blobs WHERE id = ?')
    this.#sites = prepare('SELECT url, provider FROM blob_sites WHERE blob = ? ORDER BY url')
    this.#version = prepare('PRAGMA data_version')
  }

  spaces(multihash: Uint8Array): readonly SpaceDid[] {
    this.#forgetIfChanged()
    const key = keyOf(multihash)
    const kept = this.#spacesKept.get(key)
    if (kept !== undefined) return kept
    const rows = this.#spaces.all(multihash) as unknown as [SpaceDid][]
    return this.#spacesKept.keep(
      key,
      rows.map((row) => row[0]),
    )
  }

  slices(space: SpaceDid, multihashes: readonly Uint8Array[]): readonly (readonly Slice[])[] {
    this.#forgetIfChanged()
    const id = this.#idOf(space)
    if (id === undefined) return multihashes.map(() => [])
    return multihashes.map((multihash) => {
      const key = `${id} ${keyOf(multihash)}`
      return this.#slicesKept.get(key) ?? this.#slicesKept.keep(key, this.#find(id, multihash))
    })
  }

  /**
   * Drops what is kept. To be called after writes on this instance's own connection, which
   * `data_version` does not show.
   */
  forget(): void {
    this.#spacesKept.clear()
    this.#slicesKept.clear()
    this.#blobsKept.clear()
    this.#idsKept.clear()
  }

  #forgetIfChanged(): void {
    const [version] = this.#version.get() as unknown as [number]
    if (version === this.#seenVersion) return
    this.#seenVersion = version
    this.forget()
  }

  #idOf(space: SpaceDid): number | undefined {
    const kept = this.#idsKept.get(space)
    if (kept !== undefined) return kept
    const id = (this.#spaceId.get(space) as unknown as [number] | undefined)?.[0]
    return id === undefined ? undefined : this.#idsKept.keep(space, id)
  }

  #find(space: number, multihash: Uint8Array): readonly Slice[] {
    const rows = this.#slices.all(space, multihash) as unknown as [number, number, number][]
    return rows.map(([blob, offset, length]) => ({ blob: this.#ref(blob), offset, length }))
  }

  #ref(id: number): BlobRef {
    const key = `blob:${id}`
    const kept = this.#blobsKept.get(key)
    if (kept !== undefined) return kept
    const row = this.#blob.get(id) as unknown as [Uint8Array, number, number]
    const remote = this.#sites.all(id) as unknown as [string, string][]
    const sites = remote.map(([url, provider]): BlobSite => ({ url, provider }))
    if (row[2] === 1) sites.unshift(LOCAL_SITE)
    return this.#blobsKept.keep(key, {
      multihash: row[0],
      key,
      size: row[1],
      sites,
    })
  }
}
