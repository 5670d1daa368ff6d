import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ORIGIN_SOCKETS_MAX } from '@turnpike/core/limits'
import type { OriginFault } from '@turnpike/core/ports/blob'
import type { ByteRange } from '@turnpike/core/range'
import fc from 'fast-check'
import { TEST_CERTIFICATE } from '../testing/certificate.ts'
import { startTestOrigin, type Lie, type TestOrigin } from '../testing/origin.ts'
import { HttpRangeReader } from './http-reader.ts'
import { HttpTransport } from './transport.ts'

const BYTES = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff)
const NEVER = new AbortController().signal
const TIMEOUTS = { connectMs: 2_000, firstByteMs: 150, idleMs: 150 }

let origin: TestOrigin
let transport: HttpTransport
let reader: HttpRangeReader

before(async () => {
  origin = await startTestOrigin()
  origin.put('/a.car', BYTES)
  transport = new HttpTransport({ allowPrivate: true, timeouts: TIMEOUTS })
  reader = new HttpRangeReader(transport)
})
beforeEach(() => {
  origin.lieAbout('*', undefined)
  origin.requests.length = 0
})
after(async () => {
  transport.close()
  await origin.close()
})

function open(
  range: ByteRange,
  options: { url?: string; size?: number; signal?: AbortSignal } = {},
) {
  const url = options.url ?? `${origin.url}/a.car?token=secret`
  const size = 'size' in options ? options.size : BYTES.length
  const blob = { multihash: undefined, key: url, size, sites: [{ url, provider: '' }] }
  return reader.open(blob, blob.sites[0]!, range, options.signal ?? NEVER)
}

/** A target to fill. */
function room(length: number): Uint8Array {
  return new Uint8Array(length)
}

/** Reads a range in pieces of `pieceBytes`; the bytes that came, and the fault if there was one. */
async function readAll(
  range: ByteRange,
  options: Parameters<typeof open>[1] & { pieceBytes?: number } = {},
): Promise<{ bytes: Uint8Array; fault: OriginFault | undefined }> {
  const length = range.last - range.first + 1
  const bytes = new Uint8Array(length)
  const opened = await open(range, options)
  if (opened.error !== undefined) return { bytes: bytes.subarray(0, 0), fault: opened.error }
  const piece = options.pieceBytes ?? length
  let at = 0
  for (; at < length; at += piece) {
    const filled = await opened.ok.fill(bytes.subarray(at, Math.min(at + piece, length)))
    if (filled.error !== undefined) return { bytes: bytes.subarray(0, at), fault: filled.error }
  }
  opened.ok.close()
  return { bytes, fault: undefined }
}

test('any range in any pieces is what the blob holds there', async () => {
  const at = fc.integer({ min: 0, max: BYTES.length - 1 })
  await fc.assert(
    fc.asyncProperty(at, at, fc.integer({ min: 1, max: 300_000 }), async (a, b, size) => {
      const range = { first: Math.min(a, b), last: Math.max(a, b) }
      const pieceBytes = Math.max(size, Math.ceil((range.last - range.first) / 64), 1)
      const { bytes, fault } = await readAll(range, { pieceBytes })
      assert.equal(fault, undefined)
      assert.ok(Buffer.from(bytes).equals(BYTES.subarray(range.first, range.last + 1)))
    }),
    { numRuns: 60 },
  )
})

test('reads to the end keep one connection', async () => {
  await readAll({ first: 0, last: 9 })
  const connections = origin.connections
  for (let i = 0; i < 20; i++) await readAll({ first: i, last: 200_000 + i })
  assert.equal(origin.connections, connections)
  assert.equal(origin.requests.length, 21)
})

test('asks for exactly the range, uncoded', async () => {
  await readAll({ first: 7, last: 19 })
  assert.equal(origin.requests[0]?.range, 'bytes=7-19')
  assert.equal(origin.requests[0]?.headers['accept-encoding'], 'identity')
})

