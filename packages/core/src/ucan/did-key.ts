/**
 * Public keys in `did:key`.
 * Sources: W3C CCG, "The did:key Method"; multicodec table; RFC 8017, A.1.1; RFC 3279, 2.3.1.
 * @module
 */
import { base58btc } from 'multiformats/bases/base58'
import { concatBytes } from '../bytes.ts'
import type { PublicKey } from '../ports/keys.ts'
import { tryVarint } from '../varint.ts'

/** Multicodec codes of public keys. */
const ED25519 = 0xed
const RSA = 0x1205
/** Characters of the longest did:key that is looked at: RSA of 8,192 bits has 1,430. */
const DID_KEY_CHARS_MAX = 2048
const PREFIX = 'did:key:'

/** Algorithm identifier of RSA with its NULL parameter. */
const RSA_ALGORITHM = new Uint8Array([
  0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
])

/**
 * The key that a `did:key` is; undefined for what is none, or of a kind that signs no UCANs here.
 *
 * @example
 * publicKeyOf('did:key:z6Mk…') // { kind: 'ed25519', bytes: Uint8Array(32) }
 */
export function publicKeyOf(did: string): PublicKey | undefined {
  if (!did.startsWith(PREFIX) || did.length > DID_KEY_CHARS_MAX) return undefined
  let tagged: Uint8Array
  try {
    tagged = base58btc.decode(did.slice(PREFIX.length))
  } catch {
    return undefined
  }
  const code = tryVarint(tagged, 0)
  if (code === undefined) return undefined
  const bytes = tagged.subarray(code.next)
  if (code.value === ED25519) return bytes.length === 32 ? { kind: 'ed25519', bytes } : undefined
  return code.value === RSA ? { kind: 'rsa', bytes: subjectPublicKeyInfo(bytes) } : undefined
}

/** did:key has the bare RSAPublicKey; the port wants the PKIX form around it. */
function subjectPublicKeyInfo(key: Uint8Array): Uint8Array {
  const bits = der(0x03, concatBytes([new Uint8Array(1), key]))
  return der(0x30, concatBytes([RSA_ALGORITHM, bits]))
}

function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content
  if (length < 0x80) return concatBytes([new Uint8Array([tag, length]), content])
  if (length < 0x100) return concatBytes([new Uint8Array([tag, 0x81, length]), content])
  return concatBytes([new Uint8Array([tag, 0x82, length >> 8, length & 0xff]), content])
}
