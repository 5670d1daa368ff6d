import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RATE_KEYS_MAX, RATE_TOKENS_MAX } from '@turnpike/core/limits'
import { TokenBuckets } from './token-buckets.ts'

/** A clock that goes on when told to, and whose wall time is anything. */
class Clock {
  ms = 12_345.678
  wallMs = 0
  nowMs = (): number => this.wallMs
  monotonicMs = (): number => this.ms
}

/** A bucket in exact fractions: level in 60,000ths of a token, always filled up to now. */
class ModelBucket {
  readonly #perMs: bigint
  readonly #depth: bigint
  #level: bigint
  #atMs: bigint

  constructor(tokensPerMinute: number, burstTokens: number, atMs: number) {
    this.#perMs = BigInt(tokensPerMinute)
    this.#depth = BigInt(burstTokens) * 60_000n
    this.#level = this.#depth
    this.#atMs = BigInt(Math.floor(atMs))
  }

  draw(wanted: number, ms: number): number {
    const nowMs = BigInt(Math.floor(ms))
    const filled = this.#level + (nowMs - this.#atMs) * this.#perMs
    this.#level = filled > this.#depth ? this.#depth : filled
    this.#atMs = nowMs
    const there = this.#level / 60_000n
    const granted = there < BigInt(wanted) ? there : BigInt(wanted)
    this.#level -= granted * 60_000n
    return Number(granted)
  }
}

const rates = fc.record({
  tokensPerMinute: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 1e6 })),
  burstTokens: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1e6 })),
})
const pauseMs = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 500, noNaN: true }),
  fc.integer({ min: 0, max: 120_000 }),
  fc.integer({ min: 2 ** 29, max: 2 ** 31 }),
)
const arrivals = (keys: number): fc.Arbitrary<{ key: number; pause: number; wanted: number }[]> =>
  fc.array(
    fc.record({
      key: fc.nat(keys - 1),
      pause: pauseMs,
      wanted: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 1e6 })),
    }),
    { maxLength: 60 },
  )

test('I17: buckets are those of exact fractions, whatever the wall clock says', () => {
  const wall = fc.infiniteStream(fc.integer())
  fc.assert(
    fc.property(rates, arrivals(5), wall, (rate, comes, wallMs) => {
      const clock = new Clock()
      const buckets = new TokenBuckets({ ...rate, clock, keysMax: 5 })
      const models = Array.from({ length: 5 }, () => modelOf(rate, clock))
      for (const { key, pause, wanted } of comes) {
        clock.ms += pause
        clock.wallMs = wallMs.next().value
        const model = models[key]!.draw(wanted, clock.ms)
        assert.equal(buckets.draw(String(key), wanted), model)
      }
    }),
  )
})

function modelOf(
  { tokensPerMinute, burstTokens }: { tokensPerMinute: number; burstTokens: number },
  clock: Clock,
): ModelBucket {
  return new ModelBucket(tokensPerMinute, burstTokens, clock.ms)
}

test('the wait that is told is when the next token comes, and not a millisecond more', () => {
  fc.assert(
    fc.property(rates, fc.array(pauseMs, { maxLength: 20 }), (rate, pauses) => {
      const clock = new Clock()
      const buckets = new TokenBuckets({ ...rate, clock, keysMax: 1 })
      for (const pause of pauses) {
        clock.ms += pause
        buckets.draw('a', RATE_TOKENS_MAX)
        const waitMs = buckets.take('a')
        assert.ok(Number.isInteger(waitMs) && waitMs >= 1 && waitMs <= 60_000, `${waitMs}`)
        clock.ms = Math.floor(clock.ms) + waitMs - 1
        if (waitMs > 1) assert.ok(buckets.take('a') > 0)
        clock.ms += 1
        assert.equal(buckets.take('a'), 0)
      }
    }),
  )
})

test('I17: nobody gets more than the own bucket, however many addresses come in turn', () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 4 }), arrivals(12), (rate, keysMax, comes) => {
      const clock = new Clock()
      const buckets = new TokenBuckets({ ...rate, clock, keysMax })
      const models = Array.from({ length: 12 }, () => modelOf(rate, clock))
      for (const { key, pause, wanted } of comes) {
        clock.ms += pause
        const granted = buckets.draw(String(key), wanted)
        assert.equal(models[key]!.draw(granted, clock.ms), granted, 'an own bucket has as many')
        assert.ok(buckets.size <= keysMax)
      }
    }),
  )
})

test('an exhausted address is still so after as many others as fit, twice over', () => {
  const clock = new Clock()
  const options = { clock, tokensPerMinute: 1, burstTokens: 2 }
  const buckets = new TokenBuckets({ ...options, keysMax: RATE_KEYS_MAX })
  assert.equal(buckets.draw('a', 2), 2)
  for (let i = 0; i < 2 * RATE_KEYS_MAX; i++) buckets.draw(`a${i}`, 2)
  assert.equal(buckets.size, RATE_KEYS_MAX)
  assert.ok(buckets.take('a') > 0)
  clock.ms += 60_000
  assert.equal(buckets.take('a'), 0)
})

test('beside too many in use, somebody new has what the fullest had', () => {
  const clock = new Clock()
  const buckets = new TokenBuckets({ clock, tokensPerMinute: 60, burstTokens: 3, keysMax: 2 })
  assert.deepEqual([buckets.draw('a', 3), buckets.draw('b', 2)], [3, 2])
  assert.equal(buckets.draw('c', 3), 1)
  assert.equal(buckets.draw('d', 3), 0)
  assert.equal(buckets.waitMs('d'), 1000)
  clock.ms += 3000
  assert.equal(buckets.draw('d', 3), 3)
  assert.equal(buckets.size, 2)
  clock.ms += 3000
  for (const key of 'efgh') {
    assert.equal(buckets.draw(key, 3), 3)
    clock.ms += 3000
  }
  assert.equal(buckets.size, 2)
})
