/**
 * How much each run measures.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

/** Sizes and counts of one run. Bytes unless the name says otherwise. */
export interface Sizes {
  readonly name: 'full' | 'quick' | 'tiny'
  /** Each contender is measured so often, in fresh processes; the median counts. */
  readonly rounds: number
  readonly smallFileBytes: number
  readonly smallRequests: number
  readonly folderEntries: number
  readonly bigBytes: number
  readonly hugeBytes: number
  readonly rangeBytes: number
  readonly rangeRequests: number
  readonly carRequests: number
  readonly listingRequests: number
  readonly mixRatePerSecond: number
  readonly mixRequests: number
  readonly slowReaders: number
  readonly slowMs: number
  readonly remoteBytes: number
  readonly coldRequests: number
  readonly journalEntries: number
}

/** What the targets are about. */
export const FULL: Sizes = {
  name: 'full',
  rounds: 5,
  smallFileBytes: 4 * KIB,
  smallRequests: 60_000,
  folderEntries: 10_000,
  bigBytes: GIB,
  hugeBytes: 4 * GIB,
  rangeBytes: 64 * KIB,
  rangeRequests: 8_000,
  carRequests: 4,
  listingRequests: 10,
  mixRatePerSecond: 200,
  mixRequests: 4_000,
  slowReaders: 64,
  slowMs: 20_000,
  remoteBytes: GIB,
  coldRequests: 1_000,
  journalEntries: 1_000_000,
}

/** Some minutes; good enough to see a regression of a tenth. */
export const QUICK: Sizes = {
  ...FULL,
  name: 'quick',
  rounds: 3,
  smallRequests: 20_000,
  bigBytes: 256 * MIB,
  hugeBytes: 512 * MIB,
  rangeRequests: 3_000,
  carRequests: 2,
  listingRequests: 5,
  mixRequests: 2_000,
  slowMs: 8_000,
  remoteBytes: 256 * MIB,
  journalEntries: 200_000,
}

/** For `npm test`: shows that each case still runs and gets the right bytes. */
export const TINY: Sizes = {
  ...FULL,
  name: 'tiny',
  rounds: 1,
  smallRequests: 40,
  folderEntries: 60,
  bigBytes: 3 * MIB + 5,
  hugeBytes: 5 * MIB + 7,
  rangeRequests: 20,
  carRequests: 1,
  listingRequests: 2,
  mixRatePerSecond: 500,
  mixRequests: 40,
  slowReaders: 4,
  slowMs: 300,
  remoteBytes: 5 * MIB,
  coldRequests: 20,
  journalEntries: 2_000,
}
