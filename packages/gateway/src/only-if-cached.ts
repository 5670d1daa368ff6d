/**
 * `Cache-Control: only-if-cached`: content that is here, at once, or 412.
 * Source: path gateway specification, `only-if-cached`.
 * @module
 */
import type { GatewayRequest } from './request.ts'
import { RequestError } from './errors.ts'

/** Names of what fails because something is not here. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'BlockMissing',
  'ContentNotFound',
  'NameUnavailable',
  'RetrievalTimeout',
])

/**
 * Whether a client wants only what is here already.
 *
 * @example
 * wantsCached({ headers: new Headers({ 'cache-control': 'only-if-cached' }) }) // true
 */
export function wantsCached({ headers }: Pick<GatewayRequest, 'headers'>): boolean {
  return headers.get('cache-control') === 'only-if-cached'
}

/** An error as it is told to who wants only what is here: that it is not. */
export function unlessCached(error: Error, request: Pick<GatewayRequest, 'headers'>): Error {
  if (!ELSEWHERE.has(error.name) || !wantsCached(request)) return error
  const deny = error instanceof RequestError ? error.deny : 0
  return new RequestError('NotCached', 'content expected here, is not', { deny })
}
