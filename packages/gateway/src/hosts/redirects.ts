/**
 * URLs that name no content but say where it is: `?uri=` and doubled namespaces.
 * Source: path gateway specification, `uri` query parameter and invalid paths.
 * @module
 */
import { type Result, fail, ok } from '@turnpike/core/result'
import type { Redirect } from './route.ts'
import { RequestError } from '../errors.ts'

/**
 * Where `?uri=` leads: `/ipfs/?uri=ipfs://<cid>/a` to `/ipfs/<cid>/a`. Undefined for a URL without.
 *
 * @returns `InvalidRequest` for another scheme than ipfs and ipns, and what is no URL
 */
export function uriRedirect(url: URL): Result<Redirect, RequestError> | undefined {
  const uri = url.searchParams.get('uri')
  if (uri === null || !/^\/ip[fn]s\/?$/.test(url.pathname)) return undefined
  // Other schemes are refused, so that we send nobody to a host of another.
  const match = /^(ip[fn]s):\/\/([\w.-]+)((?:[/?][^#\\\s]*)?)(?:#|$)/i.exec(uri)
  if (match === null || !URL.canParse(uri)) {
    const message = 'uri expected ipfs://<cid> or ipns://<name>, is neither'
    return fail(new RequestError('InvalidRequest', message))
  }
  const [, scheme = '', root, rest = ''] = match
  const { pathname, search } = new URL(rest === '' ? '/' : rest, 'http://path.invalid')
  const path = rest === '' || rest.startsWith('?') ? '' : pathname
  const location = `/${scheme.toLowerCase()}/${root}${path}${search}`
  return ok({ to: 'redirect', status: 301, location })
}

/** `/ipfs/<cid>` of `/ipfs/ipfs/<cid>`; undefined for a path that is not doubled. */
export function doubledRoot(url: URL): string | undefined {
  return /^\/ipfs(\/ip[fn]s\/.+)$/.exec(url.pathname)?.[1]
}
