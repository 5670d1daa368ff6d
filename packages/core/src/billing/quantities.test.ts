import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addQuantities,
  countJson,
  egressBytesOf,
  negateQuantities,
  NO_QUANTITIES,
  quantitiesOf,
} from './quantities.ts'

const big = fc.bigInt({ min: 0n, max: 2n ** 70n })
const counts = fc.record({
  bytes: big,
  bytesVoided: big,
  bytesFetched: big,
  reads: fc.nat(),
  denied: fc.nat(),
})

test('the quantities of a sum are the sum of the quantities', () => {
  fc.assert(
    fc.property(counts, counts, big, big, (a, b, stored, more) => {
      const sum = {
        bytes: a.bytes + b.bytes,
        bytesVoided: a.bytesVoided + b.bytesVoided,
        bytesFetched: a.bytesFetched + b.bytesFetched,
        reads: a.reads + b.reads,
        denied: a.denied + b.denied,
      }
      const added = addQuantities(quantitiesOf(a, stored), quantitiesOf(b, more))
      assert.deepEqual(added, quantitiesOf(sum, stored + more))
      assert.equal(added.egressBytes, added.deliveredBytes - added.voidedBytes)
      assert.deepEqual(addQuantities(added, NO_QUANTITIES), added)
      assert.deepEqual(addQuantities(added, negateQuantities(added)), NO_QUANTITIES)
    }),
  )
})

test('what was voided is credited, below zero if need be', () => {
  assert.equal(egressBytesOf({ bytes: 100n, bytesVoided: 30n }), 70n)
  assert.equal(egressBytesOf({ bytes: 0n, bytesVoided: 30n }), -30n)
})

test('counts are exact in JSON, as numbers or as text', () => {
  assert.equal(countJson(2n ** 53n - 1n), 9_007_199_254_740_991)
  assert.equal(countJson(2n ** 53n), '9007199254740992')
  assert.equal(countJson(-(2n ** 53n)), '-9007199254740992')
  assert.equal(countJson(-5n), -5)
})
