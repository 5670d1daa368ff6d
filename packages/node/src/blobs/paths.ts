/**
 * Where blobs lie in the data folder.
 * @module
 */
import { decodeMultihash, encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { join } from 'node:path'

/** Files of one blob. */
export interface BlobPaths {
  /** `ab/cd`, the first two bytes of the digest, below the store's folder. */
  readonly directory: string
  readonly blob: string
  readonly sidecar: string
}

/**
 * Files of the blob with this multihash below `root`; undefined when it is no sha2-256, which a
 * store never holds.
 *
 * Names are hex, since base58btc names differ only by case, which not every file system keeps.
 * Folders come from the digest: the multihash's first bytes are the same in all.
 */
export function blobPaths(root: string, multihash: Uint8Array): BlobPaths | undefined {
  const hash = multihash.length === 34 ? decodeMultihash(multihash) : undefined
  if (hash?.code !== SHA2_256) return undefined
  const digest = Buffer.from(hash.digest).toString('hex')
  const directory = join(root, digest.slice(0, 2), digest.slice(2, 4))
  const name = join(directory, Buffer.from(multihash).toString('hex'))
  return { directory, blob: `${name}.blob`, sidecar: `${name}.sum` }
}

/** Multihash of the blob file called `name`; undefined for other files. */
export function multihashOfName(name: string): Uint8Array | undefined {
  const hex = /^1220([0-9a-f]{64})\.blob$/.exec(name)?.[1]
  return hex === undefined ? undefined : encodeMultihash(SHA2_256, Buffer.from(hex, 'hex'))
}
