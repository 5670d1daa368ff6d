/**
 * One range of a blob from an HTTP origin: one GET, its answer checked, its body a stream.
 * @module
 */
import { checkRangeResponse, type ContentRange } from '@turnpike/core/origin/range-response'
import type { BlobStream, OriginFault } from '@turnpike/core/ports/blob'
import { rangeLength, type ByteRange } from '@turnpike/core/range'
import { fail, ok, type Result } from '@turnpike/core/result'
import { RangeStream } from './range-stream.ts'
import { partOfWhole } from './part-of-whole.ts'
import type { HttpTransport, OriginResponse, OriginTimeouts } from './transport.ts'

/** What is read, and how it is asked for. */
export interface RangeQuery {
  readonly url: URL
  /** Headers beside those of the range, a signature for instance. */
  readonly headers: Readonly<Record<string, string>>
  readonly provider: string
  readonly range: ByteRange
  /** Size of the whole blob, when known. */
  readonly size: number | undefined
  /**
   * How much of a whole blob may be passed over, where the origin knows no ranges and sends all of
   * it; by default such an answer is refused.
   */
  readonly skipBytesMax?: number
}

/** An opened range, and what the origin said about it. */
export interface OpenedRange {
  readonly stream: BlobStream
  readonly contentRange: ContentRange
}

/**
 * Opens a range. Anything but a 206 (and, where the query allows it, a 200) with exactly this range
 * of a blob of this size, uncoded, is an `OriginFault`, and its connection is ended without reading
 * the body.
 *
 * @example
 * await openRange(transport, { url, headers: {}, provider, range: { first: 0, last: 9 },
 *   size: undefined }, signal)
 */
export async function openRange(
  transport: HttpTransport,
  query: RangeQuery,
  signal: AbortSignal,
): Promise<Result<OpenedRange, OriginFault>> {
  const sent = await sendRange(transport, query, signal)
  return sent.error === undefined ? openSent(query, sent.ok, transport.timeouts, signal) : sent
}

/** Asks for a range, and waits for the head of the answer. */
export function sendRange(
  transport: Pick<HttpTransport, 'send'>,
  { url, provider, range, headers: more }: RangeQuery,
  signal: AbortSignal,
): ReturnType<HttpTransport['send']> {
  const { first, last } = range
  const headers = { ...more, range: `bytes=${first}-${last}`, 'accept-encoding': 'identity' }
  return transport.send({ url, headers, provider }, signal)
}

/** Opens the body of an answer, if it is the range that was asked for. */
export function openSent(
  query: RangeQuery,
  sent: OriginResponse,
  { idleMs }: Pick<OriginTimeouts, 'idleMs'>,
  signal: AbortSignal,
): Result<OpenedRange, OriginFault> {
  const { provider, range } = query
  const { request, response } = sent
  const { skipBytesMax } = query
  if (response.statusCode === 200 && skipBytesMax !== undefined) {
    const part = partOfWhole({ ...query, skipBytesMax }, sent, idleMs, signal)
    if (part.ok) return ok({ stream: part.ok, contentRange: { range, size: query.size } })
    request.destroy()
    return part
  }
  const checked = checkRangeResponse(query, {
    status: response.statusCode ?? 0,
    contentRange: response.headers['content-range'],
    contentLength: response.headers['content-length'],
    contentEncoding: response.headers['content-encoding'],
  })
  if (checked.error !== undefined) {
    request.destroy()
    return fail(checked.error)
  }
  const stream = new RangeStream({ provider, length: rangeLength(range), idleMs }, sent, signal)
  return ok({ stream, contentRange: checked.ok })
}
