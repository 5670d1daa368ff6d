/**
 * Walks files and folders and turns them into UnixFS DAGs.
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ADD_DEPTH_MAX, ADD_TURN_ENTRIES } from '@turnpike/core/limits/store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { DagNode, UnixfsBlock } from '@turnpike/core/unixfs/block'
import { FolderBuilder } from '@turnpike/core/unixfs/directory'
import { hasMetadata, type UnixfsMetadata } from '@turnpike/core/unixfs/encode'
import { FileLayout } from '@turnpike/core/unixfs/file-layout'
import { leafFrame, leafOfDigest, smallFile } from '@turnpike/core/unixfs/leaf'
import type { UnixfsProfile } from '@turnpike/core/unixfs/profile'
import { symlinkBlock } from '@turnpike/core/unixfs/symlink'
import { PathRefused } from './errors.ts'
import { openFile, unreadable, type FileReader, type OpenFile } from './read-file.ts'

/** What a walk does with what it finds. */
export interface TreeOptions {
  readonly profile: UnixfsProfile
  readonly hasher: Hasher
  /** Reads in chunks of the profile's length. */
  readonly reader: FileReader
  /** Whether names that begin with a dot are added, too. */
  readonly hidden: boolean
  /** Whether permission bits and times of change are kept; it changes the CIDs. */
  readonly mode: boolean
  readonly mtime: boolean
  /** Device and inode of the data folder, which must not be added to itself. */
  readonly dataFolder: { readonly dev: bigint; readonly ino: bigint }
  readonly signal?: AbortSignal | undefined
  /** Takes each block, children before their parents. Its bytes are lent until it resolves. */
  store(block: UnixfsBlock): Promise<void>
  /** Called for each piece of content that was stored, and with `files` 1 at each file's end. */
  onContent(bytes: number, files: number): void
}

/** A finished file, folder or link. */
export interface TreeNode extends DagNode {
  /** Bytes of all files in it. */
  readonly contentBytes: number
}

/**
 * Adds what lies at `path`: a file, a folder with all in it, or a symbolic link as such. Entries go
 * in bytewise order of their names, so that the same tree makes the same shards.
 *
 * @throws {PathRefused} on what can't be added
 * @example
 * const { link } = await addTree('./site', options)
 */
export async function addTree(path: string, options: TreeOptions): Promise<TreeNode> {
  return addEntry(path, options, 0)
}

async function addEntry(path: string, options: TreeOptions, depth: number): Promise<TreeNode> {
  options.signal?.throwIfAborted()
  const stats = orUnreadable(path, () => lstatSync(path, { bigint: true }))
  if (stats.isFile()) return addFile(openFile(path), options)
  if (stats.isDirectory()) return addFolder(path, stats, options, depth)
  if (stats.isSymbolicLink()) return addLink(path, stats, options)
  throw new PathRefused('FileSpecial', path, 'a file, a folder or a symbolic link')
}

