/**
 * Reads archived UCANs without believing them: every block is hashed, and each UCAN has one CID.
 * Sources: UCAN 0.9.1; UCAN-IPLD; archives as ucanto writes them.
 * @module
 */
import { decode as decodeCbor } from '@ipld/dag-cbor'
import type { View } from '@ipld/dag-ucan'
import { decode, encode, format, parse } from '@ipld/dag-ucan'
import { CID } from 'multiformats/cid'
import { bytesEqual, bytesOfKey, keyOf, type BytesKey } from '../bytes.ts'
import { decodeCar } from '../car/decode.ts'
import { DAG_CBOR, linkToBytes, type Link } from '../link.ts'
import {
  DELEGATION_ARCHIVE_BYTES_MAX,
  DELEGATION_BLOCKS_MAX,
  UCAN_CAPABILITIES_MAX,
  UCAN_PROOFS_MAX,
} from '../limits/ucan.ts'
import { decodeMultihash, SHA2_256 } from '../multihash.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok, type Result } from '../result.ts'
import { plainBytes, PlainTexts } from './plain-form.ts'

/** Bytes are no archive of a UCAN, or a block in them is not what its CID says. */
export class ArchiveInvalid extends Error {
  override readonly name = 'ArchiveInvalid'
}

/** One ability on one resource, with its caveats. */
export interface UcanCapability {
  readonly can: string
  readonly with: string
  readonly nb?: unknown
}

/** A UCAN that was decoded; who signed it is not known yet. */
export interface Ucan {
  /** Binary CID. */
  readonly cid: Uint8Array
  readonly key: BytesKey
  readonly issuer: string
  readonly audience: string
  readonly capabilities: readonly UcanCapability[]
  /** Wall-clock ms from which it holds, and from which it no longer does. */
  readonly startsMs: number | undefined
  readonly expiresMs: number | undefined
  /** Tells apart what would be the same otherwise; often empty. */
  readonly nonce: string
  /** CIDs of what it was derived from. */
  readonly proofs: readonly BytesKey[]
  /** What was signed. */
  readonly payload: Uint8Array
  /** Code of the signature's algorithm (multicodec, "varsig"), and its bytes. */
  readonly signature: { readonly code: number; readonly raw: Uint8Array }
}

/** An archive's UCAN, and those that came with it. */
export interface UcanArchive {
  readonly root: Ucan
  /** A UCAN by its CID, decoded on first use; undefined when it is not there, or none. */
  find(key: BytesKey): Ucan | undefined
}

/** Blocks of a CAR that have the hash in their CID, and the UCANs among them. */
export interface UcanBlocks {
  /** Binary CID of the CAR's first root; undefined when there is none that could be in it. */
  readonly root: BytesKey | undefined
  /** Bytes of a block by its CID. */
  block(key: BytesKey): Uint8Array | undefined
  /** A UCAN by its CID, decoded on first use; undefined when it is not there, or none. */
  find(key: BytesKey): Ucan | undefined
}

/** How much of a CAR is looked at. */
export interface UcanBounds {
  readonly bytesMax: number
  readonly blocksMax: number
}

/** The variant that an archive's root block says it is. */
const VARIANT = 'ucan@0.9.1'

/**
 * Reads an archive. Blocks that nothing leads to are hashed all the same.
 *
 * @example
 * const archive = readUcanArchive(bytes, nodeHasher)
 * if (archive.ok) archive.ok.root.issuer // 'did:key:z6Mk…'
 */
export function readUcanArchive(
  bytes: Uint8Array,
  hasher: Hasher,
): Result<UcanArchive, ArchiveInvalid> {
  const bounds = { bytesMax: DELEGATION_ARCHIVE_BYTES_MAX, blocksMax: DELEGATION_BLOCKS_MAX }
  const read = readUcanBlocks(bytes, hasher, bounds)
  if (read.error) return read
  const { root, block, find } = read.ok
  const variant = root && variantIn(block(root))
  const ucan = variant && find(variant)
  return ucan === undefined
    ? invalid(`a root that is a ${VARIANT} in DAG-CBOR, in canonical form`)
    : ok({ root: ucan, find })
}

/**
 * Reads a CAR of UCANs, whatever its roots are: a message, or an archive. Blocks that nothing leads
 * to are hashed all the same.
 *
 * @example
 * const read = readUcanBlocks(body, nodeHasher, { bytesMax: 262_144, blocksMax: 64 })
 */
