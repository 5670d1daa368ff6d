import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOG_JOURNALS_MAX, LOG_STATE_BYTES_MAX } from '@turnpike/core/limits/log'
import { decodeState, emptyState, encodeState } from './state.ts'
import type { LogState } from './state.ts'
import { testHasher } from './testing/entries.ts'

const root = testHasher.sha256(new Uint8Array(1))
const FULL: LogState = {
  size: 70_000,
  root,
  clockMs: 1_764_000_000_000,
  open: { epoch: 490_000, first: 69_000, firstRoot: root },
  sealed: { epoch: 489_999, end: 69_000 },
  journals: new Map([
    ['0', 12],
    ['worker-1', 2 ** 53 - 1],
  ]),
  bundle: new Uint8Array([0, 1, 7]),
  tiles: [new Uint8Array(64), new Uint8Array(0), new Uint8Array(32)],
}

test('a state survives its bytes', () => {
  for (const state of [FULL, emptyState(testHasher)])
    assert.deepEqual(decodeState(testHasher, encodeState(testHasher, state)), state)
})

test('a state that is cut or altered anywhere is refused', () => {
  const bytes = encodeState(testHasher, FULL)
  for (let at = 0; at < bytes.length; at++) {
    const altered = bytes.slice()
    altered[at]! ^= 1
    assert.throws(() => decodeState(testHasher, altered), { name: 'LogCorrupt', file: 'state' })
    assert.throws(() => decodeState(testHasher, bytes.subarray(0, at)), { name: 'LogCorrupt' })
  }
})

test('a state of another version is refused, with its checksum right', () => {
  const body = encodeState(testHasher, FULL).slice(0, -32)
  body[1] = 2
  const bytes = new Uint8Array([...body, ...testHasher.sha256(body)])
  assert.throws(() => decodeState(testHasher, bytes), /expected version 1, got 2/)
})

test('1,024 journals fit, one more or a megabyte of state does not', () => {
  const named = (count: number): LogState => ({
    ...FULL,
    journals: new Map(Array.from({ length: count }, (_, i) => [`slot ${i}`, i])),
  })
  const most = encodeState(testHasher, named(LOG_JOURNALS_MAX))
  assert.equal(decodeState(testHasher, most).journals.size, LOG_JOURNALS_MAX)
  assert.throws(() => encodeState(testHasher, named(LOG_JOURNALS_MAX + 1)), RangeError)
  const bundle = new Uint8Array(LOG_STATE_BYTES_MAX)
  assert.throws(() => encodeState(testHasher, { ...FULL, bundle }), RangeError)
})
