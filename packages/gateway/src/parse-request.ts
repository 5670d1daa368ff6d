/**
 * From a request's URL to what is asked for.
 * @module
 */
import type { Link } from '@turnpike/core/link'
import type { NameHop } from '@turnpike/core/ports/names'
import { PATH_SEGMENTS_MAX, URL_CHARS_MAX } from '@turnpike/core/limits'
import { type Result, fail, ok } from '@turnpike/core/result'
import type { GatewayRequest } from './request.ts'
import { RequestError } from './errors.ts'

/** Namespaces of content paths: `/ipfs/<cid>` never changes, `/ipns/<name>` may. */
export type Namespace = 'ipfs' | 'ipns'

/** Where the client sees content: it decides how links and redirects are written. */
export interface Site {
  /** By path, by a subdomain for each root, or by a DNS name of the content's own. */
  readonly kind: 'path' | 'subdomain' | 'dnslink'
  readonly scheme: 'http' | 'https'
  /** Host with port, as the client wrote it. */
  readonly authority: string
  /** Authority of the gateway that a subdomain belongs to; empty for other kinds. */
  readonly gateway: string
}

/** A URL whose bounds and form were checked. */
export interface AskedUrl {
  readonly parsed: URL
  readonly site: Site
}

/** A content path taken apart, but for its root. */
export interface PathParts {
  readonly namespace: Namespace
  /** CID or name as it was written. */
  readonly rootText: string
  /** Decoded names below the root as asked; empty names (double slashes) are left out. */
  readonly askedSegments: readonly string[]
  readonly trailingSlash: boolean
  /**
   * Path as requested on its host, still escaped, without the query. It begins with one slash, for
   * with two it would name a host.
   */
  readonly escapedPath: string
  /** The same as `/ipfs/…` or `/ipns/…`. */
  readonly contentPath: string
  /** The query with its `?`, or empty. */
  readonly query: string
  readonly params: URLSearchParams
  readonly site: Site
  /** The name of ours that matched, or the DNSLink name; empty for any other host. */
  readonly domain: string
}

/** A content path that depends on the URL alone, so it can be kept by URL. */
export interface ContentPath extends PathParts {
  readonly root: Link
  /** Decoded names below `root`: those that a name's record carried, then those asked. */
  readonly segments: readonly string[]
  /** Whether a blob is asked for by its own hash, not a DAG: then nothing is below the root. */
  readonly isBlob?: true
  /** The name that led to the root, by which others, and how long that is known to hold. */
  readonly name: FollowedName | undefined
}

/** Names from the CID to the root of the site: those that the name's record carried. */
export function siteNames({ segments, askedSegments }: ContentPath): readonly string[] {
  return segments.slice(0, segments.length - askedSegments.length)
}

/** A name that was followed to content. */
export interface FollowedName {
  readonly text: string
  readonly ttlMs: number | undefined
  readonly through?: readonly NameHop[]
}

/** A path below a mutable name. */
export interface NamePath extends PathParts {
  /** What the name may be; the first that stands for something is it. */
  readonly candidates: readonly string[]
}

/**
 * Reads an absolute URL within its bounds. Node's URL parser writes hosts in lower case, so the
 * authority is taken from the text: base58 CIDs know the difference.
 *
 * @returns `UriTooLong` or `InvalidPath`
 * @example
 * readUrl('http://127.0.0.1:8080/ipfs/bafkqaaa').ok?.site.authority // '127.0.0.1:8080'
 */
export function readUrl(url: string): Result<AskedUrl, RequestError> {
  if (url.length > URL_CHARS_MAX) {
    const message = `URL expected <= ${URL_CHARS_MAX} characters, got ${url.length}`
    return fail(new RequestError('UriTooLong', message))
  }
  const authority = /^https?:\/\/([^/?#]+)/i.exec(url)?.[1]
  if (authority === undefined || !URL.canParse(url))
    return fail(new RequestError('InvalidPath', 'URL expected to be well-formed, is not'))
  const parsed = new URL(url)
  const scheme = parsed.protocol === 'https:' ? 'https' : 'http'
  return ok({ parsed, site: { kind: 'path', scheme, authority, gateway: '' } })
}

/** What of a URL does not depend on its host. */
export type BelowRoot = Pick<
  PathParts,
  'askedSegments' | 'trailingSlash' | 'escapedPath' | 'query' | 'params'
>

/**
 * Reads what stands below a root: `escaped` are the segments of the URL's path after it.
 *
 * @returns `InvalidPath` for too many segments, and for one that is not percent-encoded UTF-8
 */
export function belowRoot(
  { parsed }: AskedUrl,
  escaped: readonly string[],
): Result<BelowRoot, RequestError> {
  const segments = decodeSegments(escaped)
  if (segments.error) return segments
  return ok({
    askedSegments: segments.ok,
    trailingSlash: parsed.pathname.endsWith('/'),
    escapedPath: parsed.pathname.replace(/^\/{2,}/, '/'),
    query: parsed.search,
    params: parsed.searchParams,
  })
}

function decodeSegments(escaped: readonly string[]): Result<string[], RequestError> {
  if (escaped.length > PATH_SEGMENTS_MAX) {
    const message = `path expected <= ${PATH_SEGMENTS_MAX} segments, got ${escaped.length}`
    return fail(new RequestError('InvalidPath', message))
  }
  const segments: string[] = []
  for (const segment of escaped) {
    if (segment === '') continue
    try {
      segments.push(decodeURIComponent(segment))
    } catch {
      const message = `path segment "${shorten(segment)}" expected to be percent-encoded UTF-8`
      return fail(new RequestError('InvalidPath', message))
    }
  }
  return ok(segments)
}

/**
 * The token that a request carries for a space that asks for one; never logged. That in the query
 * comes first, and an empty one is none. A header may have any text, as with the field's gateways.
 */
export function tokenOf(
  { params, query }: Pick<PathParts, 'params' | 'query'>,
  request: GatewayRequest,
): string | undefined {
  const inQuery = query === '' ? null : params.get('authToken')
  const authorization = request.headers.get('authorization')
  if (inQuery || authorization === null) return inQuery || undefined
  return /^Bearer +(\S.*)$/i.exec(authorization)?.[1]
}

/** What of a client's text goes into a message: enough to recognise it. */
export function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`
}
