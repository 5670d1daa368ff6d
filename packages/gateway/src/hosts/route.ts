/**
 * From a URL to where its content is: by path, by subdomain, or by a DNS name of its own.
 * Source: path, subdomain and DNSLink gateway specifications.
 * @module
 */
import { dnsNameOf, mayHaveDnsLink } from '@turnpike/core/names/dns-name'
import { linkFromString } from '@turnpike/core/link'
import { type Result, fail, ok } from '@turnpike/core/result'
import { RequestError } from '../errors.ts'
import { type RecordAsked, routingRecord } from '../names/ipns-record.ts'
import {
  type AskedUrl,
  type ContentPath,
  type NamePath,
  belowRoot,
  readUrl,
  shorten,
} from '../parse-request.ts'
import { doubledRoot, uriRedirect } from './redirects.ts'
import { type HostSettings, matchHost } from './settings.ts'
import { blobRoute, isBlobPath } from './blob.ts'
import { canonicalKey } from './labels.ts'
import { subdomainRoute, subdomainOf, toSubdomain } from './subdomain.ts'

/** Where a URL leads. It depends on the URL and the settings alone, so it can be kept by URL. */
export type Route =
  | { readonly to: 'content'; readonly path: ContentPath }
  | { readonly to: 'name'; readonly path: NamePath }
  /** Content of the host's own, if its DNS has a DNSLink; else what the same path is without. */
  | {
      readonly to: 'dnslink'
      readonly path: NamePath
      readonly otherwise: Routed
    }
  | { readonly to: 'record'; readonly asked: RecordAsked }
  | Redirect

/** The same content has another address. */
export interface Redirect {
  readonly to: 'redirect'
  readonly status: 301 | 302
  readonly location: string
}

/** A route, or why the URL is refused. */
export type Routed = Result<Route, RequestError>

/**
 * Finds where an absolute URL leads.
 *
 * @example
 * route('http://127.0.0.1/ipfs/bafkqaaa/a%20b', NO_HOSTS).ok?.to // 'content'
 */
export function route(url: string, hosts: HostSettings): Routed {
  const read = readUrl(url)
  if (read.error) return read
  const asked = read.ok
  const below = subdomainOf(asked, hosts)
  if (below !== undefined) return subdomainRoute(asked, below)
  const { parsed } = asked
  const base = matchHost(hosts.subdomain, parsed)
  const named = base ?? matchHost(hosts.named, parsed)
  const byPath =
    elsewhere(asked, named ?? '') ??
    (base === undefined ? pathRoute(asked, named ?? '') : toSubdomain(asked))
  if (named !== undefined && isContentPath(parsed.pathname)) return byPath
  const host = dnsNameOf(parsed.hostname)
  if (host === undefined || !mayHaveDnsLink(host)) return byPath
  const path = dnsLinkPath(asked, host)
  if (path.error) return path
  return ok({ to: 'dnslink', path: path.ok, otherwise: byPath })
}

function isContentPath(pathname: string): boolean {
  return pathname.startsWith('/ipfs/') || pathname.startsWith('/ipns/') || isBlobPath(pathname)
}

/** A DNSLink site: the whole path of the URL lies below the name. */
function dnsLinkPath(asked: AskedUrl, host: string): Result<NamePath, RequestError> {
  const below = belowRoot(asked, asked.parsed.pathname.split('/'))
  if (below.error) return below
  return ok({
    ...below.ok,
    namespace: 'ipns',
    rootText: host,
    contentPath: `/ipns/${host}${below.ok.escapedPath}`,
    site: { ...asked.site, kind: 'dnslink' },
    domain: host,
    candidates: [host],
  })
}

/** A gateway by path: `/ipfs/<cid>/…` and `/ipns/<name>/…`. */
function pathRoute(asked: AskedUrl, domain: string): Routed {
  const { pathname } = asked.parsed
  const [, namespace, rootText = '', ...rest] = pathname.split('/')
  if (namespace === 'ipfs') return ipfsRoute(asked, rootText, rest, domain)
  if (namespace === 'ipns') return ipnsRoute(asked, rootText, rest, domain)
  const message = 'path expected to start with /ipfs/<cid> or /ipns/<name>, does not'
  return fail(new RequestError('ContentNotFound', message))
}

function ipfsRoute(
  asked: AskedUrl,
  rootText: string,
  rest: readonly string[],
  domain: string,
): Routed {
  const root = linkFromString(rootText)
  if (root === undefined) return fail(invalidRoot(`/ipfs/${rootText}`, 'a CID after /ipfs/'))
  const below = belowRoot(asked, rest)
  if (below.error) return below
  const { askedSegments, escapedPath: contentPath } = below.ok
  const { site } = asked
  const path = { ...below.ok, namespace: 'ipfs', rootText, contentPath, site, domain } as const
  return ok({
    to: 'content',
    path: { ...path, root, segments: askedSegments, name: undefined },
  })
}

function ipnsRoute(
  asked: AskedUrl,
  rootText: string,
  rest: readonly string[],
  domain: string,
): Routed {
  const { parsed, site } = asked
  const key = canonicalKey(rootText)
  if (key !== undefined && key !== rootText) {
    const location = `${['/ipns', key, ...rest].join('/')}${parsed.search}`
    return ok({ to: 'redirect', status: 302, location })
  }
  const name = key ?? rootText.toLowerCase()
  if (key === undefined && !mayHaveDnsLink(name))
    return fail(invalidRoot(`/ipns/${rootText}`, 'an IPNS key or a DNS name after /ipns/'))
  const below = belowRoot(asked, rest)
  if (below.error) return below
  const contentPath = below.ok.escapedPath
  const path = { ...below.ok, namespace: 'ipns', rootText, contentPath, site, domain } as const
  return ok({ to: 'name', path: { ...path, candidates: [name] } })
}

/**
 * Where a URL leads that names no DAG: to a blob, to a record, or to where it says that content is.
 */
function elsewhere(asked: AskedUrl, domain: string): Routed | undefined {
  const { parsed } = asked
  if (isBlobPath(parsed.pathname)) return blobRoute(asked, domain)
  const record = routingRecord(parsed)
  if (record !== undefined) return record.error ? record : ok({ to: 'record', asked: record.ok })
  const uri = uriRedirect(parsed)
  if (uri !== undefined) return uri
  const doubled = doubledRoot(parsed)
  if (doubled === undefined) return undefined
  const [, namespace, rootText = '', ...rest] = doubled.split('/')
  const lead = namespace === 'ipfs' ? ipfsRoute : ipnsRoute
  if (lead(asked, rootText, rest, '').error) return undefined
  return ok({ to: 'redirect', status: 301, location: `${doubled}${parsed.search}` })
}

function invalidRoot(path: string, expected: string): RequestError {
  return new RequestError('InvalidPath', `invalid path "${shorten(path)}": expected ${expected}`)
}
