/**
 * Forgetting blobs that no space holds: the catalog's half of gc.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { COLLECT_ROWS_MAX } from '@turnpike/core/limits/store'
import { transact } from './database.ts'

/** What the catalog forgot. */
export interface Forgotten {
  readonly blobs: number
  readonly slices: number
  /** Bytes of those blobs that lay in our own store. */
  readonly bytes: number
}

/**
 * Removes the rows of blobs that no space holds, and of their indexes, in transactions short
 * enough for others to write between them. The caller sees to it that no commit comes in between
 * (`filesLock`).
 *
 * Slices go before blobs: a crash in between leaves blobs that nobody holds, for the next gc. The
 * table of slices is scanned, since an index by blob would double it.
 *
 * @example
 * const { bytes } = forgetUnheld(database)
 */
export function forgetUnheld(database: DatabaseSync): Forgotten {
  database.exec(`
    CREATE TEMP TABLE dead AS
      SELECT id FROM blobs b
      WHERE NOT EXISTS (SELECT 1 FROM space_blobs WHERE blob = b.id)
        AND NOT EXISTS (SELECT 1 FROM indexes i JOIN space_blobs h ON h.blob = i.blob
                        WHERE i.index_blob = b.id);
    CREATE UNIQUE INDEX temp.dead_id ON dead (id);
  `)
  try {
    const dead = database.prepare('SELECT count(*) AS n FROM dead').get()!
    if (dead.n === 0) return { blobs: 0, slices: 0, bytes: 0 }
    const slices = deleteSlices(database)
    return { ...deleteBlobs(database), slices }
  } finally {
    database.exec('DROP TABLE temp.dead')
  }
}

function deleteSlices(database: DatabaseSync): number {
  const next = database.prepare(
    'SELECT multihash FROM slices WHERE multihash > ? ORDER BY multihash LIMIT 1 OFFSET ?',
  )
  const remove = database.prepare(
    `DELETE FROM slices WHERE multihash > ?1 AND (?2 IS NULL OR multihash <= ?2)
     AND blob IN (SELECT id FROM dead)`,
  )
  let slices = 0
  let from: Uint8Array = new Uint8Array()
  for (;;) {
    const to = (next.get(from, COLLECT_ROWS_MAX)?.multihash ?? null) as Uint8Array | null
    slices += transact(database, () => Number(remove.run(from, to).changes))
    if (to === null) return slices
    from = to
  }
}

function deleteBlobs(database: DatabaseSync): { blobs: number; bytes: number } {
  return transact(database, () => {
    const { bytes } = database
      .prepare('SELECT coalesce(sum(size), 0) AS bytes FROM blobs WHERE local AND id IN dead')
      .get()!
    database.exec(`
      DELETE FROM indexes WHERE blob IN dead;
      DELETE FROM blob_sites WHERE blob IN dead;
      DELETE FROM claims WHERE NOT public
        AND content IN (SELECT multihash FROM blobs WHERE id IN dead);
    `)
    const { changes } = database.prepare('DELETE FROM blobs WHERE id IN dead').run()
    return { blobs: Number(changes), bytes: Number(bytes) }
  })
}
