/**
 * Judges an origin's answer to a range request by its head, before a byte of its body counts.
 * Source: RFC 9110 sections 14.4 (Content-Range) and 15.3.7 (206).
 * @module
 */
import { OriginFault } from '../ports/blob.ts'
import { rangeLength, type ByteRange } from '../range.ts'
import { fail, ok, type Result } from '../result.ts'

/** A `Content-Range` of bytes. `size` is undefined where the origin said `*`. */
export interface ContentRange {
  readonly range: ByteRange
  readonly size: number | undefined
}

/** The head of an origin's answer, header values as they came. */
export interface RangeResponseHead {
  readonly status: number
  readonly contentRange: string | undefined
  readonly contentLength: string | undefined
  readonly contentEncoding: string | undefined
}

/** What was asked for, and of whom. */
export interface RangeRequest {
  readonly provider: string
  readonly range: ByteRange
  /** Size of the whole blob, when known. */
  readonly size: number | undefined
}

/**
 * Reads a `Content-Range` header; undefined when it is malformed, of another unit, unsatisfied
 * (`bytes *` and a size), or not within its own size.
 *
 * @example
 * parseContentRange('bytes 0-9/20') // { range: { first: 0, last: 9 }, size: 20 }
 */
export function parseContentRange(header: string): ContentRange | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(?:(\d{1,16})|\*)$/i.exec(header)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2])
  const size = match[3] === undefined ? undefined : Number(match[3])
  if (last < first || (size !== undefined && last >= size)) return undefined
  if (!Number.isSafeInteger(size ?? last)) return undefined
  return { range: { first, last }, size }
}

/**
 * Accepts an answer only when it is a 206 with exactly the range that was asked for, uncoded, of a
 * blob of the known size. Returns what the origin says about the range.
 *
 * @example
 * checkRangeResponse({ provider: 'https://o.example', range: { first: 0, last: 9 }, size: 20 },
 *   { status: 206, contentRange: 'bytes 0-9/20', contentLength: '10', contentEncoding: undefined })
 */
export function checkRangeResponse(
  asked: RangeRequest,
  head: RangeResponseHead,
): Result<ContentRange, OriginFault> {
  if (head.status !== 206) return fail(statusFault(asked.provider, head.status))
  const lied = (what: string, expected: string, got: string | undefined) =>
    fail(faultOf('OriginLied', asked.provider, `${what} ${expected}`, quote(got)))
  if (head.contentEncoding !== undefined && head.contentEncoding.toLowerCase() !== 'identity')
    return lied('Content-Encoding', 'identity', head.contentEncoding)
  const { first, last } = asked.range
  const got = head.contentRange === undefined ? undefined : parseContentRange(head.contentRange)
  const expected = `bytes ${first}-${last}/${asked.size ?? '*'}`
  if (got === undefined || got.range.first !== first || got.range.last !== last)
    return lied('Content-Range', expected, head.contentRange)
  if (asked.size !== undefined && got.size !== undefined && got.size !== asked.size)
    return lied('Content-Range', expected, head.contentRange)
  const length = String(rangeLength(asked.range))
  if (head.contentLength !== undefined && head.contentLength !== length)
    return lied('Content-Length', length, head.contentLength)
  return ok(got)
}

/** The fault that a status other than the expected one is. */
export function statusFault(provider: string, status: number, expected = 206): OriginFault {
  return faultOf(faultNameOf(status), provider, `status ${expected}`, `${status}`)
}

function faultNameOf(status: number): OriginFault['name'] {
  if (status === 404 || status === 410) return 'OriginMissing'
  if (status === 401 || status === 402 || status === 403 || status === 407 || status === 451)
    return 'OriginForbidden'
  if (status === 408 || status === 504) return 'OriginTimeout'
  // 200 ignores the range, 3xx is not followed, 416 denies bytes that the blob has: an origin of
  // blobs that answers so contradicts what was agreed on.
  if (status < 400 || status === 416) return 'OriginLied'
  return 'OriginUnavailable'
}

function faultOf(
  name: OriginFault['name'],
  provider: string,
  expected: string,
  got: string,
): OriginFault {
  return new OriginFault(
    name,
    provider,
    `origin ${provider} expected to answer ${expected}, got ${got}`,
  )
}

/** A header value for a message, bounded: the origin chose it. */
function quote(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value.slice(0, 64))
}
