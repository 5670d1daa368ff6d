/**
 * What a catalog publishes for other adapters to serve.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import type { IndexedSlice } from '@turnpike/core/blob-index'
import type { BlobSite } from '@turnpike/core/ports/blob'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { Grant, Holder, Publication, PublishedBlob } from '@turnpike/core/publication'
import { catalogAuthorizer } from '../authorize/authorizer.ts'
import { CatalogDelegations } from './delegations.ts'

interface BlobRow {
  readonly id: number
  readonly multihash: Uint8Array
  readonly size: number
  readonly local: number
}

/**
 * All that spaces hold, and times in which chains of delegations to this gateway let it be served
 * to everybody. What needs a token is not published. It is in memory whole: about 200 bytes a
 * block.
 *
 * @example
 * await publish(await readPublication(folder.catalog, folder.gateway.did(), clock), { … })
 */
export async function readPublication(
  database: DatabaseSync,
  gateway: string,
  clock: Clock,
): Promise<Publication> {
  return { blobs: readBlobs(database), grants: await grantsTo(database, gateway, clock) }
}

/** Blobs that spaces hold, as of one moment. */
function readBlobs(database: DatabaseSync): PublishedBlob[] {
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
    return rows.map(({ id, multihash, size, local }): PublishedBlob => ({
      multihash,
      sizeBytes: size,
      local: local === 1,
      sites: plain<BlobSite>(sites.all(id)),
      holders: plain<Holder>(holders.all(id)),
      slices: slices.get(id) ?? [],
    }))
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

async function grantsTo(database: DatabaseSync, gateway: string, clock: Clock): Promise<Grant[]> {
  const gateways = [gateway]
  const authorizer = catalogAuthorizer(database, clock, { gateways })
  const grants: Grant[] = []
  for (const space of new CatalogDelegations(database).spacesFor(gateways))
    for (const { startsMs, expiresMs } of await authorizer.timesForEverybody(space)) {
      if (expiresMs <= clock.nowMs()) continue
      grants.push({ space, startsMs: finite(startsMs), expiresMs: finite(expiresMs) })
    }
  return grants
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
