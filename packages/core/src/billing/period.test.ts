import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EPOCH_MS } from './epoch.ts'
import {
  dayOf,
  dayText,
  epochText,
  hoursOf,
  parsePeriod,
  periodAfter,
  periodBefore,
  periodOf,
} from './period.ts'

/** From 1970 to the end of 9999. */
const epochs = fc.integer({ min: 0, max: Date.UTC(10_000, 0) / EPOCH_MS - 1 })

test('M4: each hour is in exactly one period, which its name leads back to', () => {
  fc.assert(
    fc.property(epochs, (epoch) => {
      const period = periodOf(epoch)
      assert.ok(period.firstEpoch <= epoch && epoch < period.endEpoch)
      assert.deepEqual(parsePeriod(period.name), period)
      assert.equal(new Date(epoch * EPOCH_MS).toISOString().slice(0, 7), period.name)
      assert.equal(hoursOf(period) % 24, 0)
      assert.equal(periodAfter(period).firstEpoch, period.endEpoch)
      assert.equal(periodBefore(periodAfter(period))?.name, period.name)
    }),
  )
})

test('M4: the last hour of a month is of that month, and the next hour of the next', () => {
  const november = parsePeriod('2026-11')!
  assert.equal(hoursOf(november), 720)
  assert.equal(periodOf(november.endEpoch - 1).name, '2026-11')
  assert.equal(periodOf(november.endEpoch).name, '2026-12')
  assert.equal(hoursOf(parsePeriod('2028-02')!), 29 * 24)
})

test('hours and days as text', () => {
  const { firstEpoch } = parsePeriod('2026-11')!
  assert.equal(epochText(firstEpoch + 31), '2026-11-02T07')
  assert.equal(dayText(firstEpoch + 31), '2026-11-02')
  assert.equal(dayOf(firstEpoch + 31), dayOf(firstEpoch) + 1)
})

test('text that names no month names no period', () => {
  for (const text of [
    '',
    '2026',
    '2026-1',
    '2026-13',
    '2026-00',
    '1969-12',
    '2026-11-01',
    ' 2026-11',
  ])
    assert.equal(parsePeriod(text), undefined, text)
  assert.equal(periodBefore(parsePeriod('1970-01')!), undefined)
})