function orUnreadable<T>(path: string, access: () => T): T {
  try {
    return access()
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function addFile(file: OpenFile, options: TreeOptions): Promise<TreeNode> {
  const { profile, hasher } = options
  const metadata = metadataOf(file.stats, options)
  const whole = hasMetadata(metadata) && file.stats.size <= BigInt(profile.chunkBytes)
  const layout = new FileLayout(profile, hasher, metadata)
  let only: UnixfsBlock | undefined
  let contentBytes = 0
  try {
    for await (const chunk of options.reader.chunks(file, options.signal)) {
      const leaf = whole ? smallFile(profile, hasher, chunk, metadata) : leafInPlace(chunk, options)
      await options.store(leaf)
      if (whole) only = leaf
      else for (const block of layout.add(leaf)) await options.store(block)
      contentBytes += chunk.length
      options.onContent(chunk.length, 0)
    }
  } finally {
    file.close()
  }
  options.onContent(0, 1)
  if (only !== undefined) return { link: only.link, dagBytes: only.dagBytes, contentBytes }
  const { root, blocks } = layout.finish()
  for (const block of blocks) await options.store(block)
  return { link: root.link, dagBytes: root.dagBytes, contentBytes }
}

/** A leaf whose bytes lie where its chunk was read to. */
function leafInPlace(chunk: Uint8Array, { profile, hasher, reader }: TreeOptions): UnixfsBlock {
  const bytes = reader.around(chunk, leafFrame(profile, chunk.length))
  return leafOfDigest(profile, bytes, chunk.length, hasher.sha256(bytes))
}

async function addFolder(
  path: string,
  stats: BigIntStats,
  options: TreeOptions,
  depth: number,
): Promise<TreeNode> {
  if (depth >= ADD_DEPTH_MAX)
    throw new PathRefused('FolderTooDeep', path, `at most ${ADD_DEPTH_MAX} folders deep`)
  if (stats.dev === options.dataFolder.dev && stats.ino === options.dataFolder.ino)
    throw new PathRefused('DataFolderInside', path, 'not to be the data folder: move either')
  const folder = new FolderBuilder(options.profile, options.hasher, metadataOf(stats, options))
  let contentBytes = 0
  for (const [index, name] of namesIn(path, options.hidden).entries()) {
    // Small files are read without waiting: let others, a signal's handler too, have their turn.
    if (index % ADD_TURN_ENTRIES === 0) await nextTurn()
    const child = await addEntry(`${path}/${name}`, options, depth + 1)
    const added = folder.add(name, child)
    if (added.error) throw added.error
    contentBytes += child.contentBytes
  }
  const blocks = folder.finish()
  if (blocks.error) throw blocks.error
  return { ...(await storeAll(blocks.ok, options)), contentBytes }
}

/** Stores blocks and returns the last one, the root. */
export async function storeAll(
  blocks: Iterable<UnixfsBlock>,
  { store }: Pick<TreeOptions, 'store'>,
): Promise<DagNode> {
  let root: UnixfsBlock | undefined
  for (const block of blocks) {
    await store(block)
    root = block
  }
  if (root === undefined) throw new TypeError('"blocks" expected at least one, got none')
  return { link: root.link, dagBytes: root.dagBytes }
}

async function addLink(path: string, stats: BigIntStats, options: TreeOptions): Promise<TreeNode> {
  const target = orUnreadable(path, () => readlinkSync(path, { encoding: 'buffer' }))
  const metadata = metadataOf(stats, options)
  const block = symlinkBlock(options.profile, options.hasher, target, metadata)
  await options.store(block)
  return { link: block.link, dagBytes: block.dagBytes, contentBytes: 0 }
}

/**
 * Names in a folder, sorted bytewise.
 *
 * @throws {PathRefused} when the folder can't be read or a name is not UTF-8, which UnixFS wants
 */
export function namesIn(path: string, hidden: boolean): string[] {
  const all = orUnreadable(path, () => readdirSync(path, { encoding: 'buffer' }))
  const names = all.filter((name) => hidden || name[0] !== DOT)
  names.sort((a, b) => a.compare(b))
  return names.map((name) => {
    if (isUtf8(name)) return name.toString()
    const shown = `${path}/${name.toString('latin1')}`
    throw new PathRefused('FileNameInvalid', shown, 'a name in UTF-8: rename it, or leave it out')
  })
}

const DOT = 0x2e
const NANOSECONDS = 1_000_000_000n

function metadataOf(stats: BigIntStats, { mode, mtime }: TreeOptions): UnixfsMetadata {
  // Remainders are taken so that times before 1970 have positive nanoseconds, too.
  const nanoseconds = ((stats.mtimeNs % NANOSECONDS) + NANOSECONDS) % NANOSECONDS
  const seconds = (stats.mtimeNs - nanoseconds) / NANOSECONDS
  return {
    ...(mode && { mode: Number(stats.mode & 0o7777n) }),
    ...(mtime && { mtime: { seconds: Number(seconds), nanoseconds: Number(nanoseconds) } }),
  }
}
