import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { EGRESS_TOPIC, followEgress } from '@turnpike/accounting/egress/follow'
import type { EgressPosition } from '@turnpike/accounting/egress/follow'
import { decodeOutgoing, type OutgoingRecord } from '@turnpike/accounting/egress/outgoing'
import type { LogReader } from '@turnpike/accounting/reader'
import { readOf } from '@turnpike/accounting/testing/entries'
import { EGRESS_FOLLOWED_MAX, EGRESS_RECORD_BYTES_MAX } from '@turnpike/core/limits/queue'
import { encodeRead } from '@turnpike/core/log/encode'
import { READ_FLAGS, type ReadEntry } from '@turnpike/core/log/entry'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import { linkFromString, linkToBytes } from '@turnpike/core/link'
import { openBilling } from '../billing/database.ts'
import { nodeHasher } from '../hasher.ts'
import { SqliteQueueKeeper } from '../queue/keeper.ts'
import { SqliteQueue } from '../queue/queue.ts'
import { testFolder } from '../testing/deployment.ts'
import { openPosition } from './position.ts'
import { QUEUE_SCHEMA } from '../queue/schema.ts'
import { EGRESS_SCHEMA } from './position.ts'

const GATEWAY = 'did:web:gateway.example'
const never = new AbortController().signal
const cid = linkToBytes(linkFromString('bafkqaaa')!)
const MINUTE_MS = 60_000
const NOW_MS = 1_800_000_000_000

/** A read of ours, billed unless `fields` say otherwise. */
function read(n: number, fields: Partial<ReadEntry> = {}): ReadEntry {
  const flags = READ_FLAGS.allowed | READ_FLAGS.content
  return readOf(n, { provider: GATEWAY, cid, flags, bytes: 10n, ts: NOW_MS, ...fields })
}

/** A reader of a log that has these reads, in bundles of 256. */
function logOf(reads: readonly ReadEntry[]): LogReader {
  const entries = reads.map(encodeRead)
  const reader = {
    state: { size: entries.length },
    async *runs(first: number, end: number) {
      for (let next = first; next < end; next = (Math.floor(next / 256) + 1) * 256)
        yield { first: next, entries: entries.slice(next, (Math.floor(next / 256) + 1) * 256) }
    },
  }
  return reader as unknown as LogReader
}

interface Sender {
  follow(reads: readonly ReadEntry[], mode?: 'read' | 'minute', nowMs?: number): Promise<void>
  queued(): OutgoingRecord[]
  entry(): number
}

function senderOf(billing = memory(), messagesMax = 100_000): Sender {
  const clock = { nowMs: () => NOW_MS }
  const queue = new SqliteQueue(billing, clock, { messagesMax, deadMax: 10 })
  const keeper = new SqliteQueueKeeper(billing, clock)
  const position = openPosition({ billing, queue, keeper, audience: 'did:web:home.example' }, 0)
  return {
    follow(reads, mode = 'read', nowMs = NOW_MS) {
      const rules = { mode, providers: [GATEWAY], hasher: nodeHasher, position }
      return followEgress(logOf(reads), { ...rules, clock: { nowMs: () => nowMs } }, never)
    },
    queued() {
      const rows = billing.prepare('SELECT key, body FROM queue ORDER BY id').all()
      return rows.map((row) => {
        const record = decodeOutgoing(row['body'] as Uint8Array)!
        assert.equal(record.nonce, row['key'])
        return record
      })
    },
    entry: () => position.entry(),
  }
}

function memory(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  database.exec(`${QUEUE_SCHEMA}; ${EGRESS_SCHEMA}`)
  return database
}

test('each billed read of ours is told once, named by its public receipt id', async () => {
  const sender = senderOf()
  const reads = [read(1), read(2, { bytes: 7n, ts: NOW_MS - 5 })]
  await sender.follow(reads)
  await sender.follow(reads)
  const [first, second, ...others] = sender.queued()
  assert.equal(others.length, 0)
  const { space, bytes, servedAtMs, nonce } = second!
  assert.deepEqual([space, bytes, servedAtMs], ['did:key:alice', 7, NOW_MS - 5])
  assert.equal(nonce, receiptIdOf(reads[1]!.id, nodeHasher))
  assert.notEqual(first!.nonce, nonce)
  await sender.follow([...reads, read(3)])
  assert.equal(sender.queued().length, 3)
})

test('nothing is told of what is not billed, not ours, or nobody’s', async () => {
  const sender = senderOf()
  const { allowed, content, synthetic } = READ_FLAGS
  await sender.follow([
    read(1, { flags: allowed }),
    read(2, { flags: content }),
    read(3, { flags: allowed | content | synthetic }),
    read(4, { bytes: 0n }),
    read(5, { cid: null }),
    read(6, { provider: 'did:web:other.example' }),
    read(7, { space: GATEWAY }),
  ])
  assert.deepEqual([sender.queued(), sender.entry()], [[], 7])
})

