import { bytesEqual } from '@turnpike/core/bytes'
import { decodeCar } from '@turnpike/core/car/decode'
import { BLOCK_BYTES_MAX, SHARD_BYTES_MAX } from '@turnpike/core/limits'
import {
  SHARD_GROUP_BYTES,
  SHARD_LEAF_BYTES_MIN,
  SPOOL_BATCH_BYTES,
  SPOOL_BATCHES_MAX,
} from '@turnpike/core/limits/store'
import { linkToString, RAW, type Link } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256, SHA2_512 } from '@turnpike/core/multihash'
import type { Result } from '@turnpike/core/result'
import { decodeSidecar } from '@turnpike/core/sidecar'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { nodeHasher } from '../hasher.ts'
import { HashThread } from './hash-thread.ts'
import { blobPaths } from './paths.ts'
import { createShardWriter, type Shard, type ShardWriter } from './shard-writer.ts'
import { Slots } from './slots.ts'
import { Spool } from './spool.ts'
import { storeFault, type StoreFault } from './store-fault.ts'
import { openBlobStore, type BlobStore } from './store.ts'

async function freshStore(t: TestContext): Promise<{ root: string; store: BlobStore }> {
  const root = await mkdtemp(join(tmpdir(), 'turnpike-blobs-'))
  const store = await openBlobStore({ root, hasher: nodeHasher, owner: true })
  t.after(async () => {
    await store.close()
    await rm(root, { recursive: true })
  })
  return { root, store }
}

function rawLink(bytes: Uint8Array): Link {
  const multihash = encodeMultihash(SHA2_256, nodeHasher.sha256(bytes))
  return { version: 1, codec: RAW, multihash }
}

test('a shard holds each block where its slice says, under the hash of the whole', async (t) => {
  const { root, store } = await freshStore(t)
  const blocks = [10, 0, 65_535, 65_536, 3 * 1024 * 1024, 7].map((size) => randomBytes(size))
  const writer = (await createShardWriter(store, { roots: [rawLink(blocks[0]!)] })).ok!
  for (const block of blocks) assert.ok((await writer.append(rawLink(block), block)).ok)
  const sizeBytes = writer.sizeBytes
  const shard = (await writer.finish()).ok!
  const digest = Buffer.from(shard.multihash.subarray(2)).toString('hex')
  const path = join(root, digest.slice(0, 2), digest.slice(2, 4), `1220${digest}.blob`)
  const file = await readFile(path)
  assert.equal(file.length, sizeBytes)
  assert.equal(shard.sizeBytes, sizeBytes)
  assert.equal(createHash('sha256').update(file).digest('hex'), digest)
  shard.slices.forEach(({ offset, length, multihash }, i) => {
    assert.deepEqual(file.subarray(offset, offset + length), blocks[i])
    assert.deepEqual(multihash, rawLink(blocks[i]!).multihash)
  })
  assert.deepEqual(await readdir(join(root, 'temps')), [])
})

test('a shard is a CAR with roots; leaves are sidecar chunks of their own', async (t) => {
  const { root, store } = await freshStore(t)
  const small = randomBytes(SHARD_LEAF_BYTES_MIN - 1)
  const leaf = randomBytes(SHARD_LEAF_BYTES_MIN)
  const other = randomBytes(SHARD_LEAF_BYTES_MIN)
  const otherHash = encodeMultihash(SHA2_512, nodeHasher.digest(SHA2_512, other)!)
  const writer = (await createShardWriter(store, { roots: [rawLink(leaf)] })).ok!
  for (let i = 0; i < 9; i++) await writer.append(rawLink(small), small)
  await writer.append(rawLink(leaf), leaf)
  await writer.append({ version: 1, codec: RAW, multihash: otherHash }, other)
  const shard = (await writer.finish()).ok!
  const paths = blobPaths(root, shard.multihash)!
  const file = await readFile(paths.blob)
  const car = decodeCar(file).ok!
  assert.deepEqual(car.header.roots.map(linkToString), [linkToString(rawLink(leaf))])
  assert.deepEqual(
    car.frames.map(({ link, offset, bytes }) => [link.multihash, offset, bytes.length]),
    shard.slices.map(({ multihash, offset, length }) => [multihash, offset, length]),
  )
  const sidecar = decodeSidecar(await readFile(paths.sidecar), nodeHasher).ok!
  assert.equal(sidecar.sizeBytes, file.length)
  const lengths = Array.from({ length: sidecar.count }, (_, i) => {
    const chunk = sidecar.chunk(i)
    const bytes = file.subarray(chunk.offset, chunk.offset + chunk.length)
    assert.ok(bytesEqual(chunk.digest, nodeHasher.sha256(bytes)))
    return chunk.length
  })
  const group = lengths[0]!
  assert.ok(group >= SHARD_GROUP_BYTES && group < SHARD_GROUP_BYTES + SHARD_LEAF_BYTES_MIN)
  assert.deepEqual(lengths.slice(-3), [leaf.length, lengths.at(-2), other.length])
  assert.ok(lengths.at(-2)! < 100)
})

