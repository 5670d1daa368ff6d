/**
 * Removing what adds that died left behind.
 * @module
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { BlobStore } from '../blobs/store.ts'
import type { FolderPaths } from './layout.ts'

/** What a sweep removed. */
export interface Swept {
  /** Unfinished adds. */
  readonly stages: number
  /** Blobs in the store that the catalog does not know. */
  readonly blobs: number
}

/** Whether an add died here: every add has its stage in place before it stores a blob. */
export async function hasLeftovers(paths: FolderPaths): Promise<boolean> {
  return (await readdir(paths.stages)).length > 0
}

/**
 * Removes stages, and blobs that the catalog does not know. The caller owns the folder and holds
 * `filesLock` exclusively, so that none of them belongs to an add that is running.
 *
 * Blobs go before stages: if this dies in between, the stages say that there is more to do.
 */
export async function sweepFolder(
  paths: FolderPaths,
  catalog: DatabaseSync,
  store: BlobStore,
): Promise<Swept> {
  const known = catalog.prepare('SELECT 1 FROM blobs WHERE multihash = ? AND local = 1')
  let blobs = 0
  for await (const multihash of store.list())
    if (known.get(multihash) === undefined && (await store.remove(multihash))) blobs++
  const stages = await readdir(paths.stages)
  for (const name of stages) await rm(join(paths.stages, name), { recursive: true, force: true })
  return { stages: stages.length, blobs }
}
