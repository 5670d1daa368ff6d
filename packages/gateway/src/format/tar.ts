/**
 * `format=tar`: a file, a link, or a folder with all that is below it.
 * Source: path gateway specification, `application/x-tar`; UnixFS 1.5 for mode and mtime.
 * @module
 */
import type { Content } from './content.ts'
import { JoinedReader } from './joined-body.ts'
import { TarPieces, type TarRequest } from './tar-pieces.ts'
import { dispositionOf } from './disposition.ts'
import { linkToString } from '@turnpike/core/link'

/** What lies at the end of a path, below one entry that is called by its CID. */
export function tarContent(request: TarRequest): Content {
  const { target, asked } = request
  const cid = linkToString(target)
  return {
    status: 200,
    // Weak, since another gateway may give another date to what has none.
    etag: `W/"${cid}.x-tar"`,
    type: 'application/x-tar',
    headers: [
      dispositionOf(asked.params, 'attachment', `${cid}.tar`),
      ['X-Content-Type-Options', 'nosniff'],
      ['Accept-Ranges', 'none'],
    ],
    lifetime: 'immutable',
    sizeBytes: undefined,
    ranged: false,
    billable: true,
    inMemory: false,
    body: () => ({
      length: undefined,
      open: () => new JoinedReader(new TarPieces(request)),
    }),
  }
}
