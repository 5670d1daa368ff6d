import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { CAR, linkFromBytes, linkFromString, linkToString } from '@turnpike/core/link'
import { addPaths } from '../add/add.ts'
import { nodeHasher } from '../hasher.ts'
import { ownerContext, type AddContext } from '../add/session.ts'
import type { FolderOwner } from '../folder/open.ts'
import { openScratch, OTHER_SPACE, scratch } from '../testing/data-folder.ts'
import { openCatalogWriter } from './database.ts'
import { removeRoot } from './roots.ts'
import { MIGRATIONS } from './schema.ts'

interface Row {
  readonly atMs: number
  readonly cause: string
  readonly delta: number
  readonly size: number
}

function rowsOf(catalog: DatabaseSync, space: string): Row[] {
  const rows = catalog
    .prepare(
      `SELECT d.at_ms AS atMs, d.cause, d.delta, d.size FROM storage_deltas d
       JOIN spaces s ON s.id = d.space WHERE s.did = ? ORDER BY d.id`,
    )
    .all(space)
  return rows.map(({ atMs, cause, delta, size }) => ({
    atMs: Number(atMs),
    cause: linkToString(linkFromBytes(cause as Uint8Array)!),
    delta: Number(delta),
    size: Number(size),
  }))
}

/** Sizes of all blobs that a space holds, from what it holds. */
function heldBytes(catalog: DatabaseSync, space: string): number {
  const { held } = catalog
    .prepare(
      `SELECT coalesce(sum(b.size), 0) AS held FROM space_blobs h JOIN blobs b ON b.id = h.blob
       JOIN spaces s ON s.id = h.space WHERE s.did = ?`,
    )
    .get(space)!
  return Number(held)
}

async function add(context: AddContext, directory: string, names: readonly string[]) {
  const paths = names.map((name) => {
    const path = join(directory, name)
    writeFileSync(path, `content of ${name}`)
    return path
  })
  const added = await addPaths(context, paths)
  assert.ifError(added.error)
  return added.ok!.roots.map(({ cid }) => cid)
}

test('adding and removing change the size of a space, at the same moment', async (t) => {
  const { folder, context } = await openScratch(t)
  const directory = scratch(t)
  let nowMs = 1000
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0 }
  const at = ownerContext(folder, { clock, hasher: nodeHasher }, context.space)
  const [a] = await add(at, directory, ['a'])
  nowMs = 2000
  const [again] = await add(at, directory, ['a'])
  assert.equal(again, a)
  const [b] = await add(at, directory, ['b'])
  nowMs = 3000
  removeRoot(folder.catalog, context.space, linkFromString(a!)!, clock)
  const rows = rowsOf(folder.catalog, context.space)
  assert.deepEqual(
    rows.map(({ atMs, cause }) => [atMs, cause]),
    [
      [1000, a],
      [2000, b],
      [3000, a],
    ],
    'what the space has already adds nothing',
  )
  assert.equal(rows[2]!.delta, -rows[0]!.delta)
  assert.equal(rows[2]!.size, heldBytes(folder.catalog, context.space))
  assert.deepEqual(rowsOf(folder.catalog, OTHER_SPACE), [])
})

test('history never goes back, though the clock does', async (t) => {
  const { folder, context } = await openScratch(t)
  const directory = scratch(t)
  let nowMs = 5000
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0 }
  const [cid] = await add(
    ownerContext(folder, { clock, hasher: nodeHasher }, context.space),
    directory,
    ['a'],
  )
  nowMs = 10
  await add(ownerContext(folder, { clock, hasher: nodeHasher }, OTHER_SPACE), directory, ['b'])
  removeRoot(folder.catalog, context.space, linkFromString(cid!)!, clock)
  const dates = [context.space, OTHER_SPACE].flatMap((space) =>
    rowsOf(folder.catalog, space).map(({ atMs }) => atMs),
  )
  assert.deepEqual(dates, [5000, 5000, 5000])
})

test('each root of an add has a delta of its own; what two need is counted once', async (t) => {
  const { folder, context } = await openScratch(t)
  const directory = scratch(t)
  const roots = await add(context, directory, ['a', 'b', 'c'])
  const rows = rowsOf(folder.catalog, context.space)
  assert.ok(rows.every(({ cause }) => roots.includes(cause)))
  assert.equal(rows.at(-1)!.size, heldBytes(folder.catalog, context.space))
  const { n } = folder.catalog.prepare('SELECT count(*) AS n FROM space_blobs').get()!
  assert.equal(n, 1, 'small files share a shard')
  assert.deepEqual(
    rows.map(({ cause }) => cause),
    [roots[0]],
  )
  for (const root of roots)
    removeRoot(folder.catalog, context.space, linkFromString(root)!, { nowMs: () => 0 })
  assert.deepEqual(
    rowsOf(folder.catalog, context.space).map(({ cause }) => cause),
    [roots[0], roots[2]],
    'it goes with the last root that needs it',
  )
  assert.equal(rowsOf(folder.catalog, context.space).at(-1)!.size, 0)
})

