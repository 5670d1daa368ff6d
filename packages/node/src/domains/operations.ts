/**
 * `domainCheck` and `domainLs` for commands: who owns a domain, by DNS.
 * @module
 */
import { DNS_TIMEOUT_MS } from '@turnpike/core/limits/names'
import { domainOwnerOf, ownerRecordName } from '@turnpike/core/names/domain-owner'
import { dnsNameOf } from '@turnpike/core/names/dns-name'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Settings } from '../config/settings.ts'
import type { Operation } from '../control/server.ts'
import { within } from '../names/dns/ask.ts'
import { openDns } from '../names/dns/open.ts'
import { InvalidParams } from '../owner/params.ts'
import type { DomainOwner, DomainOwners } from './owners.ts'

/** Names of the operations. */
export type DomainOperation = 'domainCheck' | 'domainLs'

/** An owner as it is told; times in ISO 8601. */
export interface DomainOwnerShown extends Pick<DomainOwner, 'domain' | 'owner' | 'record'> {
  readonly since: string
  readonly checked: string
}

/** DNS did not say: what was known before stays. */
export class DnsUnavailable extends Error {
  override readonly name = 'DnsUnavailable'
}

/** What the operations work on. */
export interface DomainParts {
  readonly settings: Pick<Settings, 'dnsResolver' | 'allowPrivateOrigins'>
  readonly owners: DomainOwners
  /** For what is dated for good. */
  readonly dating: Clock
}

/**
 * `domainCheck {domain}` asks DNS and keeps what it says; `domainLs {domain?, after?}` lists what
 * is known of all domains by name, or of one over time.
 *
 * @example
 * const operations = { ...domainOperations(parts) }
 */
export function domainOperations(parts: DomainParts): Readonly<Record<DomainOperation, Operation>> {
  const { owners } = parts
  return {
    async domainCheck(params, { signal }) {
      const { domain } = (params ?? {}) as { readonly domain?: unknown }
      const name = typeof domain === 'string' ? dnsNameOf(domain) : undefined
      if (name === undefined || ownerRecordName(name) === undefined)
        return fail(new InvalidParams('"domain" expected a DNS name, such as docs.example.org'))
      return check(name, parts, signal)
    },
    async domainLs(params) {
      const { domain, after = '' } = (params ?? {}) as Readonly<Record<string, unknown>>
      if (typeof after !== 'string') return fail(new InvalidParams('"after" expected a domain'))
      const rows = domain === undefined ? owners.list(after) : owners.history(String(domain))
      return ok({ domains: rows.map(shown) })
    },
  }
}

async function check(
  name: string,
  { settings, owners, dating }: DomainParts,
  signal: AbortSignal,
): ReturnType<Operation> {
  const { dnsResolver: resolver, allowPrivateOrigins: allowPrivate } = settings
  if (resolver.kind === 'off')
    return fail(new DnsUnavailable('the setting dnsResolver is off: nobody can be asked'))
  const dns = openDns({ resolver, allowPrivate })
  try {
    const record = ownerRecordName(name)!
    const answer = await within(DNS_TIMEOUT_MS, signal, (soon) => dns.ask(record, soon))
    if (answer.kind === 'failed') {
      const message = `TXT of "${record}" expected an answer, got ${answer.why}: try again later`
      return fail(new DnsUnavailable(message))
    }
    const said = domainOwnerOf(answer.kind === 'texts' ? answer.texts : [])
    const kept = owners.keep(name, said, dating.nowMs())
    return kept.error === undefined ? ok(shown(kept.ok)) : kept
  } finally {
    dns.close()
  }
}

function shown({ domain, owner, record, firstMs, lastMs }: DomainOwner): DomainOwnerShown {
  const [since, checked] = [firstMs, lastMs].map((ms) => new Date(ms).toISOString())
  return { domain, owner, record, since: since!, checked: checked! }
}
