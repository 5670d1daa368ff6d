/**
 * What a catalog publishes for other adapters to serve.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import type { IndexedSlice } from '@turnpike/core/blob-index'
import type { BlobSite } from '@turnpike/core/ports/blob'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Grant, Holder, Publication, PublishedBlob } from '@turnpike/core/publication'
import { SERVE_ALL } from './delegations.ts'

interface BlobRow {
  readonly id: number
  readonly multihash: Uint8Array
  readonly size: number
  readonly local: number
}

/**
 * All that spaces hold, as of one moment, and the delegations to `gateway` that are not over. It is
 * in memory whole: about 200 bytes a block.
 *
 * @example
 * await publish(readPublication(folder.catalog, folder.gateway.did(), clock.nowMs()), { … })
 */
export function readPublication(
  database: DatabaseSync,
  gateway: string,
  nowMs: number,
): Publication {
  database.exec('BEGIN')
  try {
    const held = 'SELECT id, multihash, size, local FROM blobs b WHERE EXISTS'
    const query = `${held} (SELECT 1 FROM space_blobs h WHERE h.blob = b.id) ORDER BY id`
    const rows = database.prepare(query).all() as unknown as BlobRow[]
    const slices = slicesByBlob(database)
    const sites = database.prepare('SELECT url, provider FROM blob_sites WHERE blob = ?')
    const holders = database.prepare(
      `SELECT p.did AS space, h.accepted FROM space_blobs h JOIN spaces p ON p.id = h.space
       WHERE h.blob = ? ORDER BY h.accepted`,
    )
    const blobs = rows.map(({ id, multihash, size, local }): PublishedBlob => ({
      multihash,
      sizeBytes: size,
      local: local === 1,
      sites: plain<BlobSite>(sites.all(id)),
      holders: plain<Holder>(holders.all(id)),
      slices: slices.get(id) ?? [],
    }))
    return { blobs, grants: grantsTo(database, gateway, nowMs) }
  } finally {
    database.exec('COMMIT')
  }
}

/** Rows without SQLite's null prototype. */
function plain<T>(rows: readonly unknown[]): T[] {
  return rows.map((row) => Object.assign({}, row) as T)
}

function slicesByBlob(database: DatabaseSync): ReadonlyMap<number, readonly IndexedSlice[]> {
  const byBlob = new Map<number, IndexedSlice[]>()
  // Each multihash is kept once, however many blobs hold it.
  const multihashes = new Map<BytesKey, Uint8Array>()
  const rows = database.prepare('SELECT multihash, blob, offset, length FROM slices').iterate()
  for (const row of rows as Iterable<unknown> as Iterable<IndexedSlice & { blob: number }>) {
    const key = keyOf(row.multihash)
    const multihash = multihashes.get(key) ?? row.multihash
    multihashes.set(key, multihash)
    const slices = byBlob.get(row.blob) ?? []
    slices.push({ multihash, offset: row.offset, length: row.length })
    byBlob.set(row.blob, slices)
  }
  return byBlob
}

function grantsTo(database: DatabaseSync, gateway: string, nowMs: number): Grant[] {
  const rows = database
    .prepare(
      `SELECT space, starts_ms AS starts, expires_ms AS expires FROM delegations
       WHERE audience = ? AND can = ? AND coalesce(expires_ms > ?, 1) ORDER BY rowid`,
    )
    .all(gateway, SERVE_ALL, nowMs)
  return rows.map(({ space, starts, expires }) => ({
    space: space as SpaceDid,
    startsMs: starts === null ? undefined : Number(starts),
    expiresMs: expires === null ? undefined : Number(expires),
  }))
}
