import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import {
  HEADERS_BYTES_MAX,
  PIPELINED_REQUESTS_MAX,
  REQUEST_BODY_BYTES_MAX,
  URL_CHARS_MAX,
} from '@turnpike/core/limits'
import type { GatewayRequest } from '@turnpike/gateway/request'
import { chunks, get, rawClient, rawRead, rawRequest, rigGateway, until, untilLeft } from './rig.ts'
import type { RigGateway } from './rig.ts'
import { COMMON_HEADERS } from '@turnpike/gateway/plain-answer'
import { startHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'

const CLOSE = 'Connection: close'

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

/** A gateway of small answers that keeps the requests it saw. */
function small(): RigGateway & { readonly seen: GatewayRequest[] } {
  const seen: GatewayRequest[] = []
  const gateway = rigGateway((request) => {
    seen.push(request)
    return { ...chunks(5, 5), headers: [['Content-Type', 'text/plain']] }
  })
  return { ...gateway, seen }
}

test('answers a small body with its length, unbuffered by proxies, and settles it', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  const answer = await rawRequest(server.port, get('/a', CLOSE))
  assert.match(answer.head, /^HTTP\/1\.1 200 OK\r\n/)
  assert.match(answer.head, /\r\nContent-Length: 5\r\n/)
  assert.match(answer.head, /\r\nX-Accel-Buffering: no\r\n/)
  assert.equal(answer.body, 'xxxxx')
  const [record] = gateway.records
  assert.deepEqual(record!.ends, [{ bytes: 5, grade: 1, end: 'complete' }])
  assert.deepEqual([record!.started, record!.opened, record!.closed], [1, 1, 1])
  assert.equal(record!.aborted, false)
})

test('hands on method, absolute URL and header fields', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  await rawRequest(server.port, get('/a?b=%20', 'Range: bytes=0-1', 'X-Y: 1', 'x-y: 2', CLOSE))
  const [request] = gateway.seen
  assert.equal(request!.method, 'GET')
  assert.equal(request!.url, 'http://localhost/a?b=%20')
  assert.equal(request!.headers.get('range'), 'bytes=0-1')
  assert.equal(request!.headers.get('x-y'), '1, 2')
  assert.equal(request!.headers.get('if-none-match'), null)
})

test('an absolute target wins over the Host field', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  await rawRequest(server.port, get('http://other.example:81/x', CLOSE))
  assert.equal(gateway.seen[0]!.url, 'http://other.example:81/x')
})

test('believes forwarded scheme and host of trusted proxies alone', async (t) => {
  const fields = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: a.example:81, b.example', CLOSE]
  for (const [options, path, url] of [
    [{ trustedProxies: ['none'] }, '/x', 'http://localhost/x'],
    [{ trustedProxies: ['192.0.2.1'] }, '/x', 'http://localhost/x'],
    [{ trustedProxies: ['192.0.2.1'] }, 'http://c.example/x', 'http://c.example/x'],
    [{}, '/x', 'https://a.example:81/x'],
    [{ trustedProxies: ['127.0.0.0/30'] }, 'http://c.example:1/x', 'https://a.example:81/x'],
  ] as const) {
    const gateway = small()
    const server = await serve(t, gateway, options)
    await rawRequest(server.port, get(path, ...fields))
    assert.equal(gateway.seen[0]!.url, url)
  }
})

test('a proxy that names only one of scheme and host leaves the other as it came', async (t) => {
  for (const [path, field, url] of [
    ['/x', 'X-Forwarded-Proto: https', 'https://localhost/x'],
    ['/x', 'X-Forwarded-Proto: gopher', 'http://localhost/x'],
    ['/x', 'X-Forwarded-Host: a.example', 'http://a.example/x'],
    ['/x', 'X-Forwarded-Host:', 'http://localhost/x'],
    ['http://c.example?y', 'X-Forwarded-Proto: https', 'https://c.example?y'],
  ] as const) {
    const gateway = small()
    const server = await serve(t, gateway)
    await rawRequest(server.port, get(path, field, CLOSE))
    assert.equal(gateway.seen[0]!.url, url)
  }
})

