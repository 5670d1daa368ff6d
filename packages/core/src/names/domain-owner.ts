/**
 * What TXT records say about who owns a domain: `owner=<did>` at `_turnpike.<domain>`.
 * Source: docs/operating/domains.md.
 * @module
 */
import { DID_CHARS_MAX } from '../limits/read-receipts.ts'
import { dnsNameOf, mayHaveDnsLink } from './dns-name.ts'

/** Label below a domain under which its owner stands. */
export const OWNER_LABEL = '_turnpike'

/** Characters of a DNS name as text, without a trailing dot (RFC 1035 section 2.3.4). */
const NAME_CHARS_MAX = 253
const PREFIX = 'owner='
/** DID syntax (W3C DID Core, section 3.1), without an empty last part. */
const DID = /^did:[a-z0-9]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*[A-Za-z0-9._-]$/
/** Characters of a record that makes no sense, as it is shown. */
const SHOWN_CHARS_MAX = 100

/** Who owns a domain by its records; or that they make no sense; or that nobody is named. */
export type DomainOwnerSaid =
  | { readonly kind: 'owner'; readonly owner: string; readonly record: string }
  | { readonly kind: 'unclear'; readonly record: string }
  | { readonly kind: 'none' }

/**
 * The name whose TXT records say who owns a domain; undefined for what can have none.
 *
 * @example
 * ownerRecordName('Docs.Example.org') // '_turnpike.docs.example.org'
 */
export function ownerRecordName(domain: string): string | undefined {
  const name = dnsNameOf(domain)
  if (name === undefined || !mayHaveDnsLink(name)) return undefined
  const record = `${OWNER_LABEL}.${name}`
  return record.length <= NAME_CHARS_MAX ? record : undefined
}

/**
 * The owner among a domain's TXT records. Two that name different ones, or one that names none,
 * are unclear: nobody owns it until they are mended.
 *
 * @example
 * domainOwnerOf(['owner=did:web:a.example']) // { kind: 'owner', owner: 'did:web:a.example', … }
 */
export function domainOwnerOf(texts: readonly string[]): DomainOwnerSaid {
  const records = [...new Set(texts.filter((text) => text.startsWith(PREFIX)))].toSorted()
  const [record] = records
  if (record === undefined) return { kind: 'none' }
  const owner = record.slice(PREFIX.length)
  const isClear = records.length === 1 && owner.length <= DID_CHARS_MAX && DID.test(owner)
  if (isClear) return { kind: 'owner', owner, record }
  return { kind: 'unclear', record: records.join(' ').slice(0, SHOWN_CHARS_MAX) }
}
