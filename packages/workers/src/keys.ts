/**
 * Keys of a deployment's objects in its bucket.
 * @module
 */

/** The one object that changes: which index is in force, and which spaces may be served. */
export const DEPLOYMENT_KEY = 'deployment.json'

/**
 * Key of a blob.
 *
 * @example
 * blobKey(multihash) // 'blobs/1220ab…'
 */
export function blobKey(multihash: Uint8Array): string {
  return `blobs/${hexOf(multihash)}`
}

/** Keys of an index, by the hash that names it. They never change once they are written. */
export function indexKeys(name: string): { readonly manifest: string; readonly blocks: string } {
  return { manifest: `index/${name}/manifest.json`, blocks: `index/${name}/blocks` }
}

/** Key of the IPNS record of a name, by the name's multihash. */
export function recordKey(name: Uint8Array): string {
  return `names/${hexOf(name)}`
}

/** Bytes as lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

/** Bytes of hex digits, of which there are an even number. */
export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
