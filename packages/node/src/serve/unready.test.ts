import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AccountingStopped } from '../accounting/fault.ts'
import { unready } from './unready.ts'

test('each thing that keeps a deployment from serving is a reason', () => {
  const well = { failure: undefined, accounting: undefined }
  assert.deepEqual(unready(well, { withoutRoom: 0 }), [])
  assert.deepEqual(unready(well, { withoutRoom: 2 }), [
    'no room to record reads in 2 of the processes that serve',
  ])
  const ill = { failure: new Error('a'), accounting: new Error('b') }
  assert.deepEqual(unready(ill, { withoutRoom: 1 }), [
    'stopping: a',
    'accounting stands still: b',
    'no room to record reads in 1 of the processes that serve',
  ])
})

test('a host whose reads another counts is ready while that one is away', () => {
  const accounting = new AccountingStopped('HandOnFailed', 'nobody is there')
  assert.deepEqual(unready({ failure: undefined, accounting }, { withoutRoom: 0 }), [])
  const stopped = new AccountingStopped('ThreadEnded', 'gone')
  const reasons = unready({ failure: undefined, accounting: stopped }, { withoutRoom: 0 })
  assert.deepEqual(reasons, ['accounting stands still: gone'])
})
