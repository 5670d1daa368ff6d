/**
 * Where things lie in the data folder (docs/reference/data-folder.md).
 * @module
 */
import { join, resolve } from 'node:path'

/** Absolute paths of a data folder's parts. */
export interface FolderPaths {
  readonly root: string
  /** The catalog: index, spaces, roots, claims, delegations. */
  readonly database: string
  readonly blobs: string
  /** Secret keys, each file 0600. */
  readonly keys: string
  /** Work of adds that have not been committed. */
  readonly stages: string
  /** Held by the one process that owns the folder. */
  readonly ownerLock: string
  /** Who that is, for messages only; may be out of date. */
  readonly ownerNote: string
  /** Shared by adds, exclusive for whoever deletes files. */
  readonly filesLock: string
  /** An operator touches it to say that the clock is right. */
  readonly clockConfirmed: string
}

/**
 * Paths of the data folder at `root`.
 *
 * @example
 * folderPaths('./data').database // '/…/data/turnpike.sqlite'
 */
export function folderPaths(root: string): FolderPaths {
  const absolute = resolve(root)
  return {
    root: absolute,
    database: join(absolute, 'turnpike.sqlite'),
    blobs: join(absolute, 'blobs'),
    keys: join(absolute, 'keys'),
    stages: join(absolute, 'stages'),
    ownerLock: join(absolute, 'owner.lock'),
    ownerNote: join(absolute, 'owner.json'),
    filesLock: join(absolute, 'files.lock'),
    clockConfirmed: join(absolute, 'clock-confirmed'),
  }
}
