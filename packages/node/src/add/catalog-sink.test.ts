import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { encodeCar } from '@turnpike/core/car/encode'
import { linkFromString, linkToString, RAW, type Link } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { OriginFault, type BlobReader } from '@turnpike/core/ports/blob'
import { fail, ok } from '@turnpike/core/result'
import { listRoots, removeRoot } from '../catalog/roots.ts'
import { nodeHasher } from '../hasher.ts'
import { indexCar } from '../index-url/index-car.ts'
import { nodeClock } from '../runtime.ts'
import { find, openScratch, OTHER_SPACE } from '../testing/data-folder.ts'
import { catalogSink } from './catalog-sink.ts'
import { collectGarbage } from './gc.ts'

const site = { url: 'https://origin.example/cars/a.car?token=secret', provider: 'origin' }
const random = { bytes: (length: number) => new Uint8Array(length) }

function leaf(text: string): { link: Link; bytes: Uint8Array } {
  const bytes = new TextEncoder().encode(text)
  const multihash = encodeMultihash(SHA2_256, nodeHasher.sha256(bytes))
  return { link: { version: 1, codec: RAW, multihash }, bytes }
}

/** A reader of one CAR; of nothing when there is none. */
function readerOf(car: Uint8Array | undefined): BlobReader {
  return {
    serves: () => true,
    open: (_blob, _site, range) => {
      if (car === undefined) return fail(new OriginFault('OriginMissing', 'origin', 'no'))
      let at = range.first
      return ok({
        fill(target) {
          target.set(car.subarray(at, (at += target.length)))
          return ok({})
        },
        close: () => {},
      })
    },
  }
}

test('a CAR elsewhere becomes content of the space, and can be removed again', async (t) => {
  const { folder, context, index } = await openScratch(t)
  const leaves = [leaf('a'), leaf('b')]
  const car = encodeCar([leaves[0]!.link], [...leaves, leaves[0]!])
  const deps = { reader: readerOf(car), random, hasher: nodeHasher, sink: catalogSink(context) }
  const source = { site, sizeBytes: car.length }
  const signal = new AbortController().signal
  const indexed = await indexCar(deps, source, { signal })
  assert.ok(indexed.ok)
  const cid = linkToString(leaves[0]!.link)
  const [slice] = find(index, context.space, cid)
  assert.deepEqual(car.slice(slice!.offset, slice!.offset + slice!.length), leaves[0]!.bytes)
  assert.deepEqual(slice!.blob.sites, [site])
  const digest = createHash('sha256').update(car).digest()
  assert.deepEqual(slice!.blob.multihash, encodeMultihash(SHA2_256, digest))
  assert.equal(find(index, OTHER_SPACE, cid).length, 0)
  const [root] = listRoots(folder.catalog, context.space, 10)
  assert.deepEqual([root?.cid, root?.name], [cid, 'a.car'])
  removeRoot(folder.catalog, context.space, linkFromString(cid)!, nodeClock)
  assert.equal(find(index, context.space, cid).length, 0)
  assert.equal((await collectGarbage(folder)).ok?.slices, 3)
})

test('a CAR that can not be read leaves nothing', async (t) => {
  const { folder, context } = await openScratch(t)
  const deps = {
    reader: readerOf(undefined),
    random,
    hasher: nodeHasher,
    sink: catalogSink(context),
  }
  const { signal } = new AbortController()
  const refused = await indexCar(deps, { site, sizeBytes: 10 }, { signal })
  assert.equal(refused.error?.name, 'OriginMissing')
  assert.deepEqual(listRoots(folder.catalog, context.space, 1), [])
  assert.ok((await collectGarbage(folder, 0)).ok, 'no lock is left behind')
})
