import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ANCHOR_CONFLICT_CHARS_MAX,
  ANCHOR_INTENT_BYTES_MAX,
  ANCHOR_PROOF_BYTES_MAX,
} from '@turnpike/core/limits/receipts'
import type { EpochRecord } from '@turnpike/core/ports/epoch-store'
import type { SqliteEpochStore } from './store.ts'
import { recordsOf, sealedEpochs } from './testing/records.ts'

const BYTES = Uint8Array.of(1, 2)
const PROOF = { kind: 'test', hashes: ['0x1'], block: 7 }

function storeWith(count: number, anchors: readonly string[] = ['a']): SqliteEpochStore {
  const store = recordsOf(anchors)
  store.batch(sealedEpochs(0, count))
  return store
}

const numbers = (records: readonly EpochRecord[]): number[] =>
  records.map(({ statement }) => statement.epoch)
const states = (store: SqliteEpochStore): string =>
  store
    .list(0, 100)
    .map(({ state }) => state[0])
    .join('')

test('epochs come back as they were batched', () => {
  const store = storeWith(3)
  const sealed = sealedEpochs(0, 3)
  const records = store.list(0, 10)
  for (const [i, { statement, sealedMs, ...rest }] of records.entries()) {
    assert.deepEqual({ statement, sealedMs }, sealed[i])
    assert.deepEqual(rest, { state: 'batched', anchorings: [], final: undefined })
  }
  assert.deepEqual(store.last(), records[2])
  assert.deepEqual(store.get(1), records[1])
  assert.equal(store.get(3), undefined)
  assert.deepEqual(numbers(store.list(1, 1)), [1])
  assert.equal(recordsOf(['a']).last(), undefined)
})

test('epochs that do not follow are refused, and none of them comes in', () => {
  const [, one, two, three] = sealedEpochs(0, 4)
  for (const wrong of [
    [one!],
    [two!, three!],
    [{ ...one!, statement: { ...one!.statement, first: 6 } }],
    [{ ...one!, statement: { ...one!.statement, epoch: 0 } }],
    [{ ...one!, statement: { ...one!.statement, end: 5 } }],
    [{ ...one!, statement: { ...one!.statement, previousRoot: two!.statement.root } }],
    [one!, three!],
  ]) {
    const store = wrong[0] === one && wrong.length === 1 ? recordsOf(['a']) : storeWith(1)
    const before = store.list(0, 10).length
    assert.throws(() => store.batch(wrong), RangeError)
    assert.equal(store.list(0, 10).length, before)
  }
})

test('an epoch is as far as the least of the anchors, and only after those before it', () => {
  const store = storeWith(3, ['a', 'b'])
  for (const anchor of ['b', 'a']) {
    store.intend(anchor, { epochs: [0], bytes: BYTES })
    store.intend(anchor, { epochs: [1, 2], bytes: BYTES })
  }
  assert.equal(states(store), 'bbb')
  store.stand('a', [{ firstEpoch: 0, state: 'final', proof: PROOF }])
  store.stand('a', [{ firstEpoch: 1, state: 'anchored', proof: PROOF }])
  store.stand('b', [{ firstEpoch: 0, state: 'anchored', proof: PROOF }])
  assert.equal(states(store), 'abb')
  assert.deepEqual(store.get(0)!.anchorings, [
    { anchor: 'a', state: 'final', proof: PROOF },
    { anchor: 'b', state: 'anchored', proof: PROOF },
  ])
  const { counts, ...through } = store.progress()
  assert.deepEqual(counts, { batched: 2, anchored: 1, final: 0 })
  assert.deepEqual(through, {
    batchedThrough: 2,
    anchoredThrough: 0,
    finalThrough: undefined,
    oldestSealedMs: 1000,
  })
  store.stand('b', [{ firstEpoch: 0, state: 'sent', proof: null }])
  assert.equal(states(store), 'bbb', 'undone by a reorganisation')
  assert.deepEqual(numbers(store.finalizable(10)), [])
})

