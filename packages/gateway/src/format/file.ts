/**
 * UnixFS files and symlinks.
 * @module
 */
import { type Content, bytesContent } from './content.ts'
import { type Result, fail, ok } from '@turnpike/core/result'
import type { FileNode, Nodes, PbNode, WalkError } from '../walk/nodes.ts'
import { type Link, linkToString } from '@turnpike/core/link'
import { typeOfName } from './content-type.ts'
import { BlockMissing } from '../blocks/errors.ts'
import type { BlockSession } from '../blocks/session.ts'
import { fileDisposition } from './disposition.ts'
import { fileBody } from '../walk/file-body.ts'

/** A file to be served. */
export interface FileRequest {
  readonly nodes: Nodes
  readonly session: BlockSession
  readonly root: FileNode
  /** CID that tags the answer: the file's, or its folder's when it stands in for the folder. */
  readonly tag: Link
  /** The name it goes by, for its type; empty when it has none. */
  readonly name: string
  readonly params: URLSearchParams
}

/** A file's bytes. Its type comes from its name; without one that tells, from its first bytes. */
export async function fileContent(request: FileRequest): Promise<Result<Content, WalkError>> {
  const sizeBytes = await fileSize(request)
  if (sizeBytes === undefined) return fail(new BlockMissing(linkToString(request.root.link)))
  const source = { nodes: request.nodes, session: request.session, root: request.root }
  const body: Content['body'] = (range) =>
    fileBody(source, range ?? { first: 0, last: sizeBytes - 1 })
  const disposition = fileDisposition(request.params)
  const modified = request.root.kind === 'raw' ? undefined : request.root.unixfs.mtimeSeconds
  return ok({
    status: 200,
    type: typeOfName(request.name),
    etag: `"${linkToString(request.tag)}"`,
    headers: disposition === undefined ? [] : [disposition],
    lifetime: 'immutable',
    ...(modified !== undefined && { modifiedSeconds: modified }),
    sizeBytes,
    ranged: true,
    billable: true,
    inMemory: false,
    body,
  })
}

/** A symlink: its target is the body. */
export function symlinkContent(node: PbNode): Content {
  return bytesContent(
    {
      status: 200,
      etag: `"${linkToString(node.link)}"`,
      type: 'inode/symlink',
      headers: [],
      lifetime: 'immutable',
      ranged: true,
      billable: true,
    },
    node.unixfs.data,
  )
}

async function fileSize({ session, root }: FileRequest): Promise<number | undefined> {
  return root.kind === 'raw' ? session.sizeOf(root.link) : root.unixfs.fileSizeBytes
}
