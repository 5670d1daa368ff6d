import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { affordableBytes } from './affordable.ts'
import { GIB_BYTES } from './money.ts'
import type { MeterTerms } from './plan.ts'
import { quotaState, thresholdReached, type Quota } from './quota-state.ts'

const OPEN: Quota = {
  usedBytes: 0n,
  reservedBytes: 0n,
  allowanceBytes: 100n,
  limitBytes: undefined,
  day: undefined,
}

test('a quota goes from ok over warn and over to blocked', () => {
  const state = (quota: Partial<Quota>): string => quotaState({ ...OPEN, ...quota }, 80)
  assert.equal(state({}), 'ok')
  assert.equal(state({ usedBytes: 79n }), 'ok')
  assert.equal(state({ usedBytes: 80n }), 'warn')
  assert.equal(state({ usedBytes: 70n, reservedBytes: 10n }), 'warn')
  assert.equal(state({ usedBytes: 100n }), 'warn')
  assert.equal(state({ usedBytes: 101n }), 'over')
  assert.equal(state({ usedBytes: 100n, limitBytes: 100n }), 'blocked')
  assert.equal(state({ usedBytes: 101n, limitBytes: 200n }), 'over')
  assert.equal(state({ usedBytes: 99n, reservedBytes: 1n, limitBytes: 100n }), 'blocked')
  assert.equal(state({ usedBytes: 10n ** 18n, allowanceBytes: undefined }), 'ok')
  assert.equal(state({ allowanceBytes: 0n, limitBytes: 0n }), 'blocked')
  assert.equal(state({ day: { usedBytes: 9n, limitBytes: 10n } }), 'ok')
  assert.equal(state({ day: { usedBytes: 10n, limitBytes: 10n } }), 'blocked')
  assert.equal(state({ day: { usedBytes: 10n, limitBytes: undefined } }), 'ok')
})

test('thresholds are reached at their share, rounded in nobody’s favour', () => {
  const reached = (used: bigint, allowance: bigint): number | undefined =>
    thresholdReached(used, allowance, [50, 80, 100])
  assert.equal(reached(0n, 0n), undefined)
  assert.equal(reached(1n, 0n), 100)
  assert.equal(reached(1n, 3n), undefined)
  assert.equal(reached(2n, 3n), 50)
  assert.equal(reached(10n ** 30n - 1n, 10n ** 30n), 80)
  assert.equal(reached(10n ** 30n, 10n ** 30n), 100)
})

const termsOf: fc.Arbitrary<MeterTerms> = fc
  .record({
    steps: fc.array(
      fc.record({
        size: fc.bigInt({ min: 1n, max: 5n * GIB_BYTES }),
        microsPerGib: fc.bigInt({ min: 0n, max: 10n ** 6n }),
      }),
      { maxLength: 3 },
    ),
    overageMicrosPerGib: fc.bigInt({ min: 1n, max: 10n ** 6n }),
  })
  .map(({ steps, overageMicrosPerGib }) => {
    let upToBytes = 0n
    const tiers = steps.map(({ size, microsPerGib }) => ({
      upToBytes: (upToBytes += size),
      microsPerGib,
    }))
    return { includedBytes: 0n, tiers, overageMicrosPerGib }
  })

/** Cost in micro-units times a GiB: exact. */
function exactCost({ tiers, overageMicrosPerGib }: MeterTerms, bytes: bigint): bigint {
  let cost = 0n
  let from = 0n
  for (const { upToBytes, microsPerGib } of tiers) {
    const size = (bytes < upToBytes ? bytes : upToBytes) - from
    if (size > 0n) cost += size * microsPerGib
    from = upToBytes
  }
  return bytes > from ? cost + (bytes - from) * overageMicrosPerGib : cost
}

test('what a balance buys costs no more than it, and a micro-unit a tier less at most', () => {
  fc.assert(
    fc.property(termsOf, fc.bigInt({ min: 0n, max: 10n ** 7n }), (terms, micros) => {
      const bytes = affordableBytes(terms, micros)!
      assert.ok(exactCost(terms, bytes) <= micros * GIB_BYTES)
      const rounding = BigInt(terms.tiers.length) * GIB_BYTES
      assert.ok(exactCost(terms, bytes + 1n) + rounding > micros * GIB_BYTES)
    }),
  )
})

test('what costs nothing ends nowhere', () => {
  const free = { includedBytes: 0n, tiers: [], overageMicrosPerGib: 0n }
  assert.equal(affordableBytes(free, 0n), undefined)
  const tier = { upToBytes: GIB_BYTES, microsPerGib: 10n }
  assert.equal(affordableBytes({ ...free, tiers: [tier] }, 10n), undefined)
  assert.equal(affordableBytes({ ...free, tiers: [tier] }, 5n), GIB_BYTES / 2n)
  assert.equal(affordableBytes({ ...free, tiers: [tier] }, -5n), 0n)
})
