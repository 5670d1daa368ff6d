/**
 * Tests of the catalog's store of IPNS records.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { NAMES_OF_CONTRACT, nameStoreContract } from '@turnpike/core/contract/name-store'
import { openCatalogReader, openCatalogWriter } from '../catalog/database.ts'
import { stillClock } from '../testing/data-folder.ts'
import { CatalogNames } from './store.ts'

function openNames(t: TestContext): { names: CatalogNames; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-names-'))
  const path = join(folder, 'turnpike.sqlite')
  const catalog = openCatalogWriter(path).ok!
  t.after(() => {
    catalog.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { names: new CatalogNames(catalog, stillClock, NAMES_OF_CONTRACT), path }
}

for (const { name, run } of nameStoreContract) test(name, (t) => run(openNames(t).names))

const HASH = new Uint8Array([0x00, 2, 1, 2])
const OTHER = new Uint8Array([0x00, 2, 3, 4])

test('what the owner keeps, a reader sees', (t) => {
  const { names, path } = openNames(t)
  const catalog = openCatalogReader(path).ok!
  t.after(() => catalog.close())
  const reader = new CatalogNames(catalog, stillClock)
  assert.equal(reader.get(HASH), undefined)
  assert.equal(reader.owns(HASH), false)
  names.put(HASH, new Uint8Array([9]), { sequence: 2n ** 64n - 1n, eolMs: 5 })
  names.keepOwn({ key: 'k', multihash: HASH, lifetimeMs: 7 })
  assert.deepEqual(reader.get(HASH), new Uint8Array([9]))
  assert.equal(reader.owns(HASH), true)
  assert.deepEqual(reader.rank(HASH), { sequence: 2n ** 64n - 1n, eolMs: 5 })
  assert.throws(() => reader.put(OTHER, new Uint8Array(), undefined), /readonly/)
})

test('own names come first in the list, and a key has one name', (t) => {
  const { names } = openNames(t)
  names.put(OTHER, new Uint8Array([1]), undefined)
  names.put(HASH, new Uint8Array([2]), { sequence: 1n, eolMs: 5 })
  names.keepOwn({ key: 'k', multihash: HASH, lifetimeMs: 7 })
  const storedMs = stillClock.nowMs()
  assert.deepEqual(
    [...names.list()],
    [
      { multihash: HASH, record: new Uint8Array([2]), storedMs, key: 'k' },
      { multihash: OTHER, record: new Uint8Array([1]), storedMs, key: undefined },
    ],
  )
  names.keepOwn({ key: 'k', multihash: OTHER, lifetimeMs: 8 })
  const own = names.own().map(({ key, multihash, lifetimeMs }) => ({ key, multihash, lifetimeMs }))
  assert.deepEqual(own, [{ key: 'k', multihash: OTHER, lifetimeMs: 8 }])
})
