import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Accounting } from '@turnpike/accounting/accounting'
import { AckTaker } from '@turnpike/accounting/acks/take-ack'
import { checkGroup } from '@turnpike/accounting/check-group'
import { FollowedReceipts } from '@turnpike/accounting/receipts/followed-receipts'
import { LogReader } from '@turnpike/accounting/reader'
import { decodeState } from '@turnpike/accounting/state'
import { readOf, testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, MemoryLogStore, TestClock } from '@turnpike/accounting/testing/memory'
import { ackMessage, type ReceiptAck } from '@turnpike/core/acks/receipt-ack'
import {
  ACK_AFTER_MS_MAX,
  ACK_SKEW_MS_MAX,
  READ_ACKS_MAX,
} from '@turnpike/core/limits/read-receipts'
import { encodeAck, encodeRead } from '@turnpike/core/log/encode'
import { DENY } from '@turnpike/core/log/entry'
import { receiptNonceOf } from '@turnpike/core/log/receipt-id'
import { leafHash } from '@turnpike/core/merkle/hash'
import { ACK_SOURCE } from '@turnpike/core/ports/inbox'
import type { SignatureVerifier } from '@turnpike/core/ports/keys'
import { nodeHasher } from '../hasher.ts'
import { openInbox } from '../inbox/inbox.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { poolVerifier } from '../names/verifier.ts'
import { FileReceiptIndex } from '../receipt-index/file-index.ts'

const ORIGIN = 'gateway.example/log'
const READ = readOf(7)
const [receipt, denied] = [7, 8].map((n) => receiptNonceOf(readOf(n).id, nodeHasher))

interface Rig {
  readonly taker: AckTaker
  readonly clock: TestClock
  /** Lets the log take what the inbox has; its ACKs then. */
  acks(): Promise<{ index: number; leaf: Uint8Array; bytes: bigint; key: Uint8Array }[]>
}

/** A log with a read and a refusal, its index and an inbox, on real files. */
async function rig(t: TestContext, verifier: SignatureVerifier = poolVerifier): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-acks-'))
  const log = new MemoryLogStore()
  const inbox = openInbox(join(folder, 'inbox.sqlite'))
  const ledger = new SqliteLedger(':memory:')
  const index = await FileReceiptIndex.open(join(folder, 'index'))
  const journal = new MemoryJournal('0')
  journal.append([encodeRead(READ)])
  journal.append([encodeRead(readOf(8, { deny: DENY.address, flags: 0, bytes: 0n }))])
  const clock = new TestClock(READ.ts + 1000)
  const hasher = nodeHasher
  const accounting = new Accounting({
    store: log,
    ledger,
    journals: () => [journal, inbox],
    clock,
    random: testRandom(),
    hasher,
    signer: testSigner(ORIGIN),
  })
  t.after(async () => {
    inbox.close()
    ledger.close()
    index.close()
    await rm(folder, { recursive: true, force: true })
  })
  const receipts = new FollowedReceipts({ log, hasher, index })
  assert.equal((await accounting.catchUp()).error, undefined)
  await receipts.catchUp()
  const deps = { origin: ORIGIN, log, receipts, inbox, verifier, clock, hasher }
  return {
    taker: new AckTaker(deps),
    clock,
    async acks() {
      assert.equal((await accounting.catchUp()).error, undefined)
      const state = decodeState(hasher, log.load()!.bytes)
      const reader = new LogReader(log, hasher, state)
      const acks = []
      for (let at = 0; at < state.size; at++) {
        const { kind, entry } = await reader.entry(at)
        if (kind === 'ack') acks.push(entry)
      }
      return acks
    },
  }
}

function signed(fields: Partial<ReceiptAck> = {}, origin = ORIGIN, by = newKey()): ReceiptAck {
  const said = { receipt: receipt!, bytes: READ.bytes, ts: READ.ts + 100, ...fields }
  const key = new Uint8Array(by.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
  const signature = new Uint8Array(sign(null, ackMessage(origin, said), by.privateKey))
  return { ...said, key, signature, ...fields }
}

function newKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ed25519')
}

test('an acknowledgement is in the log once, with the leaf of its read', async (t) => {
  const { taker, acks } = await rig(t)
  const ack = signed({ bytes: 5n })
  assert.deepEqual((await taker.take(ack)).ok, { already: false })
  assert.deepEqual((await taker.take(ack)).ok, { already: true })
  const [one, ...more] = await acks()
  assert.deepEqual(more, [])
  assert.deepEqual([one!.index, one!.bytes], [0, 5n])
  assert.deepEqual([...one!.key], [...ack.key])
  const leaf = leafHash(nodeHasher, encodeRead(READ))
  assert.deepEqual(Buffer.from(one!.leaf), Buffer.from(leaf))
  assert.deepEqual((await taker.take(ack)).ok, { already: true }, 'after it is in the log, too')
  assert.equal((await acks()).length, 1)
})

