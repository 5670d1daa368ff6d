/**
 * The `SignatureVerifier` port on `node:crypto`.
 * @module
 */
import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import { PUBLIC_KEYS_KEPT_MAX } from '@turnpike/core/limits/ucan'
import type { KeyKind, PublicKey, SignatureVerifier } from '@turnpike/core/ports/keys'
import { Recent } from '@turnpike/core/recent'

/** RSA keys that are believed: libp2p refuses shorter ones, and longer ones cost time to check. */
const RSA_BITS_MIN = 2048
const RSA_BITS_MAX = 8192

/**
 * What stands before a raw key in its PKIX form: Ed25519 (RFC 8410, section 4), and secp256k1 with
 * a compressed point (RFC 5480, section 2; SEC 2, section A.2.1).
 */
const PKIX_PREFIX: Readonly<Record<KeyKind, Buffer>> = {
  rsa: Buffer.alloc(0),
  ecdsa: Buffer.alloc(0),
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  secp256k1: Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex'),
}

/** What OpenSSL calls each kind. */
const KEY_TYPE: Readonly<Record<KeyKind, string>> = {
  rsa: 'rsa',
  ecdsa: 'ec',
  ed25519: 'ed25519',
  secp256k1: 'ec',
}

/**
 * Checks signatures by all four kinds of keys.
 *
 * @example
 * await validateRecord(name, bytes, { hasher: nodeHasher, verifier: nodeVerifier })
 */
export const nodeVerifier: SignatureVerifier = Object.freeze({
  verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
    const object = keyObject(key)
    if (object === undefined) return false
    try {
      return verify(key.kind === 'ed25519' ? null : 'sha256', message, object, signature)
    } catch {
      // What is no signature at all is thrown by some kinds, and false for others.
      return false
    }
  },
})

/**
 * Checks signatures on other threads than the one that asks, so that many are checked at once. An
 * Ed25519 signature takes 110 us (measured, Node 24).
 *
 * @example
 * const isRight = await poolVerifier.verify(key, message, signature)
 */
export const poolVerifier: SignatureVerifier = Object.freeze({
  verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): Promise<boolean> | boolean {
    if (key.kind !== 'ed25519') return nodeVerifier.verify(key, message, signature)
    const object = keyObject(key)
    if (object === undefined) return false
    return new Promise((resolve) => {
      verify(null, message, object, signature, (error, isRight) => resolve(!error && isRight))
    })
  },
})

/** Ed25519 keys as OpenSSL has them: to make one takes 35 us. */
const keys = new Recent<BytesKey, KeyObject>(PUBLIC_KEYS_KEPT_MAX)

function keyObject(key: PublicKey): KeyObject | undefined {
  if (key.kind !== 'ed25519') return importKey(key)
  const known = keys.get(keyOf(key.bytes))
  if (known !== undefined) return known
  const object = importKey(key)
  return object && keys.keep(keyOf(key.bytes), object)
}

function importKey({ kind, bytes }: PublicKey): KeyObject | undefined {
  let object: KeyObject
  try {
    const key = Buffer.concat([PKIX_PREFIX[kind], bytes])
    object = createPublicKey({ key, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
  if (object.asymmetricKeyType !== KEY_TYPE[kind]) return undefined
  const bits = object.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) return undefined
  return object
}
