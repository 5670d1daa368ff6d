/**
 * The `SignatureVerifier` port on the web platform's cryptography.
 * @module
 */
import type { KeyKind, PublicKey, SignatureVerifier } from '@turnpike/core/ports/keys'

/** RSA keys that are believed: libp2p refuses shorter ones, and longer ones cost time to check. */
const RSA_BITS_MIN = 2048
const RSA_BITS_MAX = 8192

/** How the platform names a kind, and the form in which it takes its keys. */
interface Algorithm {
  readonly form: 'raw' | 'spki'
  readonly params: { readonly name: string; readonly hash?: string }
}

/** The platform knows no secp256k1, and ECDSA in another form than libp2p writes. */
const ALGORITHMS: Readonly<Partial<Record<KeyKind, Algorithm>>> = {
  ed25519: { form: 'raw', params: { name: 'Ed25519' } },
  rsa: { form: 'spki', params: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } },
}

/**
 * Checks signatures by Ed25519 and RSA keys; others count as false.
 *
 * @example
 * await validateRecord(name, bytes, { hasher: workerHasher, verifier: workerVerifier })
 */
export const workerVerifier: SignatureVerifier = Object.freeze({
  async verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const algorithm = ALGORITHMS[key.kind]
    if (algorithm === undefined) return false
    const { form, params } = algorithm
    try {
      const imported = await crypto.subtle.importKey(form, own(key.bytes), params, false, [
        'verify',
      ])
      const { modulusLength: bits } = imported.algorithm as { modulusLength?: number }
      if (bits !== undefined && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) return false
      return await crypto.subtle.verify(params.name, imported, own(signature), own(message))
    } catch {
      // What is no key is thrown.
      return false
    }
  },
})

/** Bytes that nobody else shares, as the platform's types want them. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
