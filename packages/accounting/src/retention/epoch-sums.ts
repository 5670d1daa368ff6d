/**
 * What a sealed epoch adds to the ledger, as a file: counted once, for when its entries are gone.
 * @module
 */
import { CborReader, InvalidCbor } from '@turnpike/core/log/cbor-reader'
import { CborWriter } from '@turnpike/core/log/cbor-writer'
import type { FetchedRow, LedgerBatch, RollUp, VoidedRead } from '@turnpike/core/ports/ledger'
import type { LogFile } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from '../errors.ts'
import type { EpochRange } from '../reader.ts'
import { checkedBody, withChecksum } from './checksum.ts'

const VERSION = 1
const ITEMS = 7
const ROW_ITEMS = 7
const VOID_ITEMS = 5
const FETCHED_ITEMS = 5
/** Heads and integers of a row or the file, at their longest, and three bytes for a UTF-16 unit. */
const FIXED_BYTES = 96
const UTF8_BYTES_MAX = 3
const NO_CID = new Uint8Array(0)

/** Path of the sums of an epoch. */
export function sumsPath(epoch: number): string {
  return `sums/${epoch}`
}

/**
 * Sums of an epoch, without CIDs, as a file: a DAG-CBOR array
 * `[1, epoch, first, end, rows, voids, fetched]` and its SHA-256.
 *
 * @example
 * await store.put([sumsFile(hasher, range, batch)])
 */
export function sumsFile(hasher: Hasher, { epoch }: EpochRange, batch: LedgerBatch): LogFile {
  const { first, end, rows, voids, fetched } = batch
  const names = [...rows, ...voids, ...fetched].map(
    (row) => row.space.length + ('provider' in row ? row.provider.length : 0),
  )
  const bytesMax = names.reduce((sum, chars) => sum + FIXED_BYTES + UTF8_BYTES_MAX * chars, 0)
  const writer = new CborWriter(new Uint8Array(FIXED_BYTES + bytesMax))
  writer.array(ITEMS)
  writer.uint(VERSION)
  writer.uint(epoch)
  writer.uint(first)
  writer.uint(end)
  writeAll(writer, rows, writeRow)
  writeAll(writer, voids, writeVoid)
  writeAll(writer, fetched, writeFetched)
  return { path: sumsPath(epoch), bytes: withChecksum(hasher, writer.copy()) }
}

/**
 * The batch that {@link sumsFile} was given. Its rows have no CIDs.
 *
 * @throws {LogCorrupt} when `bytes` are anything else
 */
export function readSums(hasher: Hasher, range: EpochRange, bytes: Uint8Array): LedgerBatch {
  const path = sumsPath(range.epoch)
  const reader = new CborReader(checkedBody(hasher, bytes, path))
  try {
    expectItems(reader, ITEMS)
    const found = [reader.uint(), reader.uint(), reader.uint(), reader.uint()]
    const expected = [VERSION, range.epoch, range.first, range.end]
    if (found.join() !== expected.join())
      throw new InvalidCbor(0, `expected sums of ${expected.join()}, got ${found.join()}`)
    const { epoch, first, end } = range
    // Object literals evaluate in the order they are written, which is the order of the items.
    const batch = {
      first,
      end,
      rows: readAll(reader, epoch, readRow),
      voids: readAll(reader, epoch, readVoid),
      fetched: readAll(reader, epoch, readFetched),
    }
    reader.end()
    return batch
  } catch (error) {
    if (!(error instanceof InvalidCbor)) throw error
    throw new LogCorrupt(path, 'fields', error.message)
  }
}

function writeAll<T>(
  writer: CborWriter,
  rows: readonly T[],
  write: (writer: CborWriter, row: T) => void,
): void {
  writer.array(rows.length)
  for (const row of rows) write(writer, row)
}

function writeRow(writer: CborWriter, row: RollUp): void {
  writer.array(ROW_ITEMS)
  writer.text(row.space)
  writer.uint(row.reads)
  writer.uint(row.denied)
  writer.uint(row.errors)
  writer.uint64(row.bytes)
  writer.uint64(row.bytesDelivered)
  writer.uint64(row.bytesFetched)
}

function writeVoid(writer: CborWriter, voided: VoidedRead): void {
  writer.array(VOID_ITEMS)
  writer.uint(voided.target)
  writer.uint(voided.targetEpoch)
  writer.text(voided.space)
  writer.uint64(voided.bytes)
  writer.uint(voided.reads)
}

function writeFetched(writer: CborWriter, row: FetchedRow): void {
  writer.array(FETCHED_ITEMS)
  writer.text(row.provider)
  writer.text(row.space)
  writer.uint64(row.bytes)
  writer.uint(row.requests)
  writer.uint(row.failed)
}

function readAll<T>(
  reader: CborReader,
  epoch: number,
  read: (reader: CborReader, epoch: number) => T,
): T[] {
  // Each row takes bytes, so that a count that lies ends with the bytes, not with the memory.
  const rows: T[] = []
  for (let left = reader.array(); left > 0; left--) rows.push(read(reader, epoch))
  return rows
}

function readRow(reader: CborReader, epoch: number): RollUp {
  expectItems(reader, ROW_ITEMS)
  return {
    epoch,
    cid: NO_CID,
    space: reader.text(),
    reads: reader.uint(),
    denied: reader.uint(),
    errors: reader.uint(),
    bytes: reader.uint64(),
    bytesDelivered: reader.uint64(),
    bytesFetched: reader.uint64(),
  }
}

function readVoid(reader: CborReader, epoch: number): VoidedRead {
  expectItems(reader, VOID_ITEMS)
  return {
    epoch,
    cid: NO_CID,
    target: reader.uint(),
    targetEpoch: reader.uint(),
    space: reader.text(),
    bytes: reader.uint64(),
    reads: reader.uint(),
  }
}

function readFetched(reader: CborReader, epoch: number): FetchedRow {
  expectItems(reader, FETCHED_ITEMS)
  return {
    epoch,
    provider: reader.text(),
    space: reader.text(),
    bytes: reader.uint64(),
    requests: reader.uint(),
    failed: reader.uint(),
  }
}

function expectItems(reader: CborReader, expected: number): void {
  const items = reader.array()
  if (items !== expected)
    throw new InvalidCbor(reader.offset, `expected ${expected} items, got ${items}`)
}
