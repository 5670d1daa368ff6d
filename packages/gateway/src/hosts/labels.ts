/**
 * Roots as DNS labels: the host names that give each root an origin of its own.
 * Source: subdomain gateway specification, host header.
 * @module
 */
import { base36 } from 'multiformats/bases/base36'
import { inlineDnsName } from '@turnpike/core/names/dns-name'
import { ipnsNameFromString, ipnsNameToString } from '@turnpike/core/ipns/name'
import { type Link, linkToCid } from '@turnpike/core/link'
import { type Result, fail, ok } from '@turnpike/core/result'
import { RequestError } from '../errors.ts'

/** Longest DNS label (RFC 1035 section 2.3.4). */
const LABEL_CHARS_MAX = 63

/**
 * The one label of a CID: version 1 in base32, or in base36 where that is what fits.
 *
 * @returns `InvalidRequest` for a CID that no label holds
 * @example
 * cidLabel(linkFromString('bafkqaaa')!).ok // 'bafkqaaa'
 */
export function cidLabel(link: Link): Result<string, RequestError> {
  const cid = linkToCid(link).toV1()
  const inBase32 = cid.toString()
  if (inBase32.length <= LABEL_CHARS_MAX) return ok(inBase32)
  const inBase36 = cid.toString(base36)
  return inBase36.length <= LABEL_CHARS_MAX ? ok(inBase36) : fail(tooLong())
}

/** Why a host name with a longer label than DNS knows is refused. */
export function tooLong(): RequestError {
  const message = `CID incompatible with DNS label length limit of ${LABEL_CHARS_MAX}`
  return new RequestError('InvalidRequest', message)
}

/** Whether a host name has a label that DNS knows not. */
export function hasLongLabel(name: string): boolean {
  return name.split('.').some((label) => label.length > LABEL_CHARS_MAX)
}

/** The canonical text of an IPNS key, or undefined when `text` is none. */
export function canonicalKey(text: string): string | undefined {
  const key = ipnsNameFromString(text)
  return key === undefined ? undefined : ipnsNameToString(key.multihash)
}

/** The label of a DNS name, so that one wildcard certificate covers it; its own where none fits. */
export function dnsNameLabel(name: string): string {
  return inlineDnsName(name) ?? name
}
