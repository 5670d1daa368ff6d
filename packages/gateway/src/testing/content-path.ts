/**
 * Content paths for tests.
 * @module
 */
import { NO_HOSTS } from '../hosts/settings.ts'
import type { ContentPath } from '../parse-request.ts'
import { route } from '../hosts/route.ts'

/** The content path of a URL that must lead to content at once. */
export function contentPathOf(url: string): ContentPath {
  const routed = route(url, NO_HOSTS)
  if (routed.error) throw routed.error
  if (routed.ok.to !== 'content') throw new TypeError(`${url} expected to lead to content`)
  return routed.ok.path
}
