import { bytesEqual } from '@turnpike/core/bytes'
import {
  blobReaderContract,
  type BlobReaderSubject,
  type MakeBlobReader,
} from '@turnpike/core/contract/blob-reader'
import {
  CHUNK_BYTES_MAX,
  READ_SYNC_BYTES_MAX,
  SIDECAR_CHUNK_BYTES_MAX,
} from '@turnpike/core/limits'
import { BLOB_FILES_MAX } from '@turnpike/core/limits/store'
import { encodeMultihash, SHA2_256, SHA2_512 } from '@turnpike/core/multihash'
import type { BlobReader, BlobRef } from '@turnpike/core/ports/blob'
import type { ByteRange } from '@turnpike/core/range'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { nodeHasher } from '../hasher.ts'
import { BlobFiles, streamFile } from './files.ts'
import { blobPaths } from './paths.ts'
import { openBlobStore, type BlobStore } from './store.ts'

const NEVER = new AbortController().signal
const SITE = { url: 'local:', provider: '' }
const ABSENT = encodeMultihash(SHA2_256, new Uint8Array(32))

type Fresh = { root: string; store: BlobStore; close(): Promise<void> }

async function openFresh(): Promise<Fresh> {
  const root = await mkdtemp(join(tmpdir(), 'turnpike-blobs-'))
  const store = await openBlobStore({ root, hasher: nodeHasher, owner: true })
  const close = async (): Promise<void> => {
    await store.close()
    await rm(root, { recursive: true })
  }
  return { root, store, close }
}

async function freshStore(t: TestContext): Promise<Fresh> {
  const fresh = await openFresh()
  t.after(fresh.close)
  return fresh
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function refOf(multihash: Uint8Array): BlobRef {
  return { multihash, key: 'x', size: undefined, sites: [SITE] }
}

const makeStore: MakeBlobReader = async (content) => {
  const { store, close } = await openFresh()
  const { multihash } = (await store.putWhole(chunksOf(content, 50_000))).ok!
  return {
    reader: store,
    held: { blob: refOf(multihash), site: SITE },
    missing: { blob: refOf(ABSENT), site: SITE },
    close,
  }
}

blobReaderContract(test, makeStore)

test('the contract refuses readers that shift, go on after close or hide a miss', async () => {
  const broken: Record<string, (reader: BlobReader) => BlobReader['open']> = {
    shift:
      (reader) =>
      (blob, site, { first, last }, signal) =>
        reader.open(blob, site, { first: first === 0 ? 1 : first - 1, last }, signal),
    endless:
      (reader) =>
      (blob, site, { first }, signal) =>
        reader.open(blob, site, { first, last: Math.max(first, 299_999) }, signal),
    deaf: (reader) => (blob, site, range) => reader.open(blob, site, range, NEVER),
    undying: (reader) => async (blob, site, range, signal) => {
      const opened = await reader.open(blob, site, range, signal)
      return opened.ok ? { ok: { fill: opened.ok.fill, close: () => {} } } : opened
    },
    found: (reader) => async (blob, site, range, signal) => {
      const opened = await reader.open(blob, site, range, signal)
      return opened.ok ? opened : { ok: { fill: async () => ({ ok: {} }), close: () => {} } }
    },
  }
  let subject: BlobReaderSubject | undefined
  for (const [name, breakOpen] of Object.entries(broken)) {
    const failed: string[] = []
    const cases: (() => Promise<void>)[] = []
    const make = async (content: Uint8Array): Promise<BlobReaderSubject> => {
      subject ??= await makeStore(content)
      const reader = { serves: () => false, open: breakOpen(subject.reader) }
      return { ...subject, reader, close: async () => {} }
    }
    blobReaderContract((title, run) => {
      cases.push(() => run().catch(() => void failed.push(title)))
    }, make)
    for (const run of cases) await run()
    assert.ok(failed.length >= 2, `${name}: only ${failed.join()}`)
  }
  await subject?.close()
})

async function readVerified(
  store: BlobStore,
  multihash: Uint8Array,
  range: ByteRange,
): Promise<Uint8Array> {
  const body = await store.openVerified(multihash, range)
  if (body.error) throw body.error
  const reader = body.ok.open(NEVER)
  const parts: Uint8Array[] = []
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      assert.ok(chunk.length > 0 && chunk.length <= CHUNK_BYTES_MAX)
      parts.push(chunk.slice())
    }
  } finally {
    reader.close()
  }
  const bytes = Buffer.concat(parts)
  assert.equal(bytes.length, body.ok.length)
  return bytes
}

