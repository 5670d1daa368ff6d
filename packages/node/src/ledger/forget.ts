/**
 * Lets go of the CIDs of old epochs, a bounded number of rows at a time.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { numberOf } from './counts.ts'
import { rowsOf } from './rows.ts'

/**
 * Deletes rows by CID of epochs before `epoch`, oldest first, about `rowsMax`; inside a
 * transaction. From the first call on, no such rows are added either.
 *
 * @returns whether there are more
 * @example
 * while (forgetCids(database, epoch, 10_000)) await pause()
 */
export function forgetCids(database: DatabaseSync, epoch: number, rowsMax: number): boolean {
  database
    .prepare('UPDATE standing SET cids_from_epoch = max(cids_from_epoch, ?)')
    .run(BigInt(epoch))
  const deleted = database
    .prepare(
      `DELETE FROM cid_hour WHERE (time, space, cid) IN (
        SELECT time, space, cid FROM cid_hour WHERE time < ? ORDER BY time, space, cid LIMIT ?)`,
    )
    .run(epoch, rowsMax)
  if (Number(deleted.changes) < rowsMax) return false
  const least = rowsOf(database, 'SELECT min(time) FROM cid_hour')[0]![0]
  return typeof least === 'bigint' && numberOf(least) < epoch
}
