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
  /** `http`, or what a trusted proxy said. */
  readonly scheme: 'http' | 'https'
  /** The Host field, or what a trusted proxy said; undefined where the client sent none. */
  readonly host: string | undefined
}

/**
 * Joins scheme, authority and request target to an absolute URL, without parsing the rest: paths
 * and queries are the gateway's business. An absolute-form target wins over the Host field
 * (RFC 9112 section 3.2.2). Returns an Error with a text for the client where it can't.
 *
 * @example
 * absoluteUrl('/ipfs/bafy', { scheme: 'http', host: 'localhost:8080' })
 * // 'http://localhost:8080/ipfs/bafy'
 */
export function absoluteUrl(target: string, authority: Authority): string | Error {
  const { scheme, host } = authority
  if (target.charCodeAt(0) === SLASH) {
    if (host === undefined) return new Error('Expected a Host field in the request, got none.')
    if (!AUTHORITY.test(host)) return new Error('Expected one host name in the Host field.')
    return `${scheme}://${host}${target}`
  }
  const absolute = ABSOLUTE.exec(target)
  if (absolute === null || !AUTHORITY.test(absolute[2]!)) {
    return new Error('Expected a path or an http URL in the request line.')
  }
  return target
}

/** Header values as a request holds them: names in lower case. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Scheme and host of a request: its own, or the first that the proxies in front named in
 * `X-Forwarded-Proto` and `X-Forwarded-Host`, where the operator trusts them.
 *
 * @example
 * authorityOf({ host: 'a.example' }, undefined, false) // { scheme: 'http', host: 'a.example' }
 */
export function authorityOf(
  fields: HeaderFields,
  fallback: string | undefined,
  trustForwarded: boolean,
): Authority {
  const host = (fields['host'] as string | undefined) ?? fallback
  if (!trustForwarded) return { scheme: 'http', host }
  const scheme = firstOf(fields['x-forwarded-proto']) === 'https' ? 'https' : 'http'
  return { scheme, host: firstOf(fields['x-forwarded-host']) ?? host }
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value?.[0]
  return text?.split(',', 1)[0]!.trim().toLowerCase()
}
