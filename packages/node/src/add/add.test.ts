import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeDagIndex } from '@turnpike/core/blob-index'
import { decodeCar } from '@turnpike/core/car/decode'
import { ADD_DEPTH_MAX, ADD_HELD_BYTES_MAX } from '@turnpike/core/limits/store'
import { linkFromString, linkToString } from '@turnpike/core/link'
import { Delegation, DID } from '@ucanto/core'
import { blobPaths } from '../blobs/paths.ts'
import { listRoots } from '../catalog/roots.ts'
import { nodeHasher } from '../hasher.ts'
import { addPaths, type AddOptions } from './add.ts'
import type { AddContext } from './session.ts'
import { find, openScratch, readSlice, scratch, OTHER_SPACE } from '../testing/data-folder.ts'

/** Bytes that differ everywhere, so that no two chunks are the same. */
function noise(length: number, seed: number = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

async function refusedAs(
  context: AddContext,
  path: string,
  options: AddOptions = {},
): Promise<string | undefined> {
  return (await addPaths(context, [path], options)).error?.name
}

test('a known text has the CID that kubo gives it', async (t) => {
  const { context } = await openScratch(t)
  const path = join(scratch(t), 'hello.txt')
  writeFileSync(path, 'hello world\n')
  const v1 = await addPaths(context, [path])
  assert.equal(v1.ok?.cid, 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4')
  const v0 = await addPaths(context, [path], { profile: 'unixfs-v0-2015' })
  assert.equal(v0.ok?.cid, 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o')
})

test('every block is read back from where the index says; a small add is one shard', async (t) => {
  const { folder, context, index } = await openScratch(t)
  const site = join(scratch(t), 'site')
  mkdirSync(join(site, 'deep/er'), { recursive: true })
  writeFileSync(join(site, 'big.bin'), noise(2_500_000))
  writeFileSync(join(site, 'deep/er/a.txt'), 'a')
  writeFileSync(join(site, 'deep/empty'), '')
  writeFileSync(join(site, 'twin.txt'), 'a')
  symlinkSync('deep/er', join(site, 'link'))
  const added = (await addPaths(context, [site])).ok!
  assert.equal(added.bytes, 2_500_002)
  assert.equal(added.files, 4)
  assert.equal(added.shards.length, 1)
  const shard = linkFromString(added.shards[0]!.cid)!
  const bytes = readFileSync(blobPaths(folder.paths.blobs, shard.multihash)!.blob)
  const car = decodeCar(bytes).ok!
  assert.deepEqual(car.header.roots.map(linkToString), [added.cid])
  // 3 chunks and their root, "a" once for two files, the empty one, the link, three folders.
  assert.equal(car.frames.length, 10)
  assert.equal(added.blocks, 10)
  for (const frame of car.frames) {
    const [slice] = index.slices(context.space, [frame.link.multihash])[0]!
    assert.deepEqual(await readSlice(folder, slice!), new Uint8Array(frame.bytes))
  }
})

test('a shard has an index that says the same, and one claim that names the space', async (t) => {
  const { folder, context } = await openScratch(t)
  const path = join(scratch(t), 'file')
  writeFileSync(path, noise(3_000_000))
  const added = (await addPaths(context, [path])).ok!
  const shard = linkFromString(added.shards[0]!.cid)!.multihash
  const row = folder.catalog
    .prepare('SELECT multihash FROM blobs WHERE id = (SELECT index_blob FROM indexes)')
    .get()!
  const archive = readFileSync(blobPaths(folder.paths.blobs, row.multihash as Uint8Array)!.blob)
  const decoded = decodeDagIndex(archive, nodeHasher).ok!
  assert.equal(linkToString(decoded.content), added.cid)
  assert.deepEqual(decoded.shards[0]!.multihash, shard)
  const stored = folder.catalog.prepare('SELECT offset, length FROM slices WHERE multihash = ?')
  for (const { multihash, offset, length } of decoded.shards[0]!.slices)
    assert.deepEqual({ ...stored.get(multihash) }, { offset, length })
  const [claim, ...more] = folder.catalog.prepare('SELECT * FROM claims').all()
  assert.equal(more.length, 0)
  const { ok: ucan } = await Delegation.extract(claim!.archive as Uint8Array)
  const { can, nb } = ucan!.capabilities[0] as unknown as {
    can: string
    nb: Record<string, unknown>
  }
  assert.equal(ucan!.issuer.did(), folder.gateway.did())
  assert.equal(can, 'assert/location')
  assert.equal(String(nb.content), added.shards[0]!.cid)
  assert.deepEqual(nb.space, Uint8Array.from(DID.parse(context.space)))
  await addPaths(context, [path])
  assert.equal(folder.catalog.prepare('SELECT count(*) AS n FROM claims').get()!.n, 1)
})

test('leaves above the bound go to a shard of their own, interior nodes to the last', async (t) => {
  const { folder, context } = await openScratch(t)
  const path = join(scratch(t), 'big')
  const chunk = 1024 * 1024
  writeFileSync(path, noise(ADD_HELD_BYTES_MAX - chunk))
  assert.equal((await addPaths(context, [path])).ok!.shards.length, 1)
  writeFileSync(path, noise(ADD_HELD_BYTES_MAX, 2))
  const added = (await addPaths(context, [path])).ok!
  assert.equal(added.shards.length, 2)
  const last = linkFromString(added.shards[1]!.cid)!.multihash
  const car = decodeCar(readFileSync(blobPaths(folder.paths.blobs, last)!.blob)).ok!
  assert.deepEqual(car.header.roots.map(linkToString), [added.cid])
  assert.deepEqual(
    car.frames.map(({ link }) => linkToString(link)),
    [added.cid],
  )
})

test('adding again stores nothing; a changed file stores what is new', async (t) => {
  const { context } = await openScratch(t)
  const path = join(scratch(t), 'file')
  writeFileSync(path, noise(2 * 1024 * 1024))
  const first = (await addPaths(context, [path])).ok!
  const again = (await addPaths(context, [path])).ok!
  assert.equal(again.cid, first.cid)
  assert.equal(again.shards.length, 0)
  appendFileSync(path, 'more')
  const grown = (await addPaths(context, [path])).ok!
  assert.equal(grown.blocks, 2)
})

test('what two spaces add is stored once, and each sees only its own', async (t) => {
  const { context, other, index } = await openScratch(t)
  const path = join(scratch(t), 'file')
  writeFileSync(path, noise(300_000))
  const { cid } = (await addPaths(context, [path])).ok!
  assert.equal(find(index, context.space, cid!).length, 1)
  assert.equal(find(index, OTHER_SPACE, cid!).length, 0)
  const second = (await addPaths(other, [path])).ok!
  assert.deepEqual(
    second.shards.map((shard) => shard.new),
    [false],
  )
  assert.equal(find(index, OTHER_SPACE, cid!).length, 1)
  assert.deepEqual(index.spaces(linkFromString(cid!)!.multihash), [context.space, OTHER_SPACE])
})

test('several paths are several roots; wrapped they are one folder', async (t) => {
  const { folder, context } = await openScratch(t)
  const root = scratch(t)
  const paths = ['a.txt', 'b.txt'].map((name) => join(root, name))
  for (const path of paths) writeFileSync(path, path)
  const each = (await addPaths(context, paths)).ok!
  assert.deepEqual(
    each.roots.map(({ name }) => name),
    ['a.txt', 'b.txt'],
  )
  assert.equal(each.cid, each.roots[1]!.cid)
  const wrapped = (await addPaths(context, paths, { wrap: true })).ok!
  const whole = (await addPaths(context, [root])).ok!
  assert.equal(wrapped.cid, whole.cid)
  assert.equal(wrapped.roots.length, 1)
  assert.equal(listRoots(folder.catalog, context.space, 10).length, 3)
  const twice = await addPaths(context, [paths[0]!, paths[0]!], { wrap: true })
  assert.equal(twice.error?.name, 'EntryNameTaken')
})

test('hidden files come on request, and a hidden path that is given always', async (t) => {
  const { context } = await openScratch(t)
  const root = scratch(t)
  writeFileSync(join(root, 'seen'), '1')
  const bare = (await addPaths(context, [root])).ok!
  writeFileSync(join(root, '.hidden'), '2')
  assert.equal((await addPaths(context, [root])).ok!.cid, bare.cid)
  assert.notEqual((await addPaths(context, [root], { hidden: true })).ok!.cid, bare.cid)
  assert.equal((await addPaths(context, [join(root, '.hidden')])).ok!.files, 1)
})

test('links are added as links, also when they lead nowhere', async (t) => {
  const { context } = await openScratch(t)
  const path = join(scratch(t), 'link')
  symlinkSync('../nowhere', path)
  const added = (await addPaths(context, [path])).ok!
  assert.equal(added.files, 0)
  assert.equal(added.blocks, 1)
})

test('mode and time of change are kept on request', async (t) => {
  const { context } = await openScratch(t)
  const path = join(scratch(t), 'file')
  writeFileSync(path, 'x')
  chmodSync(path, 0o640)
  const cids = new Set<string | undefined>()
  for (const seconds of [-1.5, 0, 1.25]) {
    utimesSync(path, seconds, seconds)
    for (const options of [{}, { mode: true }, { mtime: true }])
      cids.add((await addPaths(context, [path], options)).ok?.cid)
  }
  assert.equal(cids.has(undefined), false)
  assert.equal(cids.size, 1 + 1 + 3)
})

test('what can not be added is named, and nothing of the add is kept', async (t) => {
  const { folder, context } = await openScratch(t)
  const root = scratch(t)
  writeFileSync(join(root, 'a-good-one'), 'good')
  const fifo = join(root, 'fifo')
  execFileSync('mkfifo', [fifo])
  const refused = (await addPaths(context, [root])).error
  assert.equal(refused?.name, 'FileSpecial')
  assert.match(refused.message, /fifo expected a file, a folder or a symbolic link/)
  assert.equal(await refusedAs(context, join(root, 'none')), 'FileUnreadable')
  const server = createServer().listen(join(root, 'socket'))
  await once(server, 'listening')
  assert.equal(await refusedAs(context, join(root, 'socket')), 'FileSpecial')
  server.close()
  assert.equal(await refusedAs(context, '/dev/null'), 'FileSpecial')
  assert.equal(await refusedAs(context, folder.paths.root), 'DataFolderInside')
  const names = join(scratch(t), 'names')
  mkdirSync(names)
  writeFileSync(Buffer.concat([Buffer.from(`${names}/`), Buffer.from([0xff, 0xfe])]), '')
  assert.equal(await refusedAs(context, names), 'FileNameInvalid')
  for (const table of ['roots', 'blobs', 'slices', 'space_blobs'])
    assert.equal(folder.catalog.prepare(`SELECT count(*) AS n FROM ${table}`).get()!.n, 0, table)
  assert.deepEqual(readdirSync(folder.paths.stages), [])
})

test('folders are followed to the depth that a path can name, and no deeper', async (t) => {
  const { context } = await openScratch(t)
  const root = scratch(t)
  const nested = (depth: number): string => `${root}${'/d'.repeat(depth)}`
  mkdirSync(nested(ADD_DEPTH_MAX - 1), { recursive: true })
  assert.equal(await refusedAs(context, root), undefined)
  mkdirSync(nested(ADD_DEPTH_MAX))
  assert.equal(await refusedAs(context, root), 'FolderTooDeep')
})

test('a file that grows, shrinks or is touched while it is read is refused', async (t) => {
  const { context } = await openScratch(t)
  const path = join(scratch(t), 'file')
  const changes = [
    () => appendFileSync(path, 'x'),
    () => writeFileSync(path, noise(100)),
    () => utimesSync(path, 5, 5),
  ]
  for (const change of changes) {
    writeFileSync(path, noise(3 * 1024 * 1024))
    let changed = false
    const onProgress = (): void => {
      if (!changed) change()
      changed = true
    }
    assert.equal(await refusedAs(context, path, { onProgress }), 'FileChanged', String(change))
  }
})

test('an add that is aborted changes nothing', async (t) => {
  const { folder, context } = await openScratch(t)
  const path = join(scratch(t), 'file')
  writeFileSync(path, noise(12 * 1024 * 1024))
  assert.equal(await refusedAs(context, path, { signal: AbortSignal.abort() }), 'AddAborted')
  const controller = new AbortController()
  const onProgress = ({ bytes }: { bytes: number }): void => {
    if (bytes > 10 * 1024 * 1024) controller.abort()
  }
  const options = { signal: controller.signal, onProgress }
  assert.equal(await refusedAs(context, path, options), 'AddAborted')
  assert.deepEqual(readdirSync(folder.paths.stages), [])
  assert.deepEqual(readdirSync(join(folder.paths.blobs, 'temps')), [])
  assert.deepEqual(listRoots(folder.catalog, context.space, 1), [])
  assert.equal((await addPaths(context, [path])).ok?.bytes, 12 * 1024 * 1024)
})

test('progress goes up to the bytes and files that there are', async (t) => {
  const { context } = await openScratch(t)
  const root = scratch(t)
  const sizes = [0, 1, 1024 * 1024, 1024 * 1024 + 1]
  for (const size of sizes) writeFileSync(join(root, `${size}`), noise(size))
  let last = { bytes: 0, files: 0 }
  const onProgress = (now: typeof last): void => {
    assert.ok(now.bytes >= last.bytes && now.files >= last.files)
    last = now
  }
  const added = (await addPaths(context, [root], { onProgress })).ok!
  assert.deepEqual(last, { bytes: added.bytes, files: 4 })
})

test('any tree gets the same CID whatever was added before', async (t) => {
  const first = await openScratch(t)
  const second = await openScratch(t)
  const sizes = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(sizes, async (files) => {
      const root = scratch(t)
      for (const [i, size] of files.entries()) writeFileSync(join(root, `f${i}`), noise(size, size))
      const fresh = await addPaths(first.context, [root])
      const half = await addPaths(second.context, [join(root, 'f0')])
      assert.ok(half.ok)
      assert.equal((await addPaths(second.context, [root])).ok!.cid, fresh.ok!.cid)
    }),
    { numRuns: 15 },
  )
})
