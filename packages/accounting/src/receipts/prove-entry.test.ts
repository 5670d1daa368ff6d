import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { RECEIPT_TAIL_ENTRIES_MAX } from '@turnpike/core/limits/receipt-index'
import { encodeFetch } from '@turnpike/core/log/encode'
import { receiptNonceOf } from '@turnpike/core/log/receipt-id'
import { leafHash } from '@turnpike/core/merkle/hash'
import { verifyInclusion } from '@turnpike/core/merkle/proof'
import { bundlePath } from '@turnpike/core/merkle/tile'
import { decodeBase64 } from '@turnpike/core/note/base64'
import { checkpointIn } from '../checkpoint.ts'
import { keptFile } from '../retention/kept.ts'
import { Sequencer } from '../sequencer.ts'
import { groupOf, readOf, testHasher, testRandom, testSigner } from '../testing/entries.ts'
import { MemoryJournal, MemoryLogStore, TestClock } from '../testing/memory.ts'
import { MemoryReceiptIndex } from '../testing/receipt-index.ts'
import { findEntry, type EntryTarget } from './find-read.ts'
import { sealedStatement } from '../epochs/statements.ts'
import { LogReader } from '../reader.ts'
import { SealChain } from '../seal-chain.ts'
import { decodeState } from '../state.ts'
import { FollowedReceipts } from './followed-receipts.ts'
import { encodeBase64 } from '@turnpike/core/note/base64'
import { parseNote } from '@turnpike/core/note/note'
import type { EpochRecord } from '@turnpike/core/ports/epoch-store'
import { proveEntry, type ProvenEntry } from './prove-entry.ts'

const hasher = testHasher
const receiptOf = (n: number): Uint8Array => receiptNonceOf(readOf(n).id, hasher)

/** A log of so many reads, a FETCH behind each. */
async function logOf(reads: number) {
  const log = new MemoryLogStore()
  const journal = new MemoryJournal('0')
  const clock = new TestClock(490_000 * EPOCH_MS)
  const journals = () => [journal]
  const signer = testSigner('gateway.example/log')
  const deps = { store: log, journals, clock, random: testRandom(), hasher, signer }
  const sequencer = new Sequencer(deps)
  const index = new MemoryReceiptIndex()
  const receipts = new FollowedReceipts({ log, hasher, index })
  let count = 0
  const put = async (more: number): Promise<void> => {
    for (const end = count + more; count < end; count++) {
      const fetch = { id: readOf(count).id, provider: 'p', bytes: 1n, requests: 1, failed: 0 }
      journal.append([...groupOf(count), encodeFetch(fetch)])
    }
    assert.ok((await sequencer.round()).ok)
  }
  await put(reads)
  await receipts.catchUp()
  return { log, hasher, receipts, index, put, clock, signer }
}

function holds({ index, size, bytes, hashes, checkpoint }: ProvenEntry): boolean {
  const root = decodeBase64(checkpointIn(checkpoint)!.root)!
  return verifyInclusion(hasher, { index, size, leaf: leafHash(hasher, bytes), root }, hashes)
}

test('an entry is proven by index and by receipt, and no other holds in its place', async () => {
  const deps = await logOf(700)
  for (const n of [0, 1, 255, 256, 511, 699]) {
    const { ok: proven } = await proveEntry({ receipt: receiptOf(n) }, deps)
    assert.deepEqual([proven?.index, proven?.size, proven?.logged.kind], [2 * n, 1400, 'read'])
    assert.ok(holds(proven!))
    assert.ok(!holds({ ...proven!, index: proven!.index + 1 }))
    assert.ok(!holds({ ...proven!, bytes: proven!.bytes.with(20, proven!.bytes[20]! ^ 1) }))
    const { ok: fetched } = await proveEntry({ index: 2 * n + 1 }, deps)
    assert.equal(fetched?.logged.kind, 'fetch')
    assert.ok(holds(fetched!))
  }
})

test('a proof is about the checkpoint that was published, whatever came since', async () => {
  const deps = await logOf(300)
  const published = deps.log.get('checkpoint')!
  await deps.put(300)
  await deps.receipts.catchUp()
  // A kill between the commit and the checkpoint leaves the old one.
  await deps.log.put([{ path: 'checkpoint', bytes: published }])
  const { ok: proven } = await proveEntry({ receipt: receiptOf(299) }, deps)
  assert.equal(proven?.size, 600)
  assert.ok(holds(proven!))
  const { error } = await proveEntry({ receipt: receiptOf(300) }, deps)
  assert.match(error!.message, /expected to be published, is not yet/)
})

