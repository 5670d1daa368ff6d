import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RPC_CALLS_MAX } from '@turnpike/core/limits/read-receipts'
import { fail, ok } from '@turnpike/core/result'
import { InvalidParams } from '../owner/params.ts'
import { answerRpc, type RpcHost } from './rpc.ts'

const crashes: unknown[] = []
const host: RpcHost = {
  methods: {
    'say.back': async (params) => ok(params),
    'say.no': async () => fail(new InvalidParams('"n" expected a number')),
    'say.none': async () => fail(Object.assign(new Error('no such read'), { name: 'NoSuchRead' })),
    'say.boom': () => Promise.reject(new Error('secret')),
  },
  onCrash: (error) => void crashes.push(error),
}

interface Reply {
  readonly id: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly data?: unknown }
}

async function answered(body: unknown): Promise<unknown> {
  const answer = await answerRpc(typeof body === 'string' ? body : JSON.stringify(body), host)
  return answer === undefined ? undefined : JSON.parse(answer)
}

const ask = async (body: unknown): Promise<Reply> => (await answered(body)) as Reply
const askAll = async (body: unknown): Promise<Reply[]> => (await answered(body)) as Reply[]

function call(method: string, fields: object = {}): object {
  return { jsonrpc: '2.0', id: 1, method, ...fields }
}

test('a call is answered under its id, whatever kind of id that is', async () => {
  for (const id of [0, 'a', null])
    assert.deepEqual(await ask(call('say.back', { id, params: { a: [1] } })), {
      jsonrpc: '2.0',
      id,
      result: { a: [1] },
    })
  assert.deepEqual((await ask(call('say.back'))).result, {})
})

test('each fault has its code', async () => {
  const codes: [unknown, number][] = [
    ['{', -32700],
    ['7', -32600],
    [{ id: 1, method: 'say.back' }, -32600],
    [call('say.back', { id: {} }), -32600],
    [{ jsonrpc: '2.0', id: 1, method: 5 }, -32600],
    [call('constructor'), -32601],
    [call('say.back', { params: [1] }), -32602],
    [call('say.no'), -32602],
    [call('say.none'), -32000],
    [call('say.boom'), -32603],
  ]
  for (const [body, code] of codes) assert.equal((await ask(body)).error?.code, code, String(code))
  assert.deepEqual((await ask(call('say.none'))).error?.data, { name: 'NoSuchRead' })
  assert.doesNotMatch(JSON.stringify(await ask(call('say.boom'))), /secret/)
  assert.equal(crashes.length, 2)
})

test('a batch is answered in order, without those that want no answer', async () => {
  const silent = { jsonrpc: '2.0', method: 'say.back' }
  const batch = [call('say.back', { id: 1 }), silent, 7, call('say.none', { id: 2 })]
  const answers = await askAll(batch)
  assert.deepEqual(
    answers.map(({ id, error }) => [id, error?.code]),
    [
      [1, undefined],
      [null, -32600],
      [2, -32000],
    ],
  )
  assert.equal(await ask([silent]), undefined)
  assert.equal(await ask(silent), undefined)
})

test('a batch has a bound', async () => {
  const calls = Array.from({ length: RPC_CALLS_MAX }, () => call('say.back'))
  assert.equal((await askAll(calls)).length, RPC_CALLS_MAX)
  assert.equal((await ask([...calls, call('say.back')])).error?.code, -32600)
  assert.equal((await ask([])).error?.code, -32600)
})
