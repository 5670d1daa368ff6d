/**
 * A blob by its own hash, as it is.
 * @module
 */
import { base58btc } from 'multiformats/bases/base58'
import type { Link } from '@turnpike/core/link'
import { fileBody } from '../walk/file-body.ts'
import type { BlockSession } from '../blocks/session.ts'
import type { Content } from './content.ts'
import type { Nodes } from '../walk/nodes.ts'

/** A blob that is in the session's space. */
export interface BlobRequest {
  readonly nodes: Nodes
  readonly session: BlockSession
  readonly link: Link
  readonly sizeBytes: number
}

/** Its bytes, ranges included: fetched, and checked against its hash, when the body is read. */
export function blobContent({ nodes, session, link, sizeBytes }: BlobRequest): Content {
  return {
    status: 200,
    etag: `"${base58btc.encode(link.multihash)}"`,
    type: 'application/octet-stream',
    headers: [['X-Content-Type-Options', 'nosniff']],
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
