/**
 * Look-ups of DNSLinks, and of other TXT records, as the settings have them.
 * @module
 */
import { DNS_TIMEOUT_MS } from '@turnpike/core/limits/names'
import type { Clock } from '@turnpike/core/ports/runtime'
import { HttpTransport } from '../../origins/transport.ts'
import type { DnsLinks } from '@turnpike/gateway/names/dns-links'
import { askServers, type AskDns } from './ask.ts'
import { askByHttps } from './https.ts'
import { KeptDnsLinks } from './keep.ts'
import { systemServers, type DnsServer } from './servers.ts'

/** Who is asked for DNSLinks: the system's servers, these servers, a DNS-over-HTTPS URL, nobody. */
export type DnsResolver =
  | { readonly kind: 'system' }
  | { readonly kind: 'servers'; readonly servers: readonly DnsServer[] }
  | { readonly kind: 'https'; readonly url: string }
  | { readonly kind: 'off' }

/** What look-ups are opened with. */
export interface DnsLinksOptions {
  readonly resolver: DnsResolver
  readonly clock: Clock
  /** Longest time that a DNSLink is kept. Default: `DNS_TTL_MS_MAX`. */
  readonly ttlMsMax?: number
  /** Lets a DNS-over-HTTPS server have a private address. */
  readonly allowPrivate?: boolean
  /** Certificate authorities to believe instead of the system's, as PEM. */
  readonly ca?: string
}

/** Look-ups of TXT records that hold connections. */
export interface OpenDns {
  readonly ask: AskDns
  /** Ends look-ups that are under way, and all connections. */
  close(): void
}

/** DNSLink look-ups that hold connections. */
export interface OpenDnsLinks extends DnsLinks {
  /** Ends look-ups that are under way, and all connections. */
  close(): void
}

/**
 * Opens DNSLink look-ups. Nothing is asked before the first.
 *
 * @example
 * const dnsLinks = openDnsLinks({ resolver: { kind: 'system' }, clock: nodeClock })
 * const found = await dnsLinks.lookup('docs.ipfs.tech', signal)
 */
export function openDnsLinks(options: DnsLinksOptions): OpenDnsLinks {
  const { clock, ttlMsMax } = options
  const { ask, close } = openDns(options)
  const kept = new KeptDnsLinks({ ask, clock, ...(ttlMsMax !== undefined && { ttlMsMax }) })
  return {
    lookup: (host, signal) => kept.lookup(host, signal),
    close() {
      kept.close()
      close()
    },
  }
}

/**
 * Opens look-ups of TXT records, of which nothing is kept. Nothing is asked before the first.
 *
 * @example
 * const dns = openDns({ resolver: settings.dnsResolver })
 * const answer = await dns.ask('_turnpike.docs.example.org', AbortSignal.timeout(5000))
 */
export function openDns(options: Omit<DnsLinksOptions, 'clock' | 'ttlMsMax'>): OpenDns {
  const transport = new HttpTransport({
    allowPrivate: options.allowPrivate ?? false,
    timeouts: { connectMs: DNS_TIMEOUT_MS, firstByteMs: DNS_TIMEOUT_MS },
    ...(options.ca !== undefined && { ca: options.ca }),
  })
  return { ask: asking(options.resolver, transport), close: () => transport.close() }
}

function asking(resolver: DnsResolver, transport: HttpTransport): AskDns {
  switch (resolver.kind) {
    case 'system':
      return askServers(systemServers)
    case 'servers':
      return askServers(() => resolver.servers)
    case 'https': {
      const url = new URL(resolver.url)
      return (name, signal) => askByHttps(transport, url, name, signal)
    }
    case 'off':
      return async () => ({ kind: 'none', ttlMs: undefined })
  }
}
