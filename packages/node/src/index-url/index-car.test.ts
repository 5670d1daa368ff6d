import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { IndexedSlice } from '@turnpike/core/blob-index'
import { concatBytes } from '@turnpike/core/bytes'
import { encodeCar } from '@turnpike/core/car/encode'
import { CAR_ROOTS_MAX } from '@turnpike/core/limits'
import { INDEX_ATTEMPTS_MAX, INDEX_BATCH_SLICES_MAX } from '@turnpike/core/limits/store'
import { RAW, type Link } from '@turnpike/core/link'
import { encodeMultihash, IDENTITY, SHA2_256 } from '@turnpike/core/multihash'
import { readersFor } from '@turnpike/core/origin/readers-for'
import fc from 'fast-check'
import { nodeHasher } from '../hasher.ts'
import { FileRangeReader } from '../origins/file-reader.ts'
import { HttpRangeReader } from '../origins/http-reader.ts'
import { S3RangeReader } from '../origins/s3-reader.ts'
import { HttpTransport } from '../origins/transport.ts'
import { startTestOrigin, type TestOrigin } from '../testing/origin.ts'
import { startTestS3 } from '../testing/s3.ts'
import { findCars } from './find-cars.ts'
import { indexCar, type IndexOptions } from './index-car.ts'
import type { CarSource, IndexedCar, IndexSink } from './sink.ts'

const NEVER = new AbortController().signal
const folder = await mkdtemp(join(tmpdir(), 'turnpike-index-'))
const transport = new HttpTransport({ allowPrivate: true, timeouts: { firstByteMs: 150 } })
const ownFolder = `${pathToFileURL(folder).href}/`
const files = new FileRangeReader((url) => url.href.startsWith(ownFolder))
const reader = readersFor([files, new HttpRangeReader(transport)])
const random = { bytes: (length: number) => new Uint8Array(length) }
let origin: TestOrigin

beforeEach(async () => {
  origin = await startTestOrigin()
})
afterEach(() => origin.close())
after(async () => {
  transport.close()
  files.close()
  await rm(folder, { recursive: true })
})

/** A sink that remembers what it was told. */
function memorySink() {
  const told = {
    begun: 0,
    batches: [] as IndexedSlice[][],
    committed: [] as IndexedCar[],
    aborts: 0,
  }
  const sink: IndexSink = {
    begin() {
      told.begun++
      return {
        slices: (batch) => void told.batches.push([...batch]),
        commit: (car) => void told.committed.push(car),
        abort: () => void told.aborts++,
      }
    },
  }
  return { told, sink }
}

function rawBlock(bytes: Uint8Array): { link: Link; bytes: Uint8Array } {
  const multihash = encodeMultihash(SHA2_256, nodeHasher.sha256(bytes))
  return { link: { version: 1, codec: RAW, multihash }, bytes }
}

/** A CAR of `count` blocks of `blockBytes` each. */
function carOf(count: number, blockBytes: number): Uint8Array {
  const blocks = Array.from({ length: count }, (_, i) => {
    const bytes = new Uint8Array(blockBytes).fill(i)
    new DataView(bytes.buffer).setUint32(0, i)
    return rawBlock(bytes)
  })
  return encodeCar([blocks[0]!.link], blocks)
}

function sourceAt(path: string, car: Uint8Array): CarSource {
  return { site: { url: `${origin.url}${path}`, provider: origin.url }, sizeBytes: car.length }
}

async function indexBytes(car: Uint8Array, options: Partial<IndexOptions> = {}) {
  origin.put('/a.car', car)
  const { told, sink } = memorySink()
  const deps = { reader, random, hasher: nodeHasher, sink, pauseMs: 1 }
  const indexed = await indexCar(deps, sourceAt('/a.car', car), { signal: NEVER, ...options })
  return { indexed, told }
}

function sha256Multihash(bytes: Uint8Array): Uint8Array {
  return encodeMultihash(SHA2_256, createHash('sha256').update(bytes).digest())
}

test('slices of any CAR are its blocks, and its hash is that of the file', async () => {
  const blocks = fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(blocks, async (contents) => {
      const car = encodeCar([], contents.map(rawBlock))
      const { indexed, told } = await indexBytes(car)
      assert.ok(indexed.ok)
      assert.deepEqual(indexed.ok.multihash, sha256Multihash(car))
      assert.equal(indexed.ok.slices, contents.length)
      assert.deepEqual(
        told.batches.flat().map(({ offset, length }) => car.slice(offset, offset + length)),
        contents,
      )
      assert.deepEqual([told.begun, told.committed.length, told.aborts], [1, 1, 0])
    }),
    { numRuns: 40 },
  )
})

test('a CAR larger than a range is read in ranges, each byte once', async () => {
  const car = carOf(34, 1_000_000)
  const progress: number[] = []
  const { indexed } = await indexBytes(car, { onProgress: (bytes) => progress.push(bytes) })
  assert.ok(indexed.ok)
  assert.deepEqual(indexed.ok.roots.length, 1)
  assert.deepEqual(
    origin.requests.map(({ range }) => range),
    ['bytes=0-33554431', `bytes=33554432-${car.length - 1}`],
  )
  assert.equal(progress.at(-1), car.length)
  assert.deepEqual(
    progress,
    progress.toSorted((a, b) => a - b),
  )
})

