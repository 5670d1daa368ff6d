/**
 * Summary rows: what one epoch adds up to by space, provider and region, and the tree over them.
 * Source: design, "The log", SEAL.
 * @module
 */
import type { Hasher } from '../ports/runtime.ts'
import { compareBytes } from '../bytes.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'
import { CborReader, InvalidCbor } from './cbor-reader.ts'
import { CborWriter } from './cbor-writer.ts'
import { Frontier } from '../merkle/frontier.ts'
import { leafHash } from '../merkle/hash.ts'

/** Bytes of a row's salt. */
export const SALT_BYTES = 16

const ROW_VERSION = 1
const ROW_ITEMS = 11
/** Fixed-size items of a row, at their longest: head, version, six integers, salt, text heads. */
const ROW_FIXED_BYTES = 128
/** Most bytes of UTF-8 that one UTF-16 code unit takes. */
const UTF8_BYTES_MAX = 3

const utf8 = new TextEncoder()

/** Sums of one epoch for one space, provider and region. */
export interface SummaryRow {
  readonly space: string
  /** Who delivered, or who was drawn on for `bytesFetched`. */
  readonly provider: string
  readonly region: string
  /** Billable bytes read. */
  readonly bytes: bigint
  readonly bytesFetched: bigint
  /** Reads that were let in. */
  readonly reads: number
  /** Reads that were refused, by their counts. */
  readonly denied: number
  readonly executions: number
  /** Billable bytes of reads that a VOID of this epoch took out. */
  readonly bytesVoided: bigint
  /** 16 random bytes: hides the row from who guesses it, kept for auditors. */
  readonly salt: Uint8Array
}

/** These bytes are no rows of this version. `cause` says where they depart. */
export class InvalidSummary extends Error {
  override readonly name = 'InvalidSummary'
}

/**
 * A row as bytes: the leaf of the summary tree, a canonical DAG-CBOR array
 * `[1,space,provider,region,bytes,bytesFetched,reads,denied,executions,bytesVoided,salt]`.
 *
 * @throws {RangeError} when the salt is not 16 bytes or a number is out of range
 * @example
 * const leaf = leafHash(hasher, encodeRow(row))
 */
export function encodeRow(row: SummaryRow): Uint8Array {
  if (row.salt.length !== SALT_BYTES)
    throw new RangeError(`"salt" expected ${SALT_BYTES} bytes, got ${row.salt.length}`)
  const chars = row.space.length + row.provider.length + row.region.length
  const writer = new CborWriter(new Uint8Array(ROW_FIXED_BYTES + UTF8_BYTES_MAX * chars))
  writer.array(ROW_ITEMS)
  writer.uint(ROW_VERSION)
  writer.text(row.space)
  writer.text(row.provider)
  writer.text(row.region)
  writer.uint64(row.bytes)
  writer.uint64(row.bytesFetched)
  writer.uint(row.reads)
  writer.uint(row.denied)
  writer.uint(row.executions)
  writer.uint64(row.bytesVoided)
  writer.bytes(row.salt)
  return writer.copy()
}

/**
 * Root of the summary tree over rows in the order of {@link compareRows}; the empty root for none.
 *
 * @example
 * const root = summaryRoot(hasher, rows.toSorted(compareRows))
 */
export function summaryRoot(hasher: Hasher, rows: readonly SummaryRow[]): Uint8Array {
  const tree = new Frontier(hasher)
  for (const row of rows) tree.append(leafHash(hasher, encodeRow(row)))
  return tree.root()
}

/** Order of rows: by space, provider, region, each by its UTF-8 bytes. No two rows are equal. */
export function compareRows(a: SummaryRow, b: SummaryRow): number {
  return (
    compareText(a.space, b.space) ||
    compareText(a.provider, b.provider) ||
    compareText(a.region, b.region)
  )
}

/** Path of the file that keeps an epoch's rows for auditors. */
export function rowsPath(epoch: number): string {
  return `rows/${epoch}`
}

/**
 * Rows as a file: a DAG-CBOR array of byte strings, each an encoded row.
 *
 * @example
 * await store.put([{ path: rowsPath(epoch), bytes: encodeRows(rows) }])
 */
export function encodeRows(rows: readonly SummaryRow[]): Uint8Array {
  const encoded = rows.map(encodeRow)
  const length = encoded.reduce((sum, row) => sum + row.length + 9, 9)
  const writer = new CborWriter(new Uint8Array(length))
  writer.array(encoded.length)
  for (const row of encoded) writer.bytes(row)
  return writer.copy()
}

/** Rows of a file that {@link encodeRows} made. */
export function decodeRows(bytes: Uint8Array): Result<SummaryRow[], InvalidSummary> {
  try {
    const reader = new CborReader(bytes)
    // Each row takes bytes, so that a count that lies ends with the bytes, not with the memory.
    const count = reader.array()
    const rows: SummaryRow[] = []
    for (let i = 0; i < count; i++) rows.push(decodeRow(reader.byteString()))
    reader.end()
    return ok(rows)
  } catch (error) {
    if (!(error instanceof InvalidCbor)) throw error
    return fail(new InvalidSummary(`summary rows ${error.message}`, { cause: error }))
  }
}

function decodeRow(bytes: Uint8Array): SummaryRow {
  const reader = new CborReader(bytes)
  const items = reader.array()
  const version = reader.uint()
  if (items !== ROW_ITEMS || version !== ROW_VERSION)
    throw new InvalidCbor(0, `expected 11 items of version 1, got ${items} of ${version}`)
  // Object literals evaluate in the order they are written, which is the order of the items.
  const row = {
    space: reader.text(),
    provider: reader.text(),
    region: reader.text(),
    bytes: reader.uint64(),
    bytesFetched: reader.uint64(),
    reads: reader.uint(),
    denied: reader.uint(),
    executions: reader.uint(),
    bytesVoided: reader.uint64(),
    salt: reader.byteString(SALT_BYTES),
  }
  reader.end()
  return row
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : compareBytes(utf8.encode(a), utf8.encode(b))
}
