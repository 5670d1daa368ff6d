/**
 * Ten ways in which another system issued credits wrongly (receipts, section 1).
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summaryRows } from '@turnpike/accounting/epochs/statements'
import { testHasher } from '@turnpike/accounting/testing/entries'
import { worthIn } from '@turnpike/core/credits/lots'
import { DENY, type ReadEntry } from '@turnpike/core/log/entry'
import { rowsPath } from '@turnpike/core/log/summary'
import type { CreditIssuer } from '@turnpike/core/ports/credit-issuer'
import { adoptPolicy, seedCredits } from './events.ts'
import { lotsOf, spendCredits, worthOfAll } from './lots.ts'
import { creditSums } from './sums.ts'
import {
  creditsDatabase,
  decided,
  dump,
  EPOCH,
  issueFor,
  LOGS,
  rowOf,
  termsOf,
} from './testing/credits.ts'
import { PayingLog } from './testing/paying-log.ts'
import { creditTotals } from './totals.ts'

const A = 'did:key:a'

/** Credits with so much in the pool, and a policy by these terms. */
function credits(pool: bigint, terms: object = {}) {
  const database = creditsDatabase()
  if (pool > 0n) seedCredits(database, pool, decided('seed', EPOCH))
  adoptPolicy(database, termsOf(terms), decided('policy', EPOCH - 1))
  return database
}

test('defect 1: what is issued again burns nothing of the pool', () => {
  const database = credits(1000n)
  issueFor(database, EPOCH, [rowOf(A, 100n)])
  const before = dump(database)
  for (let i = 0; i < 3; i++) issueFor(database, EPOCH, [rowOf(A, 100n)])
  assert.equal(dump(database), before)
  assert.equal(creditSums(database).pool, 900n)
})

test('defect 2: what the pool could not pay counts in no cap and no metric', () => {
  const database = credits(0n, { regions: { eu: { cap: '0.0001' } } })
  issueFor(database, EPOCH, [rowOf(A, 100n)])
  assert.deepEqual(creditTotals(database).issued, [])
  assert.deepEqual(creditTotals(database).limited.at(-1), ['pool', 1])
  seedCredits(database, 100n, decided('late', EPOCH + 1))
  assert.equal(issueFor(database, EPOCH + 1, [rowOf(A, 100n)]).issued, '100')
  assert.deepEqual(creditTotals(database).issued, [['eu', 0.0001]])
})

test('defect 3: new credits do not save old ones from their decay', () => {
  const database = credits(1000n, { lostPerHour: '0.5' })
  issueFor(database, EPOCH, [rowOf(A, 100n)])
  issueFor(database, EPOCH + 2, [rowOf(A, 8n)])
  assert.equal(worthOfAll(lotsOf(database, A), worthIn(EPOCH + 2)), 25n + 8n)
  assert.equal(worthOfAll(lotsOf(database, A), worthIn(EPOCH + 3)), 12n + 4n)
})

test('defect 4, I11: new credits do not renew the expiry of old ones', () => {
  const database = credits(1000n, { ttlHours: 2 })
  issueFor(database, EPOCH, [rowOf(A, 100n)])
  issueFor(database, EPOCH + 1, [rowOf(A, 8n)])
  assert.equal(worthOfAll(lotsOf(database, A), worthIn(EPOCH + 1)), 108n)
  issueFor(database, EPOCH + 2, [])
  assert.equal(creditSums(database).sunk, 100n)
  assert.equal(worthOfAll(lotsOf(database, A), worthIn(EPOCH + 2)), 8n)
  assert.equal(worthOfAll(lotsOf(database, A), worthIn(EPOCH + 3)), 0n)
})

