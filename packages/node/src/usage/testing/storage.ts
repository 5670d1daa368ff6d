/**
 * A catalog whose spaces change their sizes when a test says so.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { openBilling } from '../../billing/database.ts'
import { openCatalogWriter } from '../../catalog/database.ts'
import { ensureSpace } from '../../catalog/spaces.ts'
import { SqliteStorageHistory } from '../storage-history.ts'

/** A change of a size, as tests write it. */
export interface Change {
  readonly space: SpaceDid
  readonly atMs: number
  readonly bytes: bigint
}

/** Databases of a test, in memory. */
export interface StorageRig {
  readonly catalog: DatabaseSync
  readonly billing: DatabaseSync
  readonly storage: SqliteStorageHistory
  /** Writes a delta as the catalog does, with the size after it. */
  change(change: Change): void
  close(): void
}

/** A binary CID: CIDv1, raw, of an identity hash with one byte. */
export function causeOf(byte: number): Uint8Array {
  return new Uint8Array([1, 0x55, 0, 1, byte])
}

/** Opens an empty catalog and an empty `billing.sqlite`. */
export function openStorageRig(): StorageRig {
  const catalog = openCatalogWriter(':memory:').ok!
  const billing = openBilling(':memory:').ok!
  const insert = catalog.prepare(
    `INSERT INTO storage_deltas (space, at_ms, cause, delta, size)
     SELECT id, ?2, ?3, ?4, ?4 + coalesce((SELECT size FROM storage_deltas d
       WHERE d.space = spaces.id ORDER BY d.at_ms DESC, d.id DESC LIMIT 1), 0)
     FROM spaces WHERE did = ?1`,
  )
  return {
    catalog,
    billing,
    storage: new SqliteStorageHistory(catalog, billing),
    change({ space, atMs, bytes }) {
      ensureSpace(catalog, { did: space, name: space, createdMs: 0 })
      insert.run(space, atMs, causeOf(1), bytes)
    },
    close() {
      catalog.close()
      billing.close()
    },
  }
}
