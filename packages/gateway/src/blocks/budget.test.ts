import assert from 'node:assert/strict'
import { test } from 'node:test'
import { READ_AHEAD_BYTES_MAX } from '@turnpike/core/limits'
import { ReadBudget } from './budget.ts'

test('a budget gives all it has and not a byte more', () => {
  const budget = new ReadBudget(READ_AHEAD_BYTES_MAX)
  assert.equal(budget.reserve(READ_AHEAD_BYTES_MAX + 1), false)
  assert.equal(budget.reserve(READ_AHEAD_BYTES_MAX), true)
  assert.equal(budget.reserve(1), false)
  assert.equal(budget.reserve(0), true)
  budget.release(10)
  assert.equal(budget.reserve(11), false)
  assert.equal(budget.reserve(10), true)
  assert.equal(budget.freeBytes, 0)
})
