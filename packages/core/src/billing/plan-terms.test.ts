import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PlanTerm } from '../ports/provisioning.ts'
import { endOf } from './ownership.ts'
import { changeEpoch, planAt, planned } from './plan-terms.ts'

const HOURS = 40
const choices = fc
  .array(fc.record({ epoch: fc.nat(HOURS - 1), plan: fc.constantFrom('a', 'b', 'c') }), {
    maxLength: 12,
  })
  .map((list) => list.toSorted((a, b) => a.epoch - b.epoch))

function termsOf(list: readonly { epoch: number; plan: string }[]): readonly PlanTerm[] {
  return list.reduce(
    (terms, choice) => planned(terms, { customer: 'did:x:c', setMs: 0, ...choice }),
    [] as readonly PlanTerm[],
  )
}

test('a plan is in force from the hour after it was chosen, the first one from that hour', () => {
  fc.assert(
    fc.property(choices, (list) => {
      const terms = termsOf(list)
      let now: string | undefined
      for (let epoch = 0; epoch < HOURS; epoch++) {
        const chosen = list.filter((choice) => choice.epoch === epoch)
        assert.equal(planAt(terms, epoch)?.plan, now ?? chosen[0]?.plan)
        now = chosen.at(-1)?.plan ?? now
      }
    }),
  )
})

test('terms follow one another without gaps, none is empty, and the last one stays', () => {
  fc.assert(
    fc.property(choices, (list) => {
      const terms = termsOf(list)
      for (const [i, term] of terms.entries()) {
        assert.ok(term.firstEpoch < endOf(term))
        if (i > 0) assert.equal(term.firstEpoch, terms[i - 1]!.endEpoch)
        if (i > 0) assert.notEqual(term.plan, terms[i - 1]!.plan)
      }
      assert.ok(terms.length === 0 || terms.at(-1)!.endEpoch === null)
    }),
  )
})

test('a choice by a clock that went back takes the place of the last one', () => {
  const [first, second] = [
    { epoch: 10, plan: 'a' },
    { epoch: 20, plan: 'b' },
  ]
  assert.deepEqual(termsOf([first, second, { epoch: 5, plan: 'c' }]).map(endOf), [21, Infinity])
  assert.deepEqual(termsOf([first, { epoch: 5, plan: 'c' }])[0]?.plan, 'c')
})

test('a change counts in the hour of its time, and not before a floor', () => {
  assert.equal(changeEpoch(3 * 3_600_000 + 5, 0), 3)
  assert.equal(changeEpoch(3 * 3_600_000 + 5, 7), 7)
})
