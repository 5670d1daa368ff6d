/**
 * What name resolution needs of DNS: the DNSLink of one host, one hop (dnslink.dev).
 * @module
 */
import type { NameError } from '@turnpike/core/ports/names'
import type { Result } from '@turnpike/core/result'

/** What the DNSLink record of a host says. */
export interface DnsLink {
  /** `/ipfs/…` or `/ipns/…`, as the record has it. */
  readonly path: string
  /** How long it holds from now, as DNS has it; undefined when it is not known. */
  readonly ttlMs: number | undefined
}

/** Looks up DNSLinks, and keeps them for as long as they hold. It follows no further hop. */
export interface DnsLinks {
  /**
   * DNSLink of `host`, a DNS name in lower case without the final dot. `NameNotFound` when it has
   * none, `NameInvalid` when its record makes no sense, `NameUnavailable` when nobody answers.
   */
  lookup(host: string, signal: AbortSignal): Promise<Result<DnsLink, NameError>>
}
