/**
 * Contract suite of `Queue` and `QueueKeeper`.
 * @module
 */
import {
  QUEUE_BACKOFF_MS_MAX,
  QUEUE_BODY_BYTES_MAX,
  QUEUE_DEAD_KEPT_MS,
  QUEUE_DELAY_MS_MAX,
  QUEUE_REASON_CHARS_MAX,
} from '../limits/queue.ts'
import type { HeldMessage, Queue, QueuedMessage, QueueKeeper } from '../ports/queue.ts'
import { expect, type ContractCase } from './case.ts'

/** A queue on a clock that the suite moves. */
export interface QueueSubject {
  readonly queue: Queue
  readonly keeper: QueueKeeper
  /** Moves the queue's clock, also back. */
  advance(ms: number): void
  nowMs(): number
  /** Waiting and dead messages of one topic that the queue has room for; a few. */
  readonly messagesMax: number
  readonly deadMax: number
}

const TOPIC = 'letters'
const VISIBILITY_MS = 60_000

function letter(key: string, fields: Partial<QueuedMessage> = {}): QueuedMessage {
  return { topic: TOPIC, key, body: new TextEncoder().encode(key), ...fields }
}

async function put(queue: Queue, ...messages: readonly QueuedMessage[]): Promise<number> {
  const { ok, error } = await queue.put(messages)
  if (error !== undefined) throw error
  return ok.added
}

async function take(queue: Queue, limit = 100): Promise<readonly HeldMessage[]> {
  return queue.take(TOPIC, { limit, visibilityMs: VISIBILITY_MS })
}

async function keysOf(queue: Queue): Promise<string> {
  const keys = (await take(queue)).map(({ key }) => key)
  return keys.toSorted().join()
}

/**
 * What a queue must do. Each case wants an empty one.
 *
 * @example
 * for (const { name, run } of QUEUE_CONTRACT) test(name, async () => run(await open()))
 */
