import { RAW, type Link } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { nodeHasher } from '../hasher.ts'
import { createShardWriter } from './shard-writer.ts'
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
