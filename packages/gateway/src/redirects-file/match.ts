/**
 * Which rule of a `_redirects` file a request meets first.
 * Source: Web _redirects File specification, sections 2.4 and 3.2.
 * @module
 */
import type { Captures } from './target.ts'
import type { RedirectRule } from './rule.ts'

/** A rule, and what its placeholders stand for. */
export interface RedirectMatch {
  readonly rule: RedirectRule
  readonly captures: Captures
}

/**
 * The first rule that fits a path as a whole. Each rule is compared name by name and left at the
 * first difference, so a search takes no longer than reading the file and the path once.
 *
 * @param segments decoded names of the path below the site's root; a trailing slash leaves none
 * @example
 * matchRedirects(rules, ['posts', 'a'], new URLSearchParams())?.captures.get('splat') // ['a']
 */
export function matchRedirects(
  rules: readonly RedirectRule[],
  segments: readonly string[],
  params: URLSearchParams,
): RedirectMatch | undefined {
  const rule = rules.find((one) => fitsPath(one, segments) && fitsQuery(one, params))
  return rule === undefined ? undefined : { rule, captures: capturesOf(rule, segments, params) }
}

function fitsPath({ from, splatPrefix }: RedirectRule, segments: readonly string[]): boolean {
  if (splatPrefix === undefined ? segments.length !== from.length : segments.length <= from.length)
    return false
  // A placeholder fits any name.
  if (!from.every((name, i) => typeof name !== 'string' || name === segments[i])) return false
  return splatPrefix === undefined || segments[from.length]!.startsWith(splatPrefix)
}

function fitsQuery({ query }: RedirectRule, params: URLSearchParams): boolean {
  return query.every(({ key, value }) => {
    const got = params.get(key)
    return got !== null && (typeof value !== 'string' || value === got)
  })
}

function capturesOf(
  { from, splatPrefix, query }: RedirectRule,
  segments: readonly string[],
  params: URLSearchParams,
): Captures {
  const captures = new Map<string, readonly string[]>()
  for (const [i, name] of from.entries())
    if (typeof name !== 'string') captures.set(name.placeholder, [segments[i]!])
  for (const { key, value } of query)
    if (typeof value !== 'string') captures.set(value.placeholder, [params.get(key)!])
  if (splatPrefix !== undefined) {
    const [first, ...more] = segments.slice(from.length) as [string, ...string[]]
    const rest = first.slice(splatPrefix.length)
    captures.set('splat', rest === '' ? more : [rest, ...more])
  }
  return captures
}