test('slices come in batches of at most the bound', async () => {
  const { told } = await indexBytes(carOf(INDEX_BATCH_SLICES_MAX * 2 + 1, 8))
  assert.deepEqual(
    told.batches.map((batch) => batch.length),
    [INDEX_BATCH_SLICES_MAX, INDEX_BATCH_SLICES_MAX, 1],
  )
})

test('a transfer that breaks goes on where it broke', async () => {
  const car = carOf(8, 1_000_000)
  for (const lie of ['cut', 'reset', 'reset-head', 503] as const) {
    origin.requests.length = 0
    origin.lieAbout('/a.car', lie, 3)
    const { indexed } = await indexBytes(car)
    assert.deepEqual(indexed.ok?.multihash, sha256Multihash(car), `${lie}`)
    const starts = origin.requests.map(({ range }) => Number(/\d+/.exec(range ?? '')?.[0]))
    assert.equal(starts.length, 4)
    assert.deepEqual(
      starts,
      starts.toSorted((a, b) => a - b),
    )
    // Only here: what a reset drops on its way was sent all the same.
    if (lie !== 'cut') continue
    const sent = origin.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0)
    assert.ok(sent < car.length * 1.5, `${sent} bytes were sent for ${car.length}`)
  }
})

test('attempts at one place are bounded, and what does not pass is not tried again', async () => {
  const car = carOf(3, 100)
  for (const [lie, name, requests] of [
    [503, 'OriginUnavailable', INDEX_ATTEMPTS_MAX],
    [404, 'OriginMissing', 1],
    ['wrong-total', 'OriginLied', 1],
    ['silent-head', 'OriginTimeout', INDEX_ATTEMPTS_MAX],
  ] as const) {
    origin.requests.length = 0
    origin.lieAbout('/a.car', lie)
    const { indexed, told } = await indexBytes(car)
    assert.equal(indexed.error?.name, name)
    assert.equal(origin.requests.length, requests)
    assert.deepEqual([told.committed.length, told.aborts], [0, 1])
  }
})

test('a block that does not match its CID is refused by name, nothing is committed', async () => {
  const good = rawBlock(new Uint8Array(100))
  const bad = { link: rawBlock(new Uint8Array([1])).link, bytes: new Uint8Array([2]) }
  const blake = { ...good, link: { ...good.link, multihash: new Uint8Array([0x1e, 1, 0]) } }
  for (const block of [bad, blake]) {
    const { indexed, told } = await indexBytes(encodeCar([], [good, block]))
    assert.equal(indexed.error?.name, 'BlockRefused')
    assert.match(indexed.error.message, /^block b[a-z2-7]+ at byte \d+ of the CAR expected/)
    assert.deepEqual([told.committed.length, told.aborts], [0, 1])
  }
})

test('a file that is no CAR, or ends early, is refused, and nothing is committed', async () => {
  const car = carOf(3, 100)
  for (const bytes of [new Uint8Array(0), new Uint8Array(100).fill(7), car.subarray(0, -1)]) {
    const { indexed, told } = await indexBytes(bytes)
    assert.equal(indexed.error?.name, 'CarMalformed')
    assert.deepEqual([told.committed.length, told.aborts], [0, 1])
  }
})

test('identity blocks are checked and left out; roots are kept up to the bound', async () => {
  const bytes = new Uint8Array([1, 2, 3])
  const identity = { version: 1, codec: RAW, multihash: encodeMultihash(IDENTITY, bytes) } as const
  const roots = Array.from({ length: CAR_ROOTS_MAX + 1 }, () => identity)
  const { indexed } = await indexBytes(encodeCar(roots, [{ link: identity, bytes }]))
  assert.equal(indexed.ok?.slices, 0)
  assert.equal(indexed.ok.roots.length, CAR_ROOTS_MAX)
  const other = { link: identity, bytes: new Uint8Array([1, 2, 4]) }
  const refused = await indexBytes(encodeCar([], [other]))
  assert.equal(refused.indexed.error?.name, 'BlockRefused')
})

test('what follows the blocks of a version 2 CAR belongs to the blob', async () => {
  const inner = carOf(3, 100)
  const pragma = Uint8Array.of(0x0a, 0xa1, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x02)
  const header = new DataView(new ArrayBuffer(40))
  header.setBigUint64(16, 51n, true)
  header.setBigUint64(24, BigInt(inner.length), true)
  const parts = [pragma, new Uint8Array(header.buffer), inner, new Uint8Array(3_000_000)]
  const car = concatBytes(parts)
  const { indexed, told } = await indexBytes(car)
  assert.deepEqual(indexed.ok?.multihash, sha256Multihash(car))
  const { offset, length, multihash } = told.batches[0]![1]!
  assert.deepEqual(sha256Multihash(car.subarray(offset, offset + length)), multihash)
})