test('defect 5: credits for reads that are voided come off again, spent or not', () => {
  const database = credits(1000n)
  issueFor(database, EPOCH, [rowOf(A, 100n)])
  const spend = { id: 'x', provider: A, micros: 100n, note: '', epoch: EPOCH, atMs: 0 }
  assert.ok(spendCredits(database, spend).ok)
  issueFor(database, EPOCH + 1, [rowOf(A, 0n, { bytesVoided: 100n })])
  assert.equal(issueFor(database, EPOCH + 2, [rowOf(A, 100n)]).issued, '0')
  assert.equal(issueFor(database, EPOCH + 3, [rowOf(A, 100n)]).issued, '100')
  assert.equal(creditSums(database).pool, 800n)
})

test('defect 6: two logs with epochs of the same hour are both paid', () => {
  const database = credits(1000n)
  for (const log of LOGS) issueFor(database, EPOCH, [rowOf(A, 100n)], log)
  assert.equal(worthOfAll(lotsOf(database, A), worthIn(EPOCH)), 200n)
  assert.equal(creditSums(database).pool, 800n)
})

const PAID: Partial<ReadEntry> = { provider: A, bytes: 100n }
const REFUSED: Partial<ReadEntry> = { ...PAID, status: 429, flags: 0, deny: DENY.address }

test('defect 7: only what lies under the anchored root is paid, and nothing refused', async () => {
  const log = new PayingLog()
  log.read(PAID)
  log.read({ ...REFUSED, bytes: 0n })
  await log.hour()
  log.read({ ...PAID, bytes: 7n })
  await log.settle()
  assert.equal(worthOfAll(lotsOf(log.billing, A), worthIn(EPOCH)), 100n)
  await log.hour()
  const path = rowsPath(EPOCH + 1)
  const rows = log.store.files.get(path)!.slice()
  rows[rows.length - 30]! ^= 1
  log.store.files.set(path, rows)
  await assert.rejects(log.settle(), { name: 'LogCorrupt' })
  assert.equal(worthOfAll(lotsOf(log.billing, A), worthIn(EPOCH)), 100n)
})

test('defect 8: a crash while an epoch becomes final loses none of its credits', async () => {
  const crashing = (credited: CreditIssuer): CreditIssuer => ({
    issue(epoch) {
      credited.issue(epoch)
      throw new Error('crash')
    },
  })
  const log = new PayingLog(crashing)
  log.read(PAID)
  log.read({ ...PAID, provider: 'did:key:b' })
  await log.hour()
  const before = dump(log.billing)
  await assert.rejects(log.settle(), { message: 'crash' })
  assert.equal(dump(log.billing), before)
  assert.equal(log.epochs.get(EPOCH)?.final, undefined)
  log.restart()
  for (let i = 0; i < 2; i++) await log.settle()
  for (const provider of [A, 'did:key:b'])
    assert.equal(worthOfAll(lotsOf(log.billing, provider), worthIn(EPOCH)), 100n)
  log.files.files.delete(`read/${EPOCH}.final`)
  const after = dump(log.billing)
  log.restart()
  await log.settle()
  assert.match(log.files.text(`read/${EPOCH}.final`)!, /"issued":"200"/)
  assert.equal(dump(log.billing), after)
})

test('defect 9: epochs that are final are found and counted as they were before', async () => {
  const log = new PayingLog()
  for (let hour = 0; hour < 3; hour++) {
    log.read(PAID)
    await log.hour()
  }
  await log.settle()
  const { final } = log.epochs.progress().counts
  assert.equal(final, 3)
  let bytes = 0n
  for (const { statement } of log.epochs.list(EPOCH, 9))
    for (const row of await summaryRows(log.store, testHasher, statement)) bytes += row.bytes
  assert.equal(bytes, 300n)
  assert.equal(worthOfAll(lotsOf(log.billing, A), worthIn(EPOCH)), 300n)
})

test('defect 10: two reads that are equal but for their ids are both paid', async () => {
  const log = new PayingLog()
  const same = { ...PAID, ts: 1_800_000_000_000, started: 1_800_000_000_000, cid: null }
  log.read(same)
  log.read(same)
  await log.hour()
  await log.settle()
  assert.equal(log.epochs.get(EPOCH)?.statement.end, 3)
  assert.equal(worthOfAll(lotsOf(log.billing, A), worthIn(EPOCH)), 200n)
})