test('a shard is stored once, and an aborted one leaves nothing', async (t) => {
  const { root, store } = await freshStore(t)
  const block = randomBytes(2_000_000)
  const write = async (): Promise<ShardWriter> => {
    const writer = (await createShardWriter(store, { roots: [] })).ok!
    assert.ok((await writer.append(rawLink(block), block)).ok)
    return writer
  }
  const dropped = await write()
  await dropped.abort()
  await dropped.abort()
  assert.deepEqual(await readdir(root, { recursive: true }), ['temps'])
  const shards = [await (await write()).finish(), await (await write()).finish()]
  assert.deepEqual(
    shards.map((shard) => shard.ok!.isNew),
    [true, false],
  )
  assert.deepEqual(await readdir(join(root, 'temps')), [])
  const both = await Promise.all([write(), write()])
  const digests = await Promise.all(
    both.map(async (writer) => (await writer.finish()).ok!.multihash),
  )
  assert.deepEqual(digests, [shards[0]!.ok!.multihash, shards[0]!.ok!.multihash])
})

test('a shard is full at its bound, and takes one block whatever its size', async (t) => {
  const { store } = await freshStore(t)
  const writer = (await createShardWriter(store, { roots: [] })).ok!
  const block = new Uint8Array(BLOCK_BYTES_MAX)
  const link = rawLink(block)
  assert.ok(writer.fits(link, SHARD_BYTES_MAX))
  await writer.append(link, block)
  const left = SHARD_BYTES_MAX - writer.sizeBytes - 40
  assert.ok(writer.fits(link, left))
  assert.ok(!writer.fits(link, left + 1))
  assert.throws(() => writer.append(link, new Uint8Array(BLOCK_BYTES_MAX + 1)), RangeError)
  await writer.abort()
})

test('batches that wait for the disk stay within their bound', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'turnpike-spool-'))
  const thread = new HashThread()
  const slots = new Slots()
  let taken = 0
  let most = 0
  const take = slots.take.bind(slots)
  const give = slots.give.bind(slots)
  slots.take = () => {
    most = Math.max(most, ++taken)
    return take()
  }
  slots.give = (slot) => {
    taken--
    give(slot)
  }
  t.after(async () => {
    await thread.close()
    await rm(root, { recursive: true })
  })
  const spool = await Spool.open(join(root, 'x.tmp'), { thread, slots })
  const bytes = randomBytes(3 * SPOOL_BATCH_BYTES + 5)
  const hash = createHash('sha256')
  for (let i = 0; i < 2 * SPOOL_BATCHES_MAX; i++) {
    await spool.write(bytes)
    hash.update(bytes)
  }
  assert.deepEqual(Buffer.from(await spool.finish()), hash.digest())
  assert.ok(most > 1 && most <= SPOOL_BATCHES_MAX, `${most} batches`)
  assert.equal(taken, 0)
})