test('an abort, and a sink that fails, end it, are thrown, and abort the draft', async () => {
  const controller = new AbortController()
  const onProgress = (): void => controller.abort(new Error('stopped'))
  const car = carOf(5, 1_000_000)
  origin.put('/a.car', car)
  const { told, sink } = memorySink()
  const deps = { reader, random, hasher: nodeHasher, sink }
  const source = sourceAt('/a.car', car)
  await assert.rejects(indexCar(deps, source, { signal: controller.signal, onProgress }), /stopped/)
  await origin.idle()
  assert.deepEqual([told.committed.length, told.aborts], [0, 1])
  const full: IndexSink = {
    begin: () => ({
      ...(sink.begin(source) as object as Awaited<ReturnType<IndexSink['begin']>>),
      slices: () => Promise.reject(new Error('disk full')),
    }),
  }
  await assert.rejects(indexCar({ ...deps, sink: full }, source, { signal: NEVER }), /disk full/)
  assert.deepEqual([told.committed.length, told.aborts], [0, 2])
})

async function find(address: string, stores: Parameters<typeof findCars>[0]['stores'] = []) {
  const found: CarSource[] = []
  for await (const car of findCars({ transport, stores }, address, NEVER)) {
    if (car.error !== undefined) return { found, error: car.error }
    found.push(car.ok)
  }
  return { found, error: undefined }
}

test('files and folders of this machine are found and indexed', async () => {
  const car = carOf(3, 100)
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'b.car'), car)
  await writeFile(join(folder, 'sub', 'a #1.car'), car)
  await writeFile(join(folder, 'notes.txt'), 'no CAR')
  const { found } = await find(folder)
  const urls = [join(folder, 'b.car'), join(folder, 'sub', 'a #1.car')].map(
    (path) => pathToFileURL(path).href,
  )
  assert.deepEqual(
    found.map(({ site }) => site.url),
    urls,
  )
  assert.deepEqual((await find(join(folder, 'b.car'))).found, [found[0]])
  assert.deepEqual((await find(urls[1]!)).found, [found[1]])
  const { told, sink } = memorySink()
  for (const source of found)
    assert.ok(
      (await indexCar({ reader, random, hasher: nodeHasher, sink }, source, { signal: NEVER })).ok,
    )
  assert.deepEqual(told.committed[1]?.multihash, sha256Multihash(car))
  for (const address of [join(folder, 'none'), 'file://host/a.car'])
    assert.equal((await find(address)).error?.name, 'AddressRefused')
  await mkdir(join(folder, 'empty'))
  assert.match(
    (await find(join(folder, 'empty'))).error!.message,
    /at least one \.car file, got none/,
  )
})

test('a URL is probed for its size with two bytes', async () => {
  const car = carOf(3, 100)
  origin.put('/a.car', car)
  const { found } = await find(`${origin.url}/a.car?token=secret`)
  assert.deepEqual(found, [
    {
      site: { url: `${origin.url}/a.car?token=secret`, provider: origin.url },
      sizeBytes: car.length,
    },
  ])
  assert.equal(origin.requests[0]?.range, 'bytes=0-1')
  origin.lieAbout('*', 'no-total')
  assert.equal((await find(`${origin.url}/a.car`)).error?.name, 'OriginLied')
  origin.lieAbout('*', 'whole')
  assert.equal((await find(`${origin.url}/a.car`)).error?.name, 'OriginLied')
  assert.equal((await find('https://')).error?.name, 'AddressRefused')
})

test('an object and a prefix of a bucket are found and indexed', async () => {
  const keys = { accessKeyId: 'key', secretAccessKey: 'secret', region: 'auto' }
  const s3 = await startTestS3({ keys, pageKeys: 2 })
  const car = carOf(3, 100)
  for (const key of ['x/a.car', 'x/b c.car', 'x/notes.txt', 'y/c.car']) s3.put('cars', key, car)
  const settings = { endpoint: s3.url, region: 'auto', credentials: keys, buckets: ['cars'] }
  const store = { settings, transport, clock: { nowMs: Date.now, monotonicMs: () => 0 } }
  const source = (key: string): CarSource => ({
    site: { url: `s3://cars/${key}`, provider: 's3://cars' },
    sizeBytes: car.length,
  })
  const { found } = await find('s3://cars/x/', [store])
  assert.deepEqual(found, [source('x/a.car'), source('x/b c.car')])
  assert.deepEqual((await find('s3://cars/y/c.car', [store])).found, [source('y/c.car')])
  assert.equal((await find('s3://others/', [store])).error?.name, 'AddressRefused')
  assert.equal((await find('s3://cars/z', [store])).error?.name, 'AddressRefused')
  const { told, sink } = memorySink()
  const deps = { reader: new S3RangeReader(store), random, hasher: nodeHasher, sink }
  assert.ok((await indexCar(deps, found[1]!, { signal: NEVER })).ok)
  assert.deepEqual(told.committed[0]?.multihash, sha256Multihash(car))
  await s3.close()
})
