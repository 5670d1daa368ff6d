/**
 * What operators name when they deny something: a rule, or whatever they were sent.
 * @module
 */
import { base16 } from 'multiformats/bases/base16'
import { DENY_LINE_CHARS_MAX } from '../limits/deny.ts'
import { denyKeyOf } from './keys.ts'
import { dnsNameOf } from '../names/dns-name.ts'
import type { Hasher } from '../ports/runtime.ts'
import { ipnsNameFromString, LIBP2P_KEY } from '../ipns/name.ts'
import { linkFromString } from '../link.ts'
import type { DenyRule } from './rule.ts'

/**
 * The rule for what an operator names: a rule of a denylist as it is, a CID, a name, an `ipfs:` or
 * `ipns:` address, or the address of content at any gateway, by path or by subdomain.
 *
 * @example
 * denyRuleText('https://bafkqaaa.ipfs.example.com/a?b') // '/ipfs/bafkqaaa/a'
 */
export function denyRuleText(operand: string): string {
  const text = operand.trim().slice(0, DENY_LINE_CHARS_MAX).replaceAll(/\s/g, encodeURIComponent)
  if (/^[!+-]?\//.test(text)) return text
  const address = /^(ip[fn]s):\/\/([^?#]+)/i.exec(text)
  if (address !== null) return `/${address[1]!.toLowerCase()}/${address[2]}`
  if (/^https?:\/\//i.test(text)) return ofUrl(text) ?? text
  const link = linkFromString(text)
  if (link !== undefined) return `/${link.codec === LIBP2P_KEY ? 'ipns' : 'ipfs'}/${text}`
  const isName = ipnsNameFromString(text) !== undefined || dnsNameOf(text) !== undefined
  return isName ? `/ipns/${text}` : text
}

/** Authorities are taken from the text: a URL parser would write base58 in lower case. */
function ofUrl(url: string): string | undefined {
  const [, host = '', path = ''] = /^https?:\/\/([^/?#]+)([^?#]*)/i.exec(url) ?? []
  if (/^\/ip[fn]s\/[^/]/.test(path)) return path
  const below = /^([^.]+)\.(ip[fn]s)\./i.exec(host)
  return below === null ? undefined : `/${below[2]!.toLowerCase()}/${below[1]}${path}`
}

/** Key of what a rule is about, whatever it says: two rules of one key can't both hold. */
export function denyRuleKey({ subject, path, prefix }: DenyRule, hasher: Hasher): Uint8Array {
  const key = base16.baseEncode(denyKeyOf(subject, hasher))
  const text = JSON.stringify([subject.kind, key, path, prefix])
  return hasher.sha256(new TextEncoder().encode(text))
}
