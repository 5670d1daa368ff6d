import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { planStretches } from '@turnpike/accounting/statement/bill'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { periodOf } from '@turnpike/core/billing/period'
import { FREE_PLANS } from '@turnpike/core/billing/plan'
import {
  OPEN_EPOCH_OF_CONTRACT,
  PROVISIONING_CONTRACT,
  PROVISIONING_ROOM,
} from '@turnpike/core/contract/provisioning'
import type { Assignment, Provisioning } from '@turnpike/core/ports/provisioning'
import { nodeHasher } from '../hasher.ts'
import { openScratch, scratch } from '../testing/data-folder.ts'
import { openCatalogReader, openCatalogWriter } from './database.ts'
import { CatalogOwnership } from './ownership-history.ts'
import { CatalogProvisioning } from './provisioning.ts'
import { MIGRATIONS } from './schema.ts'
import { ensureSpace, listSpaces } from './spaces.ts'

const OPTIONS = {
  hasher: nodeHasher,
  openEpoch: () => OPEN_EPOCH_OF_CONTRACT,
  room: PROVISIONING_ROOM,
}

function open(t: TestContext): DatabaseSync {
  const catalog = openCatalogWriter(join(scratch(t), 'turnpike.sqlite')).ok!
  t.after(() => catalog.close())
  return catalog
}

for (const { name, run } of PROVISIONING_CONTRACT)
  test(name, (t) => run(new CatalogProvisioning(open(t), OPTIONS)))

test('another connection reads what was written', (t) => {
  const path = join(scratch(t), 'turnpike.sqlite')
  const catalog = openCatalogWriter(path).ok!
  const reader = openCatalogReader(path).ok!
  t.after(() => [reader.close(), catalog.close()])
  const history = new CatalogOwnership(reader)
  const provisioning: Provisioning = new CatalogProvisioning(catalog, OPTIONS)
  const before = history.provisioningGeneration()
  const createdMs = OPEN_EPOCH_OF_CONTRACT * EPOCH_MS + 5
  provisioning.addCustomer({ did: 'did:mailto:example.com:alice', createdMs })
  assert.notEqual(history.provisioningGeneration(), before)
  assert.equal(history.customers()[0]?.createdMs, createdMs)
})

test('by a clock that went back nobody owns before they are a customer, or is one', (t) => {
  const provisioning = new CatalogProvisioning(open(t), OPTIONS)
  const did = 'did:mailto:example.com:alice'
  const createdMs = 70 * EPOCH_MS
  provisioning.addCustomer({ did, createdMs })
  const to = { space: 'did:key:z6MkSpace', customer: did, provider: 'did:web:gateway.example' }
  const { ok } = provisioning.assign({ ...to, atMs: 60 * EPOCH_MS } as Assignment)
  assert.equal(ok!.assignedEpoch, 70)
  const period = periodOf(60)
  const stretches = planStretches({ did, createdMs }, [], FREE_PLANS, period).ok!
  assert.ok(stretches[0]!.firstEpoch <= ok!.assignedEpoch, 'each billed hour has a plan')
  provisioning.addCustomer({ did: 'did:mailto:example.com:bob', createdMs: 40 * EPOCH_MS })
  const bob = provisioning.customer('did:mailto:example.com:bob')
  assert.equal(bob?.createdMs, OPEN_EPOCH_OF_CONTRACT * EPOCH_MS)
})

test('a space that was made here and has no owner is unowned', (t) => {
  const catalog = open(t)
  ensureSpace(catalog, { did: 'did:key:z6MkSpace', name: 'photos', createdMs: 0 })
  const provisioning = new CatalogProvisioning(catalog, OPTIONS)
  assert.deepEqual(provisioning.unowned(), ['did:key:z6MkSpace'])
  assert.equal(listSpaces(catalog)[0]?.customer, null)
})

test('SQLite refuses a second owner without end, and hours that end before they begin', (t) => {
  const catalog = open(t)
  const provisioning = new CatalogProvisioning(catalog, OPTIONS)
  provisioning.addCustomer({ did: 'did:x:alice', createdMs: 0 })
  const insert = catalog.prepare(
    `INSERT INTO ownerships
       (space, customer, provider, subscription, first_epoch, end_epoch, assigned_epoch)
     VALUES ('did:key:s', 1, 'p', 's', ?, ?, 0)`,
  )
  insert.run(0, null)
  assert.throws(() => insert.run(5, null), /UNIQUE/)
  assert.throws(() => insert.run(7, 7), /CHECK/)
})

test('spaces of folders from before there were customers are the demo customer’s', async (t) => {
  const root = scratch(t)
  const { folder } = await openScratch(t, root)
  const { gateway, paths } = folder
  await folder.close()
  const path = join(scratch(t), 'turnpike.sqlite')
  const old = openCatalogWriter(path, MIGRATIONS.slice(0, 9)).ok!
  old.exec(`
    INSERT INTO customers (name, created_ms) VALUES ('demo', 5);
    INSERT INTO spaces (did, name, customer, created_ms)
      VALUES ('did:key:z6MkOld', 'old', 1, 7200001), ('did:key:z6MkOlder', 'older', 1, 3600001);
    INSERT INTO roots (space, cid, name, bytes, added_ms) VALUES (1, x'01', 'a', 10, 0);
  `)
  old.exec(`VACUUM INTO '${paths.database}.old'`)
  old.close()
  renameSync(`${paths.database}.old`, paths.database)
  const { folder: opened } = await openScratch(t, root)
  const provisioning = new CatalogProvisioning(opened.catalog, OPTIONS)
  const owned = provisioning.ofCustomer('did:mailto:example.com:demo')
  const [first] = owned
  assert.equal(owned.length, 3)
  assert.equal(opened.gateway.did(), gateway.did())
  assert.equal(first?.provider, gateway.did())
  assert.match(first!.subscription, /^bafy/)
  assert.deepEqual(provisioning.ofSpace('did:key:z6MkOld'), [
    {
      ...provisioning.owner('did:key:z6MkOld', 0)!,
      firstEpoch: 0,
      endEpoch: null,
      assignedEpoch: 2,
    },
  ])
  assert.deepEqual(opened.catalog.prepare('PRAGMA foreign_key_check').all(), [])
})
