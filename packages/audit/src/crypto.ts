/**
 * What auditors need of cryptography, so that the same code runs on Node and in a browser.
 * @module
 */

/** Hash and signatures. Both are synchronous: a proof is a chain of hashes. */
export interface AuditCrypto {
  /** 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array
  /** Whether a signature holds; false for malformed keys and signatures, too. */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}
