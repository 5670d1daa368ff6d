import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { ACCOUNTING_CALLS_MAX } from '@turnpike/core/limits/log'
import { fail, ok } from '@turnpike/core/result'
import type { Operations } from '../control/server.ts'
import { type Asking, answerOver, askOver, nobodyToAsk } from './calls.ts'

function channel(t: TestContext, operations: Operations): Asking {
  const { port1, port2 } = new MessageChannel()
  t.after(answerOver(port2, operations))
  return askOver(port1)
}

test('parameters and answers may hold bytes and bigints', async (t) => {
  const { ask } = channel(t, { echo: async (params) => ok({ params }) })
  const params = { bytes: Uint8Array.of(1, 2), sum: 2n ** 70n }
  assert.deepEqual(await ask('echo', params), ok({ params }))
})

test('errors keep their names, whether returned or thrown', async (t) => {
  const { ask } = channel(t, {
    refuse: async () => fail(new RangeError('too much')),
    throw: () => Promise.reject(new TypeError('broken')),
  })
  const { error: refused } = await ask('refuse', {})
  assert.deepEqual([refused!.name, refused!.message], ['RangeError', 'too much'])
  assert.equal((await ask('throw', {})).error!.name, 'TypeError')
  assert.equal((await ask('toString', {})).error!.name, 'NoSuchOperation')
})

test('what waits when the other end closes fails, and so does what is asked later', async (t) => {
  const { port1, port2 } = new MessageChannel()
  const asked = Promise.withResolvers<void>()
  const close = answerOver(port2, {
    async wait() {
      asked.resolve()
      return new Promise(() => {})
    },
  })
  const { ask } = askOver(port1)
  t.after(() => port1.close())
  const waiting = ask('wait', {})
  await asked.promise
  close()
  assert.equal((await waiting).error!.name, 'ThreadEnded')
  assert.equal((await ask('wait', {})).error!.name, 'ThreadEnded')
  assert.equal((await nobodyToAsk.ask('wait', {})).error!.name, 'ThreadEnded')
})

test('a question that can’t be sent is nobody’s to wait for', async (t) => {
  const { ask } = channel(t, { echo: async () => ok({}) })
  for (let i = 0; i < ACCOUNTING_CALLS_MAX; i++)
    await assert.rejects(
      ask('echo', () => {}),
      { name: 'DataCloneError' },
    )
  assert.deepEqual(await ask('echo', {}), ok({}))
})

test(`more than ${ACCOUNTING_CALLS_MAX} questions at once are refused as Busy`, async (t) => {
  const { port1, port2 } = new MessageChannel()
  t.after(() => port2.close())
  const { ask } = askOver(port1)
  const waiting = Array.from({ length: ACCOUNTING_CALLS_MAX }, () => ask('wait', {}))
  assert.equal((await ask('wait', {})).error!.name, 'Busy')
  port2.close()
  for (const answer of await Promise.all(waiting)) assert.equal(answer.error!.name, 'ThreadEnded')
})
