/**
 * Scripts that would rule over everybody's content.
 * @module
 */
import type { ContentPath } from './parse-request.ts'
import { RequestError } from './errors.ts'

/**
 * Why a request is refused for its headers alone, if it is: a service worker for the root of a path
 * would rule over everybody's content. On an origin of its own it rules over its own.
 */
export function refusedScript(
  { site, askedSegments, trailingSlash }: ContentPath,
  headers: { get(name: string): string | null },
): RequestError | undefined {
  if (site.kind !== 'path' || askedSegments.length > 0 || trailingSlash) return undefined
  if (headers.get('service-worker') !== 'script') return undefined
  const message = 'service worker expected below a folder, got one for a whole namespace'
  return new RequestError('InvalidRequest', message)
}
