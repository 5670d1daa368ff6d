/**
 * Keys of 32 bytes by which rules are found, and the texts that hashed rules are hashes of.
 * @module
 */
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { ipnsNameFromString, LIBP2P_KEY } from '../ipns/name.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import { type Link, linkToBytes } from '../link.ts'
import type { DenySubject } from './rule.ts'
import type { Hasher } from '../ports/runtime.ts'

/** Bytes of a key. */
export const DENY_KEY_BYTES = 32

const utf8 = new TextEncoder()

/** Key of a rule's subject. Keys are compared among subjects of one kind only. */
export function denyKeyOf(subject: DenySubject, hasher: Hasher): Uint8Array {
  if (subject.kind === 'content') return contentKey(subject.multihash, hasher)
  if (subject.kind === 'name') return nameKey(subject.text, hasher)
  return hashedKey(subject.code, subject.digest, hasher)
}

/** Key of a block: the digest of a SHA-256 multihash as it is, else a hash of the multihash. */
export function contentKey(multihash: Uint8Array, hasher: Hasher): Uint8Array {
  const isSha256 = multihash.length === 34 && multihash[0] === SHA2_256 && multihash[1] === 32
  return isSha256 ? multihash.subarray(2) : hasher.sha256(multihash)
}

/** Key of a mutable name in its one form. */
export function nameKey(text: string, hasher: Hasher): Uint8Array {
  return hasher.sha256(utf8.encode(text))
}

/** Key of what is known by its hash only. */
export function hashedKey(code: number, digest: Uint8Array, hasher: Hasher): Uint8Array {
  if (code === SHA2_256 && digest.length === DENY_KEY_BYTES) return digest
  return hasher.sha256(encodeMultihash(code, digest))
}

/** The texts whose hashes may stand for something: of today's form, and of badbits' first one. */
export interface HashedTexts {
  readonly modern: string
  /** Hashed by SHA-256 only. */
  readonly legacy: string
}

/** Texts of a block or a path below it. `path` is empty for the block itself. */
export function contentTexts(link: Link, path: string): HashedTexts {
  return {
    modern: `${base58btc.baseEncode(link.multihash)}${path === '' ? '' : `/${path}`}`,
    legacy: `${base32.encode(linkToBytes({ ...link, version: 1 }))}/${path}`,
  }
}

/** Texts of a mutable name, in its one form, or a path below it. */
export function nameTexts(text: string, path: string): HashedTexts {
  const key = ipnsNameFromString(text)
  if (key !== undefined)
    return contentTexts({ version: 1, codec: LIBP2P_KEY, multihash: key.multihash }, path)
  return { modern: `/ipns/${text}${path === '' ? '' : `/${path}`}`, legacy: `${text}/${path}` }
}

/** Keys of hashed rules that cover `texts`, for the hash functions that lists use. */
export function keysOfTexts(
  texts: HashedTexts,
  codes: Iterable<number>,
  hasher: Hasher,
): Uint8Array[] {
  const modern = utf8.encode(texts.modern)
  const keys: Uint8Array[] = []
  for (const code of codes) {
    const digest = hasher.digest(code, modern)
    if (digest !== undefined) keys.push(hashedKey(code, digest, hasher))
    if (code === SHA2_256) keys.push(hasher.sha256(utf8.encode(texts.legacy)))
  }
  return keys
}
