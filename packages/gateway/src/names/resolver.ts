/**
 * The `NameResolver` port: from a name over IPNS records and DNSLinks to content.
 * @module
 */
import { ipnsNameFromString, ipnsNameToString } from '@turnpike/core/ipns/name'
import { isInForce } from '@turnpike/core/ipns/validate'
import { PATH_SEGMENTS_MAX } from '@turnpike/core/limits'
import { NAME_HOPS_MAX, NAME_TIMEOUT_MS } from '@turnpike/core/limits/names'
import { dnsNameOf } from '@turnpike/core/names/dns-name'
import { parseNameValue } from '@turnpike/core/names/target'
import {
  NameInvalid,
  NameNotFound,
  NameTooDeep,
  NameUnavailable,
  type NameError,
  type NameHop,
  type NameRecords,
  type NameResolver,
  type NameTarget,
} from '@turnpike/core/ports/names'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { DnsLink, DnsLinks } from './dns-links.ts'

/** What names are resolved by. */
export interface ResolverOptions {
  readonly records: NameRecords
  readonly dnsLinks: DnsLinks
  readonly clock: Clock
}

/** Names lead to the same content whatever text they are written in. */
interface CanonicalName {
  readonly text: string
  /** Of an IPNS name; undefined for a DNS name. */
  readonly multihash: Uint8Array | undefined
}

/**
 * Follows names. It keeps nothing itself: records and DNSLinks are kept where they are looked up,
 * each for its own time, so that a chain of names is as fresh as each of its hops.
 *
 * @example
 * const resolver = new Resolver({ records, dnsLinks, clock: nodeClock })
 * const target = await resolver.resolve('docs.ipfs.tech', signal)
 */
export class Resolver implements NameResolver {
  readonly #options: ResolverOptions

  constructor(options: ResolverOptions) {
    this.#options = options
  }

  async resolve(asked: string, signal: AbortSignal): Promise<Result<NameTarget, NameError>> {
    const { clock } = this.#options
    const startedMs = clock.monotonicMs()
    const seen = new Set<string>()
    let next = asked
    const segments: string[] = []
    const through: NameHop[] = []
    let ttlMs: number | undefined
    for (let hops = 0; hops < NAME_HOPS_MAX; hops++) {
      const name = canonicalName(next)
      if (name === undefined) return fail(noName(asked, next))
      if (seen.has(name.text)) return fail(circle(asked, name.text))
      seen.add(name.text)
      if (hops > 0) through.push({ text: name.text, below: [...segments] })
      const hop = await this.#hop(asked, name, signal)
      if (hop.error) return hop
      const value = parseNameValue(hop.ok.path)
      if (value === undefined) return fail(noPath(asked, name.text))
      segments.unshift(...value.segments)
      if (segments.length > PATH_SEGMENTS_MAX) return fail(longPath(asked))
      ttlMs = least(ttlMs, hop.ok.ttlMs)
      if ('root' in value) return ok({ root: value.root, segments, ttlMs, through })
      next = value.name
      if (clock.monotonicMs() - startedMs > NAME_TIMEOUT_MS) return fail(late(asked))
    }
    const message = `"${asked}" expected content within ${NAME_HOPS_MAX} names, got another name`
    return fail(new NameTooDeep(asked, message))
  }

  async hasDnsLink(host: string, signal: AbortSignal): Promise<boolean> {
    const name = dnsNameOf(host)
    if (name === undefined) return false
    const link = await this.#options.dnsLinks.lookup(name, signal)
    return link.ok !== undefined
  }

  #hop(
    asked: string,
    { text, multihash }: CanonicalName,
    signal: AbortSignal,
  ): Promise<Result<DnsLink, NameError>> {
    if (multihash === undefined) return this.#options.dnsLinks.lookup(text, signal)
    return this.#record(asked, text, multihash, signal)
  }

  async #record(
    asked: string,
    text: string,
    multihash: Uint8Array,
    signal: AbortSignal,
  ): Promise<Result<DnsLink, NameError>> {
    const { records, clock } = this.#options
    const found = await records.find(multihash, signal)
    if (found.error) return found
    const { record, ttlMs } = found.ok
    if (record === undefined) {
      const message = `"${text}" expected a valid record, got one that is not`
      return fail(new NameInvalid(asked, message))
    }
    if (!isInForce(record, clock.nowMs())) {
      const end = new Date(record.eolMs).toISOString()
      const message = `"${text}" expected a record in force, got one until ${end}`
      return fail(new NameInvalid(asked, message))
    }
    return ok({ path: record.value, ttlMs })
  }
}

function canonicalName(text: string): CanonicalName | undefined {
  const key = ipnsNameFromString(text)
  if (key !== undefined) return { text: ipnsNameToString(key.multihash), multihash: key.multihash }
  const host = dnsNameOf(text)
  return host === undefined ? undefined : { text: host, multihash: undefined }
}

/** The lesser of two TTLs, of which each may be unknown. */
function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

function noName(asked: string, got: string): NameError {
  if (got !== asked)
    return new NameInvalid(asked, `"${asked}" expected to lead to a name, leads to "${got}"`)
  return new NameNotFound(asked, `"${asked}" expected an IPNS name or a DNS name, is neither`)
}

function noPath(asked: string, name: string): NameError {
  const message = `"${name}" expected a path /ipfs/… or /ipns/…, got something else`
  return new NameInvalid(asked, message)
}

function longPath(asked: string): NameError {
  const message = `"${asked}" expected at most ${PATH_SEGMENTS_MAX} path segments, got more`
  return new NameInvalid(asked, message)
}

function circle(asked: string, name: string): NameError {
  return new NameTooDeep(asked, `"${asked}" expected content, leads in a circle by "${name}"`)
}

function late(asked: string): NameError {
  const message = `"${asked}" expected content within ${NAME_TIMEOUT_MS} ms, took longer`
  return new NameUnavailable(asked, message)
}
