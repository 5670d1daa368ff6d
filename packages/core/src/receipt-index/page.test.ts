import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { compareBytes } from '../bytes.ts'
import { RECEIPT_TAIL_RECORDS_MAX } from '../limits/receipt-index.ts'
import { mergeRecords } from './merge.ts'
import {
  indexAt,
  openPage,
  PAGE_BYTES,
  PAGE_RECORDS,
  RECORD_BYTES,
  sealPage,
  searchPages,
  writeRecord,
} from './page.ts'
import { RecordTail } from './tail.ts'

function idOf(n: number): Uint8Array {
  return new Uint8Array(createHash('sha256').update(String(n)).digest().subarray(0, 16))
}

/** Records of these ids in order, their places as indexes. */
function sortedOf(ids: readonly Uint8Array[]): Uint8Array {
  const tail = new RecordTail()
  for (const [index, id] of ids.entries()) tail.add(id, index)
  return tail.sorted()
}

function pagesOf(records: Uint8Array): Uint8Array[] {
  const bytes = PAGE_RECORDS * RECORD_BYTES
  const count = Math.ceil(records.length / bytes)
  return Array.from({ length: count }, (_, i) => records.subarray(i * bytes, (i + 1) * bytes))
}

function recordsOf(all: Uint8Array): Uint8Array[] {
  const count = all.length / RECORD_BYTES
  return Array.from({ length: count }, (_, i) =>
    all.slice(i * RECORD_BYTES, (i + 1) * RECORD_BYTES),
  )
}

test('indexes up to 48 bits come back; larger ones and what is none are refused', () => {
  const record = new Uint8Array(RECORD_BYTES)
  for (const index of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1]) {
    writeRecord(record, 0, idOf(1), index)
    assert.equal(indexAt(record, 0), index)
  }
  for (const index of [-1, 0.5, 2 ** 48, Number.NaN])
    assert.throws(() => writeRecord(record, 0, idOf(1), index), RangeError)
})

test('a page is read where it was written; a changed byte, or another place, is refused', () => {
  const records = sortedOf([1, 2, 3].map(idOf))
  const page = new Uint8Array(PAGE_BYTES).fill(0xee)
  const place = { number: 7, seed: crc32('a.run') }
  sealPage(page, records, place, crc32)
  assert.deepEqual(openPage(page, place, crc32), records)
  assert.equal(openPage(page, { ...place, number: 8 }, crc32), undefined)
  assert.equal(openPage(page, { ...place, seed: crc32('b.run') }, crc32), undefined)
  assert.equal(openPage(page.subarray(1), place, crc32), undefined)
  for (let i = 0; i < PAGE_BYTES; i++) {
    page[i]! ^= 1 << (i % 8)
    assert.equal(openPage(page, place, crc32), undefined, `byte ${i}`)
    page[i]! ^= 1 << (i % 8)
  }
})

test('a page holds 1 to 255 records', () => {
  const page = new Uint8Array(PAGE_BYTES)
  const place = { number: 0, seed: 0 }
  const records = new Uint8Array(PAGE_BYTES)
  for (const count of [0, 256, 0.5]) {
    const some = records.subarray(0, count * RECORD_BYTES)
    assert.throws(() => sealPage(page, some, place, crc32), RangeError)
  }
  sealPage(page, records.subarray(0, PAGE_RECORDS * RECORD_BYTES), place, crc32)
  assert.equal(openPage(page, place, crc32)?.length, PAGE_RECORDS * RECORD_BYTES)
})

test('each receipt is found in sorted pages, by two pages read on average, and no other', () => {
  const count = 50_000
  const pages = pagesOf(sortedOf(Array.from({ length: count }, (_, n) => idOf(n))))
  let reads = 0
  const find = (n: number): number | undefined =>
    searchPages(idOf(n), pages.length, (page) => {
      reads++
      return pages[page]!
    })
  for (let n = 0; n < count; n += 7) assert.equal(find(n), n)
  assert.ok(reads / (count / 7) < 2.5, `${reads / (count / 7)} pages`)
  for (let n = count; n < count + 1000; n++) assert.equal(find(n), undefined)
})

test('receipts are found whatever ids somebody picks', () => {
  const id = fc.oneof(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    // All alike but for a byte: where a hash ought to lie says nothing.
    fc.tuple(fc.nat(15), fc.nat(255)).map(([at, byte]) => new Uint8Array(16).fill(byte, at)),
  )
  const property = fc.property(fc.array(id, { maxLength: 1200 }), id, (ids, other) => {
    const pages = pagesOf(sortedOf(ids))
    for (const one of [...ids.slice(0, 20), other]) {
      const first = ids.findIndex((it) => !compareBytes(it.subarray(0, 10), one.subarray(0, 10)))
      const found = searchPages(one, pages.length, (page) => pages[page]!)
      if (first < 0) assert.equal(found, undefined)
      else assert.deepEqual(ids[found!]!.subarray(0, 10), one.subarray(0, 10))
    }
  })
  fc.assert(property, { numRuns: 100 })
})

test('a search among ids that are all alike but one reads few pages', () => {
  const pages = Array.from({ length: 4096 }, (_, page) => {
    const records = new Uint8Array(PAGE_RECORDS * RECORD_BYTES)
    // A billionth of all places, so that each guess is the first page.
    for (let i = 0; i < PAGE_RECORDS; i++)
      new DataView(records.buffer).setUint32(i * RECORD_BYTES + 4, page * 256 + i)
    return records
  })
  let reads = 0
  const wanted = new Uint8Array(16)
  new DataView(wanted.buffer).setUint32(4, 4000 * 256 + 3)
  const found = searchPages(wanted, pages.length, (page) => {
    reads++
    return pages[page]!
  })
  assert.equal(found, 0)
  assert.ok(reads <= 8 + 13, `${reads} pages`)
})

test('merged runs are what one run of all would be, in full pages', () => {
  const runs = fc.array(fc.array(fc.nat(400), { maxLength: 300 }), { maxLength: 9 })
  const property = fc.property(runs, (many) => {
    const sorted = many.map((run) => sortedOf(run.map(idOf)))
    const merged: Uint8Array[] = []
    for (const page of mergeRecords(sorted.map(pagesOf))) merged.push(page.slice())
    for (const page of merged.slice(0, -1)) assert.equal(page.length, PAGE_RECORDS * RECORD_BYTES)
    const keyOrder = (a: Uint8Array, b: Uint8Array): number =>
      compareBytes(a.subarray(0, 10), b.subarray(0, 10))
    const expected = sorted.flatMap(recordsOf).toSorted(keyOrder)
    assert.deepEqual(merged.flatMap(recordsOf), expected)
  })
  fc.assert(property, { numRuns: 60 })
})

test('the tail finds what it has, the first of one id, and takes no more than fit', () => {
  const tail = new RecordTail()
  for (let n = 0; n < RECEIPT_TAIL_RECORDS_MAX; n++) tail.add(idOf(n % 60_000), n)
  assert.ok(tail.isFull)
  assert.throws(() => tail.add(idOf(1), 1), RangeError)
  assert.equal(tail.find(idOf(5)), 5)
  assert.equal(tail.find(idOf(60_000)), undefined)
  const records = recordsOf(tail.sorted())
  assert.equal(records.length, RECEIPT_TAIL_RECORDS_MAX)
  assert.deepEqual(records, records.toSorted(compareBytes))
  tail.clear()
  assert.deepEqual([tail.count, tail.find(idOf(5)), tail.sorted().length], [0, undefined, 0])
})
