import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { createGateway } from '@turnpike/gateway/gateway'
import { silentObserver } from '@turnpike/gateway/observer'
import { alice, World } from '@turnpike/gateway/testing/world'
import {
  differences,
  httpTable,
  referenceOf,
  type HttpCase,
  type HttpGot,
} from '@turnpike/gateway/testing/http-table'
import { startHttpServer } from './server.ts'

function send(port: number, { method, path, headers }: HttpCase): Promise<HttpGot> {
  return new Promise((resolve, reject) => {
    const options = { port, path, method, headers: { ...headers }, agent: false }
    const sent = httpRequest(options, async (response) => {
      const fields = Object.entries(response.headers)
      const body = Buffer.concat(await response.toArray())
      const named = new Map(fields.map(([name, value]) => [name, String(value)]))
      resolve({ status: response.statusCode!, headers: named, body })
    })
    sent.on('error', reject)
    sent.end()
  })
}

test('the server answers as the gateway does', async (t) => {
  const table = httpTable()
  const world = new World()
  world.put(alice, table.blocks)
  const gateway = createGateway(world.deps())
  const server = await startHttpServer({ gateway, observer: silentObserver, port: 0 })
  t.after(() => server.close({ graceMs: 0 }))
  const reference = referenceOf(table)
  for (const row of table.cases)
    await t.test(row.name, async () => {
      assert.deepEqual(differences(row, await reference(row), await send(server.port, row)), [])
    })
})

test('a difference in status, field or bytes is found', async () => {
  const { cases, blocks } = httpTable()
  const row = cases[0]!
  const expected = await referenceOf({ cases, blocks })(row)
  assert.deepEqual(differences(row, expected, expected), [])
  const headers = new Map([...expected.headers, ['etag', '"x"']])
  const body = new Uint8Array(expected.body).fill(1, 0, 1)
  for (const wrong of [{ status: 206 }, { headers }, { body }, { body: body.slice(1) }])
    assert.equal(differences(row, expected, { ...expected, ...wrong }).length, 1)
})
