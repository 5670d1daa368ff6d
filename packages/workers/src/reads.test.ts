import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeEntry } from '@turnpike/core/log/decode'
import { encodeRead } from '@turnpike/core/log/encode'
import { READ_FLAGS, type ReadEntry } from '@turnpike/core/log/entry'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import { MARK_BYTES } from '@turnpike/core/limits/log'
import { WORKER_BODIES_MAX } from '@turnpike/core/limits/workers'
import { linkToString } from '@turnpike/core/link'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { alice, fileBlocks, gatewayDid, hasher } from '@turnpike/gateway/testing/world'
import { bytesOfHex, hexOf } from './keys.ts'
import { publish } from './publish/publish.ts'
import { publicationOf, type PublishedBlocks } from './testing/content.ts'
import { send, type RawGot, type SendOptions } from './testing/http.ts'
import { bundle, startWorkerd, type Workerd } from './testing/rig.ts'

const MIB = 1024 * 1024
const SILENCE_MS = 600
const SPOOL_BYTES_MAX = 2 * MIB
/**
 * What a cut client may be recorded for beyond what it read: 1.4 MB inside workerd, the block in
 * flight, 4.1 MiB of the kernel's send buffer and 6 MiB of the receiver's.
 */
const CUT_EXCESS_BYTES_MAX = 12 * MIB

/** A file of bytes that occur nowhere else, in a blob of its own. */
interface File {
  readonly path: string
  readonly content: Uint8Array
  readonly published: PublishedBlocks
}

function fileOf(sizeBytes: number, seed: string): File {
  const content = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 4096)
    content.set(
      createHash('sha256')
        .update(`${seed} ${at}`)
        .digest()
        .subarray(0, sizeBytes - at),
      at,
    )
  const { root, blocks } = fileBlocks(PROFILES['unixfs-v1-2025'], content)
  const published = publicationOf(alice, blocks)
  return { path: `/ipfs/${linkToString(root.link)}`, content, published }
}

const files = {
  large: fileOf(24 * MIB, 'large'),
  flipped: fileOf(6 * MIB, 'flipped'),
  failing: fileOf(6 * MIB, 'failing'),
  shared: fileOf(3 * MIB, 'shared'),
  small: fileOf(5000, 'small'),
  cold: fileOf(3 * MIB, 'cold'),
}
const FLIPPED_AT = 3 * MIB + 77
let workerd: Workerd

before(async () => {
  const { code } = await bundle('test-worker.ts')
  const variables = { GATEWAY_DID: gatewayDid, REGION: 'test', JOURNAL_SHARDS: 1 }
  workerd = await startWorkerd(code, { ...variables, SILENCE_MS, SPOOL_BYTES_MAX })
  const all = Object.values(files).map(({ published }) => published)
  files.flipped.published.blob[FLIPPED_AT]! ^= 1
  const blobs = all.flatMap(({ publication }) => publication.blobs)
  const blobOf = (multihash: Uint8Array): Uint8Array =>
    all.find((one) => one.multihash === multihash)!.blob
  await publish(
    { blobs, grants: all[0]!.publication.grants },
    { bucket: workerd.bucket, hasher, read: async (multihash) => blobOf(multihash) },
  )
})

after(() => workerd?.close())

async function control<T>(verb: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(new URL(`/test/${verb}`, workerd.url), init)
  assert.equal(response.status, 200)
  return (await response.json()) as T
}

function get(file: File, options: SendOptions = {}, query = ''): Promise<RawGot> {
  return send(new URL(file.path + query, workerd.url), options)
}

async function allReads(): Promise<ReadEntry[]> {
  const entries = await control<string[]>('entries')
  return entries.flatMap((hex) => {
    const decoded = decodeEntry(bytesOfHex(hex)).ok
    return decoded?.kind === 'read' ? [decoded.entry] : []
  })
}

/** The one READ of an answer; fails when there comes none, or a second. */
async function readOf(got: RawGot): Promise<ReadEntry> {
  const receipt = got.headers.get('x-receipt-id')
  for (let tries = 0; tries < 100; tries++) {
    const found = (await allReads()).filter(({ id }) => receiptIdOf(id, hasher) === receipt)
    assert.ok(found.length < 2, 'one entry a read')
    // Whether caches helped is not what these tests are about.
    if (found.length === 1) return { ...found[0]!, flags: found[0]!.flags & ~READ_FLAGS.fromCache }
    await sleep(30)
  }
  throw new Error('the read was not recorded')
}

function isPrefix(part: Uint8Array, whole: Uint8Array): boolean {
  return Buffer.compare(part, whole.subarray(0, part.length)) === 0
}

const SERVED = READ_FLAGS.allowed | READ_FLAGS.content