test('what the key did not sign is refused, whatever was changed', async (t) => {
  const { taker, acks } = await rig(t)
  const ack = signed()
  const forged: ReceiptAck[] = [
    { ...ack, bytes: ack.bytes + 1n },
    { ...ack, ts: ack.ts + 1 },
    { ...ack, receipt: denied! },
    { ...ack, key: signed().key },
    { ...ack, signature: signed().signature },
    signed({}, 'other.example/log'),
  ]
  for (const one of forged) {
    const { error } = await taker.take(one)
    assert.equal(error?.name === 'AckRefused' && error.fault, 'forged')
  }
  assert.equal((await acks()).length, 0)
})

test('a key by which anybody can sign is refused, whatever the verifier says', async (t) => {
  const { taker } = await rig(t, { verify: () => true })
  const { error } = await taker.take({ ...signed(), key: new Uint8Array(32) })
  assert.equal(error?.name === 'AckRefused' && error.fault, 'forged')
  assert.ok((await taker.take(signed())).ok)
})

test('reads that are not there, or were refused, are not acknowledged', async (t) => {
  const { taker } = await rig(t)
  const unknown = await taker.take(signed({ receipt: new Uint8Array(16) }))
  assert.equal(unknown.error?.name, 'NoSuchRead')
  const { error } = await taker.take(signed({ receipt: denied! }))
  assert.equal(error?.name === 'AckRefused' && error.fault, 'denied')
})

test('an acknowledgement belongs to the time of its read, and of now', async (t) => {
  const { taker, clock } = await rig(t)
  const fault = async (ts: number): Promise<string | undefined> => {
    const { error } = await taker.take(signed({ ts }))
    return error?.name === 'AckRefused' ? error.fault : error?.name
  }
  assert.equal(await fault(READ.started - ACK_SKEW_MS_MAX), undefined)
  assert.equal(await fault(READ.started - ACK_SKEW_MS_MAX - 1), 'late')
  assert.equal(await fault(clock.nowMs() + ACK_SKEW_MS_MAX), undefined)
  assert.equal(await fault(clock.nowMs() + ACK_SKEW_MS_MAX + 1), 'late')
  clock.pass(READ.ts + ACK_AFTER_MS_MAX - clock.nowMs())
  assert.equal(await fault(READ.ts + ACK_AFTER_MS_MAX), undefined)
  assert.equal(await fault(READ.ts + ACK_AFTER_MS_MAX + 1), 'late')
  clock.pass(1)
  assert.equal(await fault(READ.ts), 'late')
})

test('a read has so many acknowledgements, also when they come at once', async (t) => {
  const { taker, acks } = await rig(t)
  const all = Array.from({ length: READ_ACKS_MAX + 3 }, () => signed())
  const answers = await Promise.all(all.map((ack) => taker.take(ack)))
  const taken = all.filter((_, i) => answers[i]!.ok !== undefined)
  assert.equal(taken.length, READ_ACKS_MAX)
  for (const ack of taken) assert.deepEqual((await taker.take(ack)).ok, { already: true })
  const { error } = await taker.take(signed())
  assert.equal(error?.name === 'AckRefused' && error.fault, 'enough')
  assert.equal((await acks()).length, READ_ACKS_MAX)
})

test('ACKs come by their own source of the inbox, and by nothing else', async (t) => {
  const { receipt: _, ...said } = signed()
  const ack = encodeAck({ index: 0, leaf: new Uint8Array(32), ...said })
  assert.equal(checkGroup(ACK_SOURCE, [ack]).error, undefined)
  for (const source of ['void', 'did:key:z6MkAlice'])
    assert.equal(checkGroup(source, [ack]).error?.name, 'GroupRefused', source)
  assert.ok(checkGroup(ACK_SOURCE, [ack, ack]).error)
  assert.ok(checkGroup(ACK_SOURCE, [encodeRead(READ)]).error)
  const log = new MemoryLogStore()
  const ledger = new SqliteLedger(':memory:')
  t.after(() => ledger.close())
  const journal = new MemoryJournal('0')
  journal.append([encodeRead(READ)])
  journal.append([ack])
  const accounting = new Accounting({
    store: log,
    ledger,
    journals: () => [journal],
    clock: new TestClock(READ.ts),
    random: testRandom(),
    hasher: nodeHasher,
    signer: testSigner(ORIGIN),
  })
  const { error } = await accounting.catchUp()
  assert.match(String(error?.message), /expected no ACK/)
})
