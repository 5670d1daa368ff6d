/**
 * Base64 as notes have it: with padding, and in one way only.
 * Source: RFC 4648, section 4.
 * @module
 */

/**
 * Bytes in base64, padded.
 *
 * @example
 * encodeBase64(Uint8Array.of(1)) // 'AQ=='
 */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

/** Bytes of base64 text; undefined for what `encodeBase64` would not have written. */
export function decodeBase64(text: string): Uint8Array | undefined {
  let bytes: Uint8Array
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
  return encodeBase64(bytes) === text ? bytes : undefined
}
