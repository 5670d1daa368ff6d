/**
 * Conditional requests (RFC 9110, section 13).
 * @module
 */
import { httpDate, parseHttpDate } from './http-date.ts'

/** What conditions are about. */
export interface Validators {
  /** Entity tag as it goes into the header; empty for none. */
  readonly etag: string
  /** When the content was last changed, in seconds since 1970, where it says so. */
  readonly modifiedSeconds?: number
}

interface Fields {
  get(name: string): string | null
}

/**
 * What a request's conditions come to, in the order of section 13.2.2: `failed` is answered with
 * 412, `held` with 304 because the client has the content.
 *
 * - If-Match (13.1.1), strongly compared; without it, If-Unmodified-Since (13.1.4)
 * - If-None-Match (13.1.2), weakly compared; without it, If-Modified-Since (13.1.3)
 *
 * A date that is none, or that content without a time of change is compared with, is ignored.
 *
 * @example
 * preconditionOf(new Headers({ 'if-none-match': '"a"' }), { etag: '"a"' }) // 'held'
 */
export function preconditionOf(headers: Fields, validators: Validators): 'go' | 'failed' | 'held' {
  const { etag, modifiedSeconds } = validators
  const match = headers.get('if-match')
  if (match !== null) {
    if (!matchesStrongly(match, etag)) return 'failed'
  } else if (modifiedSeconds !== undefined) {
    const since = parseHttpDate(headers.get('if-unmodified-since'))
    if (since !== undefined && modifiedSeconds > since) return 'failed'
  }
  const noneMatch = headers.get('if-none-match')
  if (noneMatch !== null) return matchesNone(noneMatch, etag) ? 'held' : 'go'
  if (modifiedSeconds === undefined) return 'go'
  const since = parseHttpDate(headers.get('if-modified-since'))
  return since !== undefined && modifiedSeconds <= since ? 'held' : 'go'
}

/**
 * Whether If-None-Match names the tag: a list, weakly compared, or `*`.
 *
 * @example
 * matchesNone('W/"a", "b"', '"a"') // true
 */
export function matchesNone(header: string, etag: string): boolean {
  if (header.trim() === '*') return true
  const wanted = opaque(etag)
  return tagsOf(header).some((tag) => opaque(tag) === wanted)
}

function matchesStrongly(header: string, etag: string): boolean {
  if (header.trim() === '*') return true
  return !isWeak(etag) && tagsOf(header).includes(etag)
}

/**
 * Whether a Range header counts (section 13.1.5): without If-Range, or when that names the tag
 * strongly, or the very time of change. A time is as good as a tag only where the content can't be
 * exchanged for other content of the same time, so not behind a mutable name.
 */
export function rangeCounts(
  ifRange: string | null,
  { etag, modifiedSeconds }: Validators,
  mutable: boolean,
): boolean {
  if (ifRange === null) return true
  const text = ifRange.trim()
  if (text.endsWith('"')) return text === etag && !isWeak(etag)
  return modifiedSeconds !== undefined && !mutable && text === httpDate(modifiedSeconds)
}

function tagsOf(header: string): string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? []
}

function isWeak(etag: string): boolean {
  return etag.startsWith('W/')
}

function opaque(etag: string): string {
  return isWeak(etag) ? etag.slice(2) : etag
}
