import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { encodeFetch } from '@turnpike/core/log/encode'
import { receiptNonceOf } from '@turnpike/core/log/receipt-id'
import { bundlePath } from '@turnpike/core/merkle/tile'
import { ReceiptIndexDamaged } from '@turnpike/core/ports/receipt-index'
import { keptFile } from '../retention/kept.ts'
import { Sequencer } from '../sequencer.ts'
import { groupOf, readOf, testHasher, testRandom, testSigner } from '../testing/entries.ts'
import { MemoryJournal, MemoryLogStore, TestClock } from '../testing/memory.ts'
import { MemoryReceiptIndex } from '../testing/receipt-index.ts'
import { FollowedReceipts } from './followed-receipts.ts'

function receiptOf(n: number): Uint8Array {
  return receiptNonceOf(readOf(n).id, testHasher)
}

/** A log that reads are put into by number, a FETCH behind each. */
function newLog() {
  const log = new MemoryLogStore()
  const journal = new MemoryJournal('0')
  const sequencer = new Sequencer({
    store: log,
    journals: () => [journal],
    clock: new TestClock(490_000 * EPOCH_MS),
    random: testRandom(),
    hasher: testHasher,
    signer: testSigner('o'),
  })
  const put = async (first: number, end: number): Promise<void> => {
    for (let n = first; n < end; n++) {
      const { id } = readOf(n)
      const fetch = encodeFetch({ id, provider: 'p', bytes: 1n, requests: 1, failed: 0 })
      journal.append([...groupOf(n), fetch])
    }
    assert.ok((await sequencer.round()).ok)
  }
  return { log, put }
}

test('the index follows the log, in steps of any size', async () => {
  const { log, put } = newLog()
  const index = new MemoryReceiptIndex()
  const receipts = new FollowedReceipts({ log, hasher: testHasher, index })
  await receipts.catchUp()
  assert.equal(receipts.through, 0)
  let count = 0
  for (const end of [1, 2, 128, 129, 400, 1000]) {
    await put(count, end)
    count = end
    assert.equal(await receipts.find(receiptOf(end - 1)), undefined)
    await Promise.all([receipts.catchUp(), receipts.catchUp()])
    assert.equal(receipts.through, 2 * end)
    for (const n of [0, Math.floor(end / 2), end - 1])
      assert.equal(await receipts.find(receiptOf(n)), 2 * n)
  }
  assert.equal(await receipts.find(receiptOf(1000)), undefined)
})

test('an aborted call leaves the rest to the next', async () => {
  const { log, put } = newLog()
  await put(0, 1000)
  const index = new MemoryReceiptIndex()
  const receipts = new FollowedReceipts({ log, hasher: testHasher, index })
  await receipts.catchUp(AbortSignal.abort())
  assert.equal(receipts.through, 256)
  await receipts.catchUp()
  assert.equal(receipts.through, 2000)
})

test('an index of another log is made again, whatever its size', async () => {
  for (const others of [3000, 1000, 100]) {
    const index = new MemoryReceiptIndex()
    const other = newLog()
    await other.put(5000, 5000 + others)
    await new FollowedReceipts({ log: other.log, hasher: testHasher, index }).catchUp()
    assert.equal(index.through, 2 * others)
    const { log, put } = newLog()
    await put(0, 1000)
    const receipts = new FollowedReceipts({ log, hasher: testHasher, index })
    await receipts.catchUp()
    assert.equal(receipts.through, 2000)
    assert.equal(await receipts.find(receiptOf(7)), 14)
    assert.equal(await receipts.find(receiptOf(5007)), undefined)
  }
  const empty = new MemoryReceiptIndex()
  empty.through = 5
  await new FollowedReceipts({
    log: new MemoryLogStore(),
    hasher: testHasher,
    index: empty,
  }).catchUp()
  assert.equal(empty.through, 0)
})

test('its own index is kept after a restart', async () => {
  const { log, put } = newLog()
  await put(0, 300)
  const index = new MemoryReceiptIndex()
  await new FollowedReceipts({ log, hasher: testHasher, index }).catchUp()
  const cleared = countClears(index)
  await put(300, 310)
  const receipts = new FollowedReceipts({ log, hasher: testHasher, index })
  await receipts.catchUp()
  assert.deepEqual([receipts.through, cleared()], [620, 0])
})

test('a damaged index says so, and is made again', async () => {
  const { log, put } = newLog()
  await put(0, 300)
  const index = new MemoryReceiptIndex()
  const receipts = new FollowedReceipts({ log, hasher: testHasher, index })
  await receipts.catchUp()
  index.damaged = true
  await assert.rejects(receipts.find(receiptOf(1)), ReceiptIndexDamaged)
  await receipts.catchUp()
  assert.equal(await receipts.find(receiptOf(1)), 2)
  index.damaged = true
  await put(300, 301)
  await assert.rejects(receipts.catchUp(), ReceiptIndexDamaged)
  await receipts.catchUp()
  assert.equal(await receipts.find(receiptOf(300)), 600)
})

test('an index is made again of the entries that are kept', async () => {
  const { log, put } = newLog()
  await put(0, 1000)
  await log.drop([0, 1, 2].map(bundlePath))
  await log.put([keptFile(testHasher, { from: 768, droppingBundles: 3, droppedBundles: 3 })])
  const index = new MemoryReceiptIndex()
  const receipts = new FollowedReceipts({ log, hasher: testHasher, index })
  await receipts.catchUp()
  assert.equal(receipts.through, 2000)
  assert.deepEqual(
    [await receipts.find(receiptOf(383)), await receipts.find(receiptOf(384))],
    [undefined, 768],
  )
})

/** Counts how often an index is emptied from now on. */
function countClears(index: MemoryReceiptIndex): () => number {
  let clears = 0
  const clear = index.clear.bind(index)
  index.clear = () => {
    clears++
    return clear()
  }
  return () => clears
}
