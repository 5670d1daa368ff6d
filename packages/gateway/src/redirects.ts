/**
 * Requests that are answered by where to go: `?uri=` and doubled namespaces.
 * Source: path gateway specification, `uri` query parameter and invalid paths.
 * @module
 */
import { type ContentPath, parseContentPath } from './parse-request.ts'
import { IMMUTABLE, bytesBody } from './format/content.ts'
import type { Representation } from './format/serve.ts'
import { RequestError } from './errors.ts'
import { type Result, fail, ok } from '@turnpike/core/result'

/**
 * Where a URL that names no content leads after all; undefined where it leads nowhere.
 *
 * - `/ipfs/?uri=ipfs://<cid>/a` leads to `/ipfs/<cid>/a`
 * - `/ipfs/ipfs/<cid>` leads to `/ipfs/<cid>`, when that is a path of content
 */
export function redirectOf(url: string): Result<Representation, RequestError> | undefined {
  if (!URL.canParse(url)) return undefined
  const { pathname, search, searchParams, origin } = new URL(url)
  const uri = searchParams.get('uri')
  if (uri !== null && /^\/ip[fn]s\/?$/.test(pathname)) return fromUri(uri)
  const doubled = /^\/ipfs(\/ip[fn]s\/.+)$/.exec(pathname)?.[1]
  if (doubled === undefined) return undefined
  const target = `${doubled}${search}`
  return doubled.startsWith('/ipfs/') && parseContentPath(`${origin}${target}`).error
    ? undefined
    : ok(redirect(target))
}

function fromUri(uri: string): Result<Representation, RequestError> {
  // Other schemes than ipfs and ipns are refused, so that we send nobody to a host of another.
  const match = /^(ip[fn]s):\/\/([\w.-]+)((?:[/?][^#\\\s]*)?)(?:#|$)/i.exec(uri)
  if (match === null || !URL.canParse(uri)) {
    const message = 'uri expected ipfs://<cid> or ipns://<name>, is neither'
    return fail(new RequestError('InvalidRequest', message))
  }
  const [, scheme = '', root, rest = ''] = match
  const { pathname, search } = new URL(rest === '' ? '/' : rest, 'http://path.invalid')
  const path = rest === '' || rest.startsWith('?') ? '' : pathname
  return ok(redirect(`/${scheme.toLowerCase()}/${root}${path}${search}`))
}

function redirect(location: string): Representation {
  const body = bytesBody(new TextEncoder().encode(`moved to ${location}\n`))
  const headers = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
    ['Location', location],
    IMMUTABLE,
  ] as const
  return { status: 301, headers, body, billable: false, partial: false }
}

/**
 * Why a request is refused for its headers alone, if it is: a service worker for the root of a path
 * would rule over everybody's content.
 */
export function refusedScript(
  path: ContentPath,
  headers: { get(name: string): string | null },
): RequestError | undefined {
  if (path.segments.length > 0 || path.trailingSlash) return undefined
  if (headers.get('service-worker') !== 'script') return undefined
  const message = 'service worker expected below a folder, got one for a whole namespace'
  return new RequestError('InvalidRequest', message)
}
