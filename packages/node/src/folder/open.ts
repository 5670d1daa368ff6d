/**
 * Opening a data folder: as its owner, or to read beside the owner.
 * @module
 */
import { existsSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock, Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { openBlobStore, type BlobStore } from '../blobs/store.ts'
import { openCatalogReader, openCatalogWriter, type CatalogRefused } from '../catalog/database.ts'
import { makeDirectory } from '../durable.ts'
import { ensureDefaultSpace } from './default-space.ts'
import { findKey, loadKey, type Signer } from './keys.ts'
import { folderPaths, type FolderPaths } from './layout.ts'
import { tryLock } from './lock.ts'
import { takeOwnership, type FolderInUse } from './owner.ts'
import { hasLeftovers, sweepFolder } from './sweep.ts'

/** What opening takes from outside. */
export interface FolderOptions {
  readonly clock: Clock
  readonly hasher: Hasher
}

/** A data folder as any process may use it: nothing is written but blobs. */
export interface FolderReader {
  readonly paths: FolderPaths
  /** Read-only in a reader. */
  readonly catalog: DatabaseSync
  readonly blobs: BlobStore
  /** Closes files and gives locks up. Idempotent. */
  close(): Promise<void>
}

/** A data folder as its owner has it: the catalog can be written. */
export interface FolderOwner extends FolderReader {
  /** The gateway's identity. */
  readonly gateway: Signer
  /** Keys that were the gateway's before, and are still believed; they sign nothing. */
  readonly previous: readonly Signer[]
  /** Key of the default space. */
  readonly space: Signer
}

/**
 * Opens the data folder at `root` as its one owner, and makes it if there is none: folders, catalog
 * (migrated), keys, default space. Removes what adds that died left behind.
 *
 * @throws the file system's error, when the folder can't be written
 * @example
 * const opened = await openFolder('./data', { clock, hasher })
 * if (opened.ok) await opened.ok.close()
 */
export async function openFolder(
  root: string,
  options: FolderOptions,
): Promise<Result<FolderOwner, FolderInUse | CatalogRefused>> {
  const paths = folderPaths(root)
  for (const directory of [paths.root, paths.keys, paths.stages]) await makeDirectory(directory)
  await chmod(paths.keys, 0o700)
  const owned = takeOwnership(paths)
  if (owned.error) return owned
  const closing: (() => unknown)[] = [() => owned.ok.release()]
  const close = async (): Promise<void> => {
    for (let last = closing.pop(); last !== undefined; last = closing.pop()) await last()
  }
  try {
    const opened = openCatalogWriter(paths.database)
    if (opened.error) {
      await close()
      return opened
    }
    const catalog = opened.ok
    closing.push(() => catalog.close())
    const blobs = await openStore(paths, catalog, options.hasher)
    closing.push(() => blobs.close())
    const gateway = await loadKey(paths.keys, 'gateway')
    const before = await findKey(paths.keys, 'gateway.previous')
    const previous = before === undefined ? [] : [before]
    const space = await loadKey(paths.keys, 'space-default')
    await ensureDefaultSpace(catalog, space, gateway, options.clock.nowMs())
    return ok({ paths, catalog, blobs, gateway, previous, space, close })
  } catch (error) {
    await close()
    throw error
  }
}

/** Opens the store and cleans up, unless an add of another process is running. */
async function openStore(
  paths: FolderPaths,
  catalog: DatabaseSync,
  hasher: Hasher,
): Promise<BlobStore> {
  const alone = tryLock(paths.filesLock, 'exclusive')
  try {
    const store = await openBlobStore({ root: paths.blobs, hasher, owner: alone !== undefined })
    if (alone !== undefined && (await hasLeftovers(paths))) await sweepFolder(paths, catalog, store)
    return store
  } finally {
    alone?.release()
  }
}

/** There is no data folder at a path. */
export class FolderMissing extends Error {
  override readonly name = 'FolderMissing'
  readonly folder: string
  constructor(folder: string) {
    super(`${folder} expected a data folder, got none: start \`turnpike serve\` or \`add\` there`)
    this.folder = folder
  }
}

/**
 * Opens a data folder that another process, or another thread of this one, owns: worker processes
 * and adds use this. What the owner commits is seen at once.
 */
export async function openFolderReader(
  root: string,
  options: Pick<FolderOptions, 'hasher'>,
): Promise<Result<FolderReader, FolderMissing | CatalogRefused>> {
  const paths = folderPaths(root)
  if (!existsSync(paths.database)) return fail(new FolderMissing(paths.root))
  const opened = openCatalogReader(paths.database)
  if (opened.error) return opened
  const blobs = await openBlobStore({ root: paths.blobs, hasher: options.hasher, owner: false })
  const close = async (): Promise<void> => {
    if (opened.ok.isOpen) opened.ok.close()
    await blobs.close()
  }
  return ok({ paths, catalog: opened.ok, blobs, close })
}
