import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentObserver } from '@turnpike/gateway/observer'
import { RECEIPT_LOOKUPS_MAX } from '@turnpike/core/limits/receipt-index'
import { refused, type RetrievalFault } from '@turnpike/core/retrieve/invocations'
import type { Asked } from '../front-door/routes.ts'
import { receiptAnswers } from './receipt-route.ts'

const RECEIPT = '0f'.repeat(16)

function askedWith(fields: Readonly<Record<string, string>>, rest = RECEIPT): Asked {
  const get = (name: string): string | null => fields[name.toLowerCase()] ?? null
  const { signal } = new AbortController()
  const url = `http://127.0.0.1/receipts/${rest}`
  return { request: { method: 'GET', url, headers: { get }, signal }, url: new URL(url), rest }
}

/** Answers of a process among so many, whose judge waits until it is told. */
function answering(processes: number) {
  const judging = Promise.withResolvers<RetrievalFault>()
  const answers = receiptAnswers({
    dataDir: '/nowhere',
    observer: silentObserver,
    processes,
    judge: { judge: async () => refused(await judging.promise, 'refused here') },
  })
  const ask = (): Promise<number> =>
    answers(askedWith({ 'x-agent-message': 'm' }))!.then(({ status }) => status)
  return { answers, ask, end: judging.resolve }
}

test('so many receipts are looked up at once, over all processes, and no more', async () => {
  for (const processes of [1, 4, 100]) {
    const { ask, end } = answering(processes)
    const most = Math.max(1, RECEIPT_LOOKUPS_MAX / processes)
    const first = Array.from({ length: Math.floor(most) }, ask)
    assert.equal(await ask(), 503)
    end('unauthorized')
    assert.deepEqual(new Set(await Promise.all(first)), new Set([403]))
    assert.equal(await ask(), 403)
  }
})

test('each refusal has its status', async () => {
  for (const [fault, status] of [
    ['malformed', 415],
    ['too-long', 431],
    ['not-retrieval', 400],
    ['unauthorized', 403],
    ['replayed', 422],
    ['full', 503],
  ] as const) {
    const { ask, end } = answering(1)
    end(fault)
    assert.equal(await ask(), status)
  }
})

test('only 32 lower-case hex digits are a receipt, shown by an invocation alone', async () => {
  const { answers } = answering(1)
  for (const wrong of ['', RECEIPT.slice(1), `${RECEIPT}0`, RECEIPT.toUpperCase(), `${RECEIPT}/`])
    assert.equal(answers(askedWith({}, wrong)), undefined, wrong)
  assert.equal((await answers(askedWith({}))!).status, 401)
})
