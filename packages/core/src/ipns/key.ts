/**
 * Public keys as libp2p writes them, and the names that they give (libp2p peer ids, "Keys").
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import { MalformedBlock } from '../malformed.ts'
import { decodeMultihash, encodeMultihash, IDENTITY, SHA2_256 } from '../multihash.ts'
import type { KeyKind, PublicKey } from '../ports/keys.ts'
import type { Hasher } from '../ports/runtime.ts'
import { ProtobufCursor } from '../protobuf.ts'
import { INLINE_KEY_BYTES_MAX } from './name.ts'

/** Kinds by their number in the message `PublicKey`. */
const KINDS: readonly KeyKind[] = ['rsa', 'ed25519', 'secp256k1', 'ecdsa']

const ED25519_BYTES = 32

/** Reads a message `PublicKey { Type = 1; Data = 2 }`; undefined when it is none. */
export function decodePublicKey(message: Uint8Array): PublicKey | undefined {
  let kind: KeyKind | undefined
  let bytes: Uint8Array | undefined
  try {
    const cursor = new ProtobufCursor(message, 0, message.length)
    while (!cursor.done) {
      const tag = cursor.varint()
      if (tag === 0x08) kind = KINDS[cursor.varint()]
      else if (tag === 0x12) {
        const { start, end } = cursor.skipBytes()
        bytes = message.subarray(start, end)
      } else cursor.skip(tag & 7)
    }
  } catch (error) {
    if (error instanceof MalformedBlock) return undefined
    throw error
  }
  return kind === undefined || bytes === undefined ? undefined : { kind, bytes }
}

/**
 * The message `PublicKey` of an Ed25519 key.
 *
 * @throws {RangeError} when the key has not 32 bytes
 */
export function encodeEd25519Key(key: Uint8Array): Uint8Array {
  if (key.length !== ED25519_BYTES)
    throw new RangeError(`"key" expected ${ED25519_BYTES} bytes, got ${key.length}`)
  return new Uint8Array([0x08, KINDS.indexOf('ed25519'), 0x12, ED25519_BYTES, ...key])
}

/**
 * The name of an Ed25519 key, as a multihash.
 *
 * @example
 * ipnsNameToString(nameOfEd25519(publicKey)) // 'k51qzi5uqu5d…'
 */
export function nameOfEd25519(key: Uint8Array): Uint8Array {
  return encodeMultihash(IDENTITY, encodeEd25519Key(key))
}

/**
 * The public key that a name stands for: the one inside the name, or `embedded` when that is what
 * the name is the hash of. Undefined when neither is the case.
 */
export function keyOfName(
  name: Uint8Array,
  embedded: Uint8Array | undefined,
  hasher: Hasher,
): PublicKey | undefined {
  const multihash = decodeMultihash(name)
  if (multihash === undefined) return undefined
  const { code, digest } = multihash
  if (code === IDENTITY) {
    if (embedded !== undefined && !bytesEqual(embedded, digest)) return undefined
    return digest.length <= INLINE_KEY_BYTES_MAX ? decodePublicKey(digest) : undefined
  }
  if (code !== SHA2_256 || embedded === undefined) return undefined
  return bytesEqual(hasher.sha256(embedded), digest) ? decodePublicKey(embedded) : undefined
}
