import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  SERVICE_COOL_DOWN_MS,
  SERVICE_COOL_DOWN_MS_MAX,
  SERVICE_FAILURES_MAX,
  SERVICE_TRIAL_MS_MAX,
} from '../limits/claims.ts'
import { Breaker } from './breaker.ts'

/** A breaker whose pauses are the longest, and its clock. */
function rig(chance = 255): { breaker: Breaker; pass(ms: number): void } {
  let nowMs = 0
  const clock = { nowMs: () => 0, monotonicMs: () => nowMs }
  const random = { bytes: (length: number) => new Uint8Array(length).fill(chance) }
  return { breaker: new Breaker({ clock, random }), pass: (ms) => void (nowMs += ms) }
}

function fail(breaker: Breaker, times: number): void {
  for (let i = 0; i < times; i++) if (breaker.admits()) breaker.failed()
}

test('it opens at the bound of failures in a row, and not one before', () => {
  const { breaker } = rig()
  fail(breaker, SERVICE_FAILURES_MAX - 1)
  assert.ok(breaker.admits())
  breaker.succeeded()
  fail(breaker, SERVICE_FAILURES_MAX - 1)
  assert.equal(breaker.admits(), true, 'a success in between counts')
  fail(breaker, 1)
  assert.deepEqual([breaker.state, breaker.admits()], ['open', false])
})

test('after its time one question is let through, which decides', () => {
  const { breaker, pass } = rig()
  fail(breaker, SERVICE_FAILURES_MAX)
  pass(SERVICE_COOL_DOWN_MS - 1)
  assert.equal(breaker.admits(), false)
  pass(1)
  assert.deepEqual([breaker.admits(), breaker.state], [true, 'half-open'])
  assert.equal(breaker.admits(), false, 'one')
  breaker.failed()
  pass(2 * SERVICE_COOL_DOWN_MS - 1)
  assert.equal(breaker.admits(), false, 'twice as long')
  pass(1)
  assert.ok(breaker.admits())
  breaker.succeeded()
  assert.ok(breaker.admits())
})

test('a trial of which nothing is heard does not close the way for ever', () => {
  const { breaker, pass } = rig()
  fail(breaker, SERVICE_FAILURES_MAX)
  pass(SERVICE_COOL_DOWN_MS)
  assert.ok(breaker.admits())
  pass(SERVICE_TRIAL_MS_MAX - 1)
  assert.equal(breaker.admits(), false)
  pass(1)
  assert.ok(breaker.admits())
  breaker.abandoned()
  assert.ok(breaker.admits(), 'what was given up says nothing')
})

test('however it goes, it is asked again within the longest pause', () => {
  fc.assert(
    fc.property(
      fc.nat(255),
      fc.array(fc.tuple(fc.constantFrom('ok', 'failed', 'abandoned'), fc.nat(100_000))),
      (chance, steps) => {
        const { breaker, pass } = rig(chance)
        for (const [outcome, ms] of steps) {
          pass(ms)
          if (!breaker.admits()) continue
          if (outcome === 'ok') breaker.succeeded()
          else if (outcome === 'failed') breaker.failed()
          else breaker.abandoned()
        }
        pass(SERVICE_COOL_DOWN_MS_MAX)
        assert.ok(breaker.admits())
      },
    ),
  )
})
