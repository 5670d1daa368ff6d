/**
 * The `to` of a rule: what it may be, and what becomes of it for one request.
 * Source: Web _redirects File specification, sections 2.2, 2.4 and 3.5.
 * @module
 */
import { type Result, fail, ok } from '@turnpike/core/result'
import { RequestError } from '../errors.ts'
import type { RedirectTarget, TargetPlaceholder } from './rule.ts'
import { URL_CHARS_MAX } from '@turnpike/core/limits'
import { escapeSegment } from '../format/escape.ts'
import { shorten } from '../parse-request.ts'

/** What stands for each placeholder: one name, or the names that a splat took. */
export type Captures = ReadonlyMap<string, readonly string[]>

/** A target with its placeholders filled in. */
export interface Expanded {
  readonly origin: string
  /** Escaped; starts with `/` where the origin is empty. */
  readonly path: string
  /** With its `?`, or empty. */
  readonly query: string
  /** With its `#`, or empty. */
  readonly fragment: string
}

const ORIGIN = /^(?:https?|ipfs|ipns):\/\/[^/?#]+/i

/**
 * Reads a `to`. What looks like a placeholder but is none of `names` stays as it is: names of pages
 * have colons in them, too.
 *
 * @returns what is wrong with it, if anything is
 */
export function parseTarget(
  text: string,
  names: ReadonlySet<string>,
): Result<RedirectTarget, TypeError> {
  const origin = ORIGIN.exec(text)?.[0] ?? ''
  // `//host` would lead to another host while it looks like a path.
  if (origin === '' && (!text.startsWith('/') || text.startsWith('//')))
    return fail(wrong(text, 'a path that starts with one "/", or an http, https, ipfs or ipns URL'))
  if (origin !== '' && !URL.canParse(origin)) return fail(wrong(text, 'a URL with a host'))
  return ok({ origin: asciiOf(origin), parts: partsOf(text.slice(origin.length), names) })
}

/** An origin for a header: a host with other letters is written as DNS knows it, or escaped. */
function asciiOf(origin: string): string {
  if (/^[!-~]*$/.test(origin)) return origin
  const { protocol, host } = new URL(origin)
  return `${protocol}//${host}`
}

/** What may follow a URL's scheme and host is placeholders and text, each run of text one part. */
function partsOf(text: string, names: ReadonlySet<string>): (string | TargetPlaceholder)[] {
  const parts: (string | TargetPlaceholder)[] = []
  let start = 0
  let where: TargetPlaceholder['where'] = 'path'
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '?' || text[at] === '#') where = 'query'
    if (text[at] !== ':') continue
    const placeholder = nameAt(text, at + 1, names)
    if (placeholder === undefined) continue
    if (at > start) parts.push(escapeText(text.slice(start, at)))
    parts.push({ placeholder, where })
    start = at + 1 + placeholder.length
    at = start - 1
  }
  if (start < text.length) parts.push(escapeText(text.slice(start)))
  return parts
}

/** The name that starts at a place: the longest run of its characters, or that up to a hyphen. */
function nameAt(text: string, start: number, names: ReadonlySet<string>): string | undefined {
  let end = start
  while (end < text.length && isNameCharacter(text.charCodeAt(end))) end++
  const longest = text.slice(start, end)
  if (names.has(longest)) return longest
  const [first = ''] = longest.split('-', 1)
  return names.has(first) ? first : undefined
}

/** Whether a placeholder's name may have a character: an ASCII letter or digit, `_` or `-`. */
export function isNameCharacter(code: number): boolean {
  const isDigit = code >= 0x30 && code <= 0x39
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
  return isDigit || isLetter || code === 0x5f || code === 0x2d
}

/** Text for a header: what a URL can't have is escaped, what is escaped stays so. */
function escapeText(text: string): string {
  return text.replaceAll(/[^!-~]+|["<>\\^`{|}]/g, encodeURIComponent)
}

/**
 * Fills in the placeholders.
 *
 * @returns `UriTooLong` when the outcome is: a file may repeat what a client makes long
 */
export function expandTarget(
  target: RedirectTarget,
  captures: Captures,
): Result<Expanded, RequestError> {
  let text = ''
  for (const part of target.parts) {
    text += typeof part === 'string' ? part : escapedValue(part, captures)
    if (text.length > URL_CHARS_MAX) {
      const message = `redirect expected <= ${URL_CHARS_MAX} characters, got more`
      return fail(new RequestError('UriTooLong', message))
    }
  }
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text)!
  return ok({ origin: target.origin, path, query, fragment })
}

function escapedValue({ placeholder, where }: TargetPlaceholder, captures: Captures): string {
  const escape = where === 'path' ? escapeSegment : encodeURIComponent
  return (captures.get(placeholder) ?? []).map((name) => escape(name)).join('/')
}

/**
 * The Location of a target: parameters of the request are passed along, and win over those of the
 * target. A token is never handed to another host.
 *
 * @example
 * locationOf({ origin: '', path: '/b', query: '?x=1', fragment: '' }, '?y=2') // '/b?x=1&y=2'
 */
export function locationOf(expanded: Expanded, asked: string): string {
  const own = pairsOf(expanded.query)
  const passed = pairsOf(asked).filter(
    (pair) => expanded.origin === '' || keyOfPair(pair) !== 'authToken',
  )
  const keys = new Set(passed.map(keyOfPair))
  const pairs = [...own.filter((pair) => !keys.has(keyOfPair(pair))), ...passed]
  const query = pairs.length === 0 ? '' : `?${pairs.join('&')}`
  return `${expanded.origin}${expanded.path}${query}${expanded.fragment}`
}

function pairsOf(query: string): string[] {
  return query
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '')
}

function keyOfPair(pair: string): string {
  const [key = ''] = new URLSearchParams(pair).keys()
  return key
}

function wrong(text: string, expected: string): TypeError {
  return new TypeError(`"to" expected ${expected}, got "${shorten(text)}"`)
}
