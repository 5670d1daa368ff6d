import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { encodeFetch } from '@turnpike/core/log/encode'
import { receiptNonceOf } from '@turnpike/core/log/receipt-id'
import { SummaryCount } from './summary-count.ts'
import { LogReader } from './reader.ts'
import { Sequencer } from './sequencer.ts'
import { decodeState } from './state.ts'
import { groupOf, readOf, testHasher, testRandom, testSigner } from './testing/entries.ts'
import { MemoryInbox } from './testing/inbox.ts'
import { FollowedReceipts } from './receipts/followed-receipts.ts'
import type { EntryTarget } from './receipts/find-read.ts'
import { MemoryReceiptIndex } from './testing/receipt-index.ts'
import { MemoryJournal, MemoryLogStore, TestClock } from './testing/memory.ts'
import { voidRead } from './void-read.ts'
import type { VoidDeps } from './void-read.ts'

const HOUR = 490_000

/** A log with reads 0 to 9 in each of three hours, a FETCH behind each; and what voids them. */
async function logOf() {
  const log = new MemoryLogStore()
  const inbox = new MemoryInbox()
  const journal = new MemoryJournal('0')
  const clock = new TestClock(HOUR * EPOCH_MS)
  const random = testRandom()
  const hasher = testHasher
  const receipts = new FollowedReceipts({ log, hasher, index: new MemoryReceiptIndex() })
  const deps: VoidDeps = { log, receipts, inbox, clock, random, hasher }
  const journals = () => [journal, inbox]
  const sequencer = new Sequencer({ store: log, journals, ...deps, signer: testSigner('o') })
  for (let n = 0; n < 30; n++) {
    const { id } = readOf(n)
    const fetch = encodeFetch({ id, provider: 'p', bytes: 1n, requests: 1, failed: 0 })
    journal.append([...groupOf(n, { bytes: BigInt(n) }), fetch])
    if (n % 10 !== 9) continue
    assert.ok((await sequencer.round()).ok)
    clock.pass(EPOCH_MS)
  }
  await receipts.catchUp()
  const state = () => decodeState(testHasher, log.load()!.bytes)
  return { deps, log, inbox, sequencer, state }
}

function receiptOf(n: number): Uint8Array {
  return receiptNonceOf(readOf(n).id, testHasher)
}

async function indexOf(target: EntryTarget, deps: VoidDeps): Promise<number | string> {
  const { ok, error } = await voidRead(target, 'fault', deps)
  return ok === undefined ? error.name : ok.index
}

test('a read is found by its index, and by its receipt', async () => {
  const { deps } = await logOf()
  // Each hour has 20 entries and, but for the last, a SEAL.
  for (const [n, index] of [
    [0, 0],
    [7, 14],
    [10, 21],
    [29, 60],
  ] as const) {
    const { ok: voided } = await voidRead({ index }, 'duplicate', deps)
    assert.equal(voided?.read.bytes, BigInt(n))
    const receipt = receiptOf(n)
    assert.equal(await indexOf({ receipt }, deps), index)
  }
})

test('what is no read of the log is refused, and nothing is handed to the inbox', async () => {
  const { deps, inbox } = await logOf()
  for (const index of [1, 20, 61, 62, 1000])
    assert.equal(await indexOf({ index }, deps), 'NoSuchRead', String(index))
  assert.equal(await indexOf({ receipt: new Uint8Array(16) }, deps), 'NoSuchRead')
  const empty = { ...deps, log: new MemoryLogStore() }
  assert.equal(await indexOf({ index: 0 }, empty), 'NoSuchRead')
  assert.equal((await inbox.read(0, Infinity)).groups.length, 0)
  inbox.full = true
  assert.equal(await indexOf({ index: 0 }, deps), 'InboxFull')
})

test('a read is voided once, however often it is asked for', async () => {
  const { deps, log, sequencer, state } = await logOf()
  const before = state().size
  for (let i = 0; i < 3; i++) {
    const target = i === 1 ? { receipt: receiptOf(25) } : { index: 52 }
    const { ok: voided } = await voidRead(target, 'test', deps)
    assert.deepEqual([voided?.index, voided?.already], [52, i > 0])
    assert.ok((await sequencer.round()).ok)
  }
  // The SEAL of the hour that is over, and one VOID.
  assert.equal(state().size, before + 2)
  const count = await SummaryCount.from(new LogReader(log, testHasher, state()), before + 1)
  const [row] = count.rows(testRandom())
  assert.deepEqual([row?.space, row?.bytes, row?.bytesVoided], ['did:key:alice', 0n, 25n])
})
