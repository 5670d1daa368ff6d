/**
 * Writes down when the sizes of spaces change. Both functions run in the transaction that changes
 * what a space holds, as its last step, so that no date is much older than its commit.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@turnpike/core/ports/runtime'

/** Where the rows of `space_blobs` that come next begin. */
export type HeldMark = number

/** Marks what spaces hold before a change. */
export function markHeld(database: DatabaseSync): HeldMark {
  const row = database.prepare('SELECT max(accepted) AS last FROM space_blobs').get()!
  return Number(row.last ?? 0)
}

/**
 * Writes down what a space holds since a mark: one delta for each root, with the blobs that no root
 * before it in the space needs. A blob that no root needs has its own CAR CID (0x01, 0x0202).
 *
 * @example
 * const mark = markHeld(database)
 * recordHeld(database, space, mark, clock)
 */
export function recordHeld(
  database: DatabaseSync,
  space: number,
  mark: HeldMark,
  clock: Pick<Clock, 'nowMs'>,
): void {
  const insert = database.prepare(`
    INSERT INTO storage_deltas (space, at_ms, cause, delta, size)
    SELECT :space, :at, cause, delta, :size + sum(delta) OVER (ORDER BY first)
    FROM (
      SELECT min(h.accepted) AS first, sum(b.size) AS delta,
        coalesce(r.cid, CAST(X'018204' || b.multihash AS BLOB)) AS cause
      FROM space_blobs h JOIN blobs b ON b.id = h.blob
      LEFT JOIN roots r ON r.id = (
        SELECT min(n.root) FROM root_blobs n JOIN roots o ON o.id = n.root
        WHERE n.blob = h.blob AND o.space = :space)
      WHERE h.accepted > :mark AND h.space = :space
      GROUP BY cause
    ) ORDER BY first`)
  insert.run({ space, mark, at: dateOf(database, clock), size: sizeOf(database, space) })
}

/** Writes down that a space holds `bytes` less, since the root `cause` was removed from it. */
export function recordReleased(
  database: DatabaseSync,
  space: number,
  released: { readonly cause: Uint8Array; readonly bytes: bigint },
  clock: Pick<Clock, 'nowMs'>,
): void {
  const { cause, bytes } = released
  if (bytes === 0n) return
  database
    .prepare('INSERT INTO storage_deltas (space, at_ms, cause, delta, size) VALUES (?, ?, ?, ?, ?)')
    .run(space, dateOf(database, clock), cause, -bytes, sizeOf(database, space) - bytes)
}

/** The clock's time, or the last date where that is later: the past never changes. */
function dateOf(database: DatabaseSync, clock: Pick<Clock, 'nowMs'>): number {
  const last = database.prepare('SELECT at_ms FROM storage_deltas ORDER BY id DESC LIMIT 1').get()
  return Math.max(Math.floor(clock.nowMs()), Number(last?.at_ms ?? 0))
}

function sizeOf(database: DatabaseSync, space: number): bigint {
  const find = database.prepare(
    'SELECT size FROM storage_deltas WHERE space = ? ORDER BY at_ms DESC, id DESC LIMIT 1',
  )
  find.setReadBigInts(true)
  return (find.get(space)?.size ?? 0n) as bigint
}
