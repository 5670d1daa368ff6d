/**
 * The table of blocks of a published index: entries sorted by multihash, cut into pages.
 *
 * An entry is u8 length, multihash, u32 blob, u64 offset, u32 length, big-endian; `blob` is the
 * blob's place in the manifest. All entries of one multihash are in one page.
 * @module
 */
import { compareBytes } from '@turnpike/core/bytes'
import { WORKER_PAGE_BYTES_MAX } from '@turnpike/core/limits/workers'

const FIXED_BYTES = 1 + 4 + 8 + 4

/** A block in a blob. */
export interface TableEntry {
  readonly multihash: Uint8Array
  /** Place of the blob in the manifest. */
  readonly blob: number
  readonly offset: number
  readonly length: number
}

/** Where a page lies in the table, and the multihash that it begins with. */
export interface TablePage {
  readonly first: Uint8Array
  readonly offset: number
  readonly length: number
}

/**
 * Writes a table.
 *
 * @throws {RangeError} when one multihash has more entries than a page holds (some 600)
 * @example
 * const { bytes, pages } = encodeTable(entries)
 */
export function encodeTable(entries: readonly TableEntry[]): {
  readonly bytes: Uint8Array
  readonly pages: readonly TablePage[]
} {
  const sorted = entries.toSorted(
    (a, b) => compareBytes(a.multihash, b.multihash) || a.blob - b.blob,
  )
  const bytes = new Uint8Array(sorted.reduce((sum, entry) => sum + entryBytes(entry), 0))
  const view = new DataView(bytes.buffer)
  const pages: { first: Uint8Array; offset: number; length: number }[] = []
  let at = 0
  for (const run of runsOf(sorted)) {
    const first = run[0]!.multihash
    const runBytes = run.length * entryBytes(run[0]!)
    if (runBytes > WORKER_PAGE_BYTES_MAX)
      throw new RangeError(`"entries" expected fewer of one multihash, got ${run.length}`)
    const page = pages.at(-1)
    if (page === undefined || page.length + runBytes > WORKER_PAGE_BYTES_MAX)
      pages.push({ first, offset: at, length: runBytes })
    else page.length += runBytes
    for (const entry of run) at = writeEntry(bytes, view, at, entry)
  }
  return { bytes, pages }
}

/**
 * Entries of `multihash` in a page, in the order of their blobs.
 *
 * @throws {RangeError} when the page is cut short
 * @example
 * entriesOf(page, multihash)[0]?.offset
 */
export function entriesOf(page: Uint8Array, multihash: Uint8Array): TableEntry[] {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  const found: TableEntry[] = []
  for (let at = 0; at < page.length;) {
    const end = at + 1 + page[at]!
    const order = compareBytes(page.subarray(at + 1, end), multihash)
    if (order > 0) break
    if (order === 0)
      found.push({
        multihash,
        blob: view.getUint32(end),
        offset: Number(view.getBigUint64(end + 4)),
        length: view.getUint32(end + 12),
      })
    at = end + FIXED_BYTES - 1
  }
  return found
}

/** The page that `multihash` is in, if it is in any. */
export function pageFor(pages: readonly TablePage[], multihash: Uint8Array): TablePage | undefined {
  let low = 0
  let high = pages.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes(pages[middle]!.first, multihash) <= 0) low = middle + 1
    else high = middle
  }
  return pages[low - 1]
}

function entryBytes(entry: TableEntry): number {
  return FIXED_BYTES + entry.multihash.length
}

/** Neighbours with the same multihash, together. */
function runsOf(sorted: readonly TableEntry[]): TableEntry[][] {
  const runs: TableEntry[][] = []
  for (const entry of sorted) {
    const run = runs.at(-1)
    if (run !== undefined && compareBytes(run[0]!.multihash, entry.multihash) === 0) run.push(entry)
    else runs.push([entry])
  }
  return runs
}

function writeEntry(bytes: Uint8Array, view: DataView, at: number, entry: TableEntry): number {
  const end = at + 1 + entry.multihash.length
  bytes[at] = entry.multihash.length
  bytes.set(entry.multihash, at + 1)
  view.setUint32(end, entry.blob)
  view.setBigUint64(end + 4, BigInt(entry.offset))
  view.setUint32(end + 12, entry.length)
  return end + FIXED_BYTES - 1
}
