/**
 * Who is asked for DNSLinks, as a setting.
 * @module
 */
import { DNS_SERVERS_MAX } from '@turnpike/core/limits/names'
import type { DnsResolver } from '../names/dns/open.ts'
import { serverFromText } from '../names/dns/servers.ts'
import { httpUrl, kindOfText, type Kind } from './kinds.ts'

const SCHEME = 'udp://'
const EXPECTED =
  '"system", "off", an https URL for DNS over HTTPS, ' +
  `or at most ${DNS_SERVERS_MAX} servers such as "udp://192.0.2.1:53", separated by commas`

/** The setting `dnsResolver`. */
export const dnsResolver: Kind<DnsResolver> = kindOfText(EXPECTED, fromText, (resolver) => {
  if (resolver.kind === 'https') return resolver.url
  if (resolver.kind !== 'servers') return resolver.kind
  return resolver.servers
    .map(({ address, port }) =>
      address.includes(':') ? `[${address}]:${port}` : address + `:${port}`,
    )
    .map((server) => SCHEME + server)
    .join(',')
})

function fromText(text: string): DnsResolver | undefined {
  if (text === 'system' || text === 'off') return { kind: text }
  if (text.startsWith('https:'))
    return httpUrl.fromText(text) === undefined ? undefined : { kind: 'https', url: text }
  const servers = text.split(',').map((part) => part.trim())
  const read = servers.map((part) =>
    part.startsWith(SCHEME) ? serverFromText(part.slice(SCHEME.length)) : undefined,
  )
  if (read.length > DNS_SERVERS_MAX || !read.every((server) => server !== undefined))
    return undefined
  return { kind: 'servers', servers: read }
}
