/**
 * From content to an answer's parts: conditions, ranges, and the first chunk.
 * @module
 */
import type { BodySource } from '@turnpike/core/body'
import { type Content, bytesBody, bytesContent } from './content.ts'
import { type Awaitable, type Result, fail, ok } from '@turnpike/core/result'
import { preconditionOf, rangeCounts } from './conditional.ts'
import { ANSWER_BYTES_MAX, SNIFF_BYTES_MAX } from '@turnpike/core/limits'
import { type ByteRange, rangeLength } from '@turnpike/core/range'
import type { GatewayRequest } from '../request.ts'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { HeaderLine } from '../meter.ts'
import { boundaryOf, multipartBody } from './multipart.ts'
import { RequestError } from '../errors.ts'
import { httpDate } from './http-date.ts'
import { parseRange } from './range-header.ts'
import { primeBody } from './primed.ts'
import { typeOfBytes } from './content-type.ts'

/** An answer that only lacks its meter. */
export interface Representation {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  readonly body: BodySource
  readonly billable: boolean
  /** Whether it is a part of the content (206). */
  readonly partial: boolean
}

/** What an answer depends on besides its content. */
export interface Serving {
  readonly request: GatewayRequest
  readonly hasher: Hasher
  /** Lines that say how long the answer may be kept. */
  readonly caching: readonly HeaderLine[]
  /** Whether the same path may lead to other content: it starts with a name. */
  readonly mutable: boolean
}

const WHOLE: readonly ByteRange[] = []
const EMPTY = bytesBody(new Uint8Array(0))
/** Of the content's own headers, those that an answer without content carries, too. */
const KEPT_UNCHANGED: ReadonlySet<string> = new Set([
  'Vary',
  'Content-Location',
  'X-Ipfs-Path',
  'X-Ipfs-Roots',
])

/**
 * Answers a GET or HEAD for content. The first chunk of a GET is read before the status is
 * decided, so that what can't be had is an error and not a broken body.
 *
 * @returns `PreconditionFailed`, `RangeNotSatisfiable`, or whatever error reading the first chunk
 * gave
 */
export function serveContent(
  content: Content,
  serving: Serving,
): Awaitable<Result<Representation, Error>> {
  return serveUnread(content, serving) ?? serveRead(content, serving)
}

/**
 * The answer where it needs no byte of the body: a condition decides it (RFC 9110, section 13), or
 * it is to HEAD for content whose type is known. Undefined where it needs some.
 */
export function serveUnread(
  content: Content,
  serving: Serving,
): Result<Representation, RequestError> | undefined {
  const { method, headers } = serving.request
  // Conditions count for what would be 200 (section 13.2.1).
  const verdict = content.status === 200 ? preconditionOf(headers, content) : 'go'
  if (verdict === 'held') return ok(notModified(content, serving))
  if (verdict === 'failed') return fail(preconditionFailed(content))
  if (method !== 'HEAD' || content.type === undefined) return undefined
  return ok(headOf(content, content.type, serving))
}

function notModified(content: Content, { caching }: Serving): Representation {
  const kept = content.headers.filter(([name]) => KEPT_UNCHANGED.has(name))
  const headers: HeaderLine[] = [['ETag', content.etag], ...caching, ...kept]
  return { status: 304, headers, body: EMPTY, billable: false, partial: false }
}

function preconditionFailed({ etag }: Content): RequestError {
  const message = `content expected to be as If-Match or If-Unmodified-Since says, is ${etag}`
  return new RequestError('PreconditionFailed', message)
}

/** What GET would say of the whole: ranges do not count for HEAD. */
function headOf(content: Content, type: string, { caching }: Serving): Representation {
  const headers = headersOf(content, type, content.sizeBytes, caching)
  return { status: content.status, headers, body: EMPTY, billable: false, partial: false }
}

/** The answer to HEAD for what GET would tell the type of by its first bytes. */
async function headByBytes(
  content: Content,
  serving: Serving,
): Promise<Result<Representation, Error>> {
  const { signal } = serving.request
  const isLong = (content.sizeBytes ?? Infinity) > SNIFF_BYTES_MAX
  // One byte more than is looked at, because what is all of a file may be of another type.
  const start = isLong ? { first: 0, last: SNIFF_BYTES_MAX } : undefined
  const primed = await primeBody(content.body(start), signal)
  if (primed.error) return primed
  const type = sniffed(start, primed.ok.first)
  primed.ok.body.open(signal).close()
  return ok(headOf(content, type, serving))
}

function serveRead(content: Content, serving: Serving): Awaitable<Result<Representation, Error>> {
  if (serving.request.method === 'HEAD') return headByBytes(content, serving)
  const asked = rangesOf(content, serving)
  if (asked.error) return asked
  const ranges = asked.ok
  if (!content.inMemory || content.type === undefined) return readOf(content, ranges, serving)
  if (ranges.length === 0)
    return ok(wholeOf(content, content.type, content.body(), serving.caching))
  return ok(
    partsOf(content, ranges, { type: content.type, body: (part) => content.body(part) }, serving),
  )
}

