import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { backoffMs } from '@turnpike/accounting/queue/backoff'
import { consume, type QueueHandler } from '@turnpike/accounting/queue/consumer'
import {
  QUEUE_ATTEMPTS_MAX,
  QUEUE_BACKOFF_MS_MAX,
  QUEUE_BACKOFF_MS_MIN,
} from '@turnpike/core/limits/queue'
import type { HeldMessage, QueueOutcome } from '@turnpike/core/ports/queue'
import { SqliteQueueKeeper } from './keeper.ts'
import { SqliteQueue } from './queue.ts'
import { QUEUE_SCHEMA } from './schema.ts'

const TOPIC = 'letters'
const never = new AbortController().signal
const random = { bytes: (length: number): Uint8Array => randomBytes(length) }

function open(): {
  queue: SqliteQueue
  keeper: SqliteQueueKeeper
  clock: { nowMs(): number }
  advance(ms: number): void
} {
  const database = new DatabaseSync(':memory:')
  database.exec(QUEUE_SCHEMA)
  let nowMs = 1_800_000_000_000
  const clock = { nowMs: (): number => nowMs }
  return {
    queue: new SqliteQueue(database, clock),
    keeper: new SqliteQueueKeeper(database, clock),
    clock,
    advance: (ms) => (nowMs += ms),
  }
}

function fill(queue: SqliteQueue, count: number): void {
  const messages = Array.from({ length: count }, (_, n) => ({
    topic: TOPIC,
    key: `${n}`,
    body: new Uint8Array(),
  }))
  assert.equal(queue.put(messages).ok?.added, count)
}

function handlerOf(handle: (message: HeldMessage) => QueueOutcome, batchMax = 10): QueueHandler {
  return {
    topic: TOPIC,
    batchMax,
    visibilityMs: 60_000,
    handle: async (messages) => messages.map(handle),
  }
}

test('each message gets the outcome that its handler gives it', async () => {
  const { queue, keeper, clock, advance } = open()
  fill(queue, 25)
  const handler = handlerOf(({ key, attempt }) => {
    if (key === '3') return { kind: 'dead', reason: 'no such address' }
    if (key === '7' && attempt === 1) return { kind: 'retry', reason: 'busy' }
    return { kind: 'done' }
  })
  const deps = { queue, clock, random }
  assert.deepEqual(await consume(handler, deps, never), { done: 23, retried: 1, dead: 1 })
  const [row] = keeper.list({ isDead: true })
  assert.deepEqual([row?.key, row?.reason], ['3', 'no such address'])
  advance(QUEUE_BACKOFF_MS_MIN)
  assert.deepEqual(await consume(handler, deps, never), { done: 1, retried: 0, dead: 0 })
})

test('L12: a message that its handler chokes on never takes its batch along', async () => {
  const { queue, keeper, clock } = open()
  fill(queue, 10)
  const handler = handlerOf(({ key }) => {
    if (key === '4') throw new TypeError('not decodable')
    return { kind: 'done' }
  })
  const consumed = await consume(handler, { queue, clock, random }, never)
  assert.deepEqual(consumed, { done: 9, retried: 1, dead: 0 })
  const [row, ...others] = keeper.list({ isDead: false })
  assert.deepEqual([row?.key, row?.reason, others.length], ['4', 'TypeError: not decodable', 0])
})

test('an outcome that a handler forgets is a retry', async () => {
  const { queue, clock } = open()
  fill(queue, 3)
  const handler: QueueHandler = { ...handlerOf(() => ({ kind: 'done' })), handle: async () => [] }
  const consumed = await consume(handler, { queue, clock, random }, never)
  assert.deepEqual(consumed, { done: 0, retried: 3, dead: 0 })
})

test('after its attempts a message is dead, also when its holders die each time', async () => {
  const { queue, keeper, clock, advance } = open()
  fill(queue, 1)
  for (let n = 0; n < QUEUE_ATTEMPTS_MAX - 1; n++) {
    assert.equal(queue.take(TOPIC, { limit: 1, visibilityMs: 1 }).length, 1)
    advance(1)
  }
  const failing = handlerOf(() => ({ kind: 'retry', reason: 'busy' }))
  const deps = { queue, clock, random }
  assert.deepEqual(await consume(failing, deps, never), { done: 0, retried: 0, dead: 1 })
  assert.match(keeper.list({ isDead: true })[0]!.reason, /^given up after 200 attempts: busy$/)
  keeper.redrive({})
  for (let n = 0; n < QUEUE_ATTEMPTS_MAX; n++) {
    queue.take(TOPIC, { limit: 1, visibilityMs: 1 })
    advance(1)
  }
  const handler = handlerOf(() => assert.fail('a message beyond its attempts was handled'))
  assert.deepEqual(await consume(handler, deps, never), { done: 0, retried: 0, dead: 1 })
})

test('waits double up to an hour, less up to half of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: QUEUE_ATTEMPTS_MAX }), fc.nat(255), (attempt, byte) => {
      const ms = backoffMs(attempt, { bytes: () => new Uint8Array([byte]) })
      const whole = Math.min(QUEUE_BACKOFF_MS_MAX, QUEUE_BACKOFF_MS_MIN * 2 ** (attempt - 1))
      assert.ok(ms <= whole && ms >= whole / 2, `${ms} of ${whole}`)
    }),
  )
})

test('consumers that work at once, some of them late, settle each message once', async () => {
  const { queue, clock, advance } = open()
  fill(queue, 200)
  const handled = new Map<string, number>()
  let batches = 0
  const consumer = async (): Promise<number> => {
    const handler: QueueHandler = {
      ...handlerOf(() => ({ kind: 'done' }), 7),
      async handle(messages) {
        for (const { key } of messages) handled.set(key, (handled.get(key) ?? 0) + 1)
        // Some batches are held so long that they go to somebody else.
        const isLate = batches++ % 5 === 0
        if (isLate) advance(60_000)
        await sleep(isLate ? 5 : 1)
        return messages.map(() => ({ kind: 'done' }))
      },
    }
    let sum = 0
    while (queue.nextMs(TOPIC) !== undefined) {
      sum += (await consume(handler, { queue, clock, random }, never)).done
      await sleep(1)
    }
    return sum
  }
  const done = await Promise.all([consumer(), consumer(), consumer()])
  assert.equal(
    done.reduce((a, b) => a + b),
    200,
  )
  assert.equal(handled.size, 200)
  assert.ok([...handled.values()].some((times) => times > 1))
})

test('a consumer that is stopped takes nothing more', async () => {
  const { queue, clock } = open()
  fill(queue, 20)
  const stop = new AbortController()
  const handler = handlerOf(() => {
    stop.abort()
    return { kind: 'done' }
  })
  const { done } = await consume(handler, { queue, clock, random }, stop.signal)
  assert.equal(done, 10)
})
