import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentObserver } from '@turnpike/gateway/observer'
import { RECEIPT_LOOKUPS_MAX } from '@turnpike/core/limits/receipt-index'
import { fail, ok } from '@turnpike/core/result'
import { refused, type Examined, type RetrievalFault } from '@turnpike/core/retrieve/invocations'
import { ackRoutes } from '../acks/routes.ts'
import { OperationRefused, type CallResult } from '../control/client.ts'
import type { Asked } from '../front-door/routes.ts'
import { nodeClock } from '../runtime.ts'
import { receiptAnswers } from './receipt-route.ts'
import { receiptRoutes } from './routes.ts'

const RECEIPT = '0f'.repeat(16)

function askedWith(fields: Readonly<Record<string, string>>, rest = RECEIPT): Asked {
  const get = (name: string): string | null => fields[name.toLowerCase()] ?? null
  const { signal } = new AbortController()
  const url = `http://127.0.0.1/receipts/${rest}`
  return { request: { method: 'GET', url, headers: { get }, signal }, url: new URL(url), rest }
}

const NONE = new OperationRefused('NoSuchRead', 'none')

/** Answers of a process among so many, whose look-ups wait until they are told what they found. */
function answering(processes: number, fault?: RetrievalFault) {
  const looking = Promise.withResolvers<CallResult>()
  const counts = { judged: 0, spent: 0, crashes: 0 }
  const granted: Examined = {
    space: 'did:key:z6Mk',
    invoker: 'did:key:z6Mk',
    task: new Uint8Array(),
    holds: () => true,
    spend: () => (counts.spent++ === 0 ? ok({}) : refused('replayed', 'again')),
  }
  const answers = receiptAnswers({
    observer: { ...silentObserver, crash: () => void counts.crashes++ },
    processes,
    judge: {
      async examine() {
        counts.judged++
        return fault === undefined ? ok(granted) : refused(fault, 'refused here')
      },
    },
    prove: () => looking.promise,
  })
  const ask = (): Promise<number> =>
    answers(askedWith({ 'x-agent-message': 'm' }))!.then(({ status }) => status)
  return { answers, ask, end: looking.resolve, counts }
}

test('so many receipts are looked up at once, over all processes, and no more', async () => {
  for (const processes of [1, 4, 100]) {
    const { ask, end, counts } = answering(processes)
    const most = Math.max(1, RECEIPT_LOOKUPS_MAX / processes)
    const first = Array.from({ length: Math.floor(most) }, ask)
    assert.equal(await ask(), 503)
    end(fail(NONE))
    assert.deepEqual(new Set(await Promise.all(first)), new Set([404]))
    assert.equal(await ask(), 404)
    assert.deepEqual([counts.judged, counts.crashes], [first.length + 2, 0])
  }
})

test('who is judged slowly keeps nobody out', async () => {
  const answers = receiptAnswers({
    observer: silentObserver,
    processes: 100,
    // As by a DID whose document comes from a host that does not answer.
    judge: { examine: ({ value }) => (value === 'slow' ? new Promise(() => {}) : refusal) },
    prove: async () => fail(NONE),
  })
  const refusal = Promise.resolve(refused('unauthorized', 'no'))
  for (let i = 0; i < 2 * RECEIPT_LOOKUPS_MAX; i++)
    void answers(askedWith({ 'x-agent-message': 'slow' }))
  assert.equal((await answers(askedWith({ 'x-agent-message': 'm' }))!).status, 403)
})

test('only an invocation that shows a receipt is spent', async () => {
  const none = answering(1)
  none.end(fail(NONE))
  assert.deepEqual([await none.ask(), await none.ask()], [404, 404])
  assert.equal(none.counts.spent, 0)
  const some = answering(1)
  some.end(ok({ proof: '' }))
  assert.deepEqual([await some.ask(), await some.ask()], [200, 422])
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
    assert.equal(await answering(1, fault).ask(), status)
  }
})

test('only 32 lower-case hex digits are a receipt, shown by an invocation alone', async () => {
  const { answers } = answering(1)
  for (const wrong of ['', RECEIPT.slice(1), `${RECEIPT}0`, RECEIPT.toUpperCase(), `${RECEIPT}/`])
    assert.equal(answers(askedWith({}, wrong)), undefined, wrong)
  assert.equal((await answers(askedWith({}))!).status, 401)
})

test('a host that hands its journals on tells who counts them', async () => {
  const crashes: unknown[] = []
  const options = {
    dataDir: '/nowhere',
    observer: { ...silentObserver, crash: (error: unknown) => void crashes.push(error) },
    processes: 1,
    handTo: { did: 'did:web:log.example', url: 'https://log.example' },
    clock: nodeClock,
  }
  const never = { examine: () => assert.fail('nobody is judged here') }
  const [files] = receiptRoutes({ ...options, judge: never as never })
  const [acks] = ackRoutes(options)
  const asked = ['checkpoint', 'vkey', 'tile/0/000', 'epochs/newest.root', RECEIPT, 'x']
  const answers = [
    ...asked.map((rest) => files!.answer(askedWith({ 'x-agent-message': 'm' }, rest))),
    acks!.answer(askedWith({}, '')),
  ]
  for (const answer of await Promise.all(answers)) {
    assert.equal(answer!.status, 404)
    assert.match(
      new TextDecoder().decode(answer!.body as Uint8Array),
      /counted by did:web:log\.example: ask at/,
    )
  }
  assert.deepEqual(crashes, [])
})