test('a hash thread that dies fails what is under way, not the next blob', async (t) => {
  const { root, store } = await freshStore(t)
  const writer = (await createShardWriter(store, { roots: [] })).ok!
  const block = randomBytes(BLOCK_BYTES_MAX)
  await writer.append(rawLink(block), block)
  await store.close()
  const finished = await writer.finish()
  assert.equal(finished.error?.name, 'StoreFailed')
  assert.deepEqual(await readdir(root, { recursive: true }), ['temps'])
  const before = (await createShardWriter(store, { roots: [] })).ok!
  const closing = store.close()
  const next = (await createShardWriter(store, { roots: [] })).ok!
  await closing
  await before.abort()
  assert.ok((await next.append(rawLink(block), block)).ok)
  assert.ok((await next.finish()).ok)
})

test('a full disk is told apart', () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  assert.equal(storeFault(full).name, 'StoreFull')
  assert.equal(storeFault(new Error('bad sector')).name, 'StoreFailed')
})

/** Writes shards of 2 MiB for ever, saying each digest when it is stored. */
const CHILD = `
import { createShardWriter } from '${new URL('./shard-writer.ts', import.meta.url)}'
import { openBlobStore } from '${new URL('./store.ts', import.meta.url)}'
import { nodeHasher } from '${new URL('../hasher.ts', import.meta.url)}'
const store = await openBlobStore({ root: process.argv[1], hasher: nodeHasher, owner: true })
const block = new Uint8Array(512 * 1024)
for (let n = 0; n < 10_000; n++) {
  const { ok: writer } = await createShardWriter(store, { roots: [] })
  for (let i = 0; i < 4; i++) {
    new DataView(block.buffer).setUint32(0, n * 4 + i)
    const multihash = Buffer.concat([Buffer.from([0x12, 0x20]), nodeHasher.sha256(block)])
    await writer.append({ version: 1, codec: 0x55, multihash }, block)
  }
  const { ok: shard, error } = await writer.finish()
  if (error) throw error
  process.stdout.write(Buffer.from(shard.multihash).toString('hex') + '\\n')
}`

/** Runs the child until it has stored `shards`, then some more ms, and kills it. */
async function killedAfter(root: string, shards: number, moreMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString()
      if (said.split('\n').length > shards) setTimeout(() => child.kill('SIGKILL'), moreMs)
    })
    child.on('close', () => resolve())
  })
  return said.split('\n').filter((line) => line.length === 68)
}

test('a kill at any moment leaves whole blobs only, and all that were reported', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'turnpike-kill-'))
  t.after(() => rm(root, { recursive: true }))
  const runs = Number(process.env['TURNPIKE_KILL_RUNS'] ?? 6)
  for (let run = 0; run < runs; run++) {
    const reported = await killedAfter(root, 1, run * 3.7)
    assert.ok(reported.length > 0)
    const store = await openBlobStore({ root, hasher: nodeHasher, owner: true })
    assert.deepEqual(await readdir(join(root, 'temps')), [])
    const held = new Set<string>()
    for await (const multihash of store.list()) {
      const paths = blobPaths(root, multihash)!
      const digest = nodeHasher.sha256(await readFile(paths.blob))
      assert.deepEqual(Buffer.from(digest), Buffer.from(multihash.subarray(2)))
      assert.ok(decodeSidecar(await readFile(paths.sidecar), nodeHasher).ok)
      held.add(Buffer.from(multihash).toString('hex'))
      await store.remove(multihash)
    }
    for (const multihash of reported) assert.ok(held.has(multihash), 'a reported blob is there')
    await store.close()
  }
})

test('a shard that cannot take its name leaves nothing, and can be stored again', async (t) => {
  const { root, store } = await freshStore(t)
  const block = randomBytes(100_000)
  const write = async (): Promise<Result<Shard, StoreFault>> => {
    const writer = (await createShardWriter(store, { roots: [] })).ok!
    await writer.append(rawLink(block), block)
    return writer.finish()
  }
  const { multihash } = (await write()).ok!
  await store.remove(multihash)
  const folder = dirname(blobPaths(root, multihash)!.directory)
  await rm(folder, { recursive: true })
  await writeFile(folder, 'in the way')
  assert.equal((await write()).error?.name, 'StoreFailed')
  assert.equal(await store.has(multihash), false)
  assert.deepEqual(await readdir(join(root, 'temps')), [])
  await rm(folder)
  assert.equal((await write()).ok?.isNew, true)
  assert.equal((await write()).ok?.isNew, false)
})
