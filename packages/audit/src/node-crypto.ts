/**
 * Cryptography of Node.
 * @module
 */
import { createPublicKey, hash, verify } from 'node:crypto'
import type { AuditCrypto } from './crypto.ts'

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** What stands before the 32 bytes of a key in its DER form. Source: RFC 8410, section 4. */
const SPKI_HEAD = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0)

/** {@link AuditCrypto} by `node:crypto`. */
export const nodeCrypto: AuditCrypto = {
  sha256: (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
  verifyEd25519(publicKey, message, signature) {
    if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false
    const key = Buffer.concat([SPKI_HEAD, publicKey])
    try {
      const spki = createPublicKey({ key, format: 'der', type: 'spki' })
      return verify(null, message, spki, signature)
    } catch {
      return false
    }
  },
}
