/**
 * Conditional requests: If-None-Match (RFC 9110, section 13.1.2), If-Modified-Since (13.1.3) and
 * If-Range (13.1.5).
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

/**
 * Whether If-Modified-Since counts, which it does without If-None-Match, and names no earlier time
 * than that of the last change.
 */
export function isUnmodified(
  headers: { get(name: string): string | null },
  modifiedSeconds: number,
): boolean {
  if (headers.get('if-none-match') !== null) return false
  const since = Date.parse(headers.get('if-modified-since') ?? '')
  return modifiedSeconds * 1000 <= since
}

/**
 * A time as HTTP writes it.
 *
 * @example
 * httpDate(0) // 'Thu, 01 Jan 1970 00:00:00 GMT'
 */
export function httpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString()
}

function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}
