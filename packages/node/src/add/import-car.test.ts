import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeCar } from '@turnpike/core/car/encode'
import { CAR_ROOTS_MAX } from '@turnpike/core/limits'
import { linkFromString, linkToString, RAW, type Link } from '@turnpike/core/link'
import {
  BLAKE2B_256,
  encodeMultihash,
  IDENTITY,
  SHA2_256,
  SHA2_512,
} from '@turnpike/core/multihash'
import { listRoots, removeRoot } from '../catalog/roots.ts'
import { nodeHasher } from '../hasher.ts'
import { collectGarbage } from './gc.ts'
import { importCar, importCars } from './import-car.ts'
import { nodeClock } from '../runtime.ts'
import { find, openScratch, readSlice, scratch } from '../testing/data-folder.ts'

type Block = { readonly link: Link; readonly bytes: Uint8Array }

function block(text: string, code: number = SHA2_256): Block {
  const bytes = new TextEncoder().encode(text)
  const multihash = encodeMultihash(code, nodeHasher.digest(code, bytes) ?? new Uint8Array(32))
  return { link: { version: 1, codec: RAW, multihash }, bytes }
}

function carFile(root: string, roots: readonly Link[], blocks: readonly Block[]): string {
  const path = join(root, 'in.car')
  writeFileSync(path, encodeCar(roots, blocks))
  return path
}

test('blocks of several hash functions are stored, identity is left out', async (t) => {
  const { folder, context, index } = await openScratch(t)
  const blocks = [block('one'), block('two', SHA2_512), block('three', IDENTITY)]
  const root = block('not in the CAR').link
  const imported = await importCar(context, carFile(scratch(t), [root], blocks))
  assert.equal(imported.ok?.blocks, 2)
  assert.equal(imported.ok?.cid, linkToString(root))
  for (const { link, bytes } of blocks.slice(0, 2)) {
    const [slice] = find(index, context.space, linkToString(link))
    assert.deepEqual(await readSlice(folder, slice!), bytes)
  }
  assert.equal(find(index, context.space, linkToString(blocks[2]!.link)).length, 0)
  assert.equal(find(index, context.space, linkToString(root)).length, 0)
})

test('a bad block refuses the whole CAR, by name and offset', async (t) => {
  const { folder, context } = await openScratch(t)
  const root = scratch(t)
  const good = block('good')
  const bad: Block = { link: block('bad').link, bytes: new TextEncoder().encode('BAD') }
  const path = carFile(root, [good.link], [good, bad])
  const refused = (await importCar(context, path)).error!
  assert.equal(refused.name, 'BlockRefused')
  assert.match(refused.message, new RegExp(linkToString(bad.link)))
  assert.match(refused.message, /at byte 137 of/, 'header 59, frame 41, length and CID 37')
  const unknown = block('unknown', BLAKE2B_256)
  const path2 = carFile(root, [], [good, unknown])
  const unchecked = (await importCar(context, path2)).error!
  assert.match(unchecked.message, new RegExp(linkToString(unknown.link)))
  for (const table of ['roots', 'blobs', 'slices'])
    assert.equal(folder.catalog.prepare(`SELECT count(*) AS n FROM ${table}`).get()!.n, 0)
})

test('a CAR that is cut anywhere, or is none, is refused', async (t) => {
  const { folder, context } = await openScratch(t)
  const root = scratch(t)
  const blocks = [block('a'), block('bb'), block('ccc')]
  const whole = encodeCar([blocks[0]!.link], blocks)
  const starts = [0, 59]
  for (const { bytes } of blocks) starts.push(starts.at(-1)! + 37 + bytes.length)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
      fc.pre(!starts.includes(length) || length === 0)
      const path = join(root, 'cut.car')
      writeFileSync(path, whole.subarray(0, length))
      const refused = await importCar(context, path)
      assert.equal(refused.error?.name, 'CarMalformed', `cut at ${length}`)
    }),
    { numRuns: 60 },
  )
  writeFileSync(join(root, 'text'), 'this is a text')
  assert.equal((await importCar(context, join(root, 'text'))).error?.name, 'CarMalformed')
  assert.equal((await importCar(context, join(root, 'none'))).error?.name, 'FileUnreadable')
  assert.deepEqual(listRoots(folder.catalog, context.space, 1), [])
})

