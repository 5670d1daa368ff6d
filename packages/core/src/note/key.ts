/**
 * Keys that sign notes, and their text form, which verifiers pin.
 * Source: C2SP signed-note, "Verifier keys".
 * @module
 */
import type { Hasher } from '../ports/runtime.ts'
import { bytesEqual } from '../bytes.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'

/** Bytes of the id that tells keys of one name apart. */
export const KEY_ID_BYTES = 4

/** Kinds of keys: of logs, and of witnesses, who sign a time along. */
export type NoteKeyKind = 'ed25519' | 'cosignature'

/** First byte of each kind's encoded key. */
const KIND_BYTE: { readonly [K in NoteKeyKind]: number } = { ed25519: 1, cosignature: 4 }
const PUBLIC_KEY_BYTES = 32

/** A key that verifies signatures. */
export interface NoteKey {
  readonly name: string
  readonly kind: NoteKeyKind
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

const utf8 = new TextEncoder()

/** Whether text may name a key: not empty, without spaces, plus signs and control characters. */
export function isKeyName(text: string): boolean {
  return text !== '' && !/[\s+\p{Cc}]/u.test(text) && text.isWellFormed()
}

/**
 * The whole hash that a key's id is the start of: of its name, a line's end, its kind, its bytes. A
 * log is known by it.
 *
 * @example
 * keyHashOf({ name: 'gateway.example/log', kind: 'ed25519', publicKey }, hasher).length // 32
 */
export function keyHashOf({ name, kind, publicKey }: NoteKey, hasher: Hasher): Uint8Array {
  const head = utf8.encode(`${name}\n`)
  const bytes = new Uint8Array(head.length + 1 + publicKey.length)
  bytes.set(head)
  bytes[head.length] = KIND_BYTE[kind]
  bytes.set(publicKey, head.length + 1)
  return hasher.sha256(bytes)
}

/** First 4 bytes of {@link keyHashOf}. */
export function keyIdOf(key: NoteKey, hasher: Hasher): Uint8Array {
  return keyHashOf(key, hasher).slice(0, KEY_ID_BYTES)
}

/**
 * A key as the text that verifiers are given: `name+id+key`.
 *
 * @example
 * formatKey(key, hasher) // 'gateway.example/log+fb3a2a76+ASFS…'
 */
export function formatKey(key: NoteKey, hasher: Hasher): string {
  const tagged = new Uint8Array(1 + key.publicKey.length)
  tagged[0] = KIND_BYTE[key.kind]
  tagged.set(key.publicKey, 1)
  const id = Array.from(keyIdOf(key, hasher), (byte) => byte.toString(16).padStart(2, '0'))
  return `${key.name}+${id.join('')}+${encodeBase64(tagged)}`
}

/** The key of a text that {@link formatKey} made; undefined for anything else. */
export function parseKey(text: string, hasher: Hasher): NoteKey | undefined {
  const [, name, id, blob] = /^([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? []
  const bytes = blob === undefined ? undefined : decodeBase64(blob)
  if (name === undefined || !isKeyName(name) || bytes?.length !== 1 + PUBLIC_KEY_BYTES)
    return undefined
  const kind = kindOf(bytes[0]!)
  if (kind === undefined) return undefined
  const key = { name, kind, publicKey: bytes.slice(1) }
  const said = Uint8Array.from(id!.match(/../g)!, (byte) => Number.parseInt(byte, 16))
  return bytesEqual(keyIdOf(key, hasher), said) ? key : undefined
}

function kindOf(byte: number): NoteKeyKind | undefined {
  return byte === KIND_BYTE.ed25519
    ? 'ed25519'
    : byte === KIND_BYTE.cosignature
      ? 'cosignature'
      : undefined
}