const LIES: readonly (readonly [Lie, OriginFault['name']])[] = [
  ['whole', 'OriginLied'],
  ['short-length', 'OriginLied'],
  ['short-chunked', 'OriginLied'],
  ['long-length', 'OriginLied'],
  ['long-chunked', 'OriginLied'],
  ['wrong-range', 'OriginLied'],
  ['no-range', 'OriginLied'],
  ['wrong-total', 'OriginLied'],
  ['multipart', 'OriginLied'],
  ['gzip', 'OriginLied'],
  ['redirect', 'OriginLied'],
  ['not-http', 'OriginLied'],
  [204, 'OriginLied'],
  [304, 'OriginLied'],
  [416, 'OriginLied'],
  ['cut', 'OriginUnavailable'],
  ['reset', 'OriginUnavailable'],
  ['reset-head', 'OriginUnavailable'],
  [500, 'OriginUnavailable'],
  [503, 'OriginUnavailable'],
  [429, 'OriginUnavailable'],
  [404, 'OriginMissing'],
  [410, 'OriginMissing'],
  [401, 'OriginForbidden'],
  [403, 'OriginForbidden'],
  ['silent-head', 'OriginTimeout'],
  ['silent-body', 'OriginTimeout'],
  ['trickle', 'OriginTimeout'],
  [504, 'OriginTimeout'],
]

for (const [lie, name] of LIES)
  test(`an origin that answers ${lie} is ${name}, and nothing wrong is handed on`, async () => {
    origin.lieAbout('*', lie)
    const range = { first: 1000, last: 300_999 }
    const { bytes, fault } = await readAll(range, { pieceBytes: 50_000 })
    assert.equal(fault?.name, name, fault?.message)
    assert.equal(fault.provider, origin.url)
    assert.doesNotMatch(fault.message, /secret|a\.car/)
    assert.ok(bytes.length < 300_000)
    assert.ok(Buffer.from(bytes).equals(BYTES.subarray(1000, 1000 + bytes.length)))
    await origin.idle().catch(() => {})
  })

test('a total of * is believed, and so is any total of a blob of unknown size', async () => {
  origin.lieAbout('*', 'no-total')
  assert.equal((await readAll({ first: 0, last: 9 })).fault, undefined)
  origin.lieAbout('*', 'wrong-total')
  assert.equal(
    (await readAll({ first: 0, last: 9 }, { size: undefined as never })).fault,
    undefined,
  )
})

test('an origin that nobody runs is OriginUnavailable', async () => {
  const closed = await startTestOrigin()
  await closed.close()
  const { fault } = await readAll({ first: 0, last: 9 }, { url: `${closed.url}/a.car` })
  assert.equal(fault?.name, 'OriginUnavailable')
})

test('an origin that accepts and never speaks TLS is OriginTimeout', async () => {
  const server = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const quick = new HttpTransport({ allowPrivate: true, timeouts: { connectMs: 100 } })
  const port = (server.address() as { port: number }).port
  const url = `https://127.0.0.1:${port}/a.car`
  const blob = { multihash: undefined, key: url, size: 10, sites: [{ url, provider: '' }] }
  const range = { first: 0, last: 9 }
  const opened = await new HttpRangeReader(quick).open(blob, blob.sites[0]!, range, NEVER)
  assert.equal(opened.error?.name, 'OriginTimeout')
  quick.close()
  server.close()
})

test('a kept connection that the origin closed costs one more, not a fault', async () => {
  await readAll({ first: 0, last: 9 })
  origin.lieAbout('*', 'reset-head', 1)
  const { fault } = await readAll({ first: 0, last: 9 })
  assert.equal(fault, undefined)
  assert.equal(origin.requests.length, 3)
})

