/**
 * Ed25519 keys that nobody has to have made: for them a signature of anything can be written down
 * without a secret. Verifiers differ in what they do then: OpenSSL 3.5 refuses, others don't, and
 * RFC 8032 lets them (section 5.1.7).
 * @module
 */

/**
 * Encodings of the points whose order divides 8, without the sign bit: y = 0, 1, -1, the two of
 * order 8, and p and p + 1, which stand for 0 and 1 (Chalkias, Garillot, Nikolaenko, "Taming the
 * many EdDSAs", 2020, table 6).
 */
const SMALL: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])

const SIGN_BYTE = 31
const SIGN_BIT = 0x80

/**
 * Whether a public key (32 bytes) is one of these.
 *
 * @example
 * isSmallOrder(new Uint8Array(32)) // true
 */
export function isSmallOrder(key: Uint8Array): boolean {
  let hex = ''
  for (const [at, byte] of key.entries())
    hex += (at === SIGN_BYTE ? byte & ~SIGN_BIT : byte).toString(16).padStart(2, '0')
  return SMALL.has(hex)
}
