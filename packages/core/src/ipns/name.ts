/**
 * IPNS names: the multihash of a public key, in its text forms (IPNS spec, section 3.1).
 * @module
 */
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { DAG_PB, linkFromString, linkToCid } from '../link.ts'
import { decodeMultihash, IDENTITY, SHA2_256 } from '../multihash.ts'

/** Codec of a public key in a CID. */
export const LIBP2P_KEY = 0x72

/** Bytes of a public key that a name may hold whole; a longer key is hashed (libp2p peer ids). */
export const INLINE_KEY_BYTES_MAX = 42

/** Characters of a name in its longest form: base32 of 42 bytes has fewer. */
const NAME_CHARS_MAX = 100

/**
 * Reads an IPNS name: a CID (libp2p-key, or dag-pb as old tools wrote it) in base36, base32 or
 * base58btc, or a bare base58btc peer id (`12D3KooW…`, `Qm…`). Undefined when it is none of these.
 *
 * @example
 * ipnsNameFromString('12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d')?.multihash
 */
export function ipnsNameFromString(text: string): { multihash: Uint8Array } | undefined {
  if (text.length > NAME_CHARS_MAX) return undefined
  const multihash = text.startsWith('1') ? fromPeerId(text) : fromCid(text)
  return multihash !== undefined && isKeyHash(multihash) ? { multihash } : undefined
}

/**
 * The canonical form of a name: a base36 CIDv1 with codec libp2p-key, which fits a DNS label.
 *
 * @example
 * ipnsNameToString(name.multihash) // 'k51qzi5uqu5d…'
 */
export function ipnsNameToString(multihash: Uint8Array): string {
  return linkToCid({ version: 1, codec: LIBP2P_KEY, multihash }).toString(base36)
}

function fromPeerId(text: string): Uint8Array | undefined {
  try {
    return base58btc.decode(`z${text}`)
  } catch {
    return undefined
  }
}

function fromCid(text: string): Uint8Array | undefined {
  const link = linkFromString(text)
  return link?.codec === LIBP2P_KEY || link?.codec === DAG_PB ? link.multihash : undefined
}

/** Whether a multihash can be that of a key: the key itself when it is short, else its SHA-256. */
function isKeyHash(bytes: Uint8Array): boolean {
  const multihash = decodeMultihash(bytes)
  if (multihash?.code === SHA2_256) return multihash.digest.length === 32
  return multihash?.code === IDENTITY && multihash.digest.length <= INLINE_KEY_BYTES_MAX
}
