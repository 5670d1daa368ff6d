/**
 * Knows, without taking the long way, that a UCAN is in the one form that it has, and its text.
 * @module
 */
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import type { View } from '@ipld/dag-ucan'
import { keyOf, type BytesKey } from '../bytes.ts'
import { DAG_CBOR } from '../link.ts'
import { SHA2_256 } from '../multihash.ts'

/**
 * The one encoding of a UCAN that is plain.
 *
 * @example
 * bytesEqual(plainBytes(view), block)
 */
export function plainBytes({ model }: View): Uint8Array {
  const { iss, aud, att, prf, exp, nnc, v, s } = model
  const end = (exp as number | null) === Infinity ? null : exp
  return encode({ iss, aud, att, prf, exp: end, ...(nnc !== undefined && { nnc }), v, s })
}

/** EdDSA and 64 bytes, by the shortest numbers. */
const ED25519_SIGNATURE = [0xed, 0xa1, 0x03, 64]

function isPlainSignature(bytes: Uint8Array): boolean {
  return bytes.length === 68 && ED25519_SIGNATURE.every((byte, at) => bytes[at] === byte)
}

/** An Ed25519 key, or a name in ASCII that does not pass itself off as a key. */
function isPlainDid(did: string, bytes: Uint8Array): boolean {
  if (did.startsWith('did:key:'))
    return bytes.length === 34 && bytes[0] === 0xed && bytes[1] === 0x01
  return did.startsWith('did:web:') && /^[!-~]+$/.test(did)
}

function isPlainProof({ bytes }: { readonly bytes: Uint8Array }): boolean {
  const [version, codec, hash, length] = bytes
  const isUsual = version === 1 && codec === DAG_CBOR && hash === SHA2_256
  return isUsual && length === 32 && bytes.length === 36
}

function isPlainCapability({ can, with: resource, nb, ...others }: Capability): boolean {
  const isPlainRest = Object.keys(others).length === 0 && (nb === undefined || isPlainCaveats(nb))
  return isPlainRest && isAscii(can) && isAscii(resource)
}

/** In text, a key such as `/` has a meaning of its own, and a number may have several forms. */
function isPlainCaveats(nb: unknown): boolean {
  if (typeof nb !== 'object' || nb === null || Array.isArray(nb)) return false
  const fields = Object.entries(nb)
  return fields.length > 0 && fields.every(([key, value]) => isName(key) && isPlainValue(value))
}

function isName(key: string): boolean {
  return /^[A-Za-z]+$/.test(key)
}

function isPlainValue(value: unknown): boolean {
  if (typeof value === 'string') return isAscii(value)
  return Number.isSafeInteger(value) || CID.asCID(value) !== null
}

/** What can be encoded by `btoa`, and nobody spells in two ways. */
function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

type Capability = View['capabilities'][number]

const VERSION = '0.9.1'
const HEADER = base64Url(JSON.stringify({ alg: 'EdDSA', typ: 'JWT', ucv: VERSION }))

function base64Url(ascii: string): string {
  return btoa(ascii).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * Texts of DIDs and CIDs: to make one takes 10 us, and the UCANs of a message name the same ones
 * over and over.
 */
export class PlainTexts {
  readonly #texts = new Map<BytesKey, string>()

  /** DID of who made a UCAN. */
  issuer(view: View): string {
    return this.#text(view.model.iss as unknown as Uint8Array, () => view.issuer.did())
  }

  /** DID of whom it is for. */
  audience(view: View): string {
    return this.#text(view.model.aud as unknown as Uint8Array, () => view.audience.did())
  }

  /**
   * Whether a UCAN has nothing in it that its text could spell in another way: keys and names of
   * the web, plain values, an Ed25519 signature. If it also encodes to the bytes that it came in,
   * then so does its text, which takes 90 us to find out (measured, Node 24) where this takes 2.
   * What is not plain may still be in its one form: it takes the long way.
   *
   * @example
   * texts.isPlain(view) && bytesEqual(plainBytes(view), block)
   */
  isPlain(view: View): boolean {
    const { capabilities, proofs, model, expiration } = view
    return (
      view.code === DAG_CBOR &&
      view.version === VERSION &&
      model.fct.length === 0 &&
      model.nbf === undefined &&
      (expiration === Infinity || Number.isSafeInteger(expiration)) &&
      (model.nnc === undefined || (model.nnc !== '' && isAscii(model.nnc))) &&
      isPlainSignature(model.s as Uint8Array) &&
      isPlainDid(this.issuer(view), model.iss as unknown as Uint8Array) &&
      isPlainDid(this.audience(view), model.aud as unknown as Uint8Array) &&
      proofs.every(isPlainProof) &&
      capabilities.every(isPlainCapability)
    )
  }

  /**
   * What was signed, of a UCAN that is plain: its text without the signature.
   *
   * @example
   * const text = new PlainTexts().signed(view)
   */
  signed(view: View): string {
    const { model, capabilities, proofs, expiration } = view
    const payload = {
      att: capabilities.map((capability) => this.#capability(capability)),
      aud: this.audience(view),
      exp: expiration === Infinity ? null : expiration,
      iss: this.issuer(view),
      ...(model.nnc !== undefined && { nnc: model.nnc }),
      prf: proofs.map((proof) => this.#cid(proof as unknown as CID)),
    }
    return `${HEADER}.${base64Url(JSON.stringify(payload))}`
  }

  /** Keys in their order. */
  #capability({ can, with: resource, nb }: Capability): object {
    if (nb === undefined) return { can, with: resource }
    const caveats = Object.entries(nb as Record<string, unknown>)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, this.#value(value)])
    return { can, nb: Object.fromEntries(caveats), with: resource }
  }

  #value(value: unknown): unknown {
    const cid = typeof value === 'object' ? CID.asCID(value) : null
    return cid === null ? value : { '/': this.#cid(cid) }
  }

  #cid(cid: CID): string {
    return this.#text(cid.bytes, () => cid.toString())
  }

  #text(bytes: Uint8Array, make: () => string): string {
    const key = keyOf(bytes)
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const text = make()
    this.#texts.set(key, text)
    return text
  }
}
