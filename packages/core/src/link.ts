/**
 * Links to blocks: what the read path needs of a CID, without building CID objects.
 * @module
 */
import { base16, base16upper } from 'multiformats/bases/base16'
import { base32hex, base32hexupper, base32upper, base32z } from 'multiformats/bases/base32'
import { base36upper } from 'multiformats/bases/base36'
import { base58flickr } from 'multiformats/bases/base58'
import { base64url } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import type { MultibaseDecoder, MultihashDigest } from 'multiformats'
import { bytesEqual } from './bytes.ts'
import { CID_CHARS_MAX } from './limits.ts'
import { tryVarint, varintLength, writeVarint } from './varint.ts'

/** Codecs of the multicodec table that Turnpike knows by name. */
export const RAW = 0x55
export const DAG_PB = 0x70
export const DAG_CBOR = 0x71
export const DAG_JSON = 0x0129
export const CAR = 0x0202

/** A link: codec and multihash, with the CID's version so that it can be written back as it was. */
export interface Link {
  readonly version: 0 | 1
  readonly codec: number
  /** Multihash bytes: a view, treat as read-only. */
  readonly multihash: Uint8Array
}

/**
 * Reads a binary CID that fills `bytes`; undefined when it is malformed.
 * A CIDv0 is a bare sha2-256 multihash (34 bytes) and means dag-pb.
 *
 * @example
 * linkFromBytes(new Uint8Array([1, 0x55, 0x00, 0])) // identity CID of no bytes
 */
export function linkFromBytes(bytes: Uint8Array): Link | undefined {
  if (bytes.length === 34 && bytes[0] === 0x12 && bytes[1] === 0x20)
    return { version: 0, codec: DAG_PB, multihash: bytes }
  const version = tryVarint(bytes, 0)
  if (version?.value !== 1) return undefined
  const codec = tryVarint(bytes, version.next)
  if (codec === undefined) return undefined
  const code = tryVarint(bytes, codec.next)
  const length = code && tryVarint(bytes, code.next)
  if (length === undefined || bytes.length - length.next !== length.value) return undefined
  return { version: 1, codec: codec.value, multihash: bytes.subarray(codec.next) }
}

/** Binary CID of a link. */
export function linkToBytes(link: Link): Uint8Array {
  if (link.version === 0) return link.multihash
  const bytes = new Uint8Array(1 + varintLength(link.codec) + link.multihash.length)
  bytes[0] = 1
  const next = writeVarint(bytes, 1, link.codec)
  bytes.set(link.multihash, next)
  return bytes
}

/** Bases that can stand in a path, by prefix, beside those that a CID is read in untold. */
const BASES: ReadonlyMap<string | undefined, MultibaseDecoder<string>> = new Map(
  [
    base16,
    base16upper,
    base32hex,
    base32hexupper,
    base32upper,
    base32z,
    base36upper,
    base58flickr,
    base64url,
  ].map(({ prefix, decoder }) => [prefix, decoder]),
)

/**
 * Link of a CID string in any base that can stand in a path; undefined when it is no CID, or longer
 * than `CID_CHARS_MAX`: reading base36 and base58 takes time by the square of the length.
 *
 * @example
 * linkFromString('bafkqaaa')?.codec // RAW
 */
export function linkFromString(text: string): Link | undefined {
  if (text.length > CID_CHARS_MAX) return undefined
  try {
    const cid = CID.parse(text, BASES.get(text[0]))
    return { version: cid.version, codec: cid.code, multihash: cid.multihash.bytes }
  } catch {
    return undefined
  }
}

/** CID object of a link, for libraries that want one. */
export function linkToCid(link: Link): CID {
  return CID.decode(linkToBytes(link))
}

/** String of a link: base58btc for version 0, base32 for version 1. */
export function linkToString(link: Link): string {
  return linkToCid(link).toString()
}

/** Link of a CID object. */
export function linkFromCid(cid: {
  readonly version: 0 | 1
  readonly code: number
  readonly multihash: MultihashDigest
}): Link {
  return { version: cid.version, codec: cid.code, multihash: cid.multihash.bytes }
}

/** Whether two links name the same block in the same codec, whatever their versions. */
export function sameBlock(a: Link, b: Link): boolean {
  return a.codec === b.codec && bytesEqual(a.multihash, b.multihash)
}
