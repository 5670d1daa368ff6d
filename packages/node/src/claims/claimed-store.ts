/**
 * Slices of others' indexes in the catalog, each with the claim that it came from.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { DagIndex } from '@turnpike/core/blob-index'
import type { ClaimedIndexes, ReadIndex } from '@turnpike/core/claims/accept'
import {
  CLAIMED_ARCHIVE_BYTES_MAX,
  CLAIMED_ARCHIVE_SLICE_BYTES_MAX,
  CLAIMED_SLICES_MAX,
} from '@turnpike/core/limits/claims'
import { ClaimsFull } from '@turnpike/core/ports/claims'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'

/**
 * Keeps what indexes say, and their archives, to hand them on. For the folder's owner.
 *
 * @example
 * new CatalogClaimedIndexes(catalog, clock).put(claim.cid, { multihash, archive, index })
 */
export class CatalogClaimedIndexes implements ClaimedIndexes {
  readonly #catalog: DatabaseSync
  readonly #clock: Clock
  readonly #slicesMax: number

  constructor(catalog: DatabaseSync, clock: Clock, slicesMax: number = CLAIMED_SLICES_MAX) {
    this.#catalog = catalog
    this.#clock = clock
    this.#slicesMax = slicesMax
  }

  put(claim: Uint8Array, { multihash, archive, index }: ReadIndex): Result<Unit, ClaimsFull> {
    return transact(this.#catalog, () => {
      const slices = index.shards.reduce((sum, shard) => sum + shard.slices.length, 0)
      const { held } = this.#catalog
        .prepare('SELECT coalesce(sum(slices), 0) AS held FROM claimed_indexes')
        .get()!
      if (Number(held) + slices > this.#slicesMax)
        return fail(new ClaimsFull(`slices of others <= ${this.#slicesMax} expected, got more`))
      const { lastInsertRowid: source } = this.#catalog
        .prepare(
          `INSERT INTO claimed_indexes (claim, multihash, slices, archive)
           SELECT id, ?, ?, ? FROM claims WHERE cid = ?`,
        )
        .run(
          multihash,
          slices,
          isKept(archive, slices + index.shards.length) ? archive : null,
          claim,
        )
      this.#addShards(source, index)
      return ok({})
    })
  }

  #addShards(source: number | bigint, { shards }: DagIndex): void {
    const addShard = this.#catalog.prepare(
      `INSERT INTO claimed_shards (source, multihash, size) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET size = coalesce(size, excluded.size) RETURNING id`,
    )
    // Of a block that a shard holds several times, one place is enough.
    const addSlice = this.#catalog.prepare(
      'INSERT OR IGNORE INTO claimed_slices VALUES (?, ?, ?, ?)',
    )
    for (const { multihash, sizeBytes, slices } of shards) {
      const id = addShard.get(source, multihash, sizeBytes ?? null)!.id!
      if (sizeBytes !== undefined) addSlice.run(multihash, id, 0, sizeBytes)
      for (const slice of slices) addSlice.run(slice.multihash, id, slice.offset, slice.length)
    }
  }

  distrusts(archive: Uint8Array): boolean {
    const find = this.#catalog.prepare('SELECT 1 FROM distrusted WHERE multihash = ?')
    return find.get(archive) !== undefined
  }

  distrust(archive: Uint8Array): void {
    transact(this.#catalog, () => {
      this.#catalog
        .prepare('INSERT OR IGNORE INTO distrusted VALUES (?, ?)')
        .run(archive, this.#clock.nowMs())
      this.#catalog.prepare('DELETE FROM claimed_indexes WHERE multihash = ?').run(archive)
    })
  }
}

/** Two more for the header and the root. */
function isKept({ length }: Uint8Array, entries: number): boolean {
  const fair = (entries + 2) * CLAIMED_ARCHIVE_SLICE_BYTES_MAX
  return length <= Math.min(fair, CLAIMED_ARCHIVE_BYTES_MAX)
}
