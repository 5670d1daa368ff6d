import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { linkFromString } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { forgetUnheld } from '../catalog/collect.ts'
import { listRoots, removeRoot } from '../catalog/roots.ts'
import { tryLock } from '../folder/lock.ts'
import type { FolderOwner } from '../folder/open.ts'
import { addPaths } from './add.ts'
import { collectGarbage } from './gc.ts'
import type { AddContext } from './session.ts'
import { Stage } from './stage.ts'
import { nodeClock } from '../runtime.ts'
import { find, openScratch, OTHER_SPACE, readSlice, scratch } from '../testing/data-folder.ts'

async function addText(context: AddContext, text: string, root: string): Promise<string> {
  const path = join(root, 'file')
  writeFileSync(path, text)
  return (await addPaths(context, [path])).ok!.cid!
}

async function blobCount(folder: FolderOwner): Promise<number> {
  let count = 0
  for await (const _ of folder.blobs.list()) count++
  return count
}

function rows(folder: FolderOwner): Record<string, number> {
  const tables = ['blobs', 'slices', 'space_blobs', 'roots', 'root_blobs', 'indexes', 'claims']
  return Object.fromEntries(
    tables.map((table) => [
      table,
      Number(folder.catalog.prepare(`SELECT count(*) AS n FROM ${table}`).get()!.n),
    ]),
  )
}

test('a root that is removed is gone at once; gc then frees all of it', async (t) => {
  const { folder, context, index } = await openScratch(t)
  const cid = await addText(context, 'going', scratch(t))
  const before = find(index, context.space, cid)
  assert.equal(before.length, 1)
  const removed = removeRoot(folder.catalog, context.space, linkFromString(cid)!, nodeClock)
  assert.equal(removed.ok?.blobs, 1)
  assert.equal(find(index, context.space, cid).length, 0)
  assert.equal(await blobCount(folder), 2)
  const freed = (await collectGarbage(folder)).ok!
  assert.equal(freed.blobs, 2, 'the shard and its index')
  assert.equal(freed.slices, 2, 'the block and the shard itself')
  assert.ok(freed.bytes > 0)
  assert.equal(await blobCount(folder), 0)
  assert.deepEqual(new Set(Object.values(rows(folder))), new Set([0]))
  assert.deepEqual((await collectGarbage(folder)).ok, { blobs: 0, bytes: 0, slices: 0 })
})

test('only a root can be removed, by either version of its CID', async (t) => {
  const { folder, context } = await openScratch(t)
  const root = scratch(t)
  const path = join(root, 'file')
  writeFileSync(path, 'x')
  const added = (await addPaths(context, [root], { profile: 'unixfs-v0-2015' })).ok!
  const v0 = linkFromString(added.cid!)!
  const inside = (await addPaths(context, [path], { profile: 'unixfs-v0-2015' })).ok!
  const remove = (cid: string): string | undefined =>
    removeRoot(folder.catalog, context.space, linkFromString(cid)!, nodeClock).error?.name
  assert.equal(remove(inside.cid!), undefined)
  assert.equal(remove(inside.cid!), 'RootUnknown', 'now it is only a part of the folder')
  const other = removeRoot(folder.catalog, OTHER_SPACE, v0, nodeClock)
  assert.equal(other.error?.name, 'RootUnknown')
  const nowhere = removeRoot(folder.catalog, 'did:key:z6MkNone', v0, nodeClock)
  assert.equal(nowhere.error?.name, 'SpaceUnknown')
  const v1 = removeRoot(folder.catalog, context.space, { ...v0, version: 1 }, nodeClock)
  assert.ok(v1.ok)
  assert.deepEqual(listRoots(folder.catalog, context.space, 10), [])
})

test('a blob stays while another root of the space needs it', async (t) => {
  const { folder, context, index } = await openScratch(t)
  const root = scratch(t)
  const file = await addText(context, 'shared', root)
  const whole = (await addPaths(context, [root])).ok!.cid!
  removeRoot(folder.catalog, context.space, linkFromString(file)!, nodeClock)
  await collectGarbage(folder)
  const [slice] = find(index, context.space, file)
  assert.equal(Buffer.from(await readSlice(folder, slice!)).toString(), 'shared')
  removeRoot(folder.catalog, context.space, linkFromString(whole)!, nodeClock)
  await collectGarbage(folder)
  assert.equal(await blobCount(folder), 0)
})

