/**
 * The walk that makes a TAR: headers and bytes of a DAG of UnixFS, in the order of its links.
 * @module
 */
import type { Branch, Expand } from '../walk/expand.ts'
import { DAG_PB, type Link, RAW, linkToString } from '@turnpike/core/link'
import { type PbNode, decodePb } from '../walk/nodes.ts'
import { SYMLINK_BYTES_MAX, TAR_PATH_CHARS_MAX } from '@turnpike/core/limits'
import { TAR_END, type TarEntry, tarHeader, tarPadding } from './tar-header.ts'
import { hamtEntryName, hamtShape } from '@turnpike/core/unixfs/hamt-read'
import { isPlainName, tarPath } from './tar-path.ts'
import type { BlockSession } from '../blocks/session.ts'
import type { ContentPath } from '../parse-request.ts'
import { DagWalk } from '../walk/dag-walk.ts'
import type { HeldBlock } from '../blocks/block-item.ts'
import { MalformedBlock } from '@turnpike/core/malformed'
import { type PieceSource, ownPiece } from './joined-body.ts'
import { RequestError } from '../errors.ts'
import { checkFileNode } from '../walk/file-body.ts'
import { copyBytes } from '@turnpike/core/bytes'

/** What an entry has that says no more of itself: the TAR of a CID is the same at any time. */
const MODES = { file: 0o644, folder: 0o755, symlink: 0o777 } as const
const MTIME_SECONDS = 0

const NO_BYTES = new Uint8Array(0)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What a TAR is made of. */
export interface TarRequest {
  readonly session: BlockSession
  /** What lies at the end of the path. */
  readonly target: Link
  /** The path that was asked for. */
  readonly asked: Pick<ContentPath, 'root' | 'segments' | 'params'>
}

/**
 * Pieces of a TAR. Each block of the walk gives those of one visit: a header, bytes of a file, or
 * none; names of a folder are checked before its first entry.
 */
export class TarPieces implements PieceSource {
  readonly #request: TarRequest
  readonly #walk: DagWalk
  readonly #waiting: HeldBlock[] = []
  #ended = false
  /** Bytes of the current file, and how many of them are still to come. */
  #fileBytes = 0
  #leftBytes = 0
  #hasSymlinks = false
  #hasOddNames = false

  constructor(request: TarRequest) {
    const { session, target } = request
    this.#request = request
    const expand = this.#entry(linkToString(target))
    this.#walk = new DagWalk(session, { trail: [], target, expand, dups: true, inlined: true })
  }

  async next(): Promise<HeldBlock | undefined> {
    while (this.#waiting.length === 0 && !this.#ended) {
      const block = await this.#walk.next()
      if (block !== undefined) {
        const { held } = block
        this.#waiting.push({ bytes: NO_BYTES, release: () => held.release() })
        continue
      }
      this.#ended = true
      this.#put(TAR_END)
    }
    return this.#waiting.shift()
  }

  close(): void {
    for (const piece of this.#waiting.splice(0)) piece.release()
    this.#walk.close()
  }

  /** Puts in what a path of the TAR leads to. */
  #entry(path: string): Expand {
    return (link, lent) => {
      this.#checkDenied(path)
      if (link.codec === RAW) {
        this.#putFile(path, lent.length)
        this.#putBytes(lent)
        return undefined
      }
      const node = nodeOf(link, lent)
      const { unixfs } = node
      if (unixfs.type === 'file' || unixfs.type === 'raw') {
        this.#putFile(path, unixfs.fileSizeBytes, node)
        return this.#fileBranch(node)
      }
      if (unixfs.type === 'directory' || unixfs.type === 'hamt') {
        this.#putHeader('folder', path, { node })
        return unixfs.type === 'hamt'
          ? this.#shardBranch(path, node)
          : this.#folderBranch(path, node)
      }
      if (unixfs.type !== 'symlink') throw notUnixfs(link)
      this.#putHeader('symlink', path, { node, target: targetOf(node) })
      this.#hasSymlinks = true
      this.#checkMix()
      return undefined
    }
  }

