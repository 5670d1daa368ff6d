/**
 * Ports for signatures by the keys that IPNS names stand for.
 * @module
 */
import type { Awaitable } from '../result.ts'

/** Kinds of public keys that libp2p knows. */
export type KeyKind = 'rsa' | 'ed25519' | 'secp256k1' | 'ecdsa'

/**
 * A public key in the encoding that libp2p gives its kind: PKIX DER for RSA and ECDSA, 32 bytes for
 * Ed25519, the 33 bytes of a compressed point for secp256k1.
 */
export interface PublicKey {
  readonly kind: KeyKind
  readonly bytes: Uint8Array
}

/** Checks signatures as libp2p makes them: over SHA-256 of the message, for all but Ed25519. */
export interface SignatureVerifier {
  /** False also for a key that is malformed, too weak, or of a kind unknown to this runtime. */
  verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): Awaitable<boolean>
}

/** An Ed25519 key that signs. */
export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(message: Uint8Array): Awaitable<Uint8Array>
}
