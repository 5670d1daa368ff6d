/**
 * `format=raw`: one block as it is.
 * @module
 */
import type { Content } from './content.ts'
import type { BlockSession } from '../blocks/session.ts'
import type { Link } from '@turnpike/core/link'
import type { Nodes } from '../walk/nodes.ts'
import { dispositionOf } from './disposition.ts'
import { fileBody } from '../walk/file-body.ts'
import { linkToString } from '@turnpike/core/link'

/**
 * A block's bytes, ranges included. It is fetched when its body is read, so HEAD fetches nothing.
 * Source: trustless gateway specification, `application/vnd.ipld.raw`.
 */
export function rawContent(
  nodes: Nodes,
  session: BlockSession,
  link: Link,
  sizeBytes: number,
  params: URLSearchParams,
): Content {
  const cid = linkToString(link)
  return {
    status: 200,
    etag: `"${cid}.raw"`,
    type: 'application/vnd.ipld.raw',
    headers: [
      dispositionOf(params, 'attachment', `${cid}.bin`),
      ['X-Content-Type-Options', 'nosniff'],
    ],
    lifetime: 'immutable',
    sizeBytes,
    ranged: true,
    billable: true,
    inMemory: false,
    body: (range) =>
      fileBody(
        { nodes, session, root: { kind: 'raw', link } },
        range ?? { first: 0, last: sizeBytes - 1 },
      ),
  }
}
