/**
 * DNSLinks that the operator says, which win over DNS.
 * @module
 */
import { ok } from '@turnpike/core/result'
import { dnsNameOf } from '@turnpike/core/names/dns-name'
import { parseNameValue } from '@turnpike/core/names/target'
import type { DnsLinks } from './dns-links.ts'

/** A host and what it stands for. */
export interface MappedName {
  /** DNS name in lower case. */
  readonly host: string
  /** `/ipfs/…` or `/ipns/…`. */
  readonly path: string
}

/**
 * Reads `host=/ipfs/…`, or `host:/ipfs/…` as the variable `IPFS_NS_MAP` has it; undefined
 * when it is neither.
 *
 * @example
 * mappedNameFromText('docs.example=/ipfs/bafy…') // { host: 'docs.example', path: '/ipfs/bafy…' }
 */
export function mappedNameFromText(text: string): MappedName | undefined {
  const match = /^([^=:/]+)[=:](\/.+)$/.exec(text)
  const host = match === null ? undefined : dnsNameOf(match[1]!)
  if (host === undefined || parseNameValue(match![2]!) === undefined) return undefined
  return { host, path: match![2]! }
}

/**
 * Look-ups in a map first. What it says has no TTL, for it may be another after a restart.
 *
 * @example
 * const dnsLinks = withNameMap(settings.nameMap, openDnsLinks(options))
 */
export function withNameMap(mapped: readonly MappedName[], beyond: DnsLinks): DnsLinks {
  const paths = new Map(mapped.map(({ host, path }) => [host, path]))
  return {
    async lookup(host, signal) {
      const path = paths.get(host)
      return path === undefined ? beyond.lookup(host, signal) : ok({ path, ttlMs: undefined })
    },
  }
}
