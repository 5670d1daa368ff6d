/**
 * Answers of Delegated Routing V1: who has a CID, as far as they serve it over trustless HTTP.
 * Sources: "Delegated Routing V1 HTTP API", `GET /routing/v1/providers/{cid}`; "Peer Schema".
 * @module
 */
import { URL_CHARS_MAX } from '../limits.ts'
import { PROVIDER_GATEWAYS_MAX, PROVIDER_RECORDS_MAX } from '../limits/claims.ts'

const HTTP_GATEWAY = 'transport-ipfs-gateway-http'
/** A host, perhaps a port, and HTTP with or without TLS. */
const HTTP_MULTIADDR = new RegExp(
  '^/(?:dns[46]?/([A-Za-z0-9._-]{1,253})|ip4/([0-9.]{7,15})|ip6/([0-9A-Fa-f:.]{2,45}))' +
    '(?:/tcp/([0-9]{1,5}))?/(https|tls/http|http)(?:/p2p/[A-Za-z0-9]+)?$',
)
/** Nothing can be made of a record that claims more: gateways have one address or two. */
const ADDRESSES_MAX = 16

/**
 * Base URLs of trustless HTTP gateways among provider records, in their order, each once. What is
 * malformed or of another protocol is passed over.
 *
 * @param body the whole answer: NDJSON, or JSON with `Providers`
 * @returns undefined when it is neither
 * @example
 * httpGatewaysIn('{"Schema":"peer","Protocols":["transport-ipfs-gateway-http"],' +
 *   '"Addrs":["/dns/gateway.example/tcp/443/https"]}', 'ndjson') // ['https://gateway.example']
 */
export function httpGatewaysIn(
  body: string,
  form: 'json' | 'ndjson',
): readonly string[] | undefined {
  const records = form === 'json' ? recordsOfJson(body) : recordsOfLines(body)
  if (records === undefined) return undefined
  const found = new Set<string>()
  for (const record of records.slice(0, PROVIDER_RECORDS_MAX))
    for (const url of gatewaysOf(record)) if (found.size < PROVIDER_GATEWAYS_MAX) found.add(url)
  return [...found]
}

function recordsOfJson(body: string): readonly unknown[] | undefined {
  const value = tryJson(body)
  const providers = isRecord(value) ? value['Providers'] : undefined
  // A service that knows nobody may say so by null.
  return providers === null ? [] : Array.isArray(providers) ? providers : undefined
}

function recordsOfLines(body: string): readonly unknown[] | undefined {
  const lines = body.split('\n').filter((line) => line.trim() !== '')
  const records = lines.slice(0, PROVIDER_RECORDS_MAX).map(tryJson)
  return records.every(isRecord) ? records : undefined
}

function gatewaysOf(record: unknown): string[] {
  if (!isRecord(record)) return []
  const { Protocols: protocols, Protocol: protocol, Addrs: addresses } = record
  const named = Array.isArray(protocols) ? protocols.includes(HTTP_GATEWAY) : false
  if ((!named && protocol !== HTTP_GATEWAY) || !Array.isArray(addresses)) return []
  return addresses.slice(0, ADDRESSES_MAX).flatMap((address) => urlOfMultiaddr(address) ?? [])
}

/**
 * URL of an HTTP multiaddr; undefined for other ones.
 *
 * @example
 * urlOfMultiaddr('/ip4/192.0.2.1/tcp/8080/http') // 'http://192.0.2.1:8080'
 */
export function urlOfMultiaddr(address: unknown): string | undefined {
  if (typeof address !== 'string' || address.length > URL_CHARS_MAX) return undefined
  const match = HTTP_MULTIADDR.exec(address)
  if (match === null) return undefined
  const [, name, ip4, ip6, port, protocol] = match
  const host = name ?? ip4 ?? `[${ip6}]`
  const scheme = protocol === 'http' ? 'http' : 'https'
  return URL.parse(`${scheme}://${host}${port === undefined ? '' : `:${port}`}`)?.origin
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
