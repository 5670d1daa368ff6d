import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { billedSpan, creditedSpan, isIn, type EpochRange, type Tenure } from './spans.ts'

const epochs = fc.nat({ max: 40 })
const tenures = fc
  .tuple(epochs, fc.option(epochs), epochs)
  .map(([first, length, assigned]): Tenure => {
    const endEpoch = length === null ? null : first + length
    return { firstEpoch: first, endEpoch, assignedEpoch: assigned }
  })
const periods = fc.tuple(epochs, epochs).map(([firstEpoch, length]): EpochRange => {
  return { firstEpoch, endEpoch: firstEpoch + length }
})

function hoursOf(span: EpochRange | undefined): number[] {
  const { firstEpoch, endEpoch } = span ?? { firstEpoch: 0, endEpoch: 0 }
  return Array.from({ length: endEpoch - firstEpoch }, (_, i) => firstEpoch + i)
}

const all = Array.from({ length: 200 }, (_, epoch) => epoch)

test('an hour is billed in the period of the later of itself and its assignment', () => {
  fc.assert(
    fc.property(tenures, periods, (tenure, period) => {
      const counts = (epoch: number): boolean => {
        const at = Math.max(epoch, tenure.assignedEpoch)
        return at >= period.firstEpoch && at < period.endEpoch
      }
      const billed = all.filter((epoch) => isIn(tenure, epoch) && counts(epoch))
      assert.deepEqual(hoursOf(billedSpan(tenure, period)), billed)
      const credited = all.filter((epoch) => epoch >= tenure.firstEpoch && counts(epoch))
      assert.deepEqual(hoursOf(creditedSpan(tenure, period)), credited)
    }),
  )
})

test('periods that follow each other bill each hour of a tenure once', () => {
  fc.assert(
    fc.property(tenures, fc.array(epochs, { maxLength: 8 }), (tenure, cuts) => {
      const bounds = [0, ...cuts.toSorted((a, b) => a - b), all.length]
      const billed = bounds
        .slice(1)
        .flatMap((endEpoch, i) => hoursOf(billedSpan(tenure, { firstEpoch: bounds[i]!, endEpoch })))
      const theirs = all.filter((epoch) => isIn(tenure, epoch))
      assert.deepEqual(
        billed.toSorted((a, b) => a - b),
        theirs,
      )
    }),
  )
})

test('a tenure with no hours, or one of another time, bills nothing', () => {
  const period = { firstEpoch: 10, endEpoch: 20 }
  assert.equal(billedSpan({ firstEpoch: 12, endEpoch: 12, assignedEpoch: 12 }, period), undefined)
  assert.equal(billedSpan({ firstEpoch: 20, endEpoch: null, assignedEpoch: 20 }, period), undefined)
  assert.equal(billedSpan({ firstEpoch: 2, endEpoch: 10, assignedEpoch: 2 }, period), undefined)
  assert.equal(isIn({ firstEpoch: 2, endEpoch: 10, assignedEpoch: 2 }, 10), false)
})
