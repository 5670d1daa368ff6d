/**
 * Gateways that give each root an origin of its own: `<cid>.ipfs.<name>`, `<key>.ipns.<name>`.
 * Source: subdomain gateway specification.
 * @module
 */
import { linkFromString } from '@turnpike/core/link'
import { mayHaveDnsLink, uninlineDnsName } from '@turnpike/core/names/dns-name'
import { type Result, fail, ok } from '@turnpike/core/result'
import { RequestError } from '../errors.ts'
import {
  type AskedUrl,
  type Namespace,
  type PathParts,
  belowRoot,
  shorten,
} from '../parse-request.ts'
import { canonicalKey, cidLabel, dnsNameLabel, hasLongLabel, tooLong } from './labels.ts'
import type { Routed } from './route.ts'
import { type HostSettings, matchHost } from './settings.ts'

/** A host that names a root of a subdomain gateway. */
export interface Subdomain {
  readonly namespace: Namespace
  /** What stands before the namespace, as the client wrote it. */
  readonly label: string
  /** Authority of the gateway, with the client's port. */
  readonly gateway: string
  /** The gateway's name as it is configured. */
  readonly domain: string
}

/** Takes a host apart; undefined when it is none of a subdomain gateway. */
export function subdomainOf({ site }: AskedUrl, hosts: HostSettings): Subdomain | undefined {
  if (hosts.subdomain.size === 0) return undefined
  const match = /^(.+)\.(ipfs|ipns)\.([^:]+)(:\d+)?$/i.exec(site.authority)
  if (match === null) return undefined
  const [, label = '', namespace = '', hostname = '', port = ''] = match
  const base = { hostname: hostname.toLowerCase(), host: `${hostname}${port}`.toLowerCase() }
  const domain = matchHost(hosts.subdomain, base)
  if (domain === undefined) return undefined
  return {
    namespace: namespace.toLowerCase() as Namespace,
    label,
    gateway: `${hostname}${port}`,
    domain,
  }
}

/** What a subdomain holds, or the canonical subdomain of the same. */
export function subdomainRoute(asked: AskedUrl, subdomain: Subdomain): Routed {
  if (hasLongLabel(subdomain.label)) return fail(tooLong())
  const below = belowRoot(asked, asked.parsed.pathname.split('/'))
  if (below.error) return below
  const { namespace, gateway, domain } = subdomain
  const site = { ...asked.site, kind: 'subdomain', gateway } as const
  const parts = { ...below.ok, namespace, site, domain }
  return namespace === 'ipfs' ? ipfsBelow(subdomain, parts) : ipnsBelow(subdomain, parts)
}

type Parts = Omit<PathParts, 'rootText' | 'contentPath'>

function ipfsBelow(subdomain: Subdomain, parts: Parts): Routed {
  const root = linkFromString(subdomain.label) ?? linkFromString(subdomain.label.toLowerCase())
  if (root === undefined) return fail(invalidHost(subdomain, 'a CID'))
  const rootText = cidLabel(root)
  if (rootText.error) return rootText
  if (rootText.ok !== subdomain.label.toLowerCase()) return canonical(subdomain, parts, rootText.ok)
  const contentPath = `/ipfs/${rootText.ok}${parts.escapedPath}`
  const path = { ...parts, rootText: rootText.ok, contentPath }
  return ok({
    to: 'content',
    path: { ...path, root, segments: parts.askedSegments, name: undefined },
  })
}

function ipnsBelow(subdomain: Subdomain, parts: Parts): Routed {
  const label = subdomain.label.toLowerCase()
  const key = canonicalKey(subdomain.label) ?? canonicalKey(label)
  if (key !== undefined && key !== label) return canonical(subdomain, parts, key)
  const candidates = key === undefined ? dnsNamesOf(label) : [key]
  if (candidates.length === 0) return fail(invalidHost(subdomain, 'an IPNS key or a DNS name'))
  const rootText = candidates[0]!
  const contentPath = `/ipns/${rootText}${parts.escapedPath}`
  return ok({ to: 'name', path: { ...parts, rootText, contentPath, candidates } })
}

/** A label without dots is a name with its dots inlined, or, failing that, a name as it is. */
function dnsNamesOf(label: string): string[] {
  const names = label.includes('.') ? [label] : [uninlineDnsName(label), label]
  return names.filter(mayHaveDnsLink)
}

function canonical(subdomain: Subdomain, parts: Parts, label: string): Routed {
  const { namespace, gateway } = subdomain
  const host = `${parts.site.scheme}://${label}.${namespace}.${gateway}`
  return ok({ to: 'redirect', status: 301, location: `${host}${parts.escapedPath}${parts.query}` })
}

function invalidHost({ namespace, label }: Subdomain, expected: string): RequestError {
  const message = `invalid host "${shorten(label)}.${namespace}": expected ${expected}`
  return new RequestError('InvalidPath', message)
}

/** Where a path on the gateway's own name leads: to the subdomain of its root. */
export function toSubdomain({ parsed, site }: AskedUrl): Routed {
  const [, namespace = '', rootText = '', ...rest] = parsed.pathname.split('/')
  if (namespace !== 'ipfs' && namespace !== 'ipns') {
    const message = 'path expected to start with /ipfs/<cid> or /ipns/<name>, does not'
    return fail(new RequestError('ContentNotFound', message))
  }
  const label = labelOf(namespace, rootText)
  if (label.error) return label
  const host = `${site.scheme}://${label.ok}.${namespace}.${site.authority}`
  const location = `${host}/${rest.join('/')}${parsed.search}`
  return ok({ to: 'redirect', status: 301, location })
}

function labelOf(namespace: Namespace, rootText: string): Result<string, RequestError> {
  const invalid = (expected: string): { readonly error: RequestError } => {
    const path = shorten(`/${namespace}/${rootText}`)
    return fail(new RequestError('InvalidPath', `invalid path "${path}": expected ${expected}`))
  }
  if (namespace === 'ipfs') {
    const root = linkFromString(rootText)
    return root === undefined ? invalid('a CID after /ipfs/') : cidLabel(root)
  }
  const key = canonicalKey(rootText)
  if (key !== undefined) return hasLongLabel(key) ? fail(tooLong()) : ok(key)
  const name = rootText.toLowerCase()
  return mayHaveDnsLink(name) ? ok(dnsNameLabel(name)) : invalid('an IPNS key or a DNS name')
}
