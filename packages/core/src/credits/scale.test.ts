import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scaleDown } from './scale.ts'

const amount = fc.bigInt({ min: 0n, max: 1n << 62n })
const amounts = fc.array(fc.oneof(amount, fc.bigInt({ min: 0n, max: 9n })), { maxLength: 20 })
const sumOf = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n)

test('I6: parts sum to the cap exactly, each a floor or one more, none above its amount', () => {
  fc.assert(
    fc.property(amounts, fc.oneof(amount, fc.bigInt({ min: 0n, max: 30n })), (before, cap) => {
      const after = scaleDown(before, cap)
      const sum = sumOf(before)
      if (sum <= cap) return assert.deepEqual(after, before)
      assert.equal(sumOf(after), cap)
      for (const [i, part] of after.entries()) {
        const floor = (before[i]! * cap) / sum
        assert.ok(part === floor || part === floor + 1n)
        assert.ok(part <= before[i]!)
      }
    }),
    { numRuns: 4000 },
  )
})

test('I6: the largest remainders are rounded up, of equal ones the first', () => {
  assert.deepEqual(scaleDown([3n, 3n, 3n], 5n), [2n, 2n, 1n])
  assert.deepEqual(scaleDown([1n, 5n, 1n], 3n), [1n, 2n, 0n])
  assert.deepEqual(scaleDown([1n, 2n], 1n), [0n, 1n])
  assert.deepEqual(scaleDown([0n, 7n], 0n), [0n, 0n])
  assert.deepEqual(scaleDown([], 0n), [])
})

test('amounts and caps below zero are refused', () => {
  assert.throws(() => scaleDown([-1n], 5n), RangeError)
  assert.throws(() => scaleDown([1n], -5n), RangeError)
})
