import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Hasher } from '../ports/runtime.ts'
import { emptyRoot, leafHash } from '../merkle/hash.ts'
import { compareRows, decodeRows, encodeRow, encodeRows, summaryRoot } from './summary.ts'
import type { SummaryRow } from './summary.ts'

const hasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}
const bytes = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const row: fc.Arbitrary<SummaryRow> = fc.record(
  {
    space: text,
    provider: text,
    region: text,
    bytes,
    bytesFetched: bytes,
    reads: fc.maxSafeNat(),
    denied: fc.maxSafeNat(),
    executions: fc.maxSafeNat(),
    bytesVoided: bytes,
    salt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  },
  { noNullPrototype: true },
)

test('rows survive their file', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
      assert.deepEqual(decodeRows(encodeRows(rows)).ok, rows)
    }),
  )
})

test('a file of rows that is cut anywhere is refused', () => {
  const [sample] = fc.sample(row, { numRuns: 1, seed: 1 })
  const file = encodeRows([sample!, sample!])
  for (let length = 0; length < file.length; length++)
    assert.equal(decodeRows(file.subarray(0, length)).error?.name, 'InvalidSummary')
})

test('the root covers each row, salt included', () => {
  const [a, b] = fc.sample(row, { numRuns: 2, seed: 2 }) as [SummaryRow, SummaryRow]
  assert.deepEqual(summaryRoot(hasher, []), emptyRoot(hasher))
  assert.deepEqual(summaryRoot(hasher, [a]), leafHash(hasher, encodeRow(a)))
  const salted = { ...a, salt: a.salt.map((byte) => byte ^ 1) }
  assert.notDeepEqual(summaryRoot(hasher, [a, b]), summaryRoot(hasher, [salted, b]))
  assert.throws(() => encodeRow({ ...a, salt: new Uint8Array(15) }), RangeError)
})

test('rows are ordered by UTF-8 bytes, not by UTF-16 units', () => {
  const [sample] = fc.sample(row, { numRuns: 1, seed: 3 }) as [SummaryRow]
  const low = { ...sample, space: '\u{ffee}' }
  const high = { ...sample, space: '\u{10000}' }
  assert.ok(compareRows(low, high) < 0)
  assert.equal(compareRows(low, { ...low }), 0)
  assert.ok(compareRows({ ...low, region: 'b' }, { ...low, region: 'a' }) > 0)
})
