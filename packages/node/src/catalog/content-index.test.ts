import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as ed25519 from '@ucanto/principal/ed25519'
import {
  A,
  contentIndexContract,
  type ContentIndexSubject,
} from '@turnpike/core/contract/content-index'
import { CATALOG_ANSWERS_KEPT_MAX } from '@turnpike/core/limits/store'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { Slice } from '@turnpike/core/ports/blob'
import { commitStage } from '../add/commit.ts'
import { Stage } from '../add/stage.ts'
import { CatalogIndex } from './content-index.ts'
import { openCatalogReader, openCatalogWriter } from './database.ts'
import { ensureSpace, spaceId } from './spaces.ts'

const gateway = await ed25519.generate()

/** A catalog that is written through stages, as adds do, and read over another connection. */
function makeSubject(): ContentIndexSubject & { readonly path: string } {
  const root = mkdtempSync(join(tmpdir(), 'turnpike-catalog-'))
  const stages = join(root, 'stages')
  mkdirSync(stages)
  const path = join(root, 'turnpike.sqlite')
  const catalog = openCatalogWriter(path).ok!
  const reader = openCatalogReader(path).ok!
  const blobs = { has: async () => true }
  return {
    path,
    index: new CatalogIndex(reader),
    async put({ space, multihash, size, sites, slices }) {
      ensureSpace(catalog, { did: space, name: space, createdMs: 0 })
      const stage = new Stage(stages, space)
      stage.addShard(0, { multihash, sizeBytes: size, sites, interior: false }, slices)
      stage.close()
      const paths = { stages, filesLock: join(root, 'files.lock') }
      const context = { catalog, blobs, gateway, paths, clock: { nowMs: () => 0 } }
      const committed = await commitStage(context, stage.id)
      assert.ifError(committed.error)
    },
    withdraw(space, multihash) {
      catalog
        .prepare(
          `DELETE FROM space_blobs WHERE space = ?
           AND blob = (SELECT id FROM blobs WHERE multihash = ?)`,
        )
        .run(spaceId(catalog, space).ok!, multihash)
    },
    close() {
      reader.close()
      catalog.close()
      rmSync(root, { recursive: true })
    },
  }
}

for (const { name, run } of contentIndexContract)
  test(name, async () => {
    const subject = makeSubject()
    await run(subject).finally(() => subject.close())
  })

test('the contract rejects an index that forgets whose a block is', async () => {
  const careless = (): ContentIndexSubject => {
    const subject = makeSubject()
    const { index } = subject
    return {
      ...subject,
      index: {
        spaces: (multihash) => index.spaces(multihash),
        slices: (_, multihashes) => index.slices(A, multihashes),
      },
    }
  }
  const failed: string[] = []
  for (const { name, run } of contentIndexContract) {
    const subject = careless()
    await run(subject).catch(() => failed.push(name))
    await subject.close()
  }
  assert.ok(failed.includes('a block of one space is never found for another'))
})

test('more look-ups than are kept are all answered right', async () => {
  const subject = makeSubject()
  const hashAt = (n: number): Uint8Array => {
    const digest = new Uint8Array(32)
    new DataView(digest.buffer).setUint32(0, n)
    return encodeMultihash(SHA2_256, digest)
  }
  const count = CATALOG_ANSWERS_KEPT_MAX + 100
  const slices = Array.from({ length: count }, (_, n) => ({
    multihash: hashAt(n),
    offset: n,
    length: 1,
  }))
  const multihash = encodeMultihash(SHA2_256, new Uint8Array(32).fill(7))
  const space = A
  await subject.put({ space, multihash, size: count, sites: [], slices })
  for (const round of [0, 1]) {
    const all = await subject.index.slices(
      space,
      slices.map((slice) => slice.multihash),
    )
    const wrong = all.findIndex((found, n) => found[0]?.offset !== n)
    assert.equal(wrong, -1, `round ${round}`)
  }
  await subject.close()
})

test('a blob is found by its own hash, in the spaces that hold it', async () => {
  const subject = makeSubject()
  const digest = new Uint8Array(32)
  const block = { multihash: encodeMultihash(SHA2_256, digest), offset: 5, length: 10 }
  const multihash = encodeMultihash(SHA2_256, digest.with(0, 1))
  await subject.put({ space: A, multihash, size: 99, sites: [], slices: [block] })
  assert.deepEqual(await subject.index.spaces(multihash), [A])
  const [[whole]] = (await subject.index.slices(A, [multihash])) as [[Slice]]
  assert.deepEqual([whole.offset, whole.length, whole.blob.size], [0, 99, 99])
  assert.deepEqual(whole.blob.multihash, multihash)
  assert.deepEqual(await subject.index.slices('did:key:z6MkNobody', [multihash]), [[]])
  subject.withdraw(A, multihash)
  assert.deepEqual(await subject.index.spaces(multihash), [])
  await subject.close()
})
