import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { Bodies } from './bodies.ts'
import { readBody } from './request-body.ts'

const utf8 = new TextEncoder()

test('one body too many takes the place of the first that is still coming', async (t) => {
  const bodies = new Bodies(2)
  const got = new Map<string, Promise<Uint8Array | undefined | 'crowded'>>()
  const server = createServer((request, response) => {
    const read = { readBody: (max: number, end?: AbortSignal) => readBody(request, max, end) }
    got.set(request.url!, bodies.read(read, 10))
    server.emit('got')
    void got.get(request.url!)!.then(() => response.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const post = async (path: string, body: string, length = body.length) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n${body}`)
    await once(server, 'got')
    return socket
  }
  const first = await post('/first', 'a', 3)
  const second = await post('/second', 'b', 3)
  await post('/third', 'all')
  assert.equal(await got.get('/first'), 'crowded')
  assert.deepEqual(await got.get('/third'), utf8.encode('all'))
  second.write('cd')
  assert.deepEqual(await got.get('/second'), utf8.encode('bcd'))
  await post('/fourth', 'more than ten')
  assert.equal(await got.get('/fourth'), undefined)
  first.destroy()
})
