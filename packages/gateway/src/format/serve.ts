/**
 * From content to an answer's parts: conditions, ranges, and the first chunk.
 * @module
 */
import type { BodyReader, BodySource } from '@turnpike/core/body'
import { type Content, bytesBody, bytesContent } from './content.ts'
import { type Awaitable, type Result, fail, ok } from '@turnpike/core/result'
import { httpDate, isUnmodified, matchesNone, rangeCounts } from './conditional.ts'
import { ANSWER_BYTES_MAX } from '@turnpike/core/limits'
import { type ByteRange, rangeLength } from '@turnpike/core/range'
import type { GatewayRequest } from '../request.ts'
import type { HeaderLine } from '../meter.ts'
import { RequestError } from '../errors.ts'
import { parseRange } from './range-header.ts'
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

const EMPTY = bytesBody(new Uint8Array(0))

/**
 * Answers a GET or HEAD for content. The first chunk of a GET is read before the status is
 * decided, so that what can't be had is an error and not a broken body. `caching` are the lines
 * that say how long the answer may be kept.
 *
 * @returns `RangeNotSatisfiable`, or whatever error reading the first chunk gave
 */
export function serveContent(
  content: Content,
  request: GatewayRequest,
  caching: readonly HeaderLine[],
): Awaitable<Result<Representation, Error>> {
  if (isHeld(content, request)) return ok(notModified(content, caching))
  if (request.method === 'HEAD') return ok(headOf(content, caching))
  const range = rangeOf(content, request)
  if (range.error) return range
  const { part } = range.ok
  if (content.inMemory && content.type !== undefined)
    return ok(representationOf(content, part, content.type, content.body(part), caching))
  return answerOf(content, part, request.signal, caching)
}

/** Whether the client has it. Conditions count for what would be 200 (RFC 9110, section 13.2.1). */
function isHeld({ status, etag, modifiedSeconds }: Content, { headers }: GatewayRequest): boolean {
  if (status !== 200) return false
  if (matchesNone(headers.get('if-none-match'), etag)) return true
  return modifiedSeconds !== undefined && isUnmodified(headers, modifiedSeconds)
}

function notModified(content: Content, caching: readonly HeaderLine[]): Representation {
  const kept = content.headers.filter(([name]) => name === 'Vary')
  const headers: HeaderLine[] = [['ETag', content.etag], ...caching, ...kept]
  return { status: 304, headers, body: EMPTY, billable: false, partial: false }
}

function headOf(content: Content, caching: readonly HeaderLine[]): Representation {
  const headers = headersOf(content, content.type, content.sizeBytes, caching)
  return { status: content.status, headers, body: EMPTY, billable: false, partial: false }
}

function rangeOf(
  content: Content,
  request: GatewayRequest,
): Result<{ readonly part: ByteRange | undefined }, RequestError> {
  const header = request.headers.get('range')
  if (header === null || !content.ranged) return ok({ part: undefined })
  if (!rangeCounts(request.headers.get('if-range'), content.etag)) return ok({ part: undefined })
  const verdict = parseRange(header, content.sizeBytes!)
  if (verdict.kind === 'part') return ok({ part: verdict.range })
  if (verdict.kind === 'whole') return ok({ part: undefined })
  const size = `bytes */${content.sizeBytes}`
  return fail(
    new RequestError('RangeNotSatisfiable', `range expected within ${size}`, {
      headers: [['Content-Range', size]],
    }),
  )
}

async function answerOf(
  content: Content,
  part: ByteRange | undefined,
  signal: AbortSignal,
  caching: readonly HeaderLine[],
): Promise<Result<Representation, Error>> {
  const source = content.body(part)
  const reader = source.open(signal)
  let first: Uint8Array | null
  try {
    first = await readUnless(reader, signal)
  } catch (error) {
    reader.close()
    return fail(error as Error)
  }
  const type = content.type ?? sniffed(part, first)
  return ok(representationOf(content, part, type, primed(source, reader, first), caching))
}

function representationOf(
  content: Content,
  part: ByteRange | undefined,
  type: string,
  body: BodySource,
  caching: readonly HeaderLine[],
): Representation {
  const { status, billable, sizeBytes } = content
  if (part === undefined) {
    const headers = headersOf(content, type, sizeBytes, caching)
    return { status, headers, body, billable, partial: false }
  }
  const headers = headersOf(content, type, rangeLength(part), caching)
  headers.push(['Content-Range', `bytes ${part.first}-${part.last}/${sizeBytes}`])
  return { status: 206, headers, body, billable, partial: true }
}

/** The next chunk. The client may leave while it is waited for: then the body is closed. */
async function readUnless(reader: BodyReader, signal: AbortSignal): Promise<Uint8Array | null> {
  const read = reader.read()
  if (!(read instanceof Promise)) return read
  const close = (): void => reader.close()
  if (signal.aborted) close()
  signal.addEventListener('abort', close)
  try {
    return await read
  } finally {
    signal.removeEventListener('abort', close)
  }
}

/** Looking at the start of a file to type its middle would fetch a block that nobody asked for. */
function sniffed(part: ByteRange | undefined, first: Uint8Array | null): string {
  if (part !== undefined && part.first > 0) return 'application/octet-stream'
  return typeOfBytes(first ?? new Uint8Array(0))
}

function headersOf(
  content: Content,
  type: string | undefined,
  lengthBytes: number | undefined,
  caching: readonly HeaderLine[],
): HeaderLine[] {
  const headers: HeaderLine[] = []
  if (type !== undefined) headers.push(['Content-Type', type])
  if (lengthBytes !== undefined) headers.push(['Content-Length', String(lengthBytes)])
  if (content.etag !== '') headers.push(['ETag', content.etag])
  const modified = content.modifiedSeconds
  if (modified !== undefined) headers.push(['Last-Modified', httpDate(modified)])
  if (content.ranged) headers.push(['Accept-Ranges', 'bytes'])
  headers.push(...caching, ...content.headers)
  return headers
}

/** A body whose first chunk was read already. It can be opened once. */
function primed(source: BodySource, reader: BodyReader, first: Uint8Array | null): BodySource {
  let waiting: Uint8Array | null | undefined = first
  const read: BodyReader['read'] = () => {
    const chunk = waiting
    if (chunk === undefined) return reader.read()
    waiting = undefined
    return chunk
  }
  return { length: source.length, open: () => ({ read, close: () => reader.close() }) }
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