test('after any adds and removals in two spaces, sizes are those of what is held', async (t) => {
  const { folder, context } = await openScratch(t)
  const directory = scratch(t)
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 })
  const step = fc.record({ names, isOther: fc.boolean(), isRemoval: fc.boolean() })
  const cids = new Map<string, string>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
      for (const { names: some, isOther, isRemoval } of steps) {
        const space = isOther ? OTHER_SPACE : context.space
        if (isRemoval) {
          for (const cid of some.flatMap((name) => cids.get(name) ?? []))
            removeRoot(folder.catalog, space, linkFromString(cid)!, { nowMs: () => 0 })
        } else {
          const roots = await add(own(folder, space), directory, some)
          some.forEach((name, i) => cids.set(name, roots[i]!))
        }
      }
      for (const space of [context.space, OTHER_SPACE]) {
        const rows = rowsOf(folder.catalog, space)
        const held = heldBytes(folder.catalog, space)
        assert.equal(
          rows.reduce((sum, { delta }) => sum + delta, 0),
          held,
        )
        assert.equal(rows.at(-1)?.size ?? 0, held)
      }
    }),
    { numRuns: 12 },
  )
})

function own(folder: FolderOwner, space: AddContext['space']): AddContext {
  const clock = { nowMs: () => 0, monotonicMs: () => 0 }
  return ownerContext(folder, { clock, hasher: nodeHasher }, space)
}

test('a folder from before gets the sizes that it has, on the day of its migration', (t) => {
  const path = join(scratch(t), 'catalog.sqlite')
  const before = MIGRATIONS.findIndex((sql) => sql.includes('storage_deltas'))
  const old = openCatalogWriter(path, MIGRATIONS.slice(0, before)).ok!
  const bare = new Uint8Array([0x12, 0x20, ...new Uint8Array(32)])
  const root = linkFromString('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')!
  old.exec(`
    INSERT INTO customers VALUES (1, 'demo', 0);
    INSERT INTO spaces VALUES (1, 'did:key:a', 'a', 1, 0), (2, 'did:key:b', 'b', 1, 0),
      (3, 'did:key:empty', 'c', 1, 0);
    INSERT INTO blobs VALUES (1, X'1201ff', 100, 1), (2, X'1201fe', 30, 1);
  `)
  old.prepare('INSERT INTO blobs VALUES (3, ?, 7, 0)').run(bare)
  const cid = new Uint8Array([1, 0x55, ...root.multihash])
  old.prepare("INSERT INTO roots VALUES (1, 1, ?, 'r', 9, 0), (2, 2, ?, 'r', 9, 0)").run(cid, cid)
  old.exec(`
    INSERT INTO space_blobs VALUES (1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 1, 3);
    INSERT INTO root_blobs VALUES (1, 1), (1, 2), (2, 2);
  `)
  old.close()
  const startMs = Date.now()
  const catalog = openCatalogWriter(path).ok!
  t.after(() => catalog.close())
  const told = (space: string): unknown[] =>
    rowsOf(catalog, space).map(({ cause, delta, size, atMs }) => {
      assert.ok(atMs >= startMs && atMs <= Date.now())
      return [cause, delta, size]
    })
  const car = linkToString({ version: 1, codec: CAR, multihash: bare })
  assert.deepEqual(told('did:key:a'), [
    [linkToString(root), 130, 130],
    [car, 7, 137],
  ])
  assert.deepEqual(told('did:key:b'), [[linkToString(root), 30, 30]])
  assert.deepEqual(told('did:key:empty'), [])
})

test('a removal that would leave less than nothing is refused by the catalog itself', async (t) => {
  const { folder, context } = await openScratch(t)
  const [cid] = await add(context, scratch(t), ['a'])
  folder.catalog.exec('UPDATE storage_deltas SET size = 1, delta = 1')
  const remove = (): unknown =>
    removeRoot(folder.catalog, context.space, linkFromString(cid!)!, { nowMs: () => 0 })
  assert.throws(remove, /CHECK constraint failed/)
  assert.ok(heldBytes(folder.catalog, context.space) > 0, 'and nothing was removed')
})