test('reads of one space, CID and minute are told together, once the minute is over', async () => {
  const sender = senderOf()
  const start = Math.floor(NOW_MS / MINUTE_MS) * MINUTE_MS
  const reads = [
    read(1, { ts: start - 2 }),
    read(2, { ts: start - 1, bytes: 5n }),
    read(3, { ts: start - 1, space: 'did:key:bob' }),
    read(4, { ts: start - MINUTE_MS - 1 }),
    read(5, { ts: start + 1 }),
    read(6, { ts: start - 1 }),
  ]
  await sender.follow(reads, 'minute', start + 30_000)
  const told = (): string[] =>
    sender.queued().map(({ space, bytes, servedAtMs }) => `${space} ${bytes} ${servedAtMs - start}`)
  const before = ['did:key:alice 15 -1', 'did:key:bob 10 -1', `did:key:alice 10 -60001`]
  assert.deepEqual([told(), sender.entry()], [before, 4])
  await sender.follow(reads, 'minute', start + MINUTE_MS)
  assert.deepEqual(told().slice(3), ['did:key:alice 10 1', 'did:key:alice 10 -1'])
  assert.equal(new Set(sender.queued().map(({ nonce }) => nonce)).size, 5)
})

test('every billed byte is told, however reads are cut into runs', async () => {
  const field = fc.record({
    bytes: fc.bigInt({ min: 0n, max: 3n * BigInt(EGRESS_RECORD_BYTES_MAX) }),
    ts: fc.integer({ min: NOW_MS - 3 * MINUTE_MS, max: NOW_MS }),
    space: fc.constantFrom('did:key:alice', 'did:key:bob'),
  })
  const mode = fc.constantFrom('read' as const, 'minute' as const)
  await fc.assert(
    fc.asyncProperty(
      fc.array(field, { maxLength: 40 }),
      mode,
      fc.nat(40),
      async (all, how, cut) => {
        const sender = senderOf()
        const reads = all.map((fields, n) => read(n, fields))
        await sender.follow(reads.slice(0, cut), how, NOW_MS + MINUTE_MS)
        await sender.follow(reads, how, NOW_MS + MINUTE_MS)
        const told = sender.queued()
        const sum = told.reduce((bytes, record) => bytes + BigInt(record.bytes), 0n)
        assert.equal(
          sum,
          reads.reduce((bytes, one) => bytes + one.bytes, 0n),
        )
        assert.ok(told.every(({ bytes }) => bytes > 0 && bytes <= EGRESS_RECORD_BYTES_MAX))
        assert.equal(new Set(told.map(({ nonce }) => nonce)).size, told.length)
      },
    ),
    { numRuns: 50 },
  )
})

test('L3: what the queue has no room for stays in the log, and is told later', async () => {
  const billing = memory()
  const sender = senderOf(billing, EGRESS_FOLLOWED_MAX)
  const reads = Array.from({ length: 2 * EGRESS_FOLLOWED_MAX + 5 }, (_, n) => read(n))
  for (let round = 0; round < 2; round++) {
    await sender.follow(reads)
    await sender.follow(reads)
    assert.equal(sender.queued().length, EGRESS_FOLLOWED_MAX)
    assert.equal(sender.entry(), (round + 1) * EGRESS_FOLLOWED_MAX)
    billing.exec('DELETE FROM queue')
  }
  await sender.follow(reads)
  assert.equal(sender.queued().length, 5)
})

test('another service hears of what comes after, the same one of what it missed', async (t) => {
  const folder = await testFolder()
  const billing = openBilling(join(folder.path, 'billing.sqlite')).ok!
  t.after(async () => {
    billing.close()
    await folder.remove()
  })
  const clock = { nowMs: () => NOW_MS }
  const queue = new SqliteQueue(billing, clock)
  const keeper = new SqliteQueueKeeper(billing, clock)
  const at = (audience: string, size: number): EgressPosition =>
    openPosition({ billing, queue, keeper, audience }, size)
  const message = { topic: EGRESS_TOPIC, key: 'a', body: new Uint8Array() }
  const waiting = (): number | undefined => keeper.counts()[0]?.waiting
  assert.equal(at('did:web:one.example', 100).entry(), 100)
  assert.ok(at('did:web:one.example', 200).advance(100, 101, [message]))
  assert.equal(at('did:web:one.example', 200).entry(), 101)
  assert.equal(waiting(), 1)
  assert.equal(at('did:web:two.example', 300).entry(), 300)
  assert.equal(waiting(), 0, 'what the one service may have heard, the other must not')
  const [dead] = keeper.list({ topic: EGRESS_TOPIC, isDead: true })
  assert.equal(dead?.reason, 'it was for did:web:one.example')
})