test('an anchor that was taken out of the settings is shown, and no longer waited for', () => {
  const store = storeWith(1, ['a'])
  store.intend('former', { epochs: [0], bytes: BYTES })
  store.intend('a', { epochs: [0], bytes: BYTES })
  store.stand('a', [{ firstEpoch: 0, state: 'final', proof: PROOF }])
  const shown = store.get(0)!.anchorings.map(({ anchor, state }) => [anchor, state])
  assert.deepEqual(shown, [
    ['a', 'final'],
    ['former', 'sent'],
  ])
  assert.equal(
    store.finalize(0, () => ({})),
    true,
  )
  assert.deepEqual(store.get(0)!.final!.anchors, [{ anchor: 'a', proof: PROOF }])
})

test('intents follow each other without a gap, or replace one of the same epochs', () => {
  const store = storeWith(4)
  const intend = (...epochs: number[]): void => store.intend('a', { epochs, bytes: BYTES })
  for (const wrong of [[], [1], [1, 2], [0, 2], [0, 1, 2, 3, 4]])
    assert.throws(() => intend(...wrong), RangeError, String(wrong))
  intend(0, 1)
  assert.deepEqual(numbers(store.due('a', 10)), [2, 3])
  assert.deepEqual(numbers(store.due('a', 1)), [2])
  assert.throws(() => intend(0), RangeError)
  assert.throws(() => intend(1, 2), RangeError)
  store.intend('a', { epochs: [0, 1], bytes: Uint8Array.of(3) })
  intend(2)
  const [first, second, ...more] = store.intents('a')
  assert.deepEqual([first!.intent.epochs, first!.intent.bytes], [[0, 1], Uint8Array.of(3)])
  assert.deepEqual([second!.intent.epochs, more], [[2], []])
  store.stand('a', [{ firstEpoch: 0, state: 'final', proof: PROOF }])
  assert.equal(store.intents('a').length, 1)
  assert.throws(() => intend(0, 1), RangeError, 'a final one is never sent again')
  assert.throws(
    () => store.stand('a', [{ firstEpoch: 0, state: 'sent', proof: null }]),
    /open intent/,
  )
})

test('an epoch is final once, in order, with what was issued for it', () => {
  const store = storeWith(2)
  store.intend('a', { epochs: [0, 1], bytes: BYTES })
  assert.throws(() => store.finalize(0, () => ({})), RangeError, 'nobody has it yet')
  store.stand('a', [{ firstEpoch: 0, state: 'final', proof: PROOF }])
  assert.deepEqual(numbers(store.finalizable(10)), [0, 1])
  assert.deepEqual(numbers(store.finalizable(1)), [0])
  assert.throws(() => store.finalize(1, () => ({})), RangeError, 'not the oldest')
  const failed = new Error('no credits')
  const fails = (): never => {
    throw failed
  }
  assert.throws(() => store.finalize(0, fails), failed)
  assert.equal(states(store), 'aa')
  assert.equal(
    store.finalize(0, () => ({ issued: '5' })),
    true,
  )
  assert.equal(store.finalize(0, fails), false)
  const { final, state } = store.get(0)!
  assert.deepEqual([state, final!.issuance], ['final', { issued: '5' }])
  assert.equal(states(store), 'fa')
  assert.equal(store.progress().finalThrough, 0)
  assert.deepEqual(store.progress().counts, { batched: 0, anchored: 1, final: 1 })
})

test('intents and proofs fit up to their bounds', () => {
  const store = storeWith(1)
  const intend = (length: number): void =>
    store.intend('a', { epochs: [0], bytes: new Uint8Array(length) })
  assert.throws(() => intend(ANCHOR_INTENT_BYTES_MAX + 1), /65536 bytes, got 65537/)
  intend(ANCHOR_INTENT_BYTES_MAX)
  const stand = (length: number): void =>
    store.stand('a', [{ firstEpoch: 0, state: 'anchored', proof: { k: 'x'.repeat(length) } }])
  const most = ANCHOR_PROOF_BYTES_MAX - '{"k":""}'.length
  assert.throws(() => stand(most + 1), /65536 bytes/)
  stand(most)
})

test('the first conflict stays until it is forgotten', () => {
  const store = storeWith(1)
  assert.equal(store.conflict(), undefined)
  const message = 'x'.repeat(ANCHOR_CONFLICT_CHARS_MAX)
  store.conflicted({ anchor: 'a', message: `${message}y`, sinceMs: 5 })
  store.conflicted({ anchor: 'b', message: 'later', sinceMs: 6 })
  assert.deepEqual(store.conflict(), { anchor: 'a', message, sinceMs: 5 })
  store.forgetConflict()
  assert.equal(store.conflict(), undefined)
})
