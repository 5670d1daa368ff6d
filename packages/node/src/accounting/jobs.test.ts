import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { pauseMs, runJobs } from './jobs.ts'

test('a job that fails is tried again, told of once, and keeps no other back', async () => {
  let runs = 0
  const told: [string, unknown][] = []
  const well = Promise.withResolvers<void>()
  const fault = new Error('broken')
  const stop = runJobs(
    [
      {
        name: 'fails twice',
        everyMs: 1,
        async run() {
          runs += 1
          if (runs < 3) throw fault
        },
      },
      { name: 'never ends', everyMs: 1, run: (signal) => sleep(60_000, undefined, { signal }) },
    ],
    (name, what) => {
      told.push([name, what])
      if (what === undefined) well.resolve()
    },
  )
  await well.promise
  await stop()
  assert.deepEqual(told, [
    ['fails twice', fault],
    ['fails twice', undefined],
  ])
})

test('pauses of a job that fails grow to their bound, where it has one', () => {
  const pauses = (job: Parameters<typeof pauseMs>[0]): number[] =>
    [0, 1, 2, 3, 2000].map((failures) => pauseMs(job, failures))
  assert.deepEqual(pauses({ everyMs: 10 }), [10, 10, 10, 10, 10])
  assert.deepEqual(pauses({ everyMs: 10, retryMsMax: 50 }), [10, 20, 40, 50, 50])
})

test('a run ends before the next begins, and before stopping resolves', async () => {
  let atOnce = 0
  let mostAtOnce = 0
  const begun = Promise.withResolvers<void>()
  const run = async (): Promise<void> => {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    begun.resolve()
    await sleep(5)
    atOnce -= 1
  }
  const stop = runJobs([{ name: 'slow', everyMs: 0, run }], () => assert.fail('told'))
  await begun.promise
  await stop()
  assert.deepEqual([atOnce, mostAtOnce], [0, 1])
})