test('a whole download is recorded once, to the byte, with grade 0', async () => {
  for (const file of [files.large, files.small]) {
    const got = await get(file)
    assert.equal(got.cut, false)
    assert.ok(isPrefix(got.body, file.content) && got.body.length === file.content.length)
    assert.equal(got.headers.get('content-length'), String(file.content.length))
    assert.match(got.headers.get('cache-control')!, /no-transform/)
    const read = await readOf(got)
    assert.equal(read.bytes, BigInt(file.content.length))
    assert.deepEqual([read.status, read.flags, read.grade], [200, SERVED, 0])
    assert.deepEqual([read.space, read.provider, read.region], [alice, gatewayDid, 'test'])
  }
})

test('a client that leaves is recorded for what it got, and little more', async () => {
  for (const bytesMax of [1, 65_536, MIB, 3 * MIB, 7_000_001]) {
    const got = await get(files.large, { bytesMax })
    const read = await readOf(got)
    const excess = Number(read.bytes) - got.body.length
    assert.ok(excess >= 0, `recorded ${read.bytes}, received ${got.body.length}`)
    assert.ok(excess <= CUT_EXCESS_BYTES_MAX, `excess ${excess}`)
    assert.equal(read.flags, SERVED | READ_FLAGS.clientLeft)
  }
})

test('a read is durable as started when its head arrives, and closed when it ends', async () => {
  const got = await get(files.large, {
    async onHead(response) {
      const open = await control<string[]>('open')
      const receipts = open.map((id) => receiptIdOf(bytesOfHex(id), hasher))
      assert.ok(receipts.includes(String(response.headers['x-receipt-id'])))
    },
  })
  await readOf(got)
  assert.deepEqual(await control('open'), [])
})

test('what the journal can not take in is not served', async () => {
  const earlier = (await allReads()).length
  await control('down/true')
  try {
    const large = await get(files.large)
    assert.equal(large.status, 503)
    assert.ok(large.body.length < 100)
  } finally {
    await control('down/false')
  }
  const later = (await allReads()).slice(earlier)
  const refused = later.find(({ status }) => status === 503)
  assert.ok(refused === undefined || (refused.flags & READ_FLAGS.content) === 0)
})

test('a reader that is slow, not dead, is not closed for silence', async () => {
  const got = await get(files.large, { onHead: () => sleep(2.5 * SILENCE_MS) })
  assert.equal(got.body.length, files.large.content.length)
  const read = await readOf(got)
  assert.deepEqual([read.bytes, read.flags], [BigInt(got.body.length), SERVED])
})

test('a start without an end becomes one READ with flag 256; its end comes too late', async () => {
  const template = await readOf(await get(files.small))
  const orphan = { ...template, id: new Uint8Array(16).fill(9), bytes: 0n }
  const hex = hexOf(encodeRead(orphan))
  assert.equal(await control(`start/${hex}`), 'started')
  let found: ReadEntry[] = []
  for (let tries = 0; found.length === 0 && tries < 100; tries++) {
    await sleep(50)
    found = (await allReads()).filter(({ id }) => hexOf(id) === hexOf(orphan.id))
  }
  assert.equal(found.length, 1)
  assert.equal(found[0]!.flags, orphan.flags | READ_FLAGS.recovered)
  assert.equal(await control(`end/${hex}`), 'refused')
  const ids = (await allReads()).map(({ id }) => hexOf(id))
  assert.equal(ids.filter((id) => id === hexOf(orphan.id)).length, 1)
})

test('a body whose read was closed is cut: it would go on unrecorded', async () => {
  const got = await get(files.large, {
    async onHead() {
      assert.equal(await control('close'), 'closed')
      await sleep(SILENCE_MS)
    },
  })
  assert.equal(got.cut, true)
  assert.ok(got.body.length < files.large.content.length)
})

test('an end, and a record, that are told twice count once', async () => {
  const template = await readOf(await get(files.small))
  const [started, whole] = [11, 12].map((byte) =>
    hexOf(encodeRead({ ...template, id: new Uint8Array(16).fill(byte) })),
  )
  await control(`start/${started}`)
  assert.equal(await control(`end/${started}`), 'taken')
  assert.equal(await control(`end/${started}`), 'refused')
  assert.equal(await control(`record/${whole}`), 'taken')
  assert.equal(await control(`record/${whole}`), 'refused')
})

test('HEAD asks the bucket for no leaf but the one that tells the type', async () => {
  const asked = async (query: string): Promise<{ got: RawGot; blobs: number }> => {
    await control('gets')
    const got = await get(files.cold, { method: 'HEAD' }, query)
    const gets = await control<string[]>('gets')
    return { got, blobs: gets.filter((line) => line.startsWith('blobs/')).length }
  }
  const named = await asked('?filename=a.bin')
  assert.equal(named.blobs, 1, 'the root, which says the size')
  assert.equal((await asked('?filename=a.bin')).blobs, 0)
  const nameless = await asked('')
  assert.equal(nameless.blobs, 1, 'the first leaf')
  for (const { got } of [named, nameless]) {
    assert.equal(got.headers.get('content-length'), String(files.cold.content.length))
    const read = await readOf(got)
    assert.deepEqual([read.bytes, read.flags], [0n, READ_FLAGS.allowed | READ_FLAGS.head])
  }
})

