/**
 * The parsers that read what clients send, each with what must hold of whatever it answers.
 * @module
 */
import { RANGES_MAX, URL_CHARS_MAX } from '@turnpike/core/limits'
import type { Result } from '@turnpike/core/result'
import { RequestError, statusOf } from '@turnpike/gateway/errors'
import { parseCarParams, entityRange } from '@turnpike/gateway/format/car-params'
import { preconditionOf, matchesNone, rangeCounts } from '@turnpike/gateway/format/conditional'
import { parseRange } from '@turnpike/gateway/format/range-header'
import { route, type Routed } from '@turnpike/gateway/hosts/route'
import { hostSettings } from '@turnpike/gateway/hosts/settings'
import { negotiate } from '@turnpike/gateway/negotiate'
import { matchRedirects } from '@turnpike/gateway/redirects-file/match'
import { parseRedirects } from '@turnpike/gateway/redirects-file/parse'
import { expandTarget, locationOf } from '@turnpike/gateway/redirects-file/target'
import { contentPathOf } from '@turnpike/gateway/testing/content-path'
import { absoluteUrl, forwardedOf } from '@turnpike/gateway/hosts/target'
import type { Random } from '../rig/random.ts'
import * as grammar from './grammar.ts'

/** A parser under test. */
export interface Parser {
  readonly name: string
  /** An input, as text that a failure can name. */
  make(random: Random): string
  /** @throws when something does not hold; an expected refusal is no failure */
  check(input: string): void
}

const HOSTS = hostSettings(['gateway.example', '127.0.0.1:8080'], ['sub.example', 'localhost'])
const EMPTY = contentPathOf('http://h/ipfs/bafkqaaa')
/** Between parts of an input that has several: nothing else makes it. */
const BETWEEN = '\u0001'
/** What may stand in a header field (RFC 9110 section 5.5). */
const FIELD = /^[\t\x20-\x7e\x80-\xff]*$/
const utf8 = new TextEncoder()

function must(held: boolean, what: string): void {
  if (!held) throw new Error(what)
}

/** An outcome of a parser: what it refuses is the client's fault. */
function refusable<T extends NonNullable<unknown>>(outcome: Result<T>): T | undefined {
  if (outcome.error === undefined) return outcome.ok
  const { error } = outcome
  if (!(error instanceof RequestError)) throw error
  const status = statusOf(error.name)
  must(status >= 400 && status < 500, `status 4xx expected, got ${status}`)
  must(error.message.length < 1000, 'a short message expected')
  return undefined
}

function checkRoute(routed: Routed): void {
  const found = refusable(routed)
  if (found === undefined) return
  if (found.to === 'redirect') return checkLocation(found.location)
  if (found.to === 'record') return
  const { path } = found
  must(FIELD.test(path.contentPath), `a path for a header expected, got ${path.contentPath}`)
  must(path.contentPath.startsWith(`/${path.namespace}/`), `namespace of ${path.contentPath}`)
  for (const name of path.askedSegments) must(name !== '', 'no empty name expected')
  if (found.to === 'dnslink') checkRoute(found.otherwise)
}

/** Our redirects stay on our hosts. */
function checkLocation(location: string): void {
  must(FIELD.test(location), `a location for a header expected, got ${location}`)
  const host = URL.parse(location, 'http://same.invalid')?.hostname
  must(host !== undefined, `a URL expected, got ${location}`)
  const ours = /(?:^|\.)(?:same\.invalid|sub\.example|localhost)$/
  must(ours.test(host!), `a host of ours expected, got ${location}`)
}

function header(name: string, value: string): { get(asked: string): string | null } {
  return { get: (asked) => (asked === name ? value : null) }
}

function checkRange(input: string): void {
  const [text = '', size = '0'] = input.split(BETWEEN)
  const sizeBytes = Number(size)
  const verdict = parseRange(text, sizeBytes)
  if (verdict.kind !== 'parts') return
  const { ranges } = verdict
  must(ranges.length > 0 && ranges.length <= RANGES_MAX, `some ranges expected, ${ranges.length}`)
  for (const { first, last } of ranges) {
    const whole = Number.isSafeInteger(first) && Number.isSafeInteger(last)
    must(whole && first >= 0 && first <= last && last < sizeBytes, `${first}-${last} of ${size}`)
  }
}