test('an entry is proven against its own hour, once anchored, as witnesses signed it', async () => {
  const deps = await logOf(300)
  deps.clock.pass(EPOCH_MS)
  await deps.put(10)
  await deps.receipts.catchUp()
  const state = decodeState(hasher, deps.log.load()!.bytes)
  const reader = new LogReader(deps.log, hasher, state)
  const sealed = await sealedStatement(reader, state.sealed!.end, deps.signer)
  const line = `\u2014 witness.example ${encodeBase64(new Uint8Array(76).fill(7))}`
  const anchorings: EpochRecord['anchorings'] = [
    { anchor: 'evm', state: 'sent', proof: null },
    { anchor: 'local', state: 'final', proof: { kind: 'local' } },
    { anchor: 'witness', state: 'final', proof: { kind: 'witness', cosignatures: [line] } },
  ]
  const batched: EpochRecord = { ...sealed, state: 'batched', anchorings, final: undefined }
  let record = batched
  const chain = new SealChain()
  const hours = { epochs: { get: () => record }, chain }
  const prove = (n: number) => proveEntry({ receipt: receiptOf(n) }, deps, { hours })
  assert.match((await prove(5)).error!.message, /its hour is batched: try again later/)
  const none = { epochs: { get: () => undefined }, chain }
  const { error } = await proveEntry({ receipt: receiptOf(305) }, deps, { hours: none })
  assert.match(error!.message, /its hour is pending/)
  const wish = { hours: none, space: 'did:key:other' }
  const foreign = await proveEntry({ receipt: receiptOf(305) }, deps, wish)
  assert.equal(foreign.error!.name, 'NoSuchRead', 'nothing of the hour of another space’s read')
  const own = { space: readOf(305).space }
  assert.ok((await proveEntry({ receipt: receiptOf(305) }, deps, own)).ok)
  for (const reached of ['anchored', 'final'] as const) {
    record = { ...batched, state: reached }
    const proven = (await prove(5)).ok!
    assert.deepEqual([proven.size, proven.anchored?.state], [601, reached])
    assert.deepEqual(proven.anchored?.anchors, anchorings)
    assert.ok(holds(proven))
    const names = parseNote(proven.checkpoint).ok?.signatures.map(({ name }) => name)
    assert.deepEqual(names, ['gateway.example/log', 'witness.example'])
  }
})

test('while the index is made again, nobody is told that there is no such read', async () => {
  const deps = await logOf(1)
  const state = decodeState(hasher, deps.log.load()!.bytes)
  const behind = { through: 0, find: async () => undefined }
  const find = (size: number): Promise<unknown> => {
    const reader = new LogReader(deps.log, hasher, { ...state, size })
    return findEntry({ receipt: receiptOf(0) }, reader, behind)
  }
  await assert.rejects(find(RECEIPT_TAIL_ENTRIES_MAX + 1), /has 0 entries of 262145 so far/)
  const { error } = (await find(RECEIPT_TAIL_ENTRIES_MAX)) as { error: Error }
  assert.equal(error.name, 'NoSuchRead')
})

test('what is not there is refused by name, and says whether it is worth another try', async () => {
  const deps = await logOf(10)
  const refused = async (target: EntryTarget): Promise<string> => {
    const { error } = await proveEntry(target, deps)
    assert.equal(error?.name, 'NoSuchRead')
    return error.message
  }
  assert.match(await refused({ index: 20 }), /expected < 20/)
  assert.match(await refused({ receipt: receiptOf(10) }), /among 20 entries, got none$/)
  await deps.put(1)
  assert.match(await refused({ receipt: receiptOf(10) }), /the first 20 of 22 .* try again later/)
  // The index knows 10 bytes of an id: one that differs in the others is none.
  const alike = receiptOf(3).with(15, receiptOf(3)[15]! ^ 1)
  const find = deps.index.find.bind(deps.index)
  deps.index.find = (receipt) => find(receipt === alike ? receiptOf(3) : receipt)
  await refused({ receipt: alike })
  await deps.log.drop([bundlePath(0)])
  await deps.put(300)
  await deps.log.drop([bundlePath(0)])
  await deps.log.put([keptFile(hasher, { from: 256, droppingBundles: 1, droppedBundles: 1 })])
  assert.match(await refused({ receipt: receiptOf(3) }), /no longer kept/)
  assert.match(
    (await proveEntry({ index: 0 }, { ...deps, log: new MemoryLogStore() })).error!.message,
    /got none/,
  )
})