test('a flipped bit in the bucket is never served, cold or warm', async () => {
  for (let round = 0; round < 2; round++) {
    const got = await get(files.flipped)
    assert.equal(got.cut, true, 'short of its Content-Length')
    assert.ok(got.body.length <= FLIPPED_AT)
    assert.ok(isPrefix(got.body, files.flipped.content))
    const read = await readOf(got)
    assert.ok(read.bytes >= BigInt(got.body.length))
    assert.equal(read.flags, SERVED | READ_FLAGS.originFailed)
    const range = { range: `bytes=${FLIPPED_AT}-${FLIPPED_AT}` }
    assert.equal((await get(files.flipped, { headers: range })).status, 502)
  }
})

test('a bucket that fails in the middle of a body cuts the body', async () => {
  await control('faults', { failFrom: 2 * MIB, failBefore: 6 * MIB })
  try {
    const got = await get(files.failing)
    assert.equal(got.cut, true)
    assert.ok(isPrefix(got.body, files.failing.content))
    assert.equal((await readOf(got)).flags, SERVED | READ_FLAGS.originFailed)
  } finally {
    await control('faults', {})
  }
  assert.equal((await get(files.failing)).body.length, files.failing.content.length)
})

test('a read that others share goes on when the client leaves that opened it', async () => {
  await control('faults', { delayMs: 300 })
  try {
    const controller = new AbortController()
    const first = fetch(new URL(files.shared.path, workerd.url), { signal: controller.signal })
    await sleep(450)
    const second = get(files.shared)
    await sleep(50)
    controller.abort()
    await assert.rejects(first.then((response) => response.arrayBuffer()))
    assert.equal((await second).body.length, files.shared.content.length)
  } finally {
    await control('faults', {})
  }
})

test('a body of unknown length is whole up to its bound, and refused beyond', async () => {
  const refused = await get(files.large, {}, '?format=car')
  assert.equal(refused.status, 501)
  assert.match(String(refused.body), /limited to 2097152 bytes/)
  const read = await readOf(refused)
  assert.deepEqual([read.status, read.bytes], [501, BigInt(refused.body.length)])
  assert.equal(read.flags & READ_FLAGS.content, 0, 'our own text is not billed')
  const small = await get(files.small, {}, '?format=car')
  assert.equal(small.headers.get('content-length'), String(small.body.length))
})

test('more bodies than an isolate can hold are refused, and served again later', async () => {
  const { promise: go, resolve } = Promise.withResolvers<void>()
  const heads: Promise<void>[] = []
  const stalled = Array.from({ length: WORKER_BODIES_MAX }, () => {
    const head = Promise.withResolvers<void>()
    heads.push(head.promise)
    const onHead = (): Promise<void> => (head.resolve(), go)
    return get(files.large, { onHead, bytesMax: 100 })
  })
  await Promise.all(heads)
  const refused = await get(files.large)
  assert.equal(refused.status, 503)
  assert.equal((await readOf(refused)).status, 503)
  assert.equal((await get(files.small)).status, 200, 'what needs no place is served')
  resolve()
  await Promise.all((await Promise.all(stalled)).map(readOf))
  assert.equal((await get(files.large, { bytesMax: 100 })).status, 200)
})

/** Far enough from the end that buffers can't hold the rest. */
const KILLED_AT = 10 * MIB

test('a killed workerd loses no read, and of its bytes less than a mark', async (t) => {
  if (process.platform !== 'linux') return t.skip('finds workerd by /proc')
  const earlier = (await allReads()).length
  const { promise: half, resolve } = Promise.withResolvers<void>()
  let receivedBytes = 0
  const cut = get(files.large, {
    async onHead(response) {
      response.on('data', (chunk: Buffer) => {
        receivedBytes += chunk.length
        if (receivedBytes > KILLED_AT) {
          response.pause()
          resolve()
        }
      })
    },
  })
  await half
  // Marks under way are durable after two group commits.
  await sleep(200)
  workerd = await workerd.restart()
  const got = await Promise.race([cut, sleep(2000)])
  const sentAtMost = files.large.content.length
  let recovered: ReadEntry[] = []
  for (let tries = 0; recovered.length === 0 && tries < 100; tries++) {
    await sleep(50)
    const later = (await allReads()).slice(earlier)
    recovered = later.filter(({ flags }) => (flags & READ_FLAGS.recovered) !== 0)
  }
  assert.equal(recovered.length, 1)
  const bytes = Number(recovered[0]!.bytes)
  assert.ok(bytes <= sentAtMost, `${bytes} bytes`)
  assert.ok(bytes > KILLED_AT - MARK_BYTES - CHUNK_BYTES_MAX, `${bytes} bytes`)
  assert.ok(got === undefined || got.cut, 'the client saw that its body was cut')
})
