import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { WORKER_CRASHES_MAX, WORKERS_MAX } from '@turnpike/core/limits'
import { freePort } from '../http/listen.ts'
import { get, rawRequest, until } from '../http/rig.ts'
import { runWorkers, type WorkerCrash, type Workers, type WorkersOptions } from './primary.ts'
import { questions } from './ask-primary.ts'
import { joinPrimary, workerSlot } from './worker.ts'

const CLOSE = 'Connection: close'
const ENTRY = join(import.meta.dirname, 'echo-worker.ts')

async function run(
  context: TestContext,
  options: Partial<WorkersOptions> = {},
): Promise<{ workers: Workers; port: number }> {
  const port = await freePort({ host: '127.0.0.1', port: 0, portSearch: false })
  const env = { ECHO_PORT: String(port), ...options.env }
  const workers = await runWorkers({ count: 2, entry: ENTRY, ...options, env })
  context.after(() => workers.stop({ graceMs: 0 }))
  return { workers, port }
}

test('workers share one port, each with its slot, and answer questions', async (t) => {
  const { workers, port } = await run(t)
  assert.deepEqual(await workers.ask('slot'), [
    { slot: 0, value: 0 },
    { slot: 1, value: 1 },
  ])
  const slots = new Set<string>()
  for (let tries = 0; tries < 200 && slots.size < 2; tries++) {
    const { body } = await rawRequest(port, get('/', CLOSE))
    slots.add(body.split(' ')[0]!)
  }
  assert.deepEqual([...slots].toSorted(), ['0', '1'])
  await workers.stop({ graceMs: 1000 })
  assert.equal(await workers.ended, undefined)
  assert.deepEqual(await workers.ask('slot'), [])
})

test('a worker asks its primary; what is not answered in time is undefined', async (t) => {
  let blockMs = 0
  const answer = (question: unknown): unknown => {
    const untilMs = performance.now() + blockMs
    while (performance.now() < untilMs);
    return `told ${String(question)}`
  }
  const { port } = await run(t, { count: 1, answer })
  const ask = async (what: string): Promise<string> =>
    (await rawRequest(port, get(`/ask/${what}`, CLOSE))).body
  assert.deepEqual(await Promise.all([ask('a'), ask('b')]), ['0 told a', '0 told b'])
  blockMs = 700
  assert.match(await ask('c'), /^0 \d+$/)
  blockMs = 0
  assert.equal(await ask('d'), '0 told d')
})

test('a worker whose primary answers nothing is not kept waiting', async (t) => {
  const { port } = await run(t, { count: 1 })
  const startMs = performance.now()
  assert.match((await rawRequest(port, get('/ask/a', CLOSE))).body, /^0 \d+$/)
  assert.ok(performance.now() - startMs < 400)
})

test('a crashed worker comes back in its slot', async (t) => {
  const crashes: WorkerCrash[] = []
  const { workers, port } = await run(t, {
    count: 1,
    pauseMsMin: 1,
    onCrash: (crash) => crashes.push(crash),
  })
  const [, before] = (await rawRequest(port, get('/', CLOSE))).body.split(' ')
  await rawRequest(port, get('/crash'))
  await until(() => crashes.length === 1, 'the crash')
  assert.deepEqual(crashes, [{ slot: 0, code: 7, signal: null, pauseMs: 1 }])
  let body = ''
  while (body === '') body = (await rawRequest(port, get('/', CLOSE))).body
  const [slot, after] = body.split(' ')
  assert.equal(slot, '0')
  assert.notEqual(after, before)
  await workers.stop({ graceMs: 1000 })
})

test('a worker that never starts well is given up', async () => {
  const crashes: WorkerCrash[] = []
  const options = { entry: ENTRY, env: { ECHO_BROKEN: '1' }, pauseMsMin: 0.01 }
  const workers = runWorkers({ ...options, count: 1, onCrash: (crash) => crashes.push(crash) })
  await assert.rejects(workers, { name: 'WorkerGivenUp', slot: 0 })
  assert.equal(crashes.length, WORKER_CRASHES_MAX - 1)
  assert.equal(crashes[1]!.pauseMs, 2 * crashes[0]!.pauseMs)
})

test('a stop lets workers finish what is in flight', async (t) => {
  const { workers, port } = await run(t, { count: 1, env: { ECHO_PAUSE_MS: '150' } })
  const answer = rawRequest(port, get('/'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  await workers.stop({ graceMs: 2000 })
  assert.match((await answer).body, /^0 \d+$/)
})

test('refuses counts out of bounds, and to join without a primary', async () => {
  for (const count of [0, 1.5, WORKERS_MAX + 1]) {
    await assert.rejects(runWorkers({ count, entry: ENTRY }), RangeError)
  }
  assert.equal(workerSlot(), undefined)
  assert.throws(() => joinPrimary({ answer() {}, async stop() {} }), TypeError)
  assert.throws(() => questions(1), TypeError)
})