  /** A part of a file, of the size that the node above it tells. */
  #part(sizeBytes: number): Expand {
    return (link, lent) => {
      const node = link.codec === RAW ? undefined : nodeOf(link, lent)
      const gotBytes = node === undefined ? lent.length : node.unixfs.fileSizeBytes
      if (gotBytes !== sizeBytes)
        throw new MalformedBlock(
          `${linkToString(link)}: expected ${sizeBytes} bytes of file below it, got ${gotBytes}`,
        )
      if (node !== undefined) return this.#fileBranch(node)
      this.#putBytes(lent)
      return undefined
    }
  }

  #fileBranch(node: PbNode): Branch {
    checkFileNode(node)
    const { data, blockSizes } = node.unixfs
    this.#putBytes(data)
    // An empty part is not looked into: nodes of none could be nested without end.
    const parts = [...blockSizes.keys()].filter((i) => blockSizes[i]! > 0)
    return {
      links: parts.map((i) => node.node.link(i)),
      expandOf: (index) => this.#part(blockSizes[parts[index]!]!),
    }
  }

  #folderBranch(path: string, { node }: PbNode): Branch {
    return this.#entriesBranch(path, node, (i) => node.name(i))
  }

  #shardBranch(path: string, { link, node, unixfs }: PbNode): Branch {
    if (unixfs.type !== 'hamt')
      throw new MalformedBlock(`${linkToString(link)}: expected a HAMT node, got a ${unixfs.type}`)
    const shape = hamtShape(unixfs)
    if (shape.error) throw shape.error
    return this.#entriesBranch(path, node, (i) => hamtEntryName(node, shape.ok, i))
  }

  /** Entries of a folder or of one shard of it; a link without a name leads to a further shard. */
  #entriesBranch(
    path: string,
    node: PbNode['node'],
    nameOf: (index: number) => string | undefined,
  ): Branch {
    const seen = new Set<string>()
    const links: Link[] = []
    for (let i = 0; i < node.linkCount; i++) {
      links.push(node.link(i))
      const name = nameOf(i)
      if (name !== undefined) this.#checkName(path, name, seen)
    }
    return {
      links,
      expandOf: (index) => {
        const name = nameOf(index)
        if (name !== undefined) return this.#entry(tarPath(path, name))
        return (link, lent) => this.#shardBranch(path, nodeOf(link, lent))
      },
    }
  }

  /** A list may deny a path where it denies no CID: from what was asked for, or from the target. */
  #checkDenied(path: string): void {
    const { session, target, asked } = this.#request
    const names = path.split('/').slice(1)
    const below = [...asked.segments, ...names]
    const denied = session.guard.path(target, names) ?? session.guard.path(asked.root, below)
    if (denied !== undefined) throw denied
  }

  /** Whether a name can be in a TAR, and is in its folder once: UnixFS allows no other. */
  #checkName(path: string, name: string, seen: Set<string>): void {
    const plain = isPlainName(name)
    const fits = plain && path.length + 1 + name.length <= TAR_PATH_CHARS_MAX
    const place = fits ? name : withoutFolder(path, tarPath(path, name))
    if (seen.has(place))
      throw new MalformedBlock(`"${place}" expected once in its folder, got twice`)
    seen.add(place)
    if (plain) return
    this.#hasOddNames = true
    this.#checkMix()
  }

  /** A name of several parts could lead through a symlink, out of where a TAR is unpacked. */
  #checkMix(): void {
    if (this.#hasSymlinks && this.#hasOddNames)
      throw new MalformedBlock(
        'folder for a TAR expected without symlinks, or without names like "a/b", has both',
      )
  }

  #putFile(path: string, sizeBytes: number, node?: PbNode): void {
    this.#putHeader('file', path, { sizeBytes, ...(node && { node }) })
    this.#fileBytes = this.#leftBytes = sizeBytes
  }

  #putHeader(
    type: TarEntry['type'],
    path: string,
    {
      node,
      sizeBytes = 0,
      target = '',
    }: {
      readonly node?: PbNode
      readonly sizeBytes?: number
      readonly target?: string
    },
  ): void {
    // Set-user-ID and its like are left out: who unpacks as root owns what others have written.
    const mode = (node?.unixfs.mode ?? MODES[type]) & 0o777
    const mtimeSeconds = node?.unixfs.mtimeSeconds ?? MTIME_SECONDS
    this.#put(tarHeader({ type, path, sizeBytes, mode, mtimeSeconds, target }))
  }

  #putBytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#put(bytes)
    this.#leftBytes -= bytes.length
    if (this.#leftBytes === 0) this.#put(tarPadding(this.#fileBytes))
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#waiting.push(ownPiece(bytes))
  }
}

/** A node that may be kept; one without links, whose bytes are its end, as long as its block. */
function nodeOf(link: Link, lent: Uint8Array): PbNode {
  if (link.codec !== DAG_PB) throw notUnixfs(link)
  const leaf = decodePb(link, lent)
  if (leaf.error) throw leaf.error
  if (leaf.ok.node.linkCount === 0) return leaf.ok
  const node = decodePb(link, copyBytes(lent))
  if (node.error) throw node.error
  return node.ok
}

function targetOf({ link, unixfs: { data } }: PbNode): string {
  if (data.length > SYMLINK_BYTES_MAX || data.includes(0)) throw badTarget(link)
  try {
    return utf8.decode(data)
  } catch {
    throw badTarget(link)
  }
}

function badTarget(link: Link): MalformedBlock {
  const expected = `at most ${SYMLINK_BYTES_MAX} bytes of UTF-8 without NUL`
  return new MalformedBlock(`target of ${linkToString(link)} expected ${expected}`)
}

/** A path below a folder as a name in it, so that `./a` and `a` are the same. */
function withoutFolder(folder: string, path: string): string {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path
}

/** The answer for what can't be in a TAR, wherever it lies below what was asked for. */
export function notUnixfs(link: Link): RequestError {
  return new RequestError(
    'InvalidRequest',
    `${linkToString(link)} expected to be a UnixFS file, folder or symlink, is not: ` +
      'a TAR has those only, ask for ?format=car',
  )
}
