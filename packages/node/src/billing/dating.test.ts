import assert from 'node:assert/strict'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { CLOCK_JUMP_MS_MAX, LOG_IDLE_MS_MAX } from '@turnpike/core/limits/log'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { accountingPaths } from '../accounting/open.ts'
import { addPaths } from '../add/add.ts'
import { ownerContext } from '../add/session.ts'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { openLedgerFile } from '../ledger/schema.ts'
import { ownerOperations } from '../owner/operations.ts'
import { openProvisioning } from '../provisioning/open.ts'
import { openScratch, scratch, stillClock } from '../testing/data-folder.ts'
import { datingClock } from './dating.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
const START_MS = stillClock.nowMs()
const ALICE = 'did:mailto:example.com:alice'
const SPACE: SpaceDid = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'

/** Time that passes, and a wall clock that somebody sets. */
class SetClock {
  passedMs = 0
  aheadMs = 0
  nowMs(): number {
    return this.rightMs() + this.aheadMs
  }
  rightMs(): number {
    return START_MS + this.passedMs
  }
  monotonicMs(): number {
    return this.passedMs
  }
}

/** A folder whose log has read up to an hour. */
async function readUpTo(t: TestContext, atMs: number): Promise<FolderOwner> {
  const { folder } = await openScratch(t)
  const ledger = openLedgerFile(accountingPaths(folder.paths.root).ledger)
  const columns = ledger.prepare(`SELECT name FROM pragma_table_info('total_hour')`).all()
  const values = columns.map(({ name }) => (name === 'time' ? epochOf(atMs) : 0))
  ledger.exec(`INSERT INTO total_hour VALUES (${values.join(', ')})`)
  ledger.close()
  return folder
}

async function addFile(t: TestContext, folder: FolderOwner, clock: SetClock): Promise<number> {
  const file = join(scratch(t), 'file')
  await writeFile(file, `stored at ${clock.nowMs()} ${clock.passedMs} ${clock.aheadMs}`)
  const added = await addPaths(ownerContext(folder, { clock, hasher: nodeHasher }), [file])
  assert.ok(added.ok)
  return lastDelta(folder)
}

function lastDelta({ catalog }: FolderOwner): number {
  const sql = 'SELECT at_ms FROM storage_deltas ORDER BY id DESC LIMIT 1'
  return Number(catalog.prepare(sql).get()!.at_ms)
}

test('a clock that is set a year ahead, then back, leaves no date in the future', async (t) => {
  const folder = await readUpTo(t, START_MS)
  const clock = new SetClock()
  const operations = ownerOperations(folder, clock)
  const signal = new AbortController().signal
  const run = async (name: 'customerAdd' | 'customerAssign' | 'spaceCreate', params: unknown) => {
    const done = await operations[name](params, { signal } as never)
    assert.equal(done.error, undefined)
  }
  clock.passedMs = DAY_MS
  clock.aheadMs = YEAR_MS
  await run('customerAdd', { did: ALICE, plan: 'did:web:lite.example' })
  await run('customerAssign', { space: SPACE, customer: ALICE, move: true })
  await run('spaceCreate', { name: 'photos', customer: ALICE })
  const provisioning = openProvisioning(folder)
  const now = epochOf(clock.rightMs())
  assert.equal(provisioning.customer(ALICE)?.createdMs, clock.rightMs())
  assert.equal(provisioning.plansOf(ALICE)[0]?.firstEpoch, now)
  assert.deepEqual(
    provisioning.ofCustomer(ALICE).map(({ assignedEpoch }) => assignedEpoch),
    [now, now],
  )
  clock.aheadMs = 0
  clock.passedMs += 2 * EPOCH_MS
  await run('customerAdd', { did: `${ALICE}2` })
  assert.equal(provisioning.customer(`${ALICE}2`)?.createdMs, clock.rightMs())
})

test('an add by a process that starts a year ahead is dated by the books', async (t) => {
  const folder = await readUpTo(t, START_MS)
  const clock = new SetClock()
  clock.aheadMs = YEAR_MS
  const booksMs = epochOf(START_MS) * EPOCH_MS
  assert.equal(await addFile(t, folder, clock), booksMs)
  clock.passedMs = DAY_MS
  // Each process begins at the books: what others dated takes none of them further.
  assert.equal(await addFile(t, folder, clock), booksMs)
  clock.aheadMs = 0
  assert.equal(await addFile(t, folder, clock), clock.rightMs())
})

test('while a clock is ahead dates go on by uptime, up to an hour they follow it', async (t) => {
  const clock = new SetClock()
  const dating = datingClock(await readUpTo(t, START_MS), clock)
  clock.passedMs = 10 * DAY_MS
  clock.aheadMs = CLOCK_JUMP_MS_MAX + 1
  assert.equal(dating.nowMs(), clock.rightMs())
  clock.passedMs += DAY_MS
  assert.equal(dating.nowMs(), clock.rightMs())
  clock.aheadMs = CLOCK_JUMP_MS_MAX
  assert.equal(dating.nowMs(), clock.nowMs())
  clock.aheadMs = -DAY_MS
  assert.equal(dating.nowMs(), clock.nowMs())
  // It was behind: to be right again is no jump.
  clock.aheadMs = 0
  assert.equal(dating.nowMs(), clock.nowMs())
})

test('folders that were idle for up to 30 days, or have no books, follow the clock', async (t) => {
  const booksMs = epochOf(START_MS) * EPOCH_MS
  const folder = await readUpTo(t, START_MS)
  const clock = new SetClock()
  clock.aheadMs = booksMs - START_MS + LOG_IDLE_MS_MAX
  assert.equal(datingClock(folder, clock).nowMs(), clock.nowMs())
  clock.aheadMs += 1
  assert.equal(datingClock(folder, clock).nowMs(), booksMs)
  clock.aheadMs = YEAR_MS
  const { folder: fresh } = await openScratch(t)
  assert.equal(datingClock(fresh, clock).nowMs(), clock.nowMs())
})

test('an operator who touches the file says that the clock is right, once', async (t) => {
  const folder = await readUpTo(t, START_MS)
  const clock = new SetClock()
  clock.aheadMs = YEAR_MS
  const dating = datingClock(folder, clock)
  assert.notEqual(dating.nowMs(), clock.nowMs())
  await writeFile(folder.paths.clockConfirmed, '')
  await utimes(folder.paths.clockConfirmed, clock.nowMs() / 1000, clock.nowMs() / 1000)
  assert.equal(dating.nowMs(), clock.nowMs())
  const before = clock.nowMs()
  clock.aheadMs += DAY_MS
  assert.equal(dating.nowMs(), before)
})