export function readUcanBlocks(
  bytes: Uint8Array,
  hasher: Hasher,
  { bytesMax, blocksMax }: UcanBounds,
): Result<UcanBlocks, ArchiveInvalid> {
  if (bytes.length > bytesMax) return invalid(`<= ${bytesMax} bytes, got ${bytes.length}`)
  const car = decodeCar(bytes)
  if (car.error) return invalid(`a CAR: ${car.error.message}`)
  const { header, frames } = car.ok
  if (frames.length > blocksMax) return invalid(`<= ${blocksMax} blocks, got ${frames.length}`)
  const blocks = new Map<BytesKey, Uint8Array>()
  for (const { link, bytes: block } of frames) {
    if (!isHashOf(link, block, hasher)) return invalid('blocks that have the hash in their CID')
    if (link.version === 1) blocks.set(keyOf(linkToBytes(link)), block)
  }
  const store = new Store(blocks)
  const [root] = header.roots
  return ok({
    root: root?.multihash.length === SHA2_256_BYTES ? keyOf(linkToBytes(root)) : undefined,
    block: (key) => blocks.get(key),
    find: (key) => store.find(key),
  })
}

function invalid(expected: string): Result<never, ArchiveInvalid> {
  return fail(new ArchiveInvalid(`archive of a UCAN expected ${expected}`))
}

/** Bytes of a SHA-256 multihash: two that say so, and the digest. */
const SHA2_256_BYTES = 34

/** Only SHA-256: with other functions, one block would have several CIDs. */
function isHashOf({ multihash }: Link, block: Uint8Array, hasher: Hasher): boolean {
  const hash = decodeMultihash(multihash)
  return hash?.code === SHA2_256 && bytesEqual(hash.digest, hasher.sha256(block))
}

function variantIn(block: Uint8Array | undefined): BytesKey | undefined {
  if (block === undefined) return undefined
  try {
    const variant: Readonly<Record<string, unknown>> | null = decodeCbor(block)
    const cid = CID.asCID(variant?.[VARIANT])
    return cid === null ? undefined : keyOf(cid.bytes)
  } catch {
    return undefined
  }
}

/** Decodes blocks once. */
class Store {
  readonly #blocks: ReadonlyMap<BytesKey, Uint8Array>
  readonly #decoded = new Map<BytesKey, Ucan | undefined>()
  readonly #texts = new PlainTexts()

  constructor(blocks: ReadonlyMap<BytesKey, Uint8Array>) {
    this.#blocks = blocks
  }

  find(key: BytesKey): Ucan | undefined {
    if (this.#decoded.has(key)) return this.#decoded.get(key)
    const block = this.#blocks.get(key)
    const ucan = block && decodeUcan(key, block, this.#texts)
    this.#decoded.set(key, ucan)
    return ucan
  }
}

/** First bytes of the one CID that a UCAN may have: version 1, DAG-CBOR, SHA-256. */
const CANONICAL = String.fromCharCode(1, DAG_CBOR, SHA2_256, 32)

/**
 * Decodes a UCAN if this is the one form that it has. Field order, unknown fields, empty fields,
 * padded numbers and the JWT form are not covered by its signature: with any of those, a UCAN
 * that was revoked would come back under another CID.
 */
function decodeUcan(key: BytesKey, block: Uint8Array, texts: PlainTexts): Ucan | undefined {
  if (!key.startsWith(CANONICAL)) return undefined
  try {
    // A copy: views that the decoder makes read on to the end of the buffer they are in.
    const view = decode(new Uint8Array(block) as never) as View
    if (texts.isPlain(view)) {
      if (!bytesEqual(plainBytes(view), block)) return undefined
      return ucanOf(key, view, texts, texts.signed(view))
    }
    const text = format(view)
    if (!bytesEqual(encode(parse(text)), block)) return undefined
    return ucanOf(key, view, texts, text.slice(0, text.lastIndexOf('.')))
  } catch {
    return undefined
  }
}

function ucanOf(key: BytesKey, view: View, texts: PlainTexts, signed: string): Ucan | undefined {
  const { capabilities, proofs, signature } = view
  if (capabilities.length > UCAN_CAPABILITIES_MAX || proofs.length > UCAN_PROOFS_MAX)
    return undefined
  const [startsMs, expiresMs] = [msOf(view.notBefore), msOf(view.expiration)]
  // Past 280,000 years a number is no longer exact, and no database takes it.
  if (![startsMs ?? 0, expiresMs ?? 0].every(Number.isSafeInteger)) return undefined
  return {
    cid: bytesOfKey(key),
    key,
    issuer: texts.issuer(view),
    audience: texts.audience(view),
    capabilities,
    startsMs,
    expiresMs,
    nonce: view.nonce ?? '',
    proofs: proofs.map(({ bytes }) => keyOf(bytes)),
    payload: utf8.encode(signed),
    signature: { code: signature.code, raw: signature.raw },
  }
}

const utf8 = new TextEncoder()

/** Seconds as UCANs count them. */
function msOf(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds === Infinity ? undefined : seconds * 1000
}
