/** Nodes that don't answer as they should. @module */
import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { checkAnchored } from './evm-chain.ts'
import { callNode, RPC_BYTES_MAX } from './evm-rpc.ts'

async function node(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  await new Promise((listening) => server.once('listening', listening))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a-secret`
}

const text =
  (body: string): RequestListener =>
  (_, response) =>
    response.end(body)

test('an answer of as many bytes as there may be is read, one more is not', async (t) => {
  const empty = '{"result":""}'
  const full = (bytes: number): string =>
    `${empty.slice(0, -2)}${' '.repeat(bytes - empty.length)}"}`
  const good = await node(t, text(full(RPC_BYTES_MAX)))
  assert.equal(String(await callNode(good, 'x', [])).length, RPC_BYTES_MAX - empty.length)
  const large = await node(t, text(full(RPC_BYTES_MAX + 1)))
  await assert.rejects(callNode(large, 'x', []), { name: 'RpcUnavailable', message: /got more/ })
})

test('silence, noise and redirects are no answers, and tell no address', async (t) => {
  const elsewhere: RequestListener = (_, response) =>
    response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()
  const error = '{"error":{"code":-32000,"message":"busy"}}'
  for (const answer of [() => {}, text('?'), text('3'), text('{}'), text(error), elsewhere]) {
    const asked = callNode(await node(t, answer), 'x', [], 200)
    await assert.rejects(asked, ({ name, message }: Error) => {
      assert.equal(name, 'RpcUnavailable')
      return !message.includes('secret')
    })
  }
})

test('a contract that fails is told from a node that does', async (t) => {
  const said = '{"error":{"code":3,"message":"execution reverted","data":"0x12"}}'
  const asked = callNode(await node(t, text(said)), 'x', [])
  await assert.rejects(asked, { name: 'Reverted', data: '0x12' })
})

test('nobody is accused by what a node can’t say', async (t) => {
  const hash = new Uint8Array(32)
  const epoch = { epoch: 1, end: 1, root: hash, sealLeaf: hash }
  const log = { logId: hash, registrant: `0x${'11'.repeat(20)}` }
  const ask = async (rpcs: readonly string[]): Promise<string> =>
    (await checkAnchored({ rpcs, contract: log.registrant }, log, [epoch]))[0]!.kind
  assert.equal(await ask([]), 'unknown')
  for (const answer of ['{"result":"0x1"}', '{"error":{"code":3,"message":"reverted"}}', '[]'])
    assert.equal(await ask([await node(t, text(answer))]), 'unknown', answer)
  const nobody = { ...log, registrant: 'somebody' }
  const [standing] = await checkAnchored({ rpcs: [], contract: '' }, nobody, [epoch])
  assert.equal(standing?.kind, 'missing', 'nobody of that name can have registered it')
})
