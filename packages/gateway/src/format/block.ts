/**
 * One block as it is: raw, or under the type of its codec.
 * Sources: trustless gateway specification, `application/vnd.ipld.raw`; path gateway specification,
 * codecs; what is stored is never converted (IPIP-524).
 * @module
 */
import type { Content } from './content.ts'
import { DAG_CBOR, DAG_JSON, type Link, linkToString } from '@turnpike/core/link'
import { type Disposition, dispositionOf } from './disposition.ts'
import { PLAIN_CBOR, PLAIN_JSON } from '../walk/ipld.ts'
import type { BlockSession } from '../blocks/session.ts'
import type { Format } from '../negotiate.ts'
import type { Nodes } from '../walk/nodes.ts'
import { fileBody } from '../walk/file-body.ts'

/** A representation of a codec's blocks. */
export type CodecFormat = 'dag-json' | 'dag-cbor' | 'json' | 'cbor'

/** A representation of one block. */
export type BlockFormat = 'raw' | CodecFormat

const CODECS: Readonly<Record<CodecFormat, readonly number[]>> = {
  'dag-json': [DAG_JSON],
  'dag-cbor': [DAG_CBOR],
  json: [PLAIN_JSON, DAG_JSON],
  cbor: [PLAIN_CBOR, DAG_CBOR],
}

/** How a format is sent: its type, whether it is shown or saved, and the ending of its name. */
interface Shape {
  readonly type: string
  readonly disposition: Disposition
  readonly extension: string
}

const JSON_SHAPE = { disposition: 'inline', extension: 'json' } as const
const CBOR_SHAPE = { disposition: 'attachment', extension: 'cbor' } as const
const SHAPES: Readonly<Record<BlockFormat, Shape>> = {
  raw: { type: 'application/vnd.ipld.raw', disposition: 'attachment', extension: 'bin' },
  'dag-json': { type: 'application/vnd.ipld.dag-json', ...JSON_SHAPE },
  'dag-cbor': { type: 'application/vnd.ipld.dag-cbor', ...CBOR_SHAPE },
  json: { type: 'application/json', ...JSON_SHAPE },
  cbor: { type: 'application/cbor', ...CBOR_SHAPE },
}

/** Whether a format is one of a codec. */
export function isCodecFormat(format: Format | undefined): format is CodecFormat {
  return format !== undefined && format in CODECS
}

/**
 * The formats in which blocks of a codec can be had as they are, that of their own first; none for
 * a codec without one.
 *
 * @example
 * formatsOfCodec(0x71) // ['dag-cbor', 'cbor']
 */
export function formatsOfCodec(codec: number): readonly CodecFormat[] {
  const formats = Object.keys(CODECS) as CodecFormat[]
  return formats.filter((format) => CODECS[format].includes(codec))
}

/** A block and what is asked for. */
export interface BlockRequest {
  readonly nodes: Nodes
  readonly session: BlockSession
  readonly link: Link
  readonly sizeBytes: number
  readonly format: BlockFormat
  readonly params: URLSearchParams
}

/**
 * A block's bytes under the type of a format, ranges included. It is fetched when its body is read,
 * so HEAD fetches nothing.
 */
export function blockContent(request: BlockRequest): Content {
  const { nodes, session, link, sizeBytes, format, params } = request
  const cid = linkToString(link)
  const { type, disposition, extension } = SHAPES[format]
  return {
    status: 200,
    etag: `"${cid}.${format}"`,
    type,
    headers: [
      dispositionOf(params, disposition, `${cid}.${extension}`),
      ['X-Content-Type-Options', 'nosniff'],
    ],
    lifetime: 'immutable',
    ...(format !== 'raw' && { forBrowsers: false }),
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