function checkRedirects(input: string): void {
  const [file = '', url = ''] = input.split(BETWEEN)
  const rules = parseRedirects(utf8.encode(file))
  if (rules.error) return must(rules.error.name === 'RedirectsFileInvalid', rules.error.stack!)
  const params = new URLSearchParams(url)
  const names = url.split('/').filter((name) => name !== '')
  const match = matchRedirects(rules.ok, names, params)
  if (match === undefined) return
  const expanded = refusable(expandTarget(match.rule.to, match.captures))
  if (expanded === undefined) return
  const location = locationOf(expanded, '?authToken=secret&a=b')
  must(FIELD.test(location), `a location for a header expected, got ${location}`)
  must(location.length <= 2 * URL_CHARS_MAX, 'a bounded location expected')
  const elsewhere = expanded.origin !== ''
  must(elsewhere || /^\/(?!\/)/.test(location), `a path on this host expected, got ${location}`)
  must(!elsewhere || !/[?&]authToken=/.test(location), `no token elsewhere expected: ${location}`)
}

/** All of them. */
export const PARSERS: readonly Parser[] = [
  {
    name: 'request target',
    make: (random) =>
      [
        random.below(2) === 0 ? grammar.urlText(random) : grammar.pathText(random),
        grammar.hostText(random),
        grammar.hostText(random),
      ].join(BETWEEN),
    check(input) {
      const [target = '', host, other] = input.split(BETWEEN)
      const fields = { 'x-forwarded-host': other, 'x-forwarded-proto': other?.slice(0, 5) }
      for (const forwarded of [undefined, forwardedOf(fields)]) {
        const url = absoluteUrl(target, { host, forwarded })
        if (typeof url === 'string') checkRoute(route(url, HOSTS))
      }
    },
  },
  {
    name: 'hosts and paths',
    make: (random) => grammar.urlText(random),
    check: (input) => checkRoute(route(input, HOSTS)),
  },
  {
    name: 'Accept and format',
    make: (random) => grammar.acceptText(random) + BETWEEN + grammar.queryText(random),
    check(input) {
      const [accept = '', query = ''] = input.split(BETWEEN)
      const params = new URLSearchParams(query)
      const { signal } = new AbortController()
      const headers = header('accept', accept)
      refusable(negotiate({ ...EMPTY, params }, { method: 'GET', url: '', headers, signal }))
    },
  },
  {
    name: 'Range',
    make: (random) => {
      const size = random.pick([0, 1, 31, 1024, 5_000_000_000, Number.MAX_SAFE_INTEGER])
      return `${grammar.rangeText(random)}${BETWEEN}${size}`
    },
    check: checkRange,
  },
  {
    name: 'parameters of a CAR',
    make: (random) => grammar.queryText(random),
    check(input) {
      const params = refusable(parseCarParams(new URLSearchParams(input)))
      const asked = params?.bytes
      if (asked === undefined) return
      for (const sizeBytes of [0, 1, 1026, Number.MAX_SAFE_INTEGER]) {
        const range = refusable(entityRange(asked, sizeBytes))
        if (range === undefined) continue
        const { first, last } = range
        must(first >= 0 && first <= last && last < sizeBytes, `${first}-${last} of ${sizeBytes}`)
      }
    },
  },
  {
    name: '_redirects',
    make: (random) => grammar.redirectsText(random) + BETWEEN + grammar.pathText(random),
    check: checkRedirects,
  },
  {
    name: 'conditions',
    make: (random) => grammar.tagText(random) + BETWEEN + grammar.dateText(random),
    check(input) {
      const [tags = '', date = ''] = input.split(BETWEEN)
      const validators = { etag: '"bafkqaaa"', modifiedSeconds: 1000 }
      rangeCounts(tags, validators, false)
      preconditionOf(header('if-modified-since', date), validators)
      preconditionOf(header('if-match', tags), validators)
      must(matchesNone(tags, '') === (tags.trim() === '*'), 'no tag matches nothing')
    },
  },
]
