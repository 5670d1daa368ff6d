/**
 * The absolute URL that a request asks for, from its request line and its Host field.
 * @module
 */

/**
 * Host and port as RFC 3986 section 3.2.2 has them, without the characters nobody uses in names.
 */
const AUTHORITY = /^(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/
const ABSOLUTE = /^(https?):\/\/([^/?#]*)/i
const SLASH = 0x2f

/** Whom to believe about scheme and authority. */
export interface Authority {
  /** The Host field; undefined where the client sent none. */
  readonly host: string | undefined
  /** What a trusted proxy said of scheme and host, where it did. */
  readonly forwarded: Forwarded | undefined
}

/** The request as the proxy in front got it. */
export interface Forwarded {
  readonly scheme: Scheme | undefined
  readonly host: string | undefined
}

type Scheme = 'http' | 'https'

/**
 * Joins scheme, authority and request target to an absolute URL, without parsing the rest: paths
 * and queries are the gateway's business. An absolute-form target wins over the Host field
 * (RFC 9112 section 3.2.2); what a trusted proxy said of the request that it got wins over both.
 * Returns an Error with a text for the client where it can't.
 *
 * @example
 * absoluteUrl('/ipfs/bafy', { host: 'localhost:8080', forwarded: undefined })
 * // 'http://localhost:8080/ipfs/bafy'
 */
export function absoluteUrl(target: string, { host, forwarded }: Authority): string | Error {
  const scheme = forwarded?.scheme ?? 'http'
  if (target.charCodeAt(0) === SLASH) {
    const authority = forwarded?.host ?? host
    if (authority === undefined) return new Error('Expected a Host field in the request, got none.')
    const field = forwarded?.host === undefined ? 'the Host field' : 'X-Forwarded-Host'
    if (!AUTHORITY.test(authority)) return new Error(`Expected one host name in ${field}.`)
    return `${scheme}://${authority}${target}`
  }
  const absolute = ABSOLUTE.exec(target)
  if (absolute === null || !AUTHORITY.test(absolute[2]!)) {
    return new Error('Expected a path or an http URL in the request line.')
  }
  if (forwarded === undefined) return target
  const authority = forwarded.host ?? absolute[2]!
  if (!AUTHORITY.test(authority)) return new Error('Expected one host name in X-Forwarded-Host.')
  return `${forwarded.scheme ?? absolute[1]!}://${authority}${target.slice(absolute[0].length)}`
}

/** Header values as a request holds them: names in lower case. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * What a proxy in front said of the request that it got, in `X-Forwarded-Proto` and
 * `X-Forwarded-Host`: of several values the first, which the outermost proxy wrote. Undefined
 * where it said nothing.
 *
 * @example
 * forwardedOf({ 'x-forwarded-host': 'a.example' }) // { scheme: undefined, host: 'a.example' }
 */
export function forwardedOf(fields: HeaderFields): Forwarded | undefined {
  const host = fields['x-forwarded-host']
  const proto = fields['x-forwarded-proto']
  if (host === undefined && proto === undefined) return undefined
  const scheme = firstOf(proto)?.toLowerCase()
  return { scheme: isScheme(scheme) ? scheme : undefined, host: firstOf(host) }
}

function isScheme(text: string | undefined): text is Scheme {
  return text === 'http' || text === 'https'
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value?.[0]
  return text?.split(',', 1)[0]!.trim() || undefined
}
