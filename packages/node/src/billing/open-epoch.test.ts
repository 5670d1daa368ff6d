import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { periodOf } from '@turnpike/core/billing/period'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { accountingPaths } from '../accounting/open.ts'
import { addPaths } from '../add/add.ts'
import { openProvisioning } from '../provisioning/open.ts'
import { ClosedBooks } from '../statements/closed.ts'
import { StripeOutbox } from '../stripe/outbox.ts'
import { openScratch, scratch, stillClock } from '../testing/data-folder.ts'
import { openBilling } from './database.ts'
import { datingClock, openEpochOf } from './dating.ts'
import { openEpoch } from './open-epoch.ts'

const NOW = epochOf(stillClock.nowMs())

async function openRig(t: TestContext) {
  const { folder, context } = await openScratch(t)
  const billing = openBilling(accountingPaths(folder.paths.root).billing).ok!
  t.after(() => billing.close())
  return { folder, context, billing }
}

function closeMonth(billing: DatabaseSync): number {
  const period = periodOf(NOW)
  const closed = { period, closedMs: 0, gateway: 'did:key:z6MkGateway', digest: '' }
  new ClosedBooks(billing).close(closed, [], () => {})
  return period.endEpoch
}

test('what is billed ends with a closed month, or what was put down for Stripe', async (t) => {
  const { billing } = await openRig(t)
  assert.equal(openEpoch(billing), 0)
  new StripeOutbox(billing).put([], { firstEpoch: NOW, endEpoch: NOW + 5 })
  assert.equal(openEpoch(billing), NOW + 5)
  const endEpoch = closeMonth(billing)
  assert.equal(openEpoch(billing), endEpoch)
  new StripeOutbox(billing).put([], { firstEpoch: endEpoch, endEpoch: endEpoch + 2 })
  assert.equal(openEpoch(billing), endEpoch + 2)
})

test('by a clock that was set back, nothing of a folder changes in what is billed', async (t) => {
  const { folder, context, billing } = await openRig(t)
  const space: SpaceDid = 'did:key:z6MkSpace'
  const customer = 'did:mailto:example.com:alice'
  assert.equal(datingClock(folder, stillClock).nowMs(), stillClock.nowMs())
  const endEpoch = closeMonth(billing)
  assert.equal(openEpochOf(folder.paths), endEpoch)
  const provisioning = openProvisioning(folder)
  provisioning.addCustomer({ did: customer, createdMs: stillClock.nowMs() })
  const atMs = stillClock.nowMs()
  const to = { space, customer, provider: 'did:web:gateway.example', atMs } as const
  assert.equal(provisioning.assign(to).ok?.assignedEpoch, endEpoch)
  const file = join(scratch(t), 'file')
  await writeFile(file, 'stored')
  assert.ok((await addPaths(context, [file])).ok)
  const delta = folder.catalog.prepare('SELECT at_ms FROM storage_deltas').get()
  assert.equal(delta!['at_ms'], endEpoch * EPOCH_MS)
})