test('refuses what a proxy forwards as a host and is none', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  for (const path of ['/', 'http://c.example/']) {
    const request = get(path, 'X-Forwarded-Host: a.example/b', CLOSE)
    assert.match((await rawRequest(server.port, request)).head, /^HTTP\/1\.1 400 /)
  }
  assert.equal(gateway.records.length, 0)
})

test('keeps a connection for the next request after a complete body', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  const client = rawClient(server.port, get('/1'))
  await once(client, 'data')
  client.write(get('/2', CLOSE))
  const { text } = await rawRead(client)
  assert.match(text, /xxxxx$/)
  assert.deepEqual(
    gateway.records.map(({ path, ends }) => [path, ends.length]),
    [
      ['/1', 1],
      ['/2', 1],
    ],
  )
})

test('answers pipelined requests in order, each handled in its turn', async (t) => {
  let open = 0
  let openMax = 0
  const gateway = rigGateway(async () => {
    openMax = Math.max(openMax, ++open)
    await new Promise((resolve) => setTimeout(resolve, 2))
    open -= 1
    return chunks(300_000, 100_000)
  })
  const server = await serve(t, gateway)
  const paths = Array.from({ length: PIPELINED_REQUESTS_MAX }, (_, index) => `/${index}`)
  const requests = paths.map((path) => get(path)).join('') + get('/last', CLOSE)
  const { text } = await rawRequest(server.port, requests)
  assert.equal(openMax, 1)
  assert.deepEqual(
    gateway.records.map(({ path }) => path),
    [...paths, '/last'],
  )
  assert.equal(text.split('HTTP/1.1 200').length - 1, paths.length + 1)
  assert.ok(gateway.records.every(({ ends }) => ends[0]!.end === 'complete'))
})

test('closes a connection that pipelines beyond the bound', async (t) => {
  const gateway = rigGateway((request) => untilLeft(request, chunks(5, 5)))
  const server = await serve(t, gateway)
  await rawRequest(server.port, get('/').repeat(PIPELINED_REQUESTS_MAX + 2))
  assert.equal(gateway.records.length, 1)
})

test('HEAD starts and opens no body, and tells its length', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  const request = get('/a', CLOSE).replace('GET', 'HEAD')
  const answer = await rawRequest(server.port, request)
  assert.match(answer.head, /\r\nContent-Length: 5\r\n/)
  assert.equal(answer.body, '')
  const [record] = gateway.records
  assert.deepEqual(record!.ends, [{ bytes: 0, grade: 1, end: 'complete' }])
  assert.deepEqual([record!.started, record!.opened], [0, 0])
})

test('HEAD tells the length of what GET would send, or none', async (t) => {
  for (const [headers, expected] of [
    [[['Content-Length', '7000']], /\r\nContent-Length: 7000\r\n/],
    [[], /^(?!.*Content-Length: )/s],
  ] as const) {
    const gateway = rigGateway(() => ({ ...chunks(0, 5), headers }))
    const server = await serve(t, gateway)
    const answer = await rawRequest(server.port, get('/a', CLOSE).replace('GET', 'HEAD'))
    assert.match(answer.head, expected)
    assert.doesNotMatch(answer.head, /Transfer-Encoding/)
  }
})

test('304 and 204 have no body', async (t) => {
  for (const status of [204, 304]) {
    const gateway = rigGateway(() => ({ ...chunks(5, 5), status }))
    const server = await serve(t, gateway)
    const answer = await rawRequest(server.port, get('/a', CLOSE))
    assert.equal(answer.body, '')
    assert.doesNotMatch(answer.head, /Content-Length/)
    assert.equal(gateway.records[0]!.opened, 0)
    assert.equal(gateway.records[0]!.ends[0]!.end, 'complete')
  }
})

test('serves IPv6 and IPv4 from one listener', async (t) => {
  const server = await serve(t, small(), { host: '::' })
  assert.equal(server.url, `http://[::1]:${server.port}`)
  for (const host of ['::1', '127.0.0.1']) {
    assert.equal((await rawRequest(server.port, get('/', CLOSE), host)).body, 'xxxxx')
  }
})

