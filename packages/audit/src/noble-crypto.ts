/**
 * Cryptography in plain JavaScript, for browsers: theirs is asynchronous, and not all have Ed25519.
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519'
import { sha256 } from '@noble/hashes/sha2'
import type { AuditCrypto } from './crypto.ts'

/** {@link AuditCrypto} by the noble libraries. */
export const nobleCrypto: AuditCrypto = {
  sha256,
  verifyEd25519(publicKey, message, signature) {
    try {
      return ed25519.verify(signature, message, publicKey)
    } catch {
      return false
    }
  },
}
