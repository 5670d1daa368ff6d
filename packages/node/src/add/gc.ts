/**
 * Frees what no space holds.
 * @module
 */
import { FILES_LOCK_WAIT_MS } from '@turnpike/core/limits/store'
import { fail, ok, type Result } from '@turnpike/core/result'
import { forgetUnheld } from '../catalog/collect.ts'
import { takeLock } from '../folder/lock.ts'
import type { FolderReader } from '../folder/open.ts'
import { sweepFolder } from '../folder/sweep.ts'
import { FolderBusy } from './errors.ts'

/** What was freed. Serializable. */
export interface Collected {
  /** Blobs removed from the store: shards, their indexes, and what dead adds had left. */
  readonly blobs: number
  /** Bytes of blobs that the catalog knew. */
  readonly bytes: number
  /** Blocks that were removed from the index. */
  readonly slices: number
}

/**
 * Removes blobs that no space holds, with their slices, claims and indexes, and whatever adds that
 * died left behind. To be called by the folder's owner, off the thread that serves.
 *
 * No add runs meanwhile: adds share a lock that this takes alone, so that nothing is removed that
 * an add is about to refer to. Rows go before files: a crash in between leaves files that nobody
 * knows, which the next gc removes.
 *
 * @example
 * const freed = await collectGarbage({ paths, catalog, blobs })
 */
export async function collectGarbage(
  folder: Pick<FolderReader, 'paths' | 'catalog' | 'blobs'>,
  waitMs: number = FILES_LOCK_WAIT_MS,
): Promise<Result<Collected, FolderBusy>> {
  const lock = await takeLock(folder.paths.filesLock, 'exclusive', waitMs)
  if (lock === undefined) return fail(new FolderBusy('an add'))
  try {
    const { slices, bytes } = forgetUnheld(folder.catalog)
    const { blobs } = await sweepFolder(folder.paths, folder.catalog, folder.blobs)
    return ok({ blobs, bytes, slices })
  } finally {
    lock.release()
  }
}
