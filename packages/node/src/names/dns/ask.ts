/**
 * One DNSLink look-up: which names are asked, of which servers, for how long.
 * @module
 */
import { DNS_FAILURE_TTL_MS, DNS_TRIES_MAX, DNS_TRY_TIMEOUT_MS } from '@turnpike/core/limits/names'
import { DNSLINK_LABEL } from '@turnpike/core/names/dns-name'
import { dnsLinkOf, type DnsLinkSaid } from '@turnpike/core/names/dnslink'
import { NameInvalid, NameNotFound, NameUnavailable } from '@turnpike/core/ports/names'
import type { NameError } from '@turnpike/core/ports/names'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { DnsAnswer } from './message.ts'
import { askServer, type DnsServer } from './servers.ts'

/** Asks DNS for TXT records of a name, and answers at the latest when the signal aborts. */
export type AskDns = (name: string, signal: AbortSignal) => Promise<DnsAnswer>

/** Outcome of a look-up, and how long it may be kept. */
export interface AskedDnsLink {
  readonly path: Result<string, NameError>
  readonly ttlMs: number
}

/**
 * Asks for a host's DNSLink: at `_dnslink.<host>`, and only where nothing is there at the host
 * itself, as old records stand (dnslink.dev, "Why use _dnslink.domain").
 */
export async function askDnsLink(
  ask: AskDns,
  host: string,
  signal: AbortSignal,
): Promise<AskedDnsLink> {
  let ttlMs = Infinity
  for (const name of [`${DNSLINK_LABEL}.${host}`, host]) {
    const answer = await ask(name, signal)
    if (answer.kind === 'failed') {
      const message = `"${host}" expected an answer of DNS, got none; try again later`
      // Readers see the message; which servers we ask is for the log.
      const cause = new Error(`TXT of "${name}" expected an answer, got ${answer.why}`)
      return { path: fail(new NameUnavailable(host, message, cause)), ttlMs: DNS_FAILURE_TTL_MS }
    }
    ttlMs = Math.min(ttlMs, answer.ttlMs ?? DNS_FAILURE_TTL_MS)
    const said = answer.kind === 'texts' ? dnsLinkOf(answer.texts) : undefined
    if (said !== undefined) return { path: pathOf(said, host, name), ttlMs }
  }
  const record = `${DNSLINK_LABEL}.${host}`
  const message = `"${host}" expected a DNSLink, got none; set a TXT record at ${record}`
  return { path: fail(new NameNotFound(host, message)), ttlMs }
}

function pathOf(said: DnsLinkSaid, host: string, name: string): Result<string, NameInvalid> {
  if ('path' in said) return ok(said.path)
  const got = JSON.stringify(said.malformed)
  const message = `TXT of "${name}" expected dnslink=/ipfs/<cid> or /ipns/<name>, got ${got}`
  return fail(new NameInvalid(host, message))
}

/**
 * Asks servers in turn until one knows: one that was silent may be asked again, one that failed is
 * not, and no more than `DNS_TRIES_MAX` queries go out.
 */
export function askServers(servers: () => readonly DnsServer[]): AskDns {
  return async (name, signal) => {
    const waiting = [...servers()]
    let last: DnsAnswer = { kind: 'failed', why: 'no server that could be asked' }
    for (let tries = 0; tries < DNS_TRIES_MAX && !signal.aborted; tries++) {
      const server = waiting.shift()
      if (server === undefined) break
      const answer = await within(DNS_TRY_TIMEOUT_MS, signal, (soon) =>
        askServer(server, name, soon),
      )
      if (answer.kind !== 'failed') return answer
      last = { kind: 'failed', why: `${answer.why} from ${server.address}:${server.port}` }
      if (answer.isSilence) waiting.push(server)
    }
    return last
  }
}

/** Runs something under a signal that aborts with `signal`, or after a time. */
export async function within<T>(
  ms: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const timer = setTimeout(abort, ms)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await run(controller.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
