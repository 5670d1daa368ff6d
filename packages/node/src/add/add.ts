/**
 * Adds files and folders to a space.
 * @module
 */
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { ADD_ATTEMPTS_MAX } from '@turnpike/core/limits/store'
import { linkToString, type Link } from '@turnpike/core/link'
import { fail, ok, type Result } from '@turnpike/core/result'
import { FolderBuilder } from '@turnpike/core/unixfs/directory'
import { PROFILE_DEFAULT, PROFILES, type ProfileName } from '@turnpike/core/unixfs/profile'
import { AddAborted } from './errors.ts'
import type { Packer } from './packer.ts'
import { runSession, type AddContext, type AddRefused, type AddedShard } from './session.ts'
import { FileReader } from './read-file.ts'
import { addTree, storeAll, type TreeOptions } from './tree.ts'

/** How far an add is. */
export interface AddProgress {
  /** Bytes of content read so far. */
  readonly bytes: number
  /** Files finished so far. */
  readonly files: number
}

/** How to add. */
export interface AddOptions {
  readonly profile?: ProfileName
  /** Adds names that begin with a dot, too. A path that is given is always added. */
  readonly hidden?: boolean
  /** Makes one folder of all paths, named as they are. */
  readonly wrap?: boolean
  /** Keeps permission bits; changes the CIDs. */
  readonly mode?: boolean
  /** Keeps times of change; changes the CIDs. */
  readonly mtime?: boolean
  /** Called after each piece of content, up to some thousand times a second. */
  readonly onProgress?: (progress: AddProgress) => void
  readonly signal?: AbortSignal
}

/** A root of an add. */
export interface AddedRoot {
  readonly cid: string
  /** The path's last segment; empty for a wrapping folder. */
  readonly name: string
  /** Bytes of all files in it. */
  readonly bytes: number
}

/** What was added. Serializable. */
export interface AddResult {
  /** CID of the last root: the only one, unless several paths were not wrapped. */
  readonly cid: string | undefined
  /** One root for each path, in their order; the wrapping folder alone with `wrap`. */
  readonly roots: readonly AddedRoot[]
  /** Bytes of all files. */
  readonly bytes: number
  readonly files: number
  /** Distinct blocks that were stored; blocks that the space had are not counted. */
  readonly blocks: number
  readonly shards: readonly AddedShard[]
}

/**
 * Adds files and folders: all of them, visible at one moment, or nothing. Links are added as links
 * and never followed. Memory is bounded whatever the input. Needs at least one path.
 *
 * Interrupted, even by a kill, it leaves nothing visible; run again, it comes to the same CIDs.
 *
 * @example
 * const added = await addPaths(context, ['./site'], { hidden: true })
 * if (added.ok) print(added.ok.cid)
 */
export async function addPaths(
  context: AddContext,
  paths: readonly string[],
  options: AddOptions = {},
): Promise<Result<AddResult, AddRefused>> {
  if (paths.length === 0) throw new TypeError('"paths" expected at least one, got none')
  for (let attempt = 1; ; attempt++) {
    const added = await addOnce(context, paths, options)
    // Somebody removed what this add found in the space: the next attempt stores it anew.
    const again = added.error?.name === 'ContentRemoved' && attempt < ADD_ATTEMPTS_MAX
    if (!again) return added
  }
}

async function addOnce(
  context: AddContext,
  paths: readonly string[],
  options: AddOptions,
): Promise<Result<AddResult, AddRefused>> {
  const { signal } = options
  if (signal?.aborted) return fail(new AddAborted(signal.reason))
  const { dev, ino } = await stat(context.paths.root, { bigint: true })
  let bytes = 0
  let files = 0
  const profile = PROFILES[options.profile ?? PROFILE_DEFAULT]
  const reader = new FileReader(profile.chunkBytes, context.blobs.slots)
  const ended = await runSession(context, signal, (packer) => {
    const tree: TreeOptions = {
      profile,
      hasher: context.hasher,
      reader,
      hidden: options.hidden ?? false,
      mode: options.mode ?? false,
      mtime: options.mtime ?? false,
      dataFolder: { dev, ino },
      signal,
      store: (block) => packer.put(block),
      onContent(moreBytes, moreFiles) {
        bytes += moreBytes
        files += moreFiles
        options.onProgress?.({ bytes, files })
      },
    }
    return options.wrap ? addWrapped(paths, tree, packer) : addEach(paths, tree, packer)
  }).finally(() => reader.close())
  if (ended.error) return ended
  const { value, blocks, shards } = ended.ok
  const roots = value.map(({ link, name, bytes: size }) => ({
    cid: linkToString(link),
    name,
    bytes: size,
  }))
  return ok({ cid: roots.at(-1)?.cid, roots, bytes, files, blocks, shards })
}

async function addEach(
  paths: readonly string[],
  tree: TreeOptions,
  packer: Packer,
): Promise<Root[]> {
  const roots: Root[] = []
  for (const path of paths) {
    const name = basename(resolve(path))
    const { link, contentBytes } = await addTree(resolve(path), tree)
    packer.endRoot(link, name, contentBytes)
    roots.push({ link, name, bytes: contentBytes })
  }
  return roots
}

async function addWrapped(
  paths: readonly string[],
  tree: TreeOptions,
  packer: Packer,
): Promise<Root[]> {
  const folder = new FolderBuilder(tree.profile, tree.hasher)
  let bytes = 0
  for (const path of paths) {
    const node = await addTree(resolve(path), tree)
    const added = folder.add(basename(resolve(path)), node)
    if (added.error) throw added.error
    bytes += node.contentBytes
  }
  const blocks = folder.finish()
  if (blocks.error) throw blocks.error
  const { link } = await storeAll(blocks.ok, tree)
  packer.endRoot(link, '', bytes)
  return [{ link, name: '', bytes }]
}

type Root = { readonly link: Link; readonly name: string; readonly bytes: number }
