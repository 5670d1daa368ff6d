/**
 * Blocks of dag-json, dag-cbor, json and cbor as they are.
 * Source: path gateway specification, codecs; what is stored is never converted (IPIP-524).
 * @module
 */
import type { Content } from './content.ts'
import { DAG_CBOR, DAG_JSON, type Link, linkToString } from '@turnpike/core/link'
import { PLAIN_CBOR, PLAIN_JSON } from '../walk/ipld.ts'
import type { BlockSession } from '../blocks/session.ts'
import type { Format } from '../negotiate.ts'
import type { Nodes } from '../walk/nodes.ts'
import { dispositionOf } from './disposition.ts'
import { fileBody } from '../walk/file-body.ts'

/** A representation of a codec's blocks. */
export type CodecFormat = 'dag-json' | 'dag-cbor' | 'json' | 'cbor'

const CODECS: Readonly<Record<CodecFormat, readonly number[]>> = {
  'dag-json': [DAG_JSON],
  'dag-cbor': [DAG_CBOR],
  json: [PLAIN_JSON, DAG_JSON],
  cbor: [PLAIN_CBOR, DAG_CBOR],
}

const TYPES: Readonly<Record<CodecFormat, string>> = {
  'dag-json': 'application/vnd.ipld.dag-json',
  'dag-cbor': 'application/vnd.ipld.dag-cbor',
  json: 'application/json',
  cbor: 'application/cbor',
}

/** Whether a format is one of a codec. */
export function isCodecFormat(format: Format | undefined): format is CodecFormat {
  return format !== undefined && format in CODECS
}

/** Whether blocks of a codec can be had in a format as they are. */
export function isCodecOf(format: CodecFormat, codec: number): boolean {
  return CODECS[format].includes(codec)
}

/**
 * The format that a codec's blocks have unless told; undefined for a codec that has none.
 *
 * @example
 * formatOfCodec(0x71) // 'dag-cbor'
 */
export function formatOfCodec(codec: number): CodecFormat | undefined {
  const formats = Object.keys(CODECS) as CodecFormat[]
  return formats.find((format) => CODECS[format][0] === codec)
}

/** A block and what is asked for. */
export interface CodecRequest {
  readonly nodes: Nodes
  readonly session: BlockSession
  readonly link: Link
  readonly sizeBytes: number
  readonly format: CodecFormat
  readonly params: URLSearchParams
}

/** A block's bytes under the type of a format, ranges included. */
export function codecContent(request: CodecRequest): Content {
  const { nodes, session, link, sizeBytes, format, params } = request
  const cid = linkToString(link)
  const json = format === 'json' || format === 'dag-json'
  const name = `${cid}.${json ? 'json' : 'cbor'}`
  return {
    status: 200,
    etag: `"${cid}.${format}"`,
    type: TYPES[format],
    headers: [
      dispositionOf(params, json ? 'inline' : 'attachment', name),
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
