import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { RATE_ASKED_MAX } from '@turnpike/core/limits'
import { type Asked, grantOf, type Granted, LeasedBuckets, leaseTokens } from './leased-buckets.ts'
import { TokenBuckets } from './token-buckets.ts'

const clock = { ms: 0, nowMs: () => 0, monotonicMs: () => clock.ms }

interface Deployment {
  readonly buckets: TokenBuckets
  readonly workers: LeasedBuckets[]
  readonly questions: (readonly Asked[])[]
  /** Lets questions that are out be answered, and what follows. */
  settle(): Promise<void>
  /** Puts another worker in the place of one that crashed. */
  restart(slot: number): void
}

/** Workers that share the buckets of a primary, which answers when it is told to. */
function deploy(rate: { tokensPerMinute: number; burstTokens: number }, count: number): Deployment {
  const buckets = new TokenBuckets({ ...rate, clock, keysMax: 100 })
  const questions: (readonly Asked[])[] = []
  let due: (() => void)[] = []
  const ask = (asked: readonly Asked[]): Promise<readonly Granted[]> => {
    questions.push(asked)
    return new Promise((resolve) => due.push(() => resolve(grantOf(buckets, asked))))
  }
  const held = leaseTokens(rate.burstTokens, count)
  const start = (): LeasedBuckets => new LeasedBuckets({ clock, leaseTokens: held, ask })
  const workers = Array.from({ length: count }, start)
  const settle = async (): Promise<void> => {
    await turn()
    while (due.length > 0) {
      const now = due
      due = []
      for (const answer of now) answer()
      await turn()
    }
  }
  return { buckets, workers, questions, settle, restart: (slot) => (workers[slot] = start()) }
}

test('workers let in no more than the bucket and one lease each, after crashes, too', async () => {
  const step = fc.record({
    worker: fc.nat(7),
    times: fc.integer({ min: 1, max: 40 }),
    pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5000 })),
    crash: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    settle: fc.boolean(),
  })
  const shape = fc.record({
    tokensPerMinute: fc.integer({ min: 1, max: 600 }),
    burstTokens: fc.integer({ min: 1, max: 400 }),
    count: fc.integer({ min: 1, max: 8 }),
  })
  await fc.assert(
    fc.asyncProperty(shape, fc.array(step, { maxLength: 15 }), async (shaped, steps) => {
      clock.ms = 0
      const { tokensPerMinute, burstTokens, count } = shaped
      const { workers, settle, restart } = deploy(shaped, count)
      const admittedAtMs: number[] = []
      for (const { worker, times, pause, crash, settle: now } of steps) {
        clock.ms += pause
        if (crash) restart(worker % count)
        for (let i = 0; i < times; i++) {
          const waits = workers[worker % count]!.take('a')
          if (waits === 0) admittedAtMs.push(clock.ms)
          else if (waits instanceof Promise)
            void waits.then((ms) => ms === 0 && admittedAtMs.push(clock.ms))
        }
        if (now) await settle()
      }
      await settle()
      const reserve = count * leaseTokens(burstTokens, count)
      assert.ok(reserve <= burstTokens / 4)
      let drawn = 0
      for (const [i, ms] of admittedAtMs.entries()) {
        const passedMs = ms - (admittedAtMs[i - 1] ?? ms)
        drawn = Math.max(0, drawn - passedMs * tokensPerMinute) + 60_000
        assert.ok(drawn <= (burstTokens + reserve) * 60_000, `${drawn / 60_000}`)
      }
    }),
    { numRuns: 40 },
  )
})

test('a client on one connection has its whole bucket and its whole rate', async () => {
  clock.ms = 0
  const { workers, settle } = deploy({ tokensPerMinute: 600, burstTokens: 50 }, 4)
  let admitted = 0
  for (let ms = 0; ms < 60_000; ms += 10) {
    clock.ms = ms
    const waits = workers[1]!.take('a')
    if (waits instanceof Promise) await settle()
    if ((await waits) === 0) admitted += 1
  }
  assert.equal(admitted, 50 + 599)
})

test('tokens in reserve, and an empty bucket, ask nothing', async () => {
  clock.ms = 0
  const { workers, settle, questions } = deploy({ tokensPerMinute: 60, burstTokens: 40 }, 2)
  const [worker] = workers
  const first = worker!.take('a')
  await settle()
  assert.equal(await first, 0)
  for (let i = 0; i < 5; i++) assert.equal(worker!.take('a'), 0)
  assert.deepEqual(questions, [[['a', 6]]])
  const many = Array.from({ length: 50 }, () => worker!.take('a'))
  await settle()
  const waits = await Promise.all(many)
  assert.equal(waits.filter((ms) => ms === 0).length, 34)
  assert.ok(waits.slice(34).every((ms) => ms === 1000))
  const asked = questions.length
  clock.ms += 999
  assert.equal(worker!.take('a'), 1)
  assert.equal(questions.length, asked)
  clock.ms += 1
  const again = worker!.take('a')
  await settle()
  assert.equal(await again, 0)
})

test('what comes at once is asked at once, so many keys a question', async () => {
  clock.ms = 0
  const { workers, settle, questions } = deploy({ tokensPerMinute: 60, burstTokens: 1 }, 1)
  const waits = Array.from({ length: RATE_ASKED_MAX + 1 }, (_, i) => workers[0]!.take(`k${i % 90}`))
  const more = Array.from({ length: RATE_ASKED_MAX + 1 }, (_, i) => workers[0]!.take(`m${i}`))
  await settle()
  await Promise.all([...waits, ...more])
  assert.ok(questions.every((asked) => asked.length <= RATE_ASKED_MAX))
  assert.ok(questions.length <= 4, `${questions.length}`)
})

test('while nobody answers, requests are let in', async () => {
  const options = { clock, leaseTokens: 0, ask: () => Promise.resolve(undefined) }
  const worker = new LeasedBuckets(options)
  assert.deepEqual(await Promise.all([worker.take('a'), worker.take('a')]), [0, 0])
})

test('a small bucket is not held in reserve', () => {
  assert.deepEqual(
    [1, 7, 8, 15, 16, 1_000_000].map((burst) => leaseTokens(burst, 2)),
    [0, 0, 1, 1, 2, 64],
  )
})
