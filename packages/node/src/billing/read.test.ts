import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCatalogWriter } from '../catalog/database.ts'
import { scratch } from '../testing/data-folder.ts'
import { openBilling } from './database.ts'
import { readBilling } from './read.ts'
import { BILLING_MIGRATIONS } from './schema.ts'

test('what accounting wrote is read beside it, and nothing before it wrote all tables', (t) => {
  const path = join(scratch(t), 'billing.sqlite')
  const read = (): unknown => readBilling(path, (billing) => billing.isOpen)
  assert.equal(read(), undefined)
  openCatalogWriter(path, BILLING_MIGRATIONS.slice(0, 1)).ok!.close()
  assert.equal(read(), undefined)
  const billing = openBilling(path).ok!
  assert.equal(read(), true)
  billing.close()
  assert.throws(() => readBilling(path, (reader) => reader.exec('DROP TABLE queue')), /readonly/)
})
