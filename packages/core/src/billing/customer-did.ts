/**
 * How customers are called.
 * @module
 */
import { DID_CHARS_MAX } from '../limits/ucan.ts'
import type { CustomerDid } from '../ports/provisioning.ts'

/** Characters of `did:mailto` are those that `encodeURIComponent` leaves, or writes. */
const DID = /^did:[a-z0-9]+:[A-Za-z0-9.:%_~!*'()-]+$/

/** Whether a text has the form of a DID, and a bearable length. */
export function isDid(text: string): text is CustomerDid {
  return text.length <= DID_CHARS_MAX && DID.test(text)
}

/**
 * The DID of a customer, by their DID or their email address; undefined for what is neither.
 * Source: Storacha, `did:mailto`.
 *
 * @example
 * customerDidOf('alice@example.com') // 'did:mailto:example.com:alice'
 */
export function customerDidOf(text: string): CustomerDid | undefined {
  if (isDid(text)) return text
  const [, local, domain] = /^([^@\s]+)@([^@\s:/]+\.[^@\s:/]+)$/.exec(text) ?? []
  if (local === undefined || domain === undefined) return undefined
  const did = `did:mailto:${encodeURIComponent(domain)}:${encodeURIComponent(local)}`
  return isDid(did) ? did : undefined
}
