import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noCounts } from '@turnpike/core/billing/counts'
import { countsJson } from './usage.ts'

test('sums beyond 2^53 - 1 keep all their digits, below zero, too', () => {
  for (const bytes of [0n, 2n ** 53n - 1n, 1n - 2n ** 53n])
    assert.equal(countsJson({ ...noCounts(), bytes })['bytes'], Number(bytes))
  for (const bytes of [2n ** 53n, -(2n ** 53n), -(2n ** 62n) - 1n])
    assert.equal(countsJson({ ...noCounts(), bytes })['bytes'], String(bytes))
})
