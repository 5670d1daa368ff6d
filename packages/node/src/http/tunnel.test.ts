import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { GatewayRequest } from '@turnpike/gateway/request'
import { chunks, get, rawClient, rawRead, rawRequest, rigGateway, until, untilLeft } from './rig.ts'
import type { RigGateway } from './rig.ts'
import { startHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'

const CLOSE = 'Connection: close'
const OPENED = 'HTTP/1.1 200 OK\r\n\r\n'

async function serve(
  context: TestContext,
  gateway: RigGateway,
  options: Partial<HttpServerOptions> = {},
): Promise<HttpServer> {
  const { observer } = gateway
  const server = await startHttpServer({ gateway, observer, port: 0, ...options })
  context.after(() => server.close({ graceMs: 0 }))
  return server
}

function small(): RigGateway & { readonly urls: string[] } {
  const urls: string[] = []
  const gateway = rigGateway((request: GatewayRequest) => {
    urls.push(request.url)
    return chunks(5, 5)
  })
  return { ...gateway, urls }
}

function connectTo(target: string, version = '1.1'): string {
  return `CONNECT ${target} HTTP/${version}\r\nHost: ${target}\r\n\r\n`
}

/** A client whose CONNECT to the server itself was answered. */
async function tunnelled(server: HttpServer): Promise<Socket> {
  const client = rawClient(server.port, connectTo(`127.0.0.1:${server.port}`))
  const [answer] = (await once(client, 'data')) as [Buffer]
  assert.equal(answer.toString(), OPENED)
  return client
}

test('after CONNECT to itself the same connection carries requests', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  const client = await tunnelled(server)
  client.write(get('http://a.example:81/1'))
  await once(client, 'data')
  client.write(get('/2', CLOSE))
  const { text } = await rawRead(client)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*xxxxx$/)
  assert.deepEqual(gateway.urls, ['http://a.example:81/1', 'http://localhost/2'])
  assert.deepEqual(
    gateway.records.map(({ ends }) => ends),
    [[{ bytes: 5, grade: 1, end: 'complete' }], [{ bytes: 5, grade: 1, end: 'complete' }]],
  )
  await until(() => server.stats().connections === 0, 'the end of the connection')
})

test('what a client sends behind CONNECT without waiting is not lost', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  const request = connectTo(`localhost:${server.port}`) + get('/1') + get('/2', CLOSE)
  const { text } = await rawRequest(server.port, request)
  assert.ok(text.startsWith(OPENED))
  assert.equal(text.split('xxxxx').length - 1, 2)
  assert.deepEqual(gateway.urls, ['http://localhost/1', 'http://localhost/2'])
})

test('a tunnel may follow an answer on a kept connection, and HTTP/1.0', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  const client = rawClient(server.port, get('/1'))
  await once(client, 'data')
  client.write(connectTo(`127.0.0.1:${server.port}`, '1.0') + get('/2', CLOSE))
  const { text } = await rawRead(client)
  assert.ok(text.startsWith(OPENED))
  assert.match(text, /xxxxx$/)
  assert.equal(gateway.records.length, 2)
})

test('CONNECT to anything else is refused, and no connection is opened', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway, { hosts: ['gateway.example'] })
  let reached = 0
  const elsewhere = createServer((socket) => {
    reached += 1
    socket.destroy()
  })
  elsewhere.listen(0, '127.0.0.1')
  await once(elsewhere, 'listening')
  t.after(() => elsewhere.close())
  const { port } = elsewhere.address() as { port: number }
  const targets = [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    'example.org:443',
    '[::1]:22',
    `gateway.example:${port}`,
  ]
  for (const target of targets) {
    const answer = await rawRequest(server.port, connectTo(target) + get('/'))
    assert.match(answer.head, /^HTTP\/1\.1 403 Forbidden\r\n/, target)
    assert.equal(answer.text.split('HTTP/1.1').length, 2, 'one answer, and no more requests')
  }
  assert.equal(reached, 0)
  assert.equal(gateway.records.length, 0)
  assert.equal(server.stats().refused, targets.length)
  await until(() => server.stats().connections === 0, 'the end of the connections')
})

test('a tunnel within a tunnel is refused', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  const client = await tunnelled(server)
  client.write(connectTo(`127.0.0.1:${server.port}`))
  assert.match((await rawRead(client)).head, /^HTTP\/1\.1 403 /)
})

test('CONNECT behind a request that is being answered ends the connection', async (t) => {
  const gateway = rigGateway((request) => untilLeft(request, chunks(5, 5)))
  const server = await serve(t, gateway)
  const request = get('/') + connectTo(`127.0.0.1:${server.port}`)
  assert.equal((await rawRequest(server.port, request)).text, '')
  await until(() => gateway.records[0]?.ends.length === 1, 'the end of the read')
  assert.equal(gateway.records[0]!.ends[0]!.end, 'client-left')
})

test('a tunnel counts as the connection that it is, and keeps its bounds', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway, { connectionsMax: 1, headersTimeoutMs: 80 })
  const client = await tunnelled(server)
  assert.equal(server.stats().connections, 1)
  assert.equal((await rawRequest(server.port, get('/'))).text, '', 'no room beside it')
  client.write('GET / HTTP/1.1\r\nHo')
  assert.match((await rawRead(client)).head, /^HTTP\/1\.1 408 /)
})

test('a tunnel that is not used is closed', async (t) => {
  const server = await serve(t, small(), { headersTimeoutMs: 80 })
  const client = await tunnelled(server)
  await rawRead(client)
  await until(() => server.stats().connections === 0, 'the end of the connection')
})

test('stopping closes idle tunnels and finishes what runs in others', async (t) => {
  let goOn: (() => void) | undefined
  const gateway = rigGateway(async () => {
    await new Promise<void>((resolve) => (goOn = resolve))
    return chunks(5, 5)
  })
  const server = await serve(t, gateway)
  const idle = rawRead(await tunnelled(server))
  const busy = await tunnelled(server)
  busy.write(get('/'))
  await until(() => goOn !== undefined, 'the request')
  const closed = server.close({ graceMs: 5000 })
  await idle
  goOn!()
  assert.match((await rawRead(busy)).text, /xxxxx$/)
  await closed
  assert.equal(gateway.records[0]!.ends[0]!.end, 'complete')
})

test('a client that resets a refused tunnel does no harm', async (t) => {
  const server = await serve(t, small())
  const client = rawClient(server.port, connectTo('example.org:443'))
  client.on('error', () => {})
  await until(() => server.stats().refused === 1, 'the refusal')
  client.resetAndDestroy()
  await until(() => server.stats().connections === 0, 'the end of the connection')
  assert.match((await rawRequest(server.port, get('/', CLOSE))).text, /xxxxx$/)
})
