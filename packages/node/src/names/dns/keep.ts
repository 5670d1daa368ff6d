/**
 * What DNS said about hosts, kept for as long as it may be, and a bound on what is asked at once.
 * @module
 */
import {
  DNS_FAILURE_TTL_MS,
  DNS_HOSTS_KEPT_MAX,
  DNS_LOOKUPS_MAX,
  DNS_NEGATIVE_TTL_MS_MAX,
  DNS_STALE_MS_MAX,
  DNS_TIMEOUT_MS,
  DNS_TTL_MS_MAX,
  DNS_TTL_MS_MIN,
} from '@turnpike/core/limits/names'
import { dnsNameOf, mayHaveDnsLink } from '@turnpike/core/names/dns-name'
import { NameNotFound, NameUnavailable, type NameError } from '@turnpike/core/ports/names'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { LRUCache } from 'lru-cache'
import type { DnsLink, DnsLinks } from '@turnpike/gateway/names/dns-links'
import { askDnsLink, within, type AskDns, type AskedDnsLink } from './ask.ts'

/** What look-ups are made with. */
export interface KeptDnsLinksOptions {
  readonly ask: AskDns
  readonly clock: Clock
  /** Longest time that a DNSLink is kept. Default: `DNS_TTL_MS_MAX`. */
  readonly ttlMsMax?: number
}

type Outcome = Result<DnsLink, NameError>

interface KeptLink {
  readonly path: string
  /** End of its TTL, on the monotonic clock. */
  readonly endMs: number
  /** While DNS fails: when it is asked again. */
  retryMs: number
}

interface KeptRefusal {
  readonly error: NameError
  readonly endMs: number
}

/**
 * DNSLinks by DNS, each look-up shared by all who ask meanwhile and bounded in time. What was found
 * is kept for its TTL, and used for `DNS_STALE_MS_MAX` more while DNS fails (RFC 8767); what was
 * not, for less. Hosts with a link are kept apart from the others, which never displace them.
 */
export class KeptDnsLinks implements DnsLinks {
  readonly #ask: AskDns
  readonly #clock: Clock
  readonly #ttlMsMax: number
  readonly #links = new LRUCache<string, KeptLink>({ max: DNS_HOSTS_KEPT_MAX })
  readonly #refusals = new LRUCache<string, KeptRefusal>({ max: DNS_HOSTS_KEPT_MAX })
  readonly #underWay = new Map<string, Promise<Outcome>>()
  readonly #closing = new AbortController()

  constructor({ ask, clock, ttlMsMax = DNS_TTL_MS_MAX }: KeptDnsLinksOptions) {
    this.#ask = ask
    this.#clock = clock
    this.#ttlMsMax = ttlMsMax
  }

  async lookup(host: string, signal: AbortSignal): Promise<Outcome> {
    const name = dnsNameOf(host)
    if (name === undefined || !mayHaveDnsLink(name)) {
      const message = `"${host}" expected a host that can have a DNSLink, got one that can't`
      return fail(new NameNotFound(host, message))
    }
    const kept = this.#kept(name)
    if (kept !== undefined) return kept
    if (signal.aborted) return fail(readerLeft(name))
    const underWay = this.#underWay.get(name) ?? this.#start(name)
    if (underWay !== undefined) return whileWanted(underWay, name, signal)
    const message = `"${name}" expected fewer than ${DNS_LOOKUPS_MAX} look-ups at once`
    return this.#stale(name) ?? fail(new NameUnavailable(name, message))
  }

  /** Ends look-ups that are under way; there will be no further ones. */
  close(): void {
    this.#closing.abort()
  }

  #kept(name: string): Outcome | undefined {
    const nowMs = this.#clock.monotonicMs()
    const link = this.#links.get(name)
    const untilMs = Math.max(link?.endMs ?? 0, link?.retryMs ?? 0)
    if (link !== undefined && nowMs < untilMs)
      return ok({ path: link.path, ttlMs: untilMs - nowMs })
    const refusal = this.#refusals.get(name)
    return refusal !== undefined && nowMs < refusal.endMs ? fail(refusal.error) : undefined
  }

  /** Undefined when too many look-ups are under way. */
  #start(name: string): Promise<Outcome> | undefined {
    if (this.#underWay.size >= DNS_LOOKUPS_MAX) return undefined
    const asked = within(DNS_TIMEOUT_MS, this.#closing.signal, (signal) =>
      askDnsLink(this.#ask, name, signal),
    )
    const started = asked
      .then((found) => this.#keep(name, found))
      .finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, started)
    return started
  }

  #keep(name: string, { path, ttlMs: saidMs }: AskedDnsLink): Outcome {
    const nowMs = this.#clock.monotonicMs()
    if (path.ok !== undefined) {
      const ttlMs = Math.max(DNS_TTL_MS_MIN, Math.min(saidMs, this.#ttlMsMax))
      this.#links.set(name, { path: path.ok, endMs: nowMs + ttlMs, retryMs: 0 })
      return ok({ path: path.ok, ttlMs })
    }
    const stale = path.error.name === 'NameUnavailable' ? this.#stale(name) : undefined
    if (stale !== undefined) return stale
    this.#links.delete(name)
    const ttlMs = Math.max(DNS_TTL_MS_MIN, Math.min(saidMs, DNS_NEGATIVE_TTL_MS_MAX))
    this.#refusals.set(name, { error: path.error, endMs: nowMs + ttlMs })
    return fail(path.error)
  }

  /** A link that expired not long ago, for when DNS fails; DNS is asked again a little later. */
  #stale(name: string): Outcome | undefined {
    const nowMs = this.#clock.monotonicMs()
    const link = this.#links.get(name)
    if (link === undefined || nowMs >= link.endMs + DNS_STALE_MS_MAX) return undefined
    link.retryMs = nowMs + DNS_FAILURE_TTL_MS
    return ok({ path: link.path, ttlMs: DNS_FAILURE_TTL_MS })
  }
}

/** The outcome, or that the one who asked left first; the look-up goes on for others. */
function whileWanted(
  outcome: Promise<Outcome>,
  name: string,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(fail(readerLeft(name)))
    signal.addEventListener('abort', leave, { once: true })
    outcome.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

function readerLeft(name: string): NameUnavailable {
  const message = `"${name}" expected a reader until DNS answers, got one that left`
  return new NameUnavailable(name, message)
}
