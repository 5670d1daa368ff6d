import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { ENTRY_BYTES_MAX } from '../limits/log.ts'
import type { Hasher } from '../ports/runtime.ts'
import { CborWriter } from './cbor-writer.ts'
import { decodeEntry } from './decode.ts'
import { encodeEntry, encodeRead, writeFetch, writeRead } from './encode.ts'
import { ENTRY_TYPE } from './entry.ts'
import type { FetchEntry, LogEntry, ReadEntry } from './entry.ts'
import { receiptIdOf, receiptNonceOf } from './receipt-id.ts'

type Json = string | number | null | { hex: string } | { integer: string }
interface Vectors {
  valid: { name: string; kind: LogEntry['kind']; entry: Record<string, Json>; hex: string }[]
  invalid: { name: string; hex: string }[]
  receipts: { id: string; receiptId: string }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/log/entries.json', import.meta.url), 'utf8'),
) as Vectors

const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function entryOf({ kind, entry }: Vectors['valid'][number]): LogEntry {
  const fields = Object.entries(entry).map(([name, value]) => {
    if (value === null || typeof value !== 'object') return [name, value]
    return [name, 'hex' in value ? fromHex(value.hex) : BigInt(value.integer)]
  })
  return { kind, entry: Object.fromEntries(fields) } as LogEntry
}

/** The entry as the reference codec encodes it: its fields stand in the order of the array. */
const reference = ({ kind, entry }: LogEntry): Uint8Array =>
  Uint8Array.from(dagCbor.encode([1, ENTRY_TYPE[kind], ...Object.values(entry)]))

const hasher: Hasher = {
  sha256: (bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}

const uint = fc.maxSafeNat()
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const cid = fc.option(fc.uint8Array({ maxLength: 140 }))
const read: fc.Arbitrary<LogEntry> = fc
  .record({
    id: bytes(16),
    ts: uint,
    started: uint,
    domain: text,
    space: text,
    provider: text,
    region: text,
    cid,
    status: uint,
    bytes: uint64,
    flags: uint,
    deny: uint,
    count: uint,
    grade: uint,
  })
  .map((entry) => ({ kind: 'read', entry: { ...entry } }))
const fetch: fc.Arbitrary<LogEntry> = fc
  .record({ id: bytes(16), provider: text, bytes: uint64, requests: uint, failed: uint })
  .map((entry) => ({ kind: 'fetch', entry: { ...entry } }))
const seal: fc.Arbitrary<LogEntry> = fc
  .record({
    epoch: uint,
    previousEpoch: fc.option(uint),
    first: uint,
    end: uint,
    summaryRoot: bytes(32),
    previousRoot: bytes(32),
    sealed: uint,
  })
  .map((entry) => ({ kind: 'seal', entry: { ...entry } }))

for (const vector of vectors.valid)
  test(`vector: ${vector.name} encodes and decodes exactly`, () => {
    const entry = entryOf(vector)
    assert.equal(toHex(encodeEntry(entry)), vector.hex)
    assert.equal(toHex(reference(entry)), vector.hex, 'the reference codec agrees')
    assert.deepEqual(decodeEntry(fromHex(vector.hex)).ok, entry)
  })

for (const vector of vectors.invalid)
  test(`vector: ${vector.name} is refused`, () => {
    assert.equal(decodeEntry(fromHex(vector.hex)).error?.name, 'InvalidEntry')
  })

test('any entry encodes as the reference codec does and comes back', () => {
  fc.assert(
    fc.property(fc.oneof(read, fetch, seal), (entry) => {
      const expected = reference(entry)
      fc.pre(expected.length <= ENTRY_BYTES_MAX)
      const encoded = encodeEntry(entry)
      assert.deepEqual(encoded, expected)
      assert.deepEqual(decodeEntry(encoded).ok, entry)
    }),
    { numRuns: 1000 },
  )
})

test('whatever decodes, encodes to the same bytes; a changed byte never passes unseen', () => {
  const base = vectors.valid.map(({ hex }) => fromHex(hex))
  let accepted = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...base),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (original, where, change) => {
        const bent = original.slice()
        bent[where % bent.length]! ^= change
        const decoded = decodeEntry(bent)
        if (decoded.ok === undefined) return
        accepted++
        assert.deepEqual(encodeEntry(decoded.ok), bent)
      },
    ),
    { numRuns: 5000 },
  )
  assert.ok(accepted > 100, `some bent entries still decode, got ${accepted}`)
})

test('an entry of 1,024 bytes is written, one of 1,025 and numbers out of range are not', () => {
  const vector = vectors.valid.find(({ name }) => name === 'exactly 1024 bytes')!
  const longest = entryOf(vector).entry as ReadEntry
  assert.equal(encodeRead(longest).length, ENTRY_BYTES_MAX)
  const bad: Partial<ReadEntry>[] = [
    { domain: `${longest.domain}d` },
    { ts: 2 ** 53 },
    { ts: -1 },
    { ts: 1.5 },
    { bytes: 2n ** 64n },
    { bytes: -1n },
    { id: new Uint8Array(15) },
  ]
  for (const change of bad)
    assert.throws(() => encodeRead({ ...longest, domain: '', ...change }), RangeError)
  assert.throws(() => encodeRead({ ...longest, domain: '\ud800' }), TypeError)
})

test('entries are written one after another into a caller buffer, and never past its end', () => {
  const one = entryOf(vectors.valid[0]!).entry as ReadEntry
  const two = entryOf(vectors.valid.find(({ kind }) => kind === 'fetch')!).entry as FetchEntry
  const expected = encodeEntry({ kind: 'read', entry: one }).length
  const length = expected + encodeEntry({ kind: 'fetch', entry: two }).length
  const writer = new CborWriter(new Uint8Array(length))
  writeRead(writer, one)
  assert.equal(writer.offset, expected)
  writeFetch(writer, two)
  assert.deepEqual(decodeEntry(writer.copy().subarray(expected)).ok?.entry, two)
  for (let short = 0; short < length; short++) {
    const small = new CborWriter(new Uint8Array(short))
    assert.throws(() => {
      writeRead(small, one)
      writeFetch(small, two)
    }, RangeError)
  }
})

test('the public receipt id is half a SHA-256 of the id, in hex', () => {
  for (const { id, receiptId } of vectors.receipts) {
    assert.equal(receiptIdOf(fromHex(id), hasher), receiptId)
    assert.equal(toHex(receiptNonceOf(fromHex(id), hasher)), receiptId)
  }
  assert.throws(() => receiptIdOf(new Uint8Array(15), hasher), RangeError)
})