/** The ranges that are to be sent; none for the whole. */
function rangesOf(
  content: Content,
  { request: { headers }, mutable }: Serving,
): Result<readonly ByteRange[], RequestError> {
  const header = headers.get('range')
  if (header === null || !content.ranged) return ok(WHOLE)
  if (!rangeCounts(headers.get('if-range'), content, mutable)) return ok(WHOLE)
  const verdict = parseRange(header, content.sizeBytes!)
  if (verdict.kind === 'parts') return ok(verdict.ranges)
  if (verdict.kind === 'whole') return ok(WHOLE)
  const size = `bytes */${content.sizeBytes}`
  return fail(
    new RequestError('RangeNotSatisfiable', `range expected within ${size}`, {
      headers: [['Content-Range', size]],
    }),
  )
}

async function readOf(
  content: Content,
  ranges: readonly ByteRange[],
  serving: Serving,
): Promise<Result<Representation, Error>> {
  const range = ranges[0]
  const primed = await primeBody(content.body(range), serving.request.signal)
  if (primed.error) return primed
  const { first, body } = primed.ok
  const type = content.type ?? sniffed(range, first)
  if (ranges.length === 0) return ok(wholeOf(content, type, body, serving.caching))
  const parts = (part: ByteRange): BodySource => (part === range ? body : content.body(part))
  return ok(partsOf(content, ranges, { type, body: parts }, serving))
}

function wholeOf(
  content: Content,
  type: string,
  body: BodySource,
  caching: readonly HeaderLine[],
): Representation {
  const { status, billable, sizeBytes } = content
  const headers = headersOf(content, type, sizeBytes, caching)
  return { status, headers, body, billable, partial: false }
}

/** One range as it is, several as parts of a body, each with its own Content-Range. */
function partsOf(
  content: Content,
  ranges: readonly ByteRange[],
  { type, body }: { readonly type: string; body(range: ByteRange): BodySource },
  { hasher, caching }: Serving,
): Representation {
  const { billable } = content
  const sizeBytes = content.sizeBytes!
  const [range] = ranges as readonly [ByteRange, ...ByteRange[]]
  if (ranges.length === 1) {
    const headers = headersOf(content, type, rangeLength(range), caching)
    headers.push(['Content-Range', `bytes ${range.first}-${range.last}/${sizeBytes}`])
    return { status: 206, headers, body: body(range), billable, partial: true }
  }
  const boundary = boundaryOf(content.etag, hasher)
  const parts = multipartBody({ ranges, sizeBytes, type, boundary, body })
  const multipart = `multipart/byteranges; boundary=${boundary}`
  const headers = headersOf(content, multipart, parts.length, caching)
  return { status: 206, headers, body: parts, billable, partial: true }
}

/** Looking at the start of a file to type its middle would fetch a block that nobody asked for. */
function sniffed(part: ByteRange | undefined, first: Uint8Array | null): string {
  if (part !== undefined && part.first > 0) return 'application/octet-stream'
  return typeOfBytes(first ?? new Uint8Array(0))
}

function headersOf(
  content: Content,
  type: string,
  lengthBytes: number | undefined,
  caching: readonly HeaderLine[],
): HeaderLine[] {
  const headers: HeaderLine[] = [['Content-Type', type]]
  if (lengthBytes !== undefined) headers.push(['Content-Length', String(lengthBytes)])
  if (content.etag !== '') headers.push(['ETag', content.etag])
  const modified = content.modifiedSeconds
  if (modified !== undefined) headers.push(['Last-Modified', httpDate(modified)])
  if (content.ranged) headers.push(['Accept-Ranges', 'bytes'])
  headers.push(...caching, ...content.headers)
  return headers
}

/**
 * Reads small content whole, so that it can be kept; undefined when it is not small, or can't be
 * read: then it is served as it is, and fails as it fails.
 */
export async function wholeSmall(content: Content): Promise<Content | undefined> {
  const { sizeBytes } = content
  if (sizeBytes === undefined || sizeBytes > ANSWER_BYTES_MAX) return undefined
  const bytes = new Uint8Array(sizeBytes)
  const reader = content.body().open(new AbortController().signal)
  let at = 0
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      if (at + chunk.length > sizeBytes) return undefined
      bytes.set(chunk, at)
      at += chunk.length
    }
  } catch {
    return undefined
  } finally {
    reader.close()
  }
  if (at !== sizeBytes) return undefined
  return bytesContent({ ...content, type: content.type ?? typeOfBytes(bytes) }, bytes)
}
