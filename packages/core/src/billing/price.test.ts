import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { affordableBytes } from './affordable.ts'
import { GIB_BYTES } from './money.ts'
import { msOf, priceMicros, prorated } from './price.ts'

const MONTH = { firstEpoch: 1000, endEpoch: 1720 }

test('parts of a month add up to its amount, however it is cut', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1001, max: 1719 }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), cuts, (amount, inside) => {
      const bounds = [1000, ...inside.toSorted((a, b) => a - b), 1720]
      const parts = bounds
        .slice(1)
        .map((endEpoch, i) => prorated(amount, { firstEpoch: bounds[i]!, endEpoch }, MONTH))
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0n),
        amount,
      )
    }),
  )
})

test('what rounding leaves over is in the last part', () => {
  const part = (firstEpoch: number, endEpoch: number): bigint =>
    prorated(100n, { firstEpoch, endEpoch }, { firstEpoch: 0, endEpoch: 744 })
  assert.deepEqual([part(0, 248), part(248, 496), part(496, 744)], [33n, 33n, 34n])
  assert.equal(part(5, 5), 0n)
  assert.throws(() => part(0, 745), RangeError)
  assert.throws(() => part(9, 8), RangeError)
})

const TIERED = {
  includedBytes: 0n,
  tiers: [
    { upToBytes: 10n * GIB_BYTES, microsPerGib: 50_000n },
    { upToBytes: 20n * GIB_BYTES, microsPerGib: 30_000n },
  ],
  overageMicrosPerGib: 10_000n,
}

test('overage is priced by the tiers that it lies in', () => {
  const price = (from: bigint, to: bigint): bigint =>
    priceMicros(TIERED, { from: from * GIB_BYTES, to: to * GIB_BYTES, unitsPerByte: 1n })
  assert.equal(price(0n, 10n), 500_000n)
  assert.equal(price(0n, 11n), 530_000n)
  assert.equal(price(5n, 25n), 250_000n + 300_000n + 50_000n)
  assert.equal(price(30n, 31n), 10_000n)
  assert.throws(() => price(2n, 1n), RangeError)
})

test('an amount is exact, rounded down once; more bytes never cost less', () => {
  const bytes = fc.bigInt({ min: 0n, max: 40n * GIB_BYTES })
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const one = (from: bigint, to: bigint): bigint =>
        priceMicros(TIERED, { from, to, unitsPerByte: 1n })
      const apart = one(0n, a) + one(a, a + b)
      const whole = one(0n, a + b)
      assert.ok(whole - apart === 0n || whole - apart === 1n)
    }),
  )
})

test('bytes that a balance pays for cost no more than it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2_000_000n }), (micros) => {
      const bytes = affordableBytes(TIERED, micros)!
      assert.ok(priceMicros(TIERED, { from: 0n, to: bytes, unitsPerByte: 1n }) <= micros)
    }),
  )
})

test('S1: a GiB that is stored all month costs the price of a GiB, month by month', () => {
  for (const endEpoch of [1000 + 28 * 24, 1000 + 31 * 24]) {
    const month = { firstEpoch: 1000, endEpoch }
    const terms = { includedBytes: 0n, tiers: [], overageMicrosPerGib: 150_000n }
    const to = 100n * GIB_BYTES * msOf(month)
    assert.equal(priceMicros(terms, { from: 0n, to, unitsPerByte: msOf(month) }), 15_000_000n)
  }
})
