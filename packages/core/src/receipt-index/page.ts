/**
 * Pages of the index of receipts: records in order, and a checksum. Layout:
 * docs/reference/receipt-index.md.
 *
 * A record is the first 10 bytes of a public receipt id and the index of its READ (u48). A page is
 * 255 of them, zeros in place of those that are missing, and a trailer (u32 mark, u32 number of the
 * page, u32 count of records, u32 CRC-32), all big-endian.
 * @module
 */
import type { Crc32 } from '../log/frame.ts'
import { RECEIPT_GUESSES_MAX } from '../limits/receipt-index.ts'

/** Bytes of a record, and of them those of the receipt id. */
export const RECORD_BYTES = 16
export const RECORD_KEY_BYTES = 10
/** Records of a full page. */
export const PAGE_RECORDS = 255
/** Bytes of a page, however full. */
export const PAGE_BYTES = 4096

const TRAILER_OFFSET = PAGE_RECORDS * RECORD_BYTES
const NUMBER_OFFSET = TRAILER_OFFSET + 4
const COUNT_OFFSET = TRAILER_OFFSET + 8
const CRC_OFFSET = TRAILER_OFFSET + 12
/** "TPRI". */
const MARK = 0x54505249
const U32 = 0x1_0000_0000
const U48 = 0x1_0000_0000_0000
const INDEX_HIGH_BYTES = 2

/** Which page of which file: a page that is right elsewhere is wrong here. */
export interface PagePlace {
  readonly number: number
  /** CRC-32 of the file's name. */
  readonly seed: number
}

/**
 * Writes a record at `offset`.
 *
 * @throws {RangeError} when `index` is not below 2^48
 * @example
 * writeRecord(records, 0, receiptNonceOf(read.id, hasher), 1042)
 */
export function writeRecord(
  target: Uint8Array,
  offset: number,
  receiptId: Uint8Array,
  index: number,
): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= U48)
    throw new RangeError(`"index" expected 0 to 2^48 - 1, got ${index}`)
  for (let i = 0; i < RECORD_KEY_BYTES; i++) target[offset + i] = receiptId[i]!
  const view = new DataView(target.buffer, target.byteOffset + offset + RECORD_KEY_BYTES)
  view.setUint16(0, Math.floor(index / U32))
  view.setUint32(INDEX_HIGH_BYTES, index % U32)
}

/** Index of the READ in the record at `offset`. */
export function indexAt(records: Uint8Array, offset: number): number {
  const view = new DataView(records.buffer, records.byteOffset + offset + RECORD_KEY_BYTES)
  return view.getUint16(0) * U32 + view.getUint32(INDEX_HIGH_BYTES)
}

/**
 * Writes records as one page into `page`.
 *
 * @throws {RangeError} when they are none, or more than a page holds
 * @example
 * sealPage(page, records, { number: 0, seed }, crc32)
 */
export function sealPage(
  page: Uint8Array,
  records: Uint8Array,
  { number, seed }: PagePlace,
  crc32: Crc32,
): void {
  const count = records.length / RECORD_BYTES
  if (!Number.isInteger(count) || count < 1 || count > PAGE_RECORDS)
    throw new RangeError(`"records" expected 1 to ${PAGE_RECORDS}, got ${count}`)
  page.set(records)
  page.fill(0, records.length, TRAILER_OFFSET)
  const view = new DataView(page.buffer, page.byteOffset, PAGE_BYTES)
  view.setUint32(TRAILER_OFFSET, MARK)
  view.setUint32(NUMBER_OFFSET, number)
  view.setUint32(COUNT_OFFSET, count)
  view.setUint32(CRC_OFFSET, crc32(page.subarray(0, CRC_OFFSET), seed))
}

/**
 * Records of a page, as a view; undefined when it is not what was written there.
 *
 * @example
 * const records = openPage(page, { number: 0, seed }, crc32)
 */
export function openPage(
  page: Uint8Array,
  { number, seed }: PagePlace,
  crc32: Crc32,
): Uint8Array | undefined {
  if (page.length !== PAGE_BYTES) return undefined
  const view = new DataView(page.buffer, page.byteOffset, PAGE_BYTES)
  const count = view.getUint32(COUNT_OFFSET)
  if (view.getUint32(TRAILER_OFFSET) !== MARK || view.getUint32(NUMBER_OFFSET) !== number)
    return undefined
  if (count < 1 || count > PAGE_RECORDS) return undefined
  if (crc32(page.subarray(0, CRC_OFFSET), seed) !== view.getUint32(CRC_OFFSET)) return undefined
  return page.subarray(0, count * RECORD_BYTES)
}

/** A border of what is left to be searched. */
interface Border {
  readonly page: number
  /** Where its records lie among all that there can be, 0 to 1. */
  readonly place: number
}

/**
 * Index of the READ of a receipt id in sorted pages; undefined when there is none. Receipt ids are
 * hashes, spread evenly: where one ought to lie is computed, and is a page or two beside where it
 * does, whatever the number of pages. Ids that somebody has picked cost a halving search.
 *
 * @param recordsOf records of a page, which are at least one
 * @example
 * const index = searchPages(receiptId, 40, (page) => openPage(bytesOf(page), place, crc32)!)
 */
export function searchPages(
  receiptId: Uint8Array,
  pages: number,
  recordsOf: (page: number) => Uint8Array,
): number | undefined {
  const place = placeAt(receiptId, 0)
  let low: Border = { page: 0, place: 0 }
  let high: Border = { page: pages, place: 1 }
  for (let step = 0; low.page < high.page; step++) {
    const page = step < RECEIPT_GUESSES_MAX ? guess(place, low, high) : middle(low, high)
    const records = recordsOf(page)
    const last = records.length - RECORD_BYTES
    if (compareKeys(receiptId, records, 0) < 0) high = { page, place: placeAt(records, 0) }
    else if (compareKeys(receiptId, records, last) <= 0) return searchRecords(receiptId, records)
    else low = { page: page + 1, place: placeAt(records, last) }
  }
  return undefined
}

function guess(place: number, low: Border, high: Border): number {
  const width = high.place - low.place
  const share = width > 0 ? (place - low.place) / width : 0
  const page = low.page + Math.floor(share * (high.page - low.page))
  return Math.min(high.page - 1, Math.max(low.page, page))
}

function middle(low: Border, high: Border): number {
  return Math.floor((low.page + high.page) / 2)
}

/** The first record of the id. */
function searchRecords(receiptId: Uint8Array, records: Uint8Array): number | undefined {
  let low = 0
  let high = records.length / RECORD_BYTES
  while (low < high) {
    const at = (low + high) >>> 1
    if (compareKeys(receiptId, records, at * RECORD_BYTES) > 0) low = at + 1
    else high = at
  }
  const offset = low * RECORD_BYTES
  return compareKeys(receiptId, records, offset) === 0 ? indexAt(records, offset) : undefined
}

/** Orders a receipt id and the record at `offset`. */
function compareKeys(receiptId: Uint8Array, records: Uint8Array, offset: number): number {
  for (let i = 0; i < RECORD_KEY_BYTES; i++) {
    const difference = receiptId[i]! - records[offset + i]!
    if (difference !== 0) return difference
  }
  return 0
}

/** Where a key lies among all that there can be, 0 to 1. */
function placeAt(bytes: Uint8Array, offset: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset)
  return view.getUint32(0) / U32
}