test("one space's removal takes nothing from another", async (t) => {
  const { folder, context, other, index } = await openScratch(t)
  const root = scratch(t)
  const cid = await addText(context, 'of both', root)
  await addText(other, 'of both', root)
  removeRoot(folder.catalog, context.space, linkFromString(cid)!, nodeClock)
  await collectGarbage(folder)
  assert.equal(find(index, context.space, cid).length, 0)
  const [slice] = find(index, OTHER_SPACE, cid)
  assert.equal(Buffer.from(await readSlice(folder, slice!)).toString(), 'of both')
  assert.deepEqual(rows(folder), {
    blobs: 2,
    slices: 2,
    space_blobs: 1,
    roots: 1,
    root_blobs: 1,
    indexes: 1,
    claims: 1,
  })
})

test('gc waits for adds to end, and adds for gc', async (t) => {
  const { folder, context } = await openScratch(t)
  const root = scratch(t)
  const add = tryLock(folder.paths.filesLock, 'shared')!
  assert.equal((await collectGarbage(folder, 60)).error?.name, 'FolderBusy')
  add.release()
  const gc = tryLock(folder.paths.filesLock, 'exclusive')!
  setTimeout(() => gc.release(), 80)
  assert.ok(await addText(context, 'after gc', root))
})

test('content that is removed while an add builds on it is stored anew', async (t) => {
  const { folder, context, index } = await openScratch(t)
  const root = scratch(t)
  const cid = await addText(context, 'pulled away', root)
  let commits = 0
  const racing: AddContext = {
    ...context,
    commit(stage) {
      if (commits++ === 0)
        removeRoot(folder.catalog, context.space, linkFromString(cid)!, nodeClock)
      return context.commit(stage)
    },
  }
  assert.ok(await addText(racing, 'pulled away', root))
  assert.equal(commits, 2)
  await collectGarbage(folder)
  const [slice] = find(index, context.space, cid)
  assert.equal(Buffer.from(await readSlice(folder, slice!)).toString(), 'pulled away')
})

test('a commit whose shard is gone from the store is refused', async (t) => {
  const { folder, context, index } = await openScratch(t)
  const losing: AddContext = {
    ...context,
    async commit(stage) {
      for await (const multihash of folder.blobs.list()) await folder.blobs.remove(multihash)
      return context.commit(stage)
    },
  }
  const path = join(scratch(t), 'file')
  writeFileSync(path, 'lost')
  assert.equal((await addPaths(losing, [path])).error?.name, 'StageInvalid')
  assert.equal(rows(folder).blobs, 0)
  assert.equal((await context.commit('../../etc/passwd')).error?.name, 'StageInvalid')
  const stage = new Stage(folder.paths.stages, context.space)
  assert.match(String((await context.commit(stage.id)).error), /StageInvalid.*complete/)
  stage.discard()
  assert.equal(index.spaces(encodeMultihash(SHA2_256, new Uint8Array(32))).length, 0)
})

test('gc that died between rows and files is finished by the next', async (t) => {
  const { folder, context } = await openScratch(t)
  const cid = await addText(context, 'half gone', scratch(t))
  removeRoot(folder.catalog, context.space, linkFromString(cid)!, nodeClock)
  forgetUnheld(folder.catalog)
  assert.equal(await blobCount(folder), 2)
  assert.equal((await collectGarbage(folder)).ok?.blobs, 2)
  assert.equal(await blobCount(folder), 0)
})

test('a full disk refuses the commit, and the add goes through when there is room', async (t) => {
  const { folder, context, index } = await openScratch(t)
  const root = scratch(t)
  const pages = Number(folder.catalog.prepare('PRAGMA page_count').get()!.page_count)
  folder.catalog.exec(`PRAGMA max_page_count = ${pages}`)
  const path = join(root, 'file')
  writeFileSync(path, 'no room')
  for (let i = 0; i < 300; i++) writeFileSync(join(root, `${i}`), `${i}`)
  assert.equal((await addPaths(context, [root])).error?.name, 'StoreFull')
  assert.equal(rows(folder).blobs, 0)
  folder.catalog.exec('PRAGMA max_page_count = 1000000')
  const { cid } = (await addPaths(context, [root])).ok!
  assert.equal(find(index, context.space, cid!).length, 1)
})