test('a reader that stops reading stops the transfer, and one that closes ends it', async () => {
  const size = 256 * 1024 * 1024
  origin.put('/big', { size, read: (_, length) => new Uint8Array(length) })
  const url = `${origin.url}/big`
  const opened = await open({ first: 0, last: size - 1 }, { url, size })
  assert.ok(opened.ok)
  await opened.ok.fill(room(100_000))
  // What goes out fills the buffers of two kernels, which grow for a while, and no more.
  const seen = origin.requests[0]!
  for (let sent = -1; sent !== seen.bytesSent; await sleep(100)) sent = seen.bytesSent
  assert.ok(seen.bytesSent < size / 4, `${seen.bytesSent} bytes went out`)
  const underWay = opened.ok.fill(room(32 * 1024 * 1024))
  opened.ok.close()
  assert.equal((await underWay).error?.name, 'OriginUnavailable')
  await origin.idle()
  assert.equal(seen.clientLeft, true)
  assert.ok(seen.bytesSent < size / 4)
  assert.ok((await opened.ok.fill(room(1))).error)
})

test('an abort ends a transfer, and a request that waits for its answer', async () => {
  const controller = new AbortController()
  const opened = await open({ first: 0, last: 900_000 }, { signal: controller.signal })
  assert.ok(opened.ok)
  controller.abort()
  assert.ok((await opened.ok.fill(room(10))).error)
  origin.lieAbout('*', 'silent-head')
  const second = new AbortController()
  const waiting = open({ first: 0, last: 9 }, { signal: second.signal })
  second.abort()
  assert.equal((await waiting).error?.name, 'OriginUnavailable')
  assert.ok((await open({ first: 0, last: 9 }, { signal: second.signal })).error)
})

test('a slow caller is no silence: only waits are timed', async () => {
  const opened = await open({ first: 0, last: 900_000 })
  assert.ok(opened.ok)
  await opened.ok.fill(room(10))
  await sleep(400)
  assert.ok((await opened.ok.fill(room(899_991))).ok)
})

test('a fill over another is a broken caller', async () => {
  const opened = await open({ first: 0, last: 900_000 })
  assert.ok(opened.ok)
  const underWay = opened.ok.fill(room(900_001))
  assert.throws(() => opened.ok.fill(room(0)), TypeError)
  assert.ok((await underWay).ok)
})

test('an address from others is asked over https on the public internet only', async () => {
  const secure = await startTestOrigin({ tls: true })
  secure.put('/a.car', BYTES)
  const url = `${secure.url}/a.car`
  const blob = { multihash: undefined, key: url, size: BYTES.length, sites: [] }
  const range = { first: 0, last: 9 }
  const openWith = async (options: object, address: string) => {
    const strict = new HttpTransport({ ...options, ca: TEST_CERTIFICATE })
    const site = { url: address, provider: '' }
    const opened = await new HttpRangeReader(strict).open(blob, site, range, NEVER)
    const read = opened.ok === undefined ? opened : await opened.ok.fill(room(10))
    strict.close()
    return read
  }
  for (const address of [url, `${origin.url}/a.car`, url.replace('localhost', '127.0.0.1')])
    assert.equal((await openWith({}, address)).error?.name, 'OriginForbidden', address)
  assert.equal(secure.requests.length + origin.requests.length, 0)
  assert.ok((await openWith({ trusts: () => true }, url)).ok)
  assert.ok((await openWith({ allowPrivate: true }, url)).ok)
  await secure.close()
})

test('an origin whose certificate is not believed is OriginUnavailable', async () => {
  const secure = await startTestOrigin({ tls: true })
  const { fault } = await readAll({ first: 0, last: 9 }, { url: `${secure.url}/a.car` })
  assert.equal(fault?.name, 'OriginUnavailable')
  assert.equal(secure.requests.length, 0)
  await secure.close()
})

test('reads beyond the bound on connections wait for one', async () => {
  const slow = await startTestOrigin({ delayMs: 5 })
  slow.put('/a.car', BYTES)
  const reads = Array.from({ length: ORIGIN_SOCKETS_MAX + 20 }, (_, i) =>
    readAll({ first: i, last: i + 9 }, { url: `${slow.url}/a.car` }),
  )
  for (const { fault } of await Promise.all(reads)) assert.equal(fault, undefined)
  assert.equal(slow.connections, ORIGIN_SOCKETS_MAX)
  await slow.close()
})
