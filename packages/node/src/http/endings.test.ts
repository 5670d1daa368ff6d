import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Delivery } from '@turnpike/core/body'
import { CHUNK_BYTES_MAX, PUMP_TURN_BYTES } from '@turnpike/core/limits'
import {
  type BodyShape,
  chunks,
  get,
  kernelBytesMax,
  rawClient,
  rawRead,
  rawRequest,
  type RigGateway,
  rigGateway,
  until,
  untilLeft,
} from './rig.ts'
import { startHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'

const MIB = 1 << 20
const BIG = 64 * MIB
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

/** The one end that the first body came to. */
async function endOf(gateway: RigGateway): Promise<Delivery> {
  await until(() => gateway.records[0]?.ends.length === 1, 'the end of the body')
  await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(gateway.records.length, 1)
  const { ends, opened, closed } = gateway.records[0]!
  assert.equal(ends.length, 1, 'settled once')
  assert.equal(closed > 0, opened > 0, 'what was opened is closed')
  return ends[0]!
}

/** A body that follows `steps`: a number of bytes, or an error to fail with. */
function steps(length: number | undefined, ...made: (number | Error)[]): BodyShape {
  return {
    length,
    read() {
      let next = 0
      return async () => {
        const step = made[next++]
        if (step instanceof Error) throw step
        return step === undefined ? null : new Uint8Array(step).fill(0x78)
      }
    },
  }
}

/** A paused client that has received something of the body. */
async function pausedClient(server: HttpServer, request = get('/')): Promise<Socket> {
  const client = rawClient(server.port, request)
  client.on('error', () => {})
  await once(client, 'data')
  return client.pause()
}

test('a body without length goes in chunks and counts without its framing', async (t) => {
  const gateway = rigGateway(() => steps(undefined, 1000, 0, 500))
  const server = await serve(t, gateway)
  const { head, body } = await rawRequest(server.port, get('/', CLOSE))
  assert.match(head, /Transfer-Encoding: chunked/)
  assert.equal(body, `3e8\r\n${'x'.repeat(1000)}\r\n1f4\r\n${'x'.repeat(500)}\r\n0\r\n\r\n`)
  assert.deepEqual(await endOf(gateway), { bytes: 1500, grade: 1, end: 'complete' })
})

test('an empty body is complete with 0 bytes', async (t) => {
  for (const length of [0, undefined]) {
    const gateway = rigGateway(() => steps(length))
    const server = await serve(t, gateway)
    await rawRequest(server.port, get('/', CLOSE))
    assert.deepEqual(await endOf(gateway), { bytes: 0, grade: 1, end: 'complete' })
  }
})

test('a big body arrives whole, whether its source answers now or later', async (t) => {
  for (const later of [false, true]) {
    const gateway = rigGateway(() => chunks(20 * MIB + 1, CHUNK_BYTES_MAX, later))
    const server = await serve(t, gateway)
    const { body } = await rawRequest(server.port, get('/', CLOSE))
    assert.equal(body.length, 20 * MIB + 1)
    assert.deepEqual(await endOf(gateway), { bytes: 20 * MIB + 1, grade: 1, end: 'complete' })
  }
})

test('a client that leaves before the answer aborts the signal; the body stays shut', async (t) => {
  const gateway = rigGateway((request) => untilLeft(request, chunks(5, 5)))
  const server = await serve(t, gateway)
  const client = rawClient(server.port, get('/'))
  await until(() => gateway.records.length === 1, 'the request')
  client.resetAndDestroy()
  assert.deepEqual(await endOf(gateway), { bytes: 0, grade: 1, end: 'client-left' })
  assert.equal(gateway.records[0]!.opened, 0)
})

test('a client that closes cleanly before the answer counts as gone after a while', async (t) => {
  const gateway = rigGateway((request) => untilLeft(request, chunks(5, 5)))
  const server = await serve(t, gateway, { halfClosedWaitMs: 20 })
  const client = rawClient(server.port, get('/'))
  await until(() => gateway.records.length === 1, 'the request')
  client.destroy()
  assert.deepEqual(await endOf(gateway), { bytes: 0, grade: 1, end: 'client-left' })
})

test('a client that leaves while the source is silent ends the body at once', async (t) => {
  const shape: BodyShape = {
    length: 10,
    read() {
      let first = true
      return () => (first ? ((first = false), new Uint8Array(4)) : new Promise(() => {}))
    },
  }
  const gateway = rigGateway(() => shape)
  const server = await serve(t, gateway)
  const client = await pausedClient(server)
  client.resetAndDestroy()
  assert.deepEqual(await endOf(gateway), { bytes: 4, grade: 1, end: 'client-left' })
  assert.equal(gateway.records[0]!.aborted, true)
})

test('a client that leaves midway is recorded with the chunk in flight', async (t) => {
  const gateway = rigGateway(() => chunks(BIG, CHUNK_BYTES_MAX))
  const server = await serve(t, gateway)
  const client = await pausedClient(server)
  await new Promise((resolve) => setTimeout(resolve, 50))
  client.resetAndDestroy()
  const end = await endOf(gateway)
  const record = gateway.records[0]!
  assert.equal(end.end, 'client-left')
  assert.equal(end.bytes, record.marked + CHUNK_BYTES_MAX)
})

test('a client that leaves with the last chunk in flight has not got all', async (t) => {
  // Finds a body of which the kernel takes all but the last chunk for a client that reads nothing.
  for (let length = CHUNK_BYTES_MAX; ; length += CHUNK_BYTES_MAX) {
    const gateway = rigGateway(() => chunks(length, CHUNK_BYTES_MAX))
    const server = await serve(t, gateway)
    const client = rawClient(server.port, get('/')).pause()
    client.on('error', () => {})
    await until(() => (gateway.records[0]?.opened ?? 0) > 0, 'the first chunk')
    await new Promise((resolve) => setTimeout(resolve, 20))
    const taken = gateway.records[0]!.marked
    client.resetAndDestroy()
    const end = await endOf(gateway)
    if (taken === length) continue
    assert.deepEqual(end, { bytes: taken + CHUNK_BYTES_MAX, grade: 1, end: 'client-left' })
    return
  }
})

test('a body that fails is cut, never padded, never ended cleanly', async (t) => {
  for (const length of [4000, undefined]) {
    const gateway = rigGateway(() => steps(length, 1000, new Error('origin gone')))
    const server = await serve(t, gateway)
    const { body } = await rawRequest(server.port, get('/', CLOSE))
    assert.equal(body.replace(/[^x]/g, '').length, 1000)
    assert.doesNotMatch(body, /0\r\n\r\n$/)
    assert.deepEqual(await endOf(gateway), { bytes: 1000, grade: 1, end: 'failed' })
    assert.deepEqual(gateway.crashes, [], 'a failing source is no fault of the program')
  }
})

test('HTTP/1.0 clients learn by a reset that a body without length was cut', async (t) => {
  const gateway = rigGateway(() => steps(undefined, 1000, new Error('origin gone')))
  const server = await serve(t, gateway)
  const answer = await rawRequest(server.port, 'GET / HTTP/1.0\r\n\r\n')
  assert.equal(answer.end, 'reset')
  assert.equal((await endOf(gateway)).end, 'failed')
})

test('a body shorter or longer than declared is a crash, and cut', async (t) => {
  const cases: [length: number, sizes: number[], bytes: number][] = [
    [10, [4], 4],
    [10, [4, 7], 4],
    [10, [11], 0],
    [CHUNK_BYTES_MAX + 1, [CHUNK_BYTES_MAX + 1], 0],
  ]
  for (const [length, sizes, bytes] of cases) {
    const gateway = rigGateway(() => steps(length, ...sizes))
    const server = await serve(t, gateway)
    const answer = await rawRequest(server.port, get('/', CLOSE))
    assert.equal(Math.max(answer.body.length, 0), answer.head === '' ? 0 : bytes)
    assert.deepEqual(await endOf(gateway), { bytes, grade: 1, end: 'failed' })
    assert.equal(gateway.crashes.length, 1)
    assert.ok(gateway.crashes[0] instanceof RangeError)
  }
})

test('a source with more after its declared length is a crash; what was sent stands', async (t) => {
  const gateway = rigGateway(() => steps(10, 10, 1))
  const server = await serve(t, gateway)
  const { body } = await rawRequest(server.port, get('/'))
  assert.equal(body.length, 10)
  assert.deepEqual(await endOf(gateway), { bytes: 10, grade: 1, end: 'complete' })
  assert.match(String(gateway.crashes[0]), /expected 10 bytes, got more/)
})

test('a gateway that rejects is answered 500 without its words', async (t) => {
  const gateway = rigGateway(() => Promise.reject(new Error('secret')))
  const server = await serve(t, gateway)
  const { head, body } = await rawRequest(server.port, get('/'))
  assert.match(head, /^HTTP\/1\.1 500 /)
  assert.doesNotMatch(body, /secret/)
  assert.equal(gateway.crashes.length, 1)
})

test('an answer whose header cannot be sent is a crash, and settled', async (t) => {
  const gateway = rigGateway(() => ({ ...steps(1, 1), headers: [['X-Bad', 'a\nb']] }))
  const server = await serve(t, gateway)
  await rawRequest(server.port, get('/'))
  assert.deepEqual(await endOf(gateway), { bytes: 0, grade: 1, end: 'failed' })
  assert.equal(gateway.crashes.length, 1)
})

test('a reader that takes nothing is cut, and recorded once', async (t) => {
  const gateway = rigGateway(() => chunks(BIG, CHUNK_BYTES_MAX))
  const server = await serve(t, gateway, { writeIdleTimeoutMs: 100 })
  const client = await pausedClient(server)
  const end = await endOf(gateway)
  assert.equal(end.end, 'client-left')
  assert.ok(end.bytes < BIG)
  assert.equal(server.stats().connections, 0)
  client.destroy()
})

test('a slow reader that takes some is not cut', async (t) => {
  const gateway = rigGateway(() => chunks(24 * MIB, CHUNK_BYTES_MAX))
  const server = await serve(t, gateway, { writeIdleTimeoutMs: 250 })
  const client = rawClient(server.port, get('/', CLOSE))
  let bytes = 0
  client.on('data', (part: Buffer) => {
    bytes += part.length
    client.pause()
    setTimeout(() => client.resume(), 1)
  })
  await once(client, 'end')
  client.destroy()
  assert.ok(bytes > 24 * MIB)
  assert.equal((await endOf(gateway)).end, 'complete')
})

test('a response that takes too long is cut', async (t) => {
  const gateway = rigGateway(() => chunks(BIG, CHUNK_BYTES_MAX))
  const server = await serve(t, gateway, { responseDurationMsMax: 60 })
  const client = await pausedClient(server)
  assert.equal((await endOf(gateway)).end, 'client-left')
  client.destroy()
})

test('the time of a response counts from its request, before there is a body', async (t) => {
  const gateway = rigGateway((request) => untilLeft(request, chunks(5, 5)))
  const server = await serve(t, gateway, { responseDurationMsMax: 60 })
  const startMs = performance.now()
  assert.equal((await rawRequest(server.port, get('/'))).end, 'reset')
  assert.ok(performance.now() - startMs >= 60)
  assert.deepEqual(await endOf(gateway), { bytes: 0, grade: 1, end: 'client-left' })
})

test('a response is not cut for the time of those before it on the connection', async (t) => {
  const gateway = rigGateway(async () => {
    await new Promise((resolve) => setTimeout(resolve, 60))
    return chunks(5, 5)
  })
  const server = await serve(t, gateway, { responseDurationMsMax: 150 })
  const { text } = await rawRequest(server.port, get('/').repeat(3) + get('/', CLOSE))
  assert.equal(text.split('xxxxx').length - 1, 4)
})

test('a client that ends its side still gets its body', async (t) => {
  const gateway = rigGateway(() => chunks(8 * MIB, CHUNK_BYTES_MAX, true))
  const server = await serve(t, gateway)
  const client = rawClient(server.port, get('/'))
  client.end()
  const { body } = await rawRead(client)
  assert.equal(body.length, 8 * MIB)
  assert.equal((await endOf(gateway)).end, 'complete')
})

test('downloads cut at random points are recorded within the bound', async (t) => {
  if (process.platform !== 'linux') return t.skip('knows kernel buffers of Linux only')
  const runs = Number(process.env['TURNPIKE_CUT_RUNS'] ?? 100)
  const size = 16 * MIB
  const gateway = rigGateway(() => chunks(size, CHUNK_BYTES_MAX, true))
  const server = await serve(t, gateway)
  const cuts: number[] = fc.sample(fc.integer({ min: 0, max: size }), { numRuns: runs, seed: 7 })
  let received = 0
  for (const cut of cuts) {
    const client = rawClient(server.port, get('/'))
    let bytes = -1
    client.on('data', (part: Buffer) => {
      bytes = bytes < 0 ? part.length - part.indexOf('\r\n\r\n') - 4 : bytes + part.length
      if (bytes >= cut) client.destroy()
    })
    client.on('error', () => {})
    await once(client, 'close')
    received += Math.max(bytes, 0)
  }
  await until(() => gateway.records.every(({ ends }) => ends.length === 1), 'all ends')
  assert.equal(gateway.records.length, runs)
  const recorded = gateway.records.reduce((sum, { ends }) => sum + ends[0]!.bytes, 0)
  t.diagnostic(`${runs} cuts: received ${received}, recorded ${recorded}`)
  assert.ok(recorded >= received, `recorded ${recorded} < received ${received}`)
  assert.ok(recorded <= received + runs * (kernelBytesMax() + CHUNK_BYTES_MAX))
})

test('a body that never waits lets other requests have their turn', async (t) => {
  // A source and a reader that are always ready would keep the event loop for themselves.
  let turns = 0
  const gateway = rigGateway(() => ({
    length: undefined,
    read: () => {
      let reads = 0
      // Empty chunks are taken at once, whatever the socket does.
      return () => (++reads > 4 * PUMP_TURN_BYTES || turns > 2 ? null : new Uint8Array(0))
    },
  }))
  const server = await serve(t, gateway)
  const ticker = setInterval(() => (turns += 1), 1)
  t.after(() => clearInterval(ticker))
  await rawRequest(server.port, get('/', CLOSE))
  assert.equal((await endOf(gateway)).end, 'complete')
  assert.ok(turns > 2)
})
