import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BATCH_TOPIC, SqlitePayouts } from './store.ts'
import { payoutRig } from './testing/rig.ts'

const batch = (n: number, node = 'did:key:z6MkNode'): Parameters<SqlitePayouts['track']>[0] => ({
  node,
  batch: new Uint8Array([n]),
  url: `https://node.example/${n}`,
  trackedMs: 5,
  task: new Uint8Array([n, node.length]),
  invocation: new Uint8Array(),
})

test('so many batches of each node wait, and no more', async (t) => {
  const { billing, queue } = await payoutRig(t)
  const clock = { nowMs: () => 5 }
  const payouts = new SqlitePayouts({ billing, queue, clock, waitingMax: 2 })
  assert.ok(payouts.track(batch(1)).ok)
  assert.ok(payouts.track(batch(2)).ok)
  assert.equal(payouts.track(batch(3)).error?.name, 'BatchesFull')
  assert.ok(payouts.track(batch(2)).ok, 'one that waits is known')
  assert.ok(payouts.track(batch(3, 'did:key:other')).ok)
  payouts.giveUp(1, { cid: new Uint8Array(), bytes: new Uint8Array([1]) })
  assert.ok(payouts.track(batch(3)).ok)
})

test('a batch and its message are put down together, or not at all', async (t) => {
  const { billing, payouts } = await payoutRig(t)
  billing.exec(`CREATE TRIGGER full BEFORE INSERT ON queue BEGIN SELECT RAISE(ABORT, 'full'); END`)
  assert.throws(() => payouts.track(batch(1)), /full/)
  assert.deepEqual(payouts.nodes(), [])
  assert.equal(payouts.waiting(1), undefined)
})

test('E3: a batch that was given up and forgotten comes back when told of again', async (t) => {
  const { billing, queue, payouts } = await payoutRig(t)
  payouts.track(batch(1))
  payouts.track(batch(1))
  const [held, ...more] = queue.take(BATCH_TOPIC, { limit: 10, visibilityMs: 1000 })
  assert.equal(more.length, 0)
  queue.settle([{ held: held!, outcome: { kind: 'dead', reason: 'nobody is there' } }])
  billing.exec('DELETE FROM queue')
  assert.deepEqual(payouts.track(batch(1)).ok, { task: batch(1).task })
  const [again] = queue.take(BATCH_TOPIC, { limit: 10, visibilityMs: 1000 })
  assert.equal(again?.key, held!.key)
})

test('while a batch waits, the newer address of it counts', async (t) => {
  const { payouts } = await payoutRig(t)
  payouts.track(batch(1))
  payouts.track({ ...batch(1), url: 'https://node.example/new', task: new Uint8Array([9]) })
  assert.equal(payouts.waiting(1)?.url, 'https://node.example/new')
  assert.deepEqual(payouts.waiting(1)?.task, batch(1).task)
})
