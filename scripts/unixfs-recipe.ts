/**
 * Recipes of the UnixFS vectors: what a file, folder or link in `vectors/unixfs/` consists of.
 * @module
 */
import { createCipheriv, createHash } from 'node:crypto'

/** Bytes made from a few words, so that a vector of a gibibyte is one line of JSON. */
export type Content =
  | { readonly text: string }
  /** `bytes` times the same byte. */
  | { readonly fill: number; readonly bytes: number }
  /** Keystream of ChaCha20, its key SHA-256(seed), its nonce zeros, as kubo's tests use it. */
  | { readonly chacha20: string; readonly bytes: number }

/** Status that is stored with a node. */
export interface Metadata {
  readonly mode?: number
  readonly mtime?: { readonly seconds: number; readonly nanoseconds: number }
}

/** What to build. */
export type Recipe =
  | ({ readonly kind: 'file'; readonly content: Content } & Metadata)
  | ({ readonly kind: 'symlink'; readonly target: string } & Metadata)
  | ({ readonly kind: 'folder'; readonly entries: Entries } & Metadata)

/** Entries of a folder, in no particular order. */
export type Entries =
  | { readonly list: Readonly<Record<string, Recipe>> }
  /** `count` entries, all like `each`, named prefix + 0, 1, 2 … + suffix. */
  | {
      readonly count: number
      readonly prefix: string
      readonly suffix: string
      readonly each: Recipe
    }
  /** boxo's tests: file `file-N.txt` contains `file N` and a line feed. */
  | { readonly count: number; readonly boxo: true }
  /** kubo's tests: names of letters picked by a ChaCha20 keystream, the last of another length. */
  | {
      readonly count: number
      readonly chacha20: string
      readonly nameBytes: number
      readonly lastNameBytes: number
      readonly each: Recipe
    }

/** One vector. */
export interface Vector {
  readonly name: string
  readonly profile: 'unixfs-v1-2025' | 'unixfs-v0-2015'
  /** Parameters of the profile that differ in this vector. */
  readonly override?: {
    readonly chunkBytes?: number
    readonly fileLinksMax?: number
    readonly hamtThresholdBytes?: number
  }
  readonly recipe: Recipe
  readonly cid: string
  /** Bytes of the whole DAG, where the source tells. */
  readonly dagBytes?: number
}

/** Letters of kubo's `testutils.AlphabetEasy`; the zero stands there twice. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz01234567890-_'

function keystream(seed: string): (length: number) => Uint8Array {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('chacha20', key, new Uint8Array(16))
  return (length) => cipher.update(new Uint8Array(length))
}

/** A file's content in chunks of `chunkBytes`; equal chunks of a filled file are the same array. */
export function* chunksOf(content: Content, chunkBytes: number): Generator<Uint8Array> {
  if ('text' in content) {
    const bytes = new TextEncoder().encode(content.text)
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
    return
  }
  const next =
    'fill' in content ? (length: number) => full.subarray(0, length) : keystream(content.chacha20)
  const full = 'fill' in content ? new Uint8Array(chunkBytes).fill(content.fill) : new Uint8Array(0)
  for (let left = content.bytes; left > 0; left -= chunkBytes) {
    const length = Math.min(left, chunkBytes)
    yield length === full.length ? full : next(length)
  }
}

function* chachaNames(entries: Extract<Entries, { chacha20: string }>): Generator<string> {
  const next = keystream(entries.chacha20)
  for (let i = 0; i < entries.count; i++) {
    const length = i === entries.count - 1 ? entries.lastNameBytes : entries.nameBytes
    yield [...next(length)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('')
  }
}

/** Names of a folder's entries with what they hold. */
export function* entriesOf(entries: Entries): Generator<[name: string, recipe: Recipe]> {
  if ('list' in entries) return yield* Object.entries(entries.list)
  if ('chacha20' in entries) {
    for (const name of chachaNames(entries)) yield [name, entries.each]
    return
  }
  for (let i = 0; i < entries.count; i++) {
    if ('boxo' in entries)
      yield [`file-${i}.txt`, { kind: 'file', content: { text: `file ${i}\n` } }]
    else yield [`${entries.prefix}${i}${entries.suffix}`, entries.each]
  }
}
