/**
 * The contract of delegation stores on the catalog, and the migration to it.
 * @module
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { delegationStoreContract, ROOM_OF_CONTRACT } from '@turnpike/core/contract/delegation-store'
import { scratch } from '../testing/data-folder.ts'
import { openCatalogReader, openCatalogWriter } from './database.ts'
import { CatalogDelegations } from './delegations.ts'
import { MIGRATIONS } from './schema.ts'

describe('contract', () => {
  for (const { name, run } of delegationStoreContract)
    test(name, async (t) => {
      const catalog = openCatalogWriter(join(scratch(t), 'catalog.sqlite')).ok!
      t.after(() => catalog.close())
      await run(new CatalogDelegations(catalog, ROOM_OF_CONTRACT))
    })
})

const delegation = {
  cid: new Uint8Array([1, 0x71, 0x12, 0]),
  space: 'did:key:z6MkSpace',
  can: 'space/content/serve/*',
  issuer: 'did:key:z6MkSpace',
  audience: 'did:key:z6MkGateway',
  startsMs: undefined,
  expiresMs: 5,
  storedMs: 1,
  archive: new Uint8Array([1]),
} as const

test('what the owner commits is seen by a reader with its next call', (t) => {
  const path = join(scratch(t), 'catalog.sqlite')
  const [catalog, beside] = [openCatalogWriter(path).ok!, openCatalogReader(path).ok!]
  t.after(() => [catalog, beside].forEach((one) => one.close()))
  const [writer, reader] = [new CatalogDelegations(catalog), new CatalogDelegations(beside)]
  const before = reader.generation()
  writer.put(delegation)
  assert.notEqual(reader.generation(), before)
  assert.deepEqual(reader.forSpace(delegation.space), [delegation])
  writer.revoke({ cid: delegation.cid, issuer: 'did:key:a', revokedMs: 2, archive: undefined })
  assert.equal(reader.revoked([delegation.cid])[0]!.issuer, 'did:key:a')
})

test('delegations of an older folder are kept', () => {
  const database = new DatabaseSync(':memory:')
  const next = MIGRATIONS.findIndex((sql) => sql.includes('space_delegations'))
  for (const sql of MIGRATIONS.slice(0, next)) database.exec(sql)
  const { cid, space, audience, can, archive } = delegation
  database
    .prepare('INSERT INTO delegations VALUES (?, ?, ?, ?, NULL, 5, 1, ?)')
    .run(cid, space, audience, can, archive)
  for (const sql of MIGRATIONS.slice(next)) database.exec(sql)
  assert.deepEqual(new CatalogDelegations(database).forSpace(space), [delegation])
})