test('takes the next free port only when asked to', async (t) => {
  const first = await serve(t, small())
  const second = await serve(t, small(), { port: first.port, portSearch: true })
  assert.ok(second.port > first.port)
  await assert.rejects(serve(t, small(), { port: first.port }), { name: 'PortTaken' })
})

test('refuses malformed and oversized requests with a sentence and no stack', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  const cases: [status: number, request: string][] = [
    [400, 'nonsense\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\n\r\n'],
    [400, get('/', 'Host: second')],
    [400, get('/').replace('localhost', 'user@host')],
    [400, get('*')],
    [400, get('http://us er/')],
    [414, get(`/${'a'.repeat(URL_CHARS_MAX)}`)],
    [414, get(`/${'a'.repeat(2 * HEADERS_BYTES_MAX)}`).slice(0, HEADERS_BYTES_MAX + 100)],
    [431, get('/', `X: ${'a'.repeat(HEADERS_BYTES_MAX)}`)],
    [413, get('/', `Content-Length: ${REQUEST_BODY_BYTES_MAX + 1}`)],
  ]
  for (const [status, request] of cases) {
    const answer = await rawRequest(server.port, request)
    assert.match(answer.head, new RegExp(`^HTTP/1.1 ${status} `), request.slice(0, 80))
    assert.match(answer.body, /^[A-Z][^\n]+\.\n$/)
    assert.doesNotMatch(answer.body, /Error|at .*:\d/)
    assert.match(answer.head, /^Cache-Control: no-store$/m)
    for (const [name, value] of COMMON_HEADERS)
      assert.ok(answer.head.includes(`\r\n${name}: ${value}`), name)
  }
  assert.equal(gateway.records.length, 0)
  assert.equal(server.stats().refused, cases.length)
})

test('takes a URL and a body at their bounds', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway)
  const url = `/${'a'.repeat(URL_CHARS_MAX - 1)}`
  assert.equal((await rawRequest(server.port, get(url, CLOSE))).body, 'xxxxx')
  const request = get('/', `Content-Length: ${REQUEST_BODY_BYTES_MAX}`, CLOSE)
  const answer = await rawRequest(server.port, request + 'b'.repeat(REQUEST_BODY_BYTES_MAX))
  assert.equal(answer.body, 'xxxxx')
})

test('bounds of URL and header fields are settings, and refusals tell them', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway, { urlCharsMax: 300, headersBytesMax: 8192 })
  const ask = async (urlChars: number, fieldChars: number): Promise<string> => {
    const request = get(`/${'a'.repeat(urlChars - 1)}`, `X: ${'b'.repeat(fieldChars)}`, CLOSE)
    return (await rawRequest(server.port, request)).text
  }
  assert.match(await ask(300, 1), /^HTTP\/1.1 200 /)
  assert.match(await ask(301, 1), /^HTTP\/1.1 414 [^]*at most 300 characters/)
  const others = 'X: Host: localhostConnection: close/'.length
  assert.match(await ask(1, 8192 - 2 * others), /^HTTP\/1.1 200 /)
  assert.match(await ask(1, 8192), /^HTTP\/1.1 431 [^]*at most 8192 bytes/)
  assert.equal(gateway.records.length, 2)
})

test('cuts a request body without length once it passes the bound', async (t) => {
  const gateway = rigGateway((request) => untilLeft(request, chunks(5, 5)))
  const server = await serve(t, gateway)
  const client = rawClient(server.port, get('/', 'Transfer-Encoding: chunked'))
  client.write(`${REQUEST_BODY_BYTES_MAX.toString(16)}\r\n${'b'.repeat(REQUEST_BODY_BYTES_MAX)}`)
  await until(() => server.stats().inFlight === 1, 'the request')
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(server.stats().connections, 1)
  client.write('\r\n1\r\nb\r\n')
  assert.equal((await rawRead(client)).text, '')
})

test('closes a connection whose header fields come too slowly', async (t) => {
  const gateway = small()
  const server = await serve(t, gateway, { headersTimeoutMs: 80 })
  const client = rawClient(server.port, 'GET / HTTP/1.1\r\nHo')
  const drip = setInterval(() => client.write('s'), 10)
  t.after(() => clearInterval(drip))
  client.on('end', () => clearInterval(drip))
  const answer = await rawRead(client)
  assert.match(answer.head, /^HTTP\/1.1 408 /)
  assert.equal(gateway.records.length, 0)
})

