/**
 * HTML previews of blocks of dag-json, dag-cbor, json and cbor: what a browser gets of them.
 * Source: path gateway specification, as the field's gateways do it; `DagIndex` in the entity tag.
 * @module
 */
import type { BodyReader } from '@turnpike/core/body'
import { PREVIEW_BLOCK_BYTES_MAX, PREVIEW_TEXT_CHARS_MAX } from '@turnpike/core/limits'
import { DAG_CBOR, type Link, linkToString } from '@turnpike/core/link'
import { PLAIN_CBOR, PLAIN_JSON, decodeIpld } from '../walk/ipld.ts'
import { PREVIEW_VERSION, type PreviewShown, previewPieces } from './preview-page.ts'
import type { BlockSession } from '../blocks/session.ts'
import type { Content } from './content.ts'
import type { ContentPath } from '../parse-request.ts'
import type { Nodes } from '../walk/nodes.ts'
import { PAGE_HEADERS } from './page-style.ts'
import { PageReader } from './page-body.ts'
import { ReadClosed } from '../blocks/errors.ts'
import { concatBytes } from '@turnpike/core/bytes'
import { fileBody } from '../walk/file-body.ts'
import { formatsOfCodec } from './block.ts'

/** A block to be previewed. */
export interface PreviewRequest {
  readonly nodes: Nodes
  readonly session: BlockSession
  readonly link: Link
  readonly sizeBytes: number
  readonly path: ContentPath
}

/** A page that shows a block's value. The block is fetched when the page is read. */
export function previewContent(request: PreviewRequest): Content {
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    etag: `"DagIndex-${PREVIEW_VERSION}_CID-${linkToString(request.link)}"`,
    headers: PAGE_HEADERS,
    lifetime: 'generated',
    forBrowsers: true,
    sizeBytes: undefined,
    ranged: false,
    billable: true,
    inMemory: false,
    body: () => ({ length: undefined, open: (signal) => new PreviewReader(request, signal) }),
  }
}

class PreviewReader implements BodyReader {
  readonly #request: PreviewRequest
  readonly #block: BodyReader
  #page: PageReader | undefined
  #closed = false

  constructor(request: PreviewRequest, signal: AbortSignal) {
    const { nodes, session, link, sizeBytes } = request
    this.#request = request
    const shownBytes = sizeBytes <= PREVIEW_BLOCK_BYTES_MAX ? sizeBytes : PREVIEW_TEXT_CHARS_MAX
    const range = { first: 0, last: shownBytes - 1 }
    this.#block = fileBody({ nodes, session, root: { kind: 'raw', link } }, range).open(signal)
  }

  async read(): Promise<Uint8Array | null> {
    this.#page ??= new PageReader(previewPieces(pageOf(this.#request, await this.#bytes())))
    return this.#page.read()
  }

  close(): void {
    this.#closed = true
    this.#block.close()
    this.#page?.close()
  }

  async #bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for (;;) {
      const chunk = await this.#block.read()
      if (this.#closed) throw new ReadClosed()
      if (chunk === null) break
      chunks.push(chunk.slice())
    }
    this.#block.close()
    return concatBytes(chunks)
  }
}

function pageOf(
  { link, sizeBytes, path }: PreviewRequest,
  bytes: Uint8Array,
): Parameters<typeof previewPieces>[0] {
  const formats = formatsOfCodec(link.codec)
  const { namespace, rootText, askedSegments } = path
  const others = [...formats, 'raw', 'car'].map(
    (format) => [format, queryOf(path, format)] as const,
  )
  return {
    site: path.site,
    path: `/${namespace}/${[rootText, ...askedSegments].join('/')}`,
    cid: linkToString(link),
    codec: formats[0]!,
    sizeBytes,
    others,
    shown: shownOf(link, sizeBytes, bytes),
  }
}

/** The query as asked, a token in it included, with another format. */
function queryOf({ params }: ContentPath, format: string): string {
  const query = new URLSearchParams(params)
  query.set('format', format)
  return `?${query}`
}

function shownOf(link: Link, sizeBytes: number, bytes: Uint8Array): PreviewShown {
  const { codec } = link
  const kind = formatsOfCodec(codec)[0]!.endsWith('json') ? 'text' : 'bytes'
  if (bytes.length < sizeBytes)
    return { kind, start: bytes, why: 'The block is too large to be shown as a value; it starts:' }
  const decoded = valueOf(link, bytes)
  if (decoded !== undefined) return { kind: 'value', ...decoded }
  return { kind, start: bytes, why: 'The block is not what its codec says; it starts:' }
}

/** The value in a block; undefined when there is none. */
function valueOf(link: Link, bytes: Uint8Array): { readonly value: unknown } | undefined {
  if (link.codec === PLAIN_JSON) return jsonOf(bytes)
  // Plain CBOR beyond what DAG-CBOR allows is shown as bytes.
  return decodeIpld(link.codec === PLAIN_CBOR ? { ...link, codec: DAG_CBOR } : link, bytes).ok
}

function jsonOf(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return undefined
  }
}
