/**
 * Ed25519 keys for tests: each made of one byte, so that every run signs the same.
 * @module
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { base58btc } from 'multiformats/bases/base58'
import type { Ed25519Signer, SignatureVerifier } from '../ports/keys.ts'
import type { KeyDid } from '../ports/principals.ts'
import type { Hasher } from '../ports/runtime.ts'

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
/** Multicodec of an Ed25519 public key, as a varint. */
const ED25519 = Buffer.from([0xed, 0x01])

/** A key that signs, and its DID. */
export interface TestKey extends Ed25519Signer {
  readonly did: KeyDid
}

/** The key number `seed`, 0 to 255. */
export function testKey(seed: number): TestKey {
  const key = Buffer.concat([PKCS8, new Uint8Array(32).fill(seed)])
  const secret = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  const publicKey = new Uint8Array(spki.subarray(-32))
  return {
    did: `did:key:${base58btc.encode(Buffer.concat([ED25519, publicKey]))}`,
    publicKey,
    sign: (message) => new Uint8Array(sign(null, message, secret)),
  }
}

/** Checks Ed25519 signatures by `node:crypto`. */
export const testVerifier: SignatureVerifier = {
  verify({ kind, bytes }, message, signature) {
    if (kind !== 'ed25519') return false
    const key = Buffer.concat([SPKI, bytes])
    return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature)
  },
}

/** Hashes by `node:crypto`. */
export const testHasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}
