/**
 * Conditional requests: If-None-Match (RFC 9110, section 13.1.2) and If-Range (13.1.5).
 * @module
 */

/**
 * Whether If-None-Match names the tag: a list, weakly compared, or `*`.
 *
 * @example
 * matchesNone('W/"a", "b"', '"a"') // true
 */
export function matchesNone(header: string | null, etag: string): boolean {
  if (header === null || etag === '') return false
  if (header.trim() === '*') return true
  const wanted = opaque(etag)
  for (const [tag] of header.matchAll(/(?:W\/)?"[^"]*"/g)) if (opaque(tag) === wanted) return true
  return false
}

/** Whether a Range header counts: without If-Range, or when that names the tag strongly. */
export function rangeCounts(ifRange: string | null, etag: string): boolean {
  return ifRange === null || (ifRange.trim() === etag && !etag.startsWith('W/'))
}

function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}
