import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf } from '../bytes.ts'
import { SpentInvocations } from './spent.ts'

const task = (i: number): ReturnType<typeof keyOf> => keyOf(new Uint8Array([i]))

test('an invocation is fresh once, for each space', () => {
  const spent = new SpentInvocations()
  assert.equal(spent.isSpent('a', task(1)), false)
  assert.equal(spent.spend('a', task(1), 10, 0), 'fresh')
  assert.equal(spent.spend('a', task(1), 10, 0), 'spent')
  assert.deepEqual([spent.isSpent('a', task(1)), spent.isSpent('b', task(1))], [true, false])
  assert.equal(spent.spend('b', task(1), 10, 0), 'fresh')
})

test('a full memory forgets what has expired and lets nothing else through', () => {
  const spent = new SpentInvocations({ perSpaceMax: 2, allMax: 3 })
  assert.equal(spent.spend('a', task(1), 10, 0), 'fresh')
  assert.equal(spent.spend('a', task(2), 20, 0), 'fresh')
  assert.equal(spent.spend('a', task(3), 30, 9), 'full', 'of a space')
  assert.equal(spent.spend('b', task(3), 30, 9), 'fresh', 'not of another')
  assert.equal(spent.spend('c', task(4), 30, 9), 'full', 'of all')
  assert.equal(spent.spend('c', task(4), 30, 10), 'fresh', 'the first has expired')
  assert.equal(spent.spend('a', task(2), 20, 10), 'spent', 'the second has not')
})
