/**
 * Names of runs: what a run of the index of receipts covers. A folder's names are its table of
 * contents; there is no other.
 * @module
 */
import { crc32 } from 'node:zlib'
import { PAGE_BYTES, PAGE_RECORDS } from '@turnpike/core/receipt-index/page'

/** What a run covers. */
export interface RunRange {
  /** Entries of the log that it is made of: `first` inclusive, `end` exclusive. */
  readonly first: number
  readonly end: number
  /** READs among them. */
  readonly records: number
  /** First 8 bytes of the leaf hash of the last entry, in hex: of another log it is another. */
  readonly tip: string
}

const NAME = /^(\d{1,15})-(\d{1,15})-(\d{1,15})-([0-9a-f]{16})\.run$/

/**
 * Name of a run's file.
 *
 * @example
 * runName({ first: 0, end: 70_000, records: 65_536, tip: '00112233aabbccdd' })
 */
export function runName({ first, end, records, tip }: RunRange): string {
  return `${first}-${end}-${records}-${tip}.run`
}

/** What a name says; undefined for what is no name of a run. */
export function parseRunName(name: string): RunRange | undefined {
  const [, first, end, records, tip] = NAME.exec(name) ?? []
  if (tip === undefined) return undefined
  const range = { first: Number(first), end: Number(end), records: Number(records), tip }
  return range.first < range.end && runName(range) === name ? range : undefined
}

/** Pages of a run. */
export function pagesOf({ records }: RunRange): number {
  return Math.ceil(records / PAGE_RECORDS)
}

/** Bytes of a run's file. */
export function runBytes(range: RunRange): number {
  return pagesOf(range) * PAGE_BYTES
}

/** What the checksums of a run's pages begin with: a page of another run is none of it. */
export function runSeed(range: RunRange): number {
  return crc32(runName(range))
}