test('each of many roots needs all of it; without a root the shards are roots', async (t) => {
  const { folder, context, index } = await openScratch(t)
  const root = scratch(t)
  const blocks = [block('x'), block('y')]
  const roots = blocks.map(({ link }) => link)
  const both = (await importCar(context, carFile(root, roots, blocks))).ok!
  assert.deepEqual(
    both.roots.map(({ cid }) => cid),
    roots.map(linkToString),
  )
  removeRoot(folder.catalog, context.space, roots[0]!, nodeClock)
  await collectGarbage(folder)
  assert.equal(find(index, context.space, linkToString(roots[0]!)).length, 1)
  removeRoot(folder.catalog, context.space, roots[1]!, nodeClock)
  await collectGarbage(folder)
  assert.equal(find(index, context.space, linkToString(roots[0]!)).length, 0)

  const bare = (await importCar(context, carFile(root, [], blocks))).ok!
  assert.deepEqual(
    bare.roots.map(({ cid }) => cid),
    bare.shards.map(({ cid }) => cid),
  )
  const again = (await importCar(context, carFile(root, [], blocks))).ok!
  assert.equal(again.cid, bare.cid)
  assert.equal(again.blocks, 0)
  assert.ok(removeRoot(folder.catalog, context.space, linkFromString(bare.cid!)!, nodeClock).ok)
  assert.equal(find(index, context.space, linkToString(roots[0]!)).length, 0)
})

test('CARs are imported in turn, each whole or not at all; a refusal names its file', async (t) => {
  const { context, index } = await openScratch(t)
  const [one, two, shared, bad] = ['one', 'two', 'shared', 'bad'].map((text) => block(text))
  const files = [
    carFile(scratch(t), [one!.link], [one!, shared!]),
    carFile(scratch(t), [one!.link, two!.link, block('absent').link], [shared!, two!]),
    carFile(scratch(t), [], [shared!, two!]),
  ]
  const progress: number[] = []
  const onProgress = ({ bytes }: { bytes: number }): number => progress.push(bytes)
  const imported = (await importCars(context, [...files, ...files], { onProgress })).ok!
  assert.equal(imported.files, 6)
  assert.equal(imported.blocks, 3, 'each block once')
  assert.equal(progress.at(-1), imported.bytes)
  assert.deepEqual(
    progress.toSorted((a, b) => a - b),
    progress,
  )
  for (const { link } of [one!, two!, shared!])
    assert.ok(find(index, context.space, linkToString(link)).length > 0)

  const broken = carFile(scratch(t), [], [block('new'), { ...bad!, bytes: new Uint8Array(3) }])
  const refused = (await importCars(context, [files[0]!, broken, files[1]!])).error!
  assert.deepEqual([refused.name, refused.file, refused.imported], ['BlockRefused', broken, 1])
  assert.ok(refused.message.startsWith(`${broken}: `))
  assert.equal(find(index, context.space, linkToString(block('new').link)).length, 0)
})

test('roots are taken up to the bound', async (t) => {
  const { context } = await openScratch(t)
  const root = scratch(t)
  const links = Array.from({ length: CAR_ROOTS_MAX + 1 }, (_, i) => block(`${i}`).link)
  const at = await importCar(context, carFile(root, links.slice(1), [block('1')]))
  assert.equal(at.ok?.roots.length, CAR_ROOTS_MAX)
  const over = await importCar(context, carFile(root, links, [block('1')]))
  assert.equal(over.error?.name, 'CarMalformed')
})
