/**
 * Signatures by Ed25519 keys, in the shape that ucanto wants.
 * @module
 */
import type { SignatureView } from '@ipld/dag-ucan'
import { create, EdDSA } from '@ipld/dag-ucan/signature'

/**
 * A signature of a UCAN or a receipt, of its 64 bytes.
 *
 * @example
 * const sign = async (payload) => ed25519Signature(signer.sign(payload))
 */
export function ed25519Signature(raw: Uint8Array): SignatureView {
  return create(EdDSA, raw)
}
