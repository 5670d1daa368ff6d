/**
 * From a request's method and URL to what is asked for.
 * @module
 */
import { type Link, linkFromString } from '@turnpike/core/link'
import { PATH_SEGMENTS_MAX, URL_CHARS_MAX } from '@turnpike/core/limits'
import { type Result, fail, ok } from '@turnpike/core/result'
import type { GatewayRequest } from './request.ts'
import { RequestError } from './errors.ts'

/** A content path taken apart. It depends on the URL alone, so it can be kept by URL. */
export interface ContentPath {
  readonly root: Link
  /** The root as it was written. */
  readonly rootText: string
  /** Decoded names below the root; empty names (double slashes) are left out. */
  readonly segments: readonly string[]
  readonly trailingSlash: boolean
  /** `/ipfs/…` as requested, still escaped, without the query. */
  readonly escapedPath: string
  /** The query with its `?`, or empty. */
  readonly query: string
  readonly params: URLSearchParams
  readonly host: string
}

/**
 * Reads the content path of an absolute URL.
 *
 * @example
 * parseContentPath('http://127.0.0.1:8080/ipfs/bafkqaaa/a%20b').ok?.segments // ['a b']
 */
export function parseContentPath(url: string): Result<ContentPath, RequestError> {
  if (url.length > URL_CHARS_MAX)
    return fail(
      new RequestError(
        'UriTooLong',
        `URL expected <= ${URL_CHARS_MAX} characters, got ${url.length}`,
      ),
    )
  if (!URL.canParse(url))
    return fail(new RequestError('InvalidPath', 'URL expected to be well-formed, is not'))
  const parsed = new URL(url)
  const [, namespace, rootText = '', ...rest] = parsed.pathname.split('/')
  if (namespace !== 'ipfs')
    return fail(
      new RequestError('ContentNotFound', 'path expected to start with /ipfs/<cid>, does not'),
    )
  const root = linkFromString(rootText)
  if (root === undefined)
    return fail(
      new RequestError(
        'InvalidPath',
        `invalid path "/ipfs/${shorten(rootText)}": expected a CID after /ipfs/`,
      ),
    )
  const segments = decodeSegments(rest)
  if (segments.error) return segments
  return ok({
    root,
    rootText,
    segments: segments.ok,
    trailingSlash: parsed.pathname.endsWith('/'),
    escapedPath: parsed.pathname,
    query: parsed.search,
    params: parsed.searchParams,
    host: parsed.host,
  })
}

function decodeSegments(escaped: readonly string[]): Result<string[], RequestError> {
  if (escaped.length > PATH_SEGMENTS_MAX)
    return fail(
      new RequestError(
        'InvalidPath',
        `path expected <= ${PATH_SEGMENTS_MAX} segments, got ${escaped.length}`,
      ),
    )
  const segments: string[] = []
  for (const segment of escaped) {
    if (segment === '') continue
    try {
      segments.push(decodeURIComponent(segment))
    } catch {
      return fail(
        new RequestError(
          'InvalidPath',
          `path segment "${shorten(segment)}" expected to be percent-encoded UTF-8`,
        ),
      )
    }
  }
  return ok(segments)
}

/** The token that a request carries for a space that asks for one; never logged, never sent on. */
export function tokenOf(path: ContentPath, request: GatewayRequest): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')
  return path.params.get('authToken') ?? bearer?.[1] ?? undefined
}

/** What of a client's text goes into a message: enough to recognise it. */
export function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`
}
