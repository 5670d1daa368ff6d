/**
 * Finds the indexes that list a block: those of our own content, and those of others that were
 * taken in.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { bytesEqual } from '@turnpike/core/bytes'
import { decodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { DAG_INDEX_BYTES_MAX } from '@turnpike/core/limits'
import { COVERING_INDEXES_MAX } from '@turnpike/core/limits/claims'
import type { CoveringIndex, IndexFinder } from '@turnpike/core/ports/claims'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { BlobStore } from '../blobs/store.ts'
import { nodeHasher } from '../hasher.ts'
import { CLAIM_FIELDS, claimOf, IN_FORCE } from './store.ts'

/** Index claims are issued for each space that holds the shard. */
const OWN = `
  SELECT ${CLAIM_FIELDS}, ib.multihash AS indexHash, b.multihash AS shard, s.offset, s.length
  FROM (SELECT blob, offset, length FROM slices WHERE multihash = :multihash
        UNION SELECT id, 0, size FROM blobs WHERE multihash = :multihash) s
  CROSS JOIN indexes i ON i.blob = s.blob
  CROSS JOIN blobs ib ON ib.id = i.index_blob
  CROSS JOIN blobs b ON b.id = s.blob
  CROSS JOIN space_blobs h ON h.blob = s.blob
  CROSS JOIN claims c ON c.held = h.accepted AND c.kind = 'index' AND ${IN_FORCE}
  LIMIT ${COVERING_INDEXES_MAX}`

const CLAIMED = `
  SELECT ${CLAIM_FIELDS}, i.multihash AS indexHash, h.multihash AS shard, s.offset, s.length
  FROM claimed_slices s
  CROSS JOIN claimed_shards h ON h.id = s.shard
  CROSS JOIN claimed_indexes i ON i.id = h.source
  CROSS JOIN claims c ON c.id = i.claim AND ${IN_FORCE}
  WHERE s.multihash = :multihash
  LIMIT ${COVERING_INDEXES_MAX}`

/** Hashed when it came, and kept by us since. */
const ARCHIVE = `
  SELECT i.archive FROM claimed_indexes i
  CROSS JOIN claims c ON c.id = i.claim AND ${IN_FORCE}
  WHERE i.multihash = :multihash AND i.archive IS NOT NULL LIMIT 1`

const LOCAL = { url: 'local:', provider: '' }

/** What the finder reads from. */
export interface FinderDeps {
  readonly catalog: DatabaseSync
  readonly blobs: Pick<BlobStore, 'open'>
  readonly clock: Clock
}

/**
 * Finds indexes in an open catalog, and their archives: in our own store, or as others had them.
 *
 * @example
 * new CatalogIndexes({ catalog, blobs, clock }).covering(multihash)
 */
export class CatalogIndexes implements IndexFinder {
  readonly #deps: FinderDeps
  readonly #statements: readonly StatementSync[]
  readonly #archive: StatementSync

  constructor(deps: FinderDeps) {
    this.#deps = deps
    this.#statements = [OWN, CLAIMED].map((sql) => deps.catalog.prepare(sql))
    this.#archive = deps.catalog.prepare(ARCHIVE)
  }

  covering(multihash: Uint8Array): CoveringIndex[] {
    const now = this.#deps.clock.nowMs()
    const rows = this.#statements.flatMap((statement) => statement.all({ multihash, now }))
    return rows
      .slice(0, COVERING_INDEXES_MAX)
      .map(({ indexHash, shard, offset, length, ...claim }) => ({
        claim: claimOf(claim),
        index: indexHash as Uint8Array,
        place: {
          shard: shard as Uint8Array,
          offset: Number(offset),
          length: Number(length),
        },
      }))
  }

  archive(multihash: Uint8Array): Promise<Uint8Array | undefined> {
    const row = this.#archive.get({ multihash, now: this.#deps.clock.nowMs() })
    if (row !== undefined) return Promise.resolve(row.archive as Uint8Array)
    return readOwnIndex(this.#deps, multihash)
  }
}

/**
 * Reads the archive of one of our own indexes; undefined when it is none, or is damaged.
 *
 * @example
 * const archive = await readOwnIndex({ catalog, blobs }, multihash)
 */
export async function readOwnIndex(
  { catalog, blobs }: Pick<FinderDeps, 'catalog' | 'blobs'>,
  multihash: Uint8Array,
): Promise<Uint8Array | undefined> {
  const row = catalog
    .prepare(
      `SELECT size FROM blobs b WHERE multihash = ? AND local AND size BETWEEN 1 AND ?
       AND EXISTS (SELECT 1 FROM indexes WHERE index_blob = b.id)`,
    )
    .get(multihash, DAG_INDEX_BYTES_MAX)
  if (row === undefined) return undefined
  const size = Number(row.size)
  const blob = { multihash, key: '', size, sites: [] }
  const whole = { first: 0, last: size - 1 }
  const opened = await blobs.open(blob, LOCAL, whole, new AbortController().signal)
  if (opened.error) return undefined
  const archive = new Uint8Array(size)
  const filled = await opened.ok.fill(archive)
  opened.ok.close()
  const hash = decodeMultihash(multihash)
  const isWhole = filled.ok !== undefined && hash?.code === SHA2_256
  return isWhole && bytesEqual(hash.digest, nodeHasher.sha256(archive)) ? archive : undefined
}