test('closes a connection whose request body comes too slowly', async (t) => {
  const gateway = rigGateway((request) => untilLeft(request, chunks(5, 5)))
  const bounds = { headersTimeoutMs: 40, requestTimeoutMs: 80 }
  const server = await serve(t, gateway, bounds)
  const client = rawClient(server.port, get('/', 'Content-Length: 1000'))
  const drip = setInterval(() => client.write('b'), 10)
  t.after(() => clearInterval(drip))
  client.on('error', () => clearInterval(drip))
  await new Promise((resolve) => client.once('close', resolve))
  await until(() => gateway.records[0]?.ends.length === 1, 'the end of the read')
  assert.equal(gateway.records[0]!.ends[0]!.end, 'client-left')
})

test('closes an idle connection after its time', async (t) => {
  const server = await serve(t, small(), { keepAliveTimeoutMs: 20 })
  const startMs = performance.now()
  assert.match((await rawRequest(server.port, get('/'))).text, /xxxxx$/)
  assert.ok(performance.now() - startMs >= 20)
})

test('drops connections beyond the bound', async (t) => {
  const server = await serve(t, small(), { connectionsMax: 1 })
  const first = rawClient(server.port, '')
  t.after(() => first.destroy())
  await until(() => server.stats().connections === 1, 'the first connection')
  assert.equal((await rawRequest(server.port, get('/'))).text, '')
})

test('a stop closes idle connections at once and lets a body in flight finish', async (t) => {
  const gateway = rigGateway(() => chunks(20 << 20, 256 << 10))
  const server = await serve(t, gateway)
  const idle = rawClient(server.port, '')
  const busy = rawClient(server.port, get('/'))
  busy.pause()
  await until(() => gateway.records.length === 1 && server.stats().connections === 2, 'both')
  const idleClosed = once(idle.resume(), 'end')
  const stopped = server.close({ graceMs: 5000 })
  await idleClosed
  idle.destroy()
  const answer = await rawRead(busy)
  await stopped
  assert.equal(answer.body.length, 20 << 20)
  assert.equal(gateway.records[0]!.ends[0]!.end, 'complete')
  assert.deepEqual(server.stats(), { connections: 0, inFlight: 0, refused: 0 })
})

test('a stop cuts what outlasts its grace, and settles it before it resolves', async (t) => {
  const gateway = rigGateway(() => chunks(64 << 20, 256 << 10))
  const server = await serve(t, gateway)
  const client = rawClient(server.port, get('/'))
  client.pause()
  client.on('error', () => {})
  await until(() => (gateway.records[0]?.marked ?? 0) > 0, 'the first bytes')
  await server.close({ graceMs: 20 })
  const [end] = gateway.records[0]!.ends
  assert.equal(end!.end, 'failed')
  assert.ok(end!.bytes > 0 && end!.bytes < 64 << 20)
  assert.equal(gateway.records[0]!.closed, 1)
  client.destroy()
})

test('a stop waits for an answer that is still being made, and settles it', async (t) => {
  const gateway = rigGateway(
    ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => setTimeout(resolve, 30, chunks(5, 5)))
      }),
  )
  const server = await serve(t, gateway)
  const client = rawClient(server.port, get('/'))
  client.on('error', () => {})
  await until(() => gateway.records.length === 1, 'the request')
  await server.close({ graceMs: 0 })
  assert.deepEqual(gateway.records[0]!.ends, [{ bytes: 0, grade: 1, end: 'failed' }])
  assert.equal(gateway.records[0]!.opened, 0)
  client.destroy()
})

test('the bench runs', () => {
  const bench = join(import.meta.dirname, 'server.bench.ts')
  const { stdout } = spawnSync(process.execPath, [bench, '64', '4', '1'], { encoding: 'utf8' })
  const figures = JSON.parse(stdout) as Record<string, { ratio: number }>
  assert.ok(figures['requestsPerCpuS']!.ratio > 0)
  assert.ok(figures['megabytesPerCpuS']!.ratio > 0)
})