export const QUEUE_CONTRACT: readonly ContractCase<QueueSubject>[] = [
  {
    name: 'a message comes out as it went in, once, and is gone when it is done',
    run: async ({ queue, nowMs }) => {
      expect((await put(queue, letter('a'))) === 1, 'expected 1 message to be added')
      const [held, ...others] = await take(queue)
      expect(held !== undefined && others.length === 0, 'expected 1 message')
      const { topic, key, body, attempt, putMs } = held
      expect(`${topic} ${key} ${attempt} ${putMs}` === `${TOPIC} a 1 ${nowMs()}`, 'expected "a"')
      expect(new TextDecoder().decode(body) === 'a', 'expected its body')
      expect((await take(queue)).length === 0, 'expected nothing more while it is held')
      expect((await queue.settle([{ held, outcome: { kind: 'done' } }])) === 1, 'expected 1')
      expect((await queue.nextMs(TOPIC)) === undefined, 'expected nothing to wait')
    },
  },
  {
    name: 'topics are apart',
    run: async ({ queue }) => {
      await put(queue, letter('a', { topic: 'other' }), letter('b'))
      const keys = await keysOf(queue)
      expect(keys === 'b', `expected b, got ${keys}`)
    },
  },
  {
    name: 'a key that is known changes nothing, whether it waits, is held or is dead',
    run: async ({ queue }) => {
      const other = letter('a', { body: new Uint8Array([1]) })
      expect((await put(queue, letter('a'), other)) === 1, 'expected the first')
      const [held] = await take(queue)
      expect((await put(queue, other)) === 0, 'expected none while held')
      await queue.settle([{ held: held!, outcome: { kind: 'dead', reason: 'no' } }])
      expect((await put(queue, other)) === 0, 'expected none while dead')
    },
  },
  {
    name: 'what its holder does not settle in time is taken again, and counts as an attempt',
    run: async ({ queue, advance }) => {
      await put(queue, letter('a'))
      await take(queue)
      advance(VISIBILITY_MS - 1)
      expect((await take(queue)).length === 0, 'expected it to be held still')
      advance(1)
      const [again] = await take(queue)
      expect(again?.attempt === 2, `expected attempt 2, got ${again?.attempt}`)
    },
  },
  {
    name: 'of two holders only the newer one settles, whatever either wants',
    run: async ({ queue, advance }) => {
      const outcomes = [
        { kind: 'done' },
        { kind: 'dead', reason: 'late' },
        { kind: 'retry', reason: 'late', notBeforeMs: 0 },
      ] as const
      await put(queue, letter('a'))
      const [late] = await take(queue)
      advance(VISIBILITY_MS)
      const [held] = await take(queue)
      for (const outcome of outcomes)
        expect((await queue.settle([{ held: late!, outcome }])) === 0, 'expected to be too late')
      const mine = { held: held!, outcome: { kind: 'retry', reason: 'x', notBeforeMs: 0 } } as const
      expect((await queue.settle([mine])) === 1, 'expected the newer holder to settle')
      expect((await queue.settle([mine])) === 0, 'expected it to settle once')
      expect((await take(queue)).length === 1, 'expected the retry')
    },
  },
  {
    name: 'a retry waits as long as it was told, at most a day',
    run: async ({ queue, advance, nowMs }) => {
      await put(queue, letter('a'), letter('b'))
      const [a, b] = await take(queue)
      const retry = (held: HeldMessage, ms: number): Promise<number> =>
        Promise.resolve(
          queue.settle([
            { held, outcome: { kind: 'retry', reason: 'busy', notBeforeMs: nowMs() + ms } },
          ]),
        )
      await retry(a!, 5000)
      await retry(b!, 10 * QUEUE_DELAY_MS_MAX)
      expect((await queue.nextMs(TOPIC)) === nowMs() + 5000, 'expected the next in 5 s')
      advance(4999)
      expect((await keysOf(queue)) === '', 'expected nothing yet')
      advance(1)
      expect((await keysOf(queue)) === a!.key, 'expected the first')
      advance(QUEUE_DELAY_MS_MAX)
      expect((await keysOf(queue)) === 'a,b', 'expected the other within a day')
    },
  },
  {
    name: 'a message that was put for later is taken then',
    run: async ({ queue, advance, nowMs }) => {
      await put(queue, letter('a', { notBeforeMs: nowMs() + 1000 }))
      expect((await keysOf(queue)) === '', 'expected nothing yet')
      advance(1000)
      expect((await keysOf(queue)) === 'a', 'expected it')
    },
  },
  {
    name: 'a clock that was ahead for years hides no message',
    run: async ({ queue, advance }) => {
      advance(5 * 365 * QUEUE_DELAY_MS_MAX)
      await put(queue, letter('a'))
      await take(queue)
      advance(-5 * 365 * QUEUE_DELAY_MS_MAX)
      expect((await keysOf(queue)) === 'a', 'expected it to be taken')
    },
  },
  {
    name: 'take gives at most as many as it is asked for, the longest waiting first',
    run: async ({ queue, advance }) => {
      for (const key of ['a', 'b', 'c']) {
        await put(queue, letter(key))
        advance(1)
      }
      const keys = (await take(queue, 2)).map(({ key }) => key).toSorted()
      expect(keys.join() === 'a,b', `expected a,b, got ${keys.join()}`)
    },
  },
  {
    name: 'dead messages are listed with their reason, and taken only after a redrive',
    run: async ({ queue, keeper, advance, nowMs }) => {
      await put(queue, letter('a'), letter('b'))
      const reason = 'x'.repeat(QUEUE_REASON_CHARS_MAX + 1)
      const outcome = { kind: 'dead', reason } as const
      await queue.settle((await take(queue)).map((held) => ({ held, outcome })))
      advance(QUEUE_DELAY_MS_MAX)
      expect((await keysOf(queue)) === '', 'expected nothing')
      const [row, ...others] = await keeper.list({ topic: TOPIC, isDead: true })
      expect(row?.key === 'a' && others.length === 1, 'expected a and b')
      expect(row.reason.length === QUEUE_REASON_CHARS_MAX, 'expected the reason, cut')
      expect(row.attempts === 1 && row.sizeBytes === 1, 'expected 1 attempt, 1 byte')
      expect(row.deadMs === nowMs() - QUEUE_DELAY_MS_MAX, 'expected when it died')
      expect((await keeper.redrive({ id: row.id, topic: 'other' })) === 0, 'expected none')
      expect((await keeper.redrive({ id: row.id })) === 1, 'expected one')
      const [held] = await take(queue)
      expect(held?.key === 'a' && held.attempt === 1, 'expected a with all its attempts')
      expect((await keeper.redrive({})) === 1, 'expected the other')
    },
  },
  {
    name: 'what has been dead for 14 days is forgotten, nothing else',
    run: async ({ queue, keeper, advance }) => {
      await put(queue, letter('a'))
      const outcome = { kind: 'dead', reason: 'no' } as const
      await queue.settle((await take(queue)).map((held) => ({ held, outcome })))
      advance(QUEUE_DEAD_KEPT_MS - 1)
      await put(queue, letter('b'))
      expect((await keeper.purge()).length === 0, 'expected nothing to be purged yet')
      advance(1)
      const purged = (await keeper.purge()).map(({ key }) => key)
      expect(purged.join() === 'a', `expected a, got ${purged.join()}`)
      expect((await keeper.counts())[0]?.waiting === 1, 'expected b to wait')
    },
  },
  {
    name: 'what waits can be woken, and then nobody but its next holder settles it',
    run: async ({ queue, keeper }) => {
      await put(queue, letter('a'))
      const [late] = await take(queue)
      await keeper.wake('other')
      expect((await take(queue)).length === 0, 'expected it to be held still')
      await keeper.wake(TOPIC)
      expect((await take(queue)).length === 1, 'expected it at once')
      const settled = await queue.settle([{ held: late!, outcome: { kind: 'done' } }])
      expect(settled === 0, 'expected the first holder to be too late')
    },
  },
  {
    name: 'all that waits of a topic can be declared dead, and redriven',
    run: async ({ queue, keeper }) => {
      for (const key of ['a', 'b']) await put(queue, letter(key))
      const [held] = await take(queue)
      await keeper.buryAll('other', 'not meant')
      expect((await keeper.counts())[0]?.dead === 0, 'expected another topic to be left alone')
      await keeper.buryAll(TOPIC, 'not meant')
      expect((await take(queue)).length === 0, 'expected nothing to wait')
      const settled = await queue.settle([{ held: held!, outcome: { kind: 'done' } }])
      expect(settled === 0, 'expected the holder to be too late')
      const dead = await keeper.list({ topic: TOPIC, isDead: true })
      expect(dead.length === 2 && dead[0]?.reason === 'not meant', 'expected both, and why')
      await keeper.redrive({ topic: TOPIC })
      expect((await take(queue)).length > 0, 'expected them again')
    },
  },
  {
    name: 'with no room for the dead a message waits for an hour',
    run: async ({ queue, keeper, advance, deadMax }) => {
      const outcome = { kind: 'dead', reason: 'no' } as const
      for (let n = 0; n <= deadMax; n++) {
        await put(queue, letter(`${n}`))
        await queue.settle((await take(queue)).map((held) => ({ held, outcome })))
      }
      const [count] = await keeper.counts()
      expect(count?.dead === deadMax && count.waiting === 1, `expected ${deadMax} dead, 1 waiting`)
      advance(QUEUE_BACKOFF_MS_MAX)
      expect((await take(queue)).length === 1, 'expected it after an hour')
    },
  },
  {
    name: 'a topic takes no more than its messages, all or none of a call; a redrive neither',
    run: async ({ queue, keeper, messagesMax }) => {
      await put(queue, letter('dead'))
      const [held] = await take(queue)
      await queue.settle([{ held: held!, outcome: { kind: 'dead', reason: 'no' } }])
      const letters = Array.from({ length: messagesMax + 1 }, (_, n) => letter(`${n}`))
      const { error } = await queue.put(letters)
      expect(error?.name === 'QueueFull', 'expected QueueFull')
      expect(error.topic === TOPIC && error.messagesMax === messagesMax, 'expected why')
      expect((await take(queue)).length === 0, 'expected none of them')
      await put(queue, ...letters.slice(1))
      expect((await keeper.redrive({})) === 0, 'expected no room for a redrive')
      expect((await queue.put([letter('x', { topic: 'other' })])).ok?.added === 1, 'expected room')
    },
  },
  {
    name: 'a message that breaks a bound is refused, and those beside it',
    run: async ({ queue }) => {
      const body = new Uint8Array(QUEUE_BODY_BYTES_MAX + 1)
      const refused = await Promise.resolve()
        .then(() => queue.put([letter('a'), letter('b', { body })]))
        .catch((error: unknown) => error)
      expect(refused instanceof RangeError, 'expected a RangeError')
      expect((await take(queue)).length === 0, 'expected nothing')
    },
  },
]
