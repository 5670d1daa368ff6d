/**
 * Multihashes as they stand in addresses.
 * @module
 */
import { base16 } from 'multiformats/bases/base16'
import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64, base64url } from 'multiformats/bases/base64'
import { CID_CHARS_MAX } from './limits.ts'
import { decodeMultihash } from './multihash.ts'

const BASES = new Map(
  [base58btc, base16, base32, base36, base64, base64url].map((base) => [
    base.prefix as string,
    base,
  ]),
)

/**
 * The multihash that a multibase text is; undefined when it is none, or longer than
 * `CID_CHARS_MAX`.
 *
 * @example
 * decodeMultibase('zQmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG')
 */
export function decodeMultibase(text: string): Uint8Array | undefined {
  if (text.length > CID_CHARS_MAX) return undefined
  try {
    const bytes = BASES.get(text[0] ?? '')?.decode(text)
    return bytes !== undefined && decodeMultihash(bytes) !== undefined ? bytes : undefined
  } catch {
    return undefined
  }
}