test('any verified range is what was stored', async (t) => {
  const { store } = await freshStore(t)
  const content = randomBytes(3_500_000)
  const { multihash } = (await store.putWhole(chunksOf(content, 333_333))).ok!
  const place = fc.nat(content.length - 1)
  await fc.assert(
    fc.asyncProperty(place, place, async (a, b) => {
      const range = { first: Math.min(a, b), last: Math.max(a, b) }
      const bytes = await readVerified(store, multihash, range)
      assert.ok(bytesEqual(bytes, content.subarray(range.first, range.last + 1)))
    }),
    { numRuns: 40 },
  )
  const over = await store.openVerified(multihash, { first: 0, last: content.length })
  assert.equal(over.error?.name, 'OriginLied')
})

test('a flipped bit on disk is found before any byte of its chunk is handed out', async (t) => {
  const { root, store } = await freshStore(t)
  const content = randomBytes(2_500_000)
  const { multihash } = (await store.putWhole(chunksOf(content, content.length))).ok!
  const file = await open(blobPaths(root, multihash)!.blob, 'r+')
  await file.write(new Uint8Array([content[2_000_000]! ^ 4]), 0, 1, 2_000_000)
  await file.close()
  const whole = { first: 0, last: content.length - 1 }
  const reader = (await store.openVerified(multihash, whole)).ok!.open(NEVER)
  let bytes = 0
  const drain = async (): Promise<void> => {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read())
      bytes += chunk.length
  }
  await assert.rejects(drain(), /bytes 1048576 to 2097151 do not match their digest/)
  assert.equal(bytes, 1_048_576)
  reader.close()
  const intact = { first: 2_100_000, last: 2_499_999 }
  assert.equal((await readVerified(store, multihash, intact)).length, 400_000)
})

test('a sidecar that is damaged, foreign or gone is a fault', async (t) => {
  const { root, store } = await freshStore(t)
  const one = (await store.putWhole(chunksOf(randomBytes(10), 7))).ok!
  const other = (await store.putWhole(chunksOf(randomBytes(20), 7))).ok!
  const path = blobPaths(root, one.multihash)!.sidecar
  const range = { first: 0, last: 9 }
  const ask = async (): Promise<string | undefined> =>
    (await store.openVerified(one.multihash, range)).error?.message
  await writeFile(path, await readFile(blobPaths(root, other.multihash)!.sidecar))
  assert.match((await ask())!, /belongs to another blob/)
  await truncate(path, 60)
  assert.match((await ask())!, /damaged/)
  await rm(path)
  assert.match((await ask())!, /no such blob/)
})

test('a blob is stored once, listed, and gone when removed, while a reader reads on', async (t) => {
  const { root, store } = await freshStore(t)
  const content = randomBytes(100_000)
  const stored = (await store.putWhole(chunksOf(content, 1000))).ok!
  const { multihash } = stored
  assert.deepEqual([stored.isNew, stored.sizeBytes], [true, content.length])
  assert.equal((await store.putWhole(chunksOf(content, 999))).ok!.isNew, false)
  for await (const listed of store.list()) assert.deepEqual(listed, multihash)
  assert.equal(await store.has(multihash), true)
  const range = { first: 0, last: content.length - 1 }
  const stream = (await store.open(refOf(multihash), SITE, range, NEVER)).ok!
  assert.equal(await store.remove(multihash), true)
  assert.equal(await store.remove(multihash), false)
  assert.equal(await store.has(multihash), false)
  const target = new Uint8Array(content.length)
  assert.ok((await stream.fill(target)).ok)
  assert.ok(bytesEqual(target, content))
  stream.close()
  assert.equal(
    (await store.open(refOf(multihash), SITE, range, NEVER)).error?.name,
    'OriginMissing',
  )
  const rest = await readdir(root, { recursive: true, withFileTypes: true })
  assert.deepEqual(
    rest.filter((entry) => entry.isFile()),
    [],
  )
})

