/**
 * One line of a denylist: what it is about, and what it says.
 * Source: Compact Denylist Format (IPIP-383), "Block item".
 * @module
 */
import { base16 } from 'multiformats/bases/base16'
import { base58btc } from 'multiformats/bases/base58'
import { CID_CHARS_MAX, URL_CHARS_MAX } from '../limits.ts'
import { ipnsNameFromString, ipnsNameToString } from '../ipns/name.ts'
import { decodeMultihash, SHA2_256 } from '../multihash.ts'
import { dnsNameOf } from '../names/dns-name.ts'
import { linkFromString } from '../link.ts'
import { fail, ok, type Result } from '../result.ts'

/** What a rule is about. */
export type DenySubject =
  | { readonly kind: 'content'; readonly multihash: Uint8Array }
  /** A mutable name in the form of {@link denyNameOf}. */
  | { readonly kind: 'name'; readonly text: string }
  /** Only the hash of what is meant is known: by which function, and which digest. */
  | { readonly kind: 'hashed'; readonly code: number; readonly digest: Uint8Array }

/** What a rule says. `allow` makes an exception from rules before it. */
export type DenyEffect = 'policy' | 'legal' | 'allow'

/** A rule of a denylist. */
export interface DenyRule {
  readonly subject: DenySubject
  /** Decoded names below the subject, joined by slashes; empty for the subject itself. */
  readonly path: string
  /** Whether it covers every path that begins with `path`, too. */
  readonly prefix: boolean
  readonly effect: DenyEffect
}

/** A line of a denylist says nothing that is understood. */
export class DenyRuleInvalid extends Error {
  override readonly name = 'DenyRuleInvalid'
}

/**
 * Reads a rule, its hints included: `gateway_status=451` makes it legal, whether hints are written
 * `k=v`, as the field does, or `k:v`, as the format has it. Others are ignored.
 *
 * @param usual what a rule without such a hint says
 * @example
 * parseDenyRule('/ipfs/bafkqaaa/secret/*').ok // { path: 'secret', prefix: true, … }
 */
export function parseDenyRule(
  line: string,
  usual: Exclude<DenyEffect, 'allow'> = 'policy',
): Result<DenyRule, DenyRuleInvalid> {
  const [item = '', ...hints] = line.trim().split(/[ \t]+/)
  const isException = /^[!+-]/.test(item)
  const effect = isException ? 'allow' : effectOf(hints, usual)
  const text = isException ? item.slice(1) : item
  if (text.startsWith('//')) return hashedRule(text.slice(2), effect)
  const match = /^\/(ipfs|ipld|ipns)\/([^/]+)(?:\/(.*))?$/s.exec(text)
  if (match === null) return invalid('/ipfs/…, /ipns/… or //…', text)
  const [, scheme, root = '', rest = ''] = match
  const subject = scheme === 'ipns' ? nameSubject(root) : contentSubject(root)
  if (subject === undefined) return invalid(`a ${scheme === 'ipns' ? 'name' : 'CID'}`, root)
  const path = parsePath(rest)
  if (path === undefined) return invalid('a percent-encoded path', rest)
  return ok({ subject, ...path, effect })
}

/**
 * The one form of a mutable name: base36 for an IPNS key, lower case for a DNS name; undefined when
 * it is neither.
 */
export function denyNameOf(text: string): string | undefined {
  const key = ipnsNameFromString(text)
  return key === undefined ? dnsNameOf(text) : ipnsNameToString(key.multihash)
}

function effectOf(
  hints: readonly string[],
  usual: Exclude<DenyEffect, 'allow'>,
): Exclude<DenyEffect, 'allow'> {
  let effect = usual
  for (const hint of hints) {
    const [, name, value = ''] = /^([^=:]+)[=:](.*)$/s.exec(hint) ?? []
    if (name === 'gateway_status') effect = effectOfStatus(value) ?? effect
  }
  return effect
}

/** What the hint `gateway_status` asks for; undefined for what is not known. */
export function effectOfStatus(status: string): Exclude<DenyEffect, 'allow'> | undefined {
  if (status === '451') return 'legal'
  return status === '410' ? 'policy' : undefined
}

function hashedRule(text: string, effect: DenyEffect): Result<DenyRule, DenyRuleInvalid> {
  const hash = /^[0-9a-fA-F]{64}$/.test(text)
    ? { code: SHA2_256, digest: base16.baseDecode(text.toLowerCase()) }
    : multihashOf(text)
  if (hash === undefined || hash.digest.length === 0)
    return invalid('a base58btc multihash or 64 hexadecimal digits', text)
  return ok({ subject: { kind: 'hashed', ...hash }, path: '', prefix: false, effect })
}

function multihashOf(text: string): { code: number; digest: Uint8Array } | undefined {
  // Decoding base58 takes time by the square of its length.
  if (text.length > CID_CHARS_MAX) return undefined
  try {
    return decodeMultihash(base58btc.baseDecode(text))
  } catch {
    return undefined
  }
}

function contentSubject(text: string): DenySubject | undefined {
  const link = linkFromString(text)
  return link && { kind: 'content', multihash: link.multihash }
}

function nameSubject(text: string): DenySubject | undefined {
  const name = denyNameOf(text)
  return name === undefined ? undefined : { kind: 'name', text: name }
}

/** A star counts only as it stands: an escaped one belongs to a name. */
function parsePath(raw: string): Pick<DenyRule, 'path' | 'prefix'> | undefined {
  const prefix = raw.endsWith('*')
  const text = prefix ? raw.slice(0, -1) : raw
  if (text.length > URL_CHARS_MAX) return undefined
  try {
    const path = decodeURIComponent(text.replace(/^\/+/, '').replace(/\/+$/, ''))
    return { path, prefix }
  } catch {
    return undefined
  }
}

function invalid(expected: string, got: string): Result<never, DenyRuleInvalid> {
  const shown = got.length > 80 ? `${got.slice(0, 80)}…` : got
  return fail(new DenyRuleInvalid(`rule expected ${expected}, got "${shown}"`))
}
