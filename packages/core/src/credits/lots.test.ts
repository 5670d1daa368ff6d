import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CREDIT_SEEDED_MICROS_MAX, CREDIT_TTL_HOURS_MAX } from '../limits/credits.ts'
import { compareLots, keptAfter, spendFrom, worthOf, type CreditLot } from './lots.ts'
import { PPM } from './policy.ts'

const decay = fc.oneof(
  fc.constantFrom(0, 1, PPM - 1, PPM),
  fc.integer({ min: 0, max: 2000 }),
  fc.integer({ min: 0, max: PPM }),
)
const hours = fc.oneof(
  fc.integer({ min: 0, max: 50 }),
  fc.integer({ min: 0, max: CREDIT_TTL_HOURS_MAX }),
)
const amount = fc.oneof(
  fc.bigInt({ min: 1n, max: 100n }),
  fc.bigInt({ min: 1n, max: CREDIT_SEEDED_MICROS_MAX }),
)

const EPOCH = 500_000

/** A lot, and an hour from its own on. */
const aged = fc
  .record({ amount, ttl: fc.integer({ min: 1, max: CREDIT_TTL_HOURS_MAX }), decay, hours })
  .map((drawn) => ({
    lot: {
      number: 1,
      amount: drawn.amount,
      epoch: EPOCH,
      endEpoch: EPOCH + drawn.ttl,
      decayPpmPerHour: drawn.decay,
    } satisfies CreditLot,
    at: EPOCH + drawn.hours,
  }))

const lots = fc
  .array(fc.record({ amount, first: fc.nat(200), ttl: fc.integer({ min: 1, max: 300 }), decay }), {
    maxLength: 8,
  })
  .map((drawn) =>
    drawn.map((one, number) => ({
      number,
      amount: one.amount,
      epoch: EPOCH + one.first,
      endEpoch: EPOCH + one.first + one.ttl,
      decayPpmPerHour: one.decay,
    })),
  )

const sumOf = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n)

test('I7: worth never grows by the hour, nor beyond the amount; none at expiry', () => {
  fc.assert(
    fc.property(aged, ({ lot, at }) => {
      const worth = worthOf(lot, at)
      assert.ok(worth >= 0n && worth <= lot.amount)
      assert.ok(worthOf(lot, at + 1) <= worth)
      assert.equal(worthOf(lot, lot.endEpoch), 0n)
      assert.equal(worthOf(lot, lot.epoch), lot.amount)
    }),
    { numRuns: 4000 },
  )
})

test('I7: without decay a lot keeps its amount exactly until it expires', () => {
  fc.assert(
    fc.property(aged, ({ lot, at }) => {
      const worth = worthOf({ ...lot, decayPpmPerHour: 0 }, at)
      assert.equal(worth, at < lot.endEpoch ? lot.amount : 0n)
    }),
    { numRuns: 2000 },
  )
})

test('I7: worth never grows at the end of its decay, however large the lot', () => {
  const lot = { number: 1, amount: CREDIT_SEEDED_MICROS_MAX, epoch: 0, endEpoch: 90_000 }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: PPM }), fc.double({ min: 0, max: 1 }), (ppm, part) => {
      const last = Math.log(2 ** -66) / Math.log1p(-ppm / (PPM + 1))
      const at = Math.min(CREDIT_TTL_HOURS_MAX, Math.floor(last * (1 - part / 20)))
      const aging = { ...lot, decayPpmPerHour: ppm }
      assert.ok(worthOf(aging, at + 1) <= worthOf(aging, at))
    }),
    { numRuns: 2000 },
  )
})

test('I7: decay follows the power, to a part in 2^100', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 2000 }), (ppm, n) => {
      const exact = ((BigInt(PPM - ppm) ** BigInt(n)) << 128n) / BigInt(PPM) ** BigInt(n)
      const kept = keptAfter(ppm, n)
      assert.ok(kept <= exact && exact - kept <= 1n << 28n, `${exact - kept}`)
    }),
    { numRuns: 300 },
  )
})

test('I10: spending succeeds if and only if lots are worth it, and lowers that by as much', () => {
  fc.assert(
    fc.property(lots, fc.nat(400), amount, fc.boolean(), (before, later, asked, all) => {
      const at = EPOCH + later
      const worthBefore = sumOf(before.map((lot) => worthOf(lot, at)))
      const micros = all && worthBefore > 0n ? worthBefore : asked
      const { ok: spending, error } = spendFrom(before, micros, at)
      assert.equal(error === undefined, worthBefore >= micros)
      if (spending === undefined) return assert.equal(error.worth, worthBefore)
      const touched = new Map(spending.touched.map((lot) => [lot.number, lot]))
      const after = before.map((lot) => touched.get(lot.number) ?? lot)
      assert.equal(sumOf(after.map((lot) => worthOf(lot, at))), worthBefore - micros)
      const amounts = (of: readonly CreditLot[]): bigint => sumOf(of.map((lot) => lot.amount))
      assert.equal(amounts(after) + micros + spending.sunk, amounts(before))
      assert.ok(spending.sunk >= 0n && after.every((lot) => lot.amount >= 0n))
    }),
    { numRuns: 3000 },
  )
})

test('what expires first is spent first, and keeps its expiry', () => {
  const lot = { amount: 10n, epoch: 1, decayPpmPerHour: 0 }
  const late = { ...lot, number: 1, endEpoch: 90 }
  const soon = { ...lot, number: 2, endEpoch: 50 }
  const gone = { ...lot, number: 3, endEpoch: 5 }
  assert.deepEqual(
    [late, soon, gone].toSorted(compareLots).map(({ number }) => number),
    [3, 2, 1],
  )
  const { ok: spending } = spendFrom([late, soon, gone], 12n, 7)
  assert.deepEqual(spending, {
    touched: [
      { ...gone, amount: 0n, epoch: 7 },
      { ...soon, amount: 0n, epoch: 7 },
      { ...late, amount: 8n, epoch: 7 },
    ],
    sunk: 10n,
  })
  assert.equal(spendFrom([late], 10n, 1).error, undefined)
  assert.equal(spendFrom([late], 11n, 1).error?.name, 'CreditShort')
  assert.throws(() => spendFrom([late], 0n, 1), RangeError)
})

test('defect 3: spending from a lot takes off what it had lost by then', () => {
  const lot = { number: 1, amount: 1000n, epoch: 0, endEpoch: 99, decayPpmPerHour: 500_000 }
  const { ok: spending } = spendFrom([lot], 100n, 2)
  assert.deepEqual(spending, { touched: [{ ...lot, amount: 150n, epoch: 2 }], sunk: 750n })
  assert.equal(worthOf({ ...lot, amount: 150n, epoch: 2 }, 3), 75n)
})
