/**
 * Named sets of the parameters that decide which CID a file or folder gets (IPIP-499).
 * @module
 */

/** Names of the profiles, as IPIP-499 and kubo spell them. */
export type ProfileName = 'unixfs-v1-2025' | 'unixfs-v0-2015'

/** What decides the CID of a file or folder. */
export interface UnixfsProfile {
  readonly name: ProfileName
  readonly cidVersion: 0 | 1
  /** Whether a file's content lies in raw blocks rather than wrapped in dag-pb. */
  readonly rawLeaves: boolean
  /** Bytes of content in each leaf of a file but the last. */
  readonly chunkBytes: number
  /** Links of an interior node of a file ("DAG width"); the layout is balanced. */
  readonly fileLinksMax: number
  /** A folder of more bytes than this becomes a HAMT; at exactly this many it stays basic. */
  readonly hamtThresholdBytes: number
  /**
   * How a folder's bytes are counted: `block` is the exact size of the basic folder's block,
   * `links` the sum of the names' and the CIDs' lengths.
   */
  readonly hamtMeasure: 'block' | 'links'
}

/** Slots of a HAMT shard, in every profile: one byte of a name's hash picks one. */
export const HAMT_FANOUT = 256

const KIB = 1024

/** The profiles that exist: IPIP-499, "Detailed design", and boxo's `UnixFSProfile`. */
export const PROFILES: Readonly<Record<ProfileName, UnixfsProfile>> = {
  'unixfs-v1-2025': {
    name: 'unixfs-v1-2025',
    cidVersion: 1,
    rawLeaves: true,
    chunkBytes: 1024 * KIB,
    fileLinksMax: 1024,
    hamtThresholdBytes: 256 * KIB,
    hamtMeasure: 'block',
  },
  'unixfs-v0-2015': {
    name: 'unixfs-v0-2015',
    cidVersion: 0,
    rawLeaves: false,
    chunkBytes: 256 * KIB,
    fileLinksMax: 174,
    hamtThresholdBytes: 256 * KIB,
    hamtMeasure: 'links',
  },
}

/** The profile that is used unless another is asked for. */
export const PROFILE_DEFAULT: ProfileName = 'unixfs-v1-2025'

/**
 * Profile by name; undefined when there is none of that name.
 *
 * @example
 * profileByName('unixfs-v0-2015')?.fileLinksMax // 174
 */
export function profileByName(name: string): UnixfsProfile | undefined {
  return Object.hasOwn(PROFILES, name) ? PROFILES[name as ProfileName] : undefined
}
