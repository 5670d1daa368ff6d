/** What a chain's node answers that it should not, and what is told of it. @module */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { EVM_FAULT_CHARS_MAX, EVM_RPC_BYTES_MAX } from '@turnpike/core/limits/evm'
import { openClient } from './chain.ts'
import { faultOf } from './fault.ts'

const SECRET = 'k3y-0f-th3-n0d3'

/** What is told of a node that answers like that, asked three things. */
async function toldOf(t: TestContext, answer: RequestListener): Promise<readonly Error[]> {
  const server = createServer(answer).listen(0)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const rpc = `http://localhost:${(server.address() as AddressInfo).port}/v3/${SECRET}`
  const client = openClient(rpc, { timeoutMs: 200 })
  const asked = [
    client.getChainId(),
    client.getBlock({ blockTag: 'finalized' }),
    client.getTransactionCount({ address: `0x${'11'.repeat(20)}` }),
  ]
  const answers = await Promise.allSettled(asked)
  return answers.map((one) => {
    assert.equal(one.status, 'rejected')
    return faultOf((one as PromiseRejectedResult).reason, rpc)
  })
}

const result = (value: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, result: value })
const quoting = (path: string | undefined): string => `${'y '.repeat(200_000)} no key ${path}`

const ANSWERS: Readonly<Record<string, RequestListener>> = {
  'an error that quotes the path': ({ url }, response) => {
    response.end(JSON.stringify({ error: { code: -32_000, message: `bad key ${url}` } }))
  },
  'another status, and the path': ({ url }, response) => {
    response.writeHead(403).end(`no such project: ${url}`)
  },
  'a page': ({ url }, response) => void response.end(`<p>${url}`),
  'a long error': ({ url }, response) => {
    response.end(JSON.stringify({ error: { code: -32_000, message: quoting(url) } }))
  },
  nothing: (_, response) => void response.end(),
  null: (_, response) => void response.end(result(null)),
  'no numbers': (_, response) => void response.end(result({ number: 'x', timestamp: 'x' })),
  'too much': (_, response) => void response.end(Buffer.alloc(EVM_RPC_BYTES_MAX + 1, ' ')),
  'another place': ({ url }, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:1${url}` }).end()
  },
  'a byte now and then': (_, response) => {
    const drip = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(drip))
  },
}

for (const [what, answer] of Object.entries(ANSWERS))
  test(`a node that answers with ${what} is told in one line, without its key`, async (t) => {
    for (const fault of await toldOf(t, answer)) {
      assert.equal(fault.name, 'AnchorUnavailable')
      assert.ok(fault.message.startsWith('evm: ') && !fault.message.includes('\n'))
      assert.ok(fault.message.length <= EVM_FAULT_CHARS_MAX + 10)
      assert.ok(!`${fault.message} ${String(fault.cause)}`.includes(SECRET), fault.message)
    }
  })
