/**
 * `did:web`: where its document is, and the keys in it.
 * Sources: W3C CCG, "did:web Method"; W3C, "Decentralized Identifiers" 1.0.
 * @module
 */
import { DID_CHARS_MAX, DID_KEYS_MAX } from '@turnpike/core/limits/ucan'
import type { KeyDid } from '@turnpike/core/ports/principals'
import { publicKeyOf } from '@turnpike/core/ucan/did-key'

const FORM = /^did:web:([a-z0-9.-]{1,253}(?:%3a\d{1,5})?)((?::[a-z0-9._-]{1,100})*)$/i

/**
 * The URL of a `did:web`'s document; undefined for what is no `did:web`.
 *
 * @example
 * didWebUrl('did:web:a.example:users:bob')?.href // 'https://a.example/users/bob/did.json'
 */
export function didWebUrl(did: string): URL | undefined {
  if (did.length > DID_CHARS_MAX) return undefined
  const [, host, path = ''] = FORM.exec(did) ?? []
  if (host === undefined) return undefined
  const below = path === '' ? '/.well-known' : path.replaceAll(':', '/')
  const url = URL.parse(`https://${host.replace(/%3a/i, ':')}${below}/did.json`)
  // Segments of dots alone would lead elsewhere.
  return url?.pathname === `${below}/did.json` ? url : undefined
}

/** Kinds of verification methods whose key is in multibase. */
const METHODS: ReadonlySet<unknown> = new Set(['Ed25519VerificationKey2020', 'Multikey'])

/**
 * Keys that a document gives to its own DID, in its order; undefined when it is none of this DID.
 *
 * @example
 * keysInDocument('did:web:a.example', await response.text())
 */
export function keysInDocument(did: string, text: string): readonly KeyDid[] | undefined {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(document) || document.id !== did) return undefined
  const { verificationMethod } = document
  if (!Array.isArray(verificationMethod)) return undefined
  const keys: KeyDid[] = []
  for (const method of verificationMethod.slice(0, DID_KEYS_MAX)) {
    if (!isRecord(method) || method.controller !== did || !METHODS.has(method.type)) continue
    const { publicKeyMultibase: multibase } = method
    if (typeof multibase !== 'string') continue
    const key: KeyDid = `did:key:${multibase}`
    if (publicKeyOf(key) !== undefined) keys.push(key)
  }
  return keys
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
