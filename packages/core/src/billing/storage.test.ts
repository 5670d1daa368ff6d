import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EPOCH_MS } from './epoch.ts'
import { parsePeriod } from './period.ts'
import { unitOf } from './unit.ts'
import { storageByteMs, storageSums, storedUntil, type SizeChange } from './storage.ts'

/** Adds up the size of each millisecond. */
function naive(initial: bigint, changes: readonly SizeChange[], from: number, to: number): bigint {
  let sum = 0n
  for (let ms = from; ms < to; ms++)
    sum += changes.reduce(
      (size, { atMs, deltaBytes }) => (atMs <= ms ? size + deltaBytes : size),
      initial,
    )
  return sum
}

const FROM = 1000
const TO = 1060
const change = fc.record({
  atMs: fc.integer({ min: FROM, max: TO - 1 }),
  deltaBytes: fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }),
})
const changes = fc.array(change, { maxLength: 12 })

test('the integral is the sum of the sizes of all milliseconds, in any order of changes', () => {
  fc.assert(
    fc.property(fc.bigInt(), changes, fc.infiniteStream(fc.nat()), (initial, some, ranks) => {
      const expected = naive(initial, some, FROM, TO)
      const range = { fromMs: FROM, toMs: TO }
      assert.equal(storageByteMs(initial, some, range), expected)
      const shuffled = some
        .map((one) => [ranks.next().value!, one] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, one]) => one)
      assert.equal(storageByteMs(initial, shuffled, range), expected)
    }),
  )
})

test('ranges that follow each other add up to the whole', () => {
  fc.assert(
    fc.property(changes, fc.integer({ min: FROM, max: TO }), (some, cut) => {
      const before = some.filter(({ atMs }) => atMs < cut)
      const size = before.reduce((sum, { deltaBytes }) => sum + deltaBytes, 0n)
      const after = some.filter(({ atMs }) => atMs >= cut)
      assert.equal(
        storageByteMs(0n, before, { fromMs: FROM, toMs: cut }) +
          storageByteMs(size, after, { fromMs: cut, toMs: TO }),
        storageByteMs(0n, some, { fromMs: FROM, toMs: TO }),
      )
    }),
  )
})

test('100 GiB for all of a month are 100 GiB of it, exactly, and 1 PiB does not overflow', () => {
  for (const [size, name] of [
    [100n * 2n ** 30n, '2026-11'],
    [2n ** 50n, '2026-12'],
  ] as const) {
    const { firstEpoch, endEpoch } = parsePeriod(name)!
    const range = { fromMs: firstEpoch * EPOCH_MS, toMs: endEpoch * EPOCH_MS }
    const byteMs = storageByteMs(size, [], range)
    assert.equal(byteMs / BigInt(range.toMs - range.fromMs), size)
    assert.equal(byteMs % BigInt(range.toMs - range.fromMs), 0n)
    const hours = [...storageSums(size, [], { firstEpoch, endEpoch }, 'hour')]
    assert.equal(hours.length, endEpoch - firstEpoch)
    assert.equal(
      hours.reduce((sum, hour) => sum + hour.byteMs, 0n),
      byteMs,
    )
  }
  assert.equal(2n ** 50n * 31n * 86_400_000n > 3n * 10n ** 24n, true)
})

test('hours are those of the integral, and those with nothing stored are left out', () => {
  const span = { firstEpoch: 490_000, endEpoch: 490_012 }
  const startMs = span.firstEpoch * EPOCH_MS
  const inSpan = fc.record({
    atMs: fc
      .oneof(
        fc.nat({ max: 12 * EPOCH_MS - 1 }),
        fc.nat({ max: 11 }).map((hour) => hour * EPOCH_MS),
      )
      .map((ms) => startMs + ms),
    deltaBytes: fc.bigInt({ min: -5n, max: 5n }),
  })
  fc.assert(
    fc.property(fc.array(inSpan, { maxLength: 8 }), fc.bigInt(-3n, 3n), (some, initial) => {
      const sorted = some.toSorted((a, b) => a.atMs - b.atMs)
      const hours = new Map(
        [...storageSums(initial, sorted, span, 'hour')].map(({ time, byteMs }) => [time, byteMs]),
      )
      for (let epoch = span.firstEpoch; epoch < span.endEpoch; epoch++) {
        const fromMs = epoch * EPOCH_MS
        const toMs = fromMs + EPOCH_MS
        const size = sorted.reduce(
          (sum, { atMs, deltaBytes }) => (atMs < fromMs ? sum + deltaBytes : sum),
          initial,
        )
        const within = sorted.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
        const expected = storageByteMs(size, within, { fromMs, toMs })
        assert.equal(hours.get(epoch) ?? 0n, expected)
        assert.equal(hours.has(epoch), expected !== 0n)
      }
    }),
  )
})

test('days and months add up what their hours do', () => {
  const span = { firstEpoch: 499_200, endEpoch: 499_400 }
  const inSpan = fc.record({
    atMs: fc.nat({ max: 200 * EPOCH_MS - 1 }).map((ms) => span.firstEpoch * EPOCH_MS + ms),
    deltaBytes: fc.bigInt({ min: 0n, max: 5n }),
  })
  const units = fc.constantFrom('day' as const, 'month' as const)
  fc.assert(
    fc.property(
      fc.array(inSpan, { maxLength: 5 }),
      fc.bigInt(0n, 3n),
      units,
      (some, initial, unit) => {
        const sorted = some.toSorted((a, b) => a.atMs - b.atMs)
        const sums = new Map<number, bigint>()
        for (const { time, byteMs } of storageSums(initial, sorted, span, 'hour'))
          sums.set(unitOf(unit, time), (sums.get(unitOf(unit, time)) ?? 0n) + byteMs)
        const got = [...storageSums(initial, sorted, span, unit)]
        assert.deepEqual(
          got.map(({ time, byteMs }) => [time, byteMs]),
          [...sums],
        )
      },
    ),
  )
})

test('half a million empty hours before the first change are passed over', () => {
  const span = { firstEpoch: 0, endEpoch: 500_000 }
  const late = { atMs: 499_999 * EPOCH_MS + 1, deltaBytes: 1n }
  assert.deepEqual(
    [...storageSums(0n, [late], span, 'hour')],
    [{ time: 499_999, byteMs: BigInt(EPOCH_MS - 1) }],
  )
})

test('changes out of range or order, and ranges that end before they begin, are refused', () => {
  const range = { fromMs: 10, toMs: 20 }
  for (const atMs of [9, 20, Number.NaN])
    assert.throws(() => storageByteMs(0n, [{ atMs, deltaBytes: 1n }], range), RangeError)
  assert.throws(() => storageByteMs(0n, [], { fromMs: 2, toMs: 1 }), RangeError)
  const back = [5, 4].map((atMs) => ({ atMs, deltaBytes: 1n }))
  assert.throws(
    () => [...storageSums(0n, back, { firstEpoch: 0, endEpoch: 1 }, 'hour')],
    RangeError,
  )
})

test('an hour is final a minute after it', () => {
  const endMs = Date.UTC(2026, 11, 1)
  assert.equal(storedUntil(endMs + 60_000), endMs / EPOCH_MS)
  assert.equal(storedUntil(endMs + 59_999), endMs / EPOCH_MS - 1)
  assert.equal(storedUntil(0), 0)
})
