import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { ANSWER_BYTES_MAX, CHUNK_BYTES_MAX, READ_LOCAL_BYTES_MAX } from '@turnpike/core/limits'
import {
  WORKER_ANSWER_CACHE_BYTES_MAX,
  WORKER_BLOCK_CACHE_BYTES_MAX,
  WORKER_BODIES_MAX,
  WORKER_ISOLATE_BYTES_MAX,
  WORKER_MANIFEST_BYTES_MAX,
  WORKER_NODE_CACHE_BYTES_MAX,
  WORKER_PAGES_KEPT_BYTES_MAX,
  WORKER_PAGE_BYTES_MAX,
  WORKER_READ_AHEAD_BYTES_MAX,
  WORKER_SLABS_KEPT_MAX,
  WORKER_SPOOLS_BYTES_MAX,
} from '@turnpike/core/limits/workers'
import { bytesEqual } from '@turnpike/core/bytes'
import { encodeTable, entriesOf, pageFor, type TableEntry } from './block-table.ts'
import { crc32 } from './crc32.ts'
import { bytesOfHex, hexOf } from './keys.ts'
import { Places } from './places.ts'

test('all that an isolate keeps fits its budget', () => {
  const bytes =
    WORKER_ANSWER_CACHE_BYTES_MAX +
    WORKER_BLOCK_CACHE_BYTES_MAX +
    WORKER_BODIES_MAX * CHUNK_BYTES_MAX +
    WORKER_MANIFEST_BYTES_MAX +
    WORKER_NODE_CACHE_BYTES_MAX +
    WORKER_PAGES_KEPT_BYTES_MAX +
    WORKER_READ_AHEAD_BYTES_MAX +
    WORKER_SLABS_KEPT_MAX * READ_LOCAL_BYTES_MAX +
    WORKER_SPOOLS_BYTES_MAX
  assert.ok(bytes <= WORKER_ISOLATE_BYTES_MAX, `${bytes} bytes`)
  assert.ok(ANSWER_BYTES_MAX <= CHUNK_BYTES_MAX, 'what is kept whole is sent as one buffer')
})

test('CRC-32 is that of zlib, in one piece and continued', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      assert.equal(crc32(a), zlibCrc32(a))
      assert.equal(crc32(b, crc32(a)), zlibCrc32(b, zlibCrc32(a)))
    }),
  )
})

test('hex there and back', () => {
  fc.assert(fc.property(fc.uint8Array(), (a) => bytesEqual(bytesOfHex(hexOf(a)), a)))
})

const entry: fc.Arbitrary<TableEntry> = fc.record(
  {
    multihash: fc.uint8Array({ minLength: 1, maxLength: 3 }),
    blob: fc.nat(0xffff_ffff),
    offset: fc.maxSafeNat(),
    length: fc.nat(0xffff_ffff),
  },
  { noNullPrototype: true },
)

test('a table gives back each entry, and none that was not put in', () => {
  const unique = fc.uniqueArray(entry, { selector: (e) => `${hexOf(e.multihash)} ${e.blob}` })
  fc.assert(
    fc.property(unique, fc.uint8Array({ maxLength: 3 }), (entries, other) => {
      const { bytes, pages } = encodeTable(entries)
      for (const multihash of [other, ...entries.map((e) => e.multihash)]) {
        const page = pageFor(pages, multihash)
        const found = page
          ? entriesOf(bytes.subarray(page.offset, page.offset + page.length), multihash)
          : []
        const expected = entries
          .filter((e) => bytesEqual(e.multihash, multihash))
          .toSorted((a, b) => a.blob - b.blob)
        assert.deepEqual(found, expected)
      }
    }),
  )
})

test('pages stay within their bound, and one multihash within a page', () => {
  const entryOf = (i: number, blob: number): TableEntry => {
    const multihash = new Uint8Array(34)
    new DataView(multihash.buffer).setUint32(2, i * 2_654_435_761)
    return { multihash, blob, offset: i, length: 1 }
  }
  const { bytes, pages } = encodeTable(Array.from({ length: 5000 }, (_, i) => entryOf(i, 0)))
  assert.ok(pages.length > 5)
  assert.ok(pages.every(({ length }) => length <= WORKER_PAGE_BYTES_MAX))
  assert.equal(
    pages.reduce((sum, { length }) => sum + length, 0),
    bytes.length,
  )
  const fits = Math.floor(WORKER_PAGE_BYTES_MAX / (17 + 34))
  const same = (count: number): TableEntry[] =>
    Array.from({ length: count }, (_, blob) => entryOf(1, blob))
  assert.equal(encodeTable(same(fits)).pages.length, 1)
  assert.throws(() => encodeTable(same(fits + 1)), RangeError)
})

test('places are handed out up to the bound, and taken back from the dead only', () => {
  let nowMs = 0
  const places = new Places({ weightMax: 3, deadMs: 100, monotonicMs: () => nowMs })
  const first = places.take(2)!
  const second = places.take(1)!
  assert.equal(places.take(1), undefined)
  nowMs = 100
  second.touch()
  const third = places.take(2)
  assert.ok(third, 'the place of the first, which was not touched')
  assert.equal(places.take(1), undefined, 'the second lives')
  first.free()
  assert.equal(places.take(1), undefined, 'a place that was taken back is not freed twice')
  second.free()
  second.free()
  assert.ok(places.take(1))
  assert.equal(places.take(1), undefined)
})