test('a blob that was cut short on disk is a fault, however it is read', async (t) => {
  const { root, store } = await freshStore(t)
  const { multihash } = (await store.putWhole(chunksOf(randomBytes(200_000), 9999))).ok!
  for (const syncBytesMax of [0, READ_SYNC_BYTES_MAX]) {
    const other = await openBlobStore({ root, hasher: nodeHasher, owner: false, syncBytesMax })
    t.after(() => other.close())
    const path = blobPaths(root, multihash)!.blob
    const range = { first: 199_000, last: 199_999 }
    const stream = (await other.open(refOf(multihash), SITE, range, NEVER)).ok!
    assert.ok((await stream.fill(new Uint8Array(100))).ok)
    const content = await readFile(path)
    await truncate(path, 199_500)
    const filled = stream.fill(new Uint8Array(900))
    assert.equal(filled instanceof Promise, syncBytesMax === 0)
    assert.equal((await filled).error?.name, 'OriginLied')
    stream.close()
    await writeFile(path, content)
  }
})

test('an empty blob and one of a whole chunk have sidecars', async (t) => {
  const { store } = await freshStore(t)
  const empty = (await store.putWhole(chunksOf(new Uint8Array(), 1))).ok!
  assert.equal(empty.sizeBytes, 0)
  assert.equal(
    (await store.openVerified(empty.multihash, { first: 0, last: 0 })).error?.name,
    'OriginLied',
  )
  const content = randomBytes(1024 * 1024)
  const { multihash } = (await store.putWhole(chunksOf(content, 3 * 1024 * 1024))).ok!
  const bytes = await readVerified(store, multihash, { first: 0, last: content.length - 1 })
  assert.ok(bytesEqual(bytes, content))
  assert.ok(content.length <= SIDECAR_CHUNK_BYTES_MAX)
})

test('a source that fails leaves nothing', async (t) => {
  const { root, store } = await freshStore(t)
  async function* source(): AsyncGenerator<Uint8Array> {
    yield randomBytes(3_000_000)
    throw new Error('upload was cut')
  }
  await assert.rejects(store.putWhole(source()), /upload was cut/)
  assert.deepEqual(await readdir(root, { recursive: true }), ['temps'])
})

test('leftover temps go when the owner opens, and stay when another does', async (t) => {
  const { root } = await freshStore(t)
  await writeFile(join(root, 'temps', 'left.tmp'), 'x')
  await (await openBlobStore({ root, hasher: nodeHasher, owner: false })).close()
  assert.deepEqual(await readdir(join(root, 'temps')), ['left.tmp'])
  await (await openBlobStore({ root, hasher: nodeHasher, owner: true })).close()
  assert.deepEqual(await readdir(join(root, 'temps')), [])
})

test('blobs of other hash functions are not held', async (t) => {
  const { store } = await freshStore(t)
  const multihash = encodeMultihash(SHA2_512, new Uint8Array(64))
  assert.equal(await store.has(multihash), false)
  assert.equal(await store.remove(multihash), false)
  const opened = await store.open(refOf(multihash), SITE, { first: 0, last: 0 }, NEVER)
  assert.equal(opened.error?.name, 'OriginMissing')
})

test('kept files stay within their bound, and all are closed in the end', async (t) => {
  if (process.platform !== 'linux') return t.skip('counts /proc/self/fd')
  const { root } = await freshStore(t)
  const count = async (): Promise<number> => (await readdir('/proc/self/fd')).length
  const before = await count()
  const files = new BlobFiles()
  for (let i = 0; i < BLOB_FILES_MAX + 20; i++) {
    const path = join(root, `${i}`)
    await writeFile(path, 'x')
    const file = await files.take(path)
    const stream = streamFile(files, file, { first: 0, last: 0 }, NEVER, i % 2)
    assert.ok((await stream.fill(new Uint8Array(1))).ok)
    stream.close()
    stream.close()
  }
  await settled()
  assert.equal((await count()) - before, BLOB_FILES_MAX)
  files.clear()
  await settled()
  assert.equal(await count(), before)
})

/** Lets closes that were begun finish. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50))
}
