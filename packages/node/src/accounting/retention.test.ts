import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Accounting } from '@turnpike/accounting/accounting'
import { groupOf, testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, MemoryLogStore, TestClock } from '@turnpike/accounting/testing/memory'
import { FORGET_CIDS_MAX } from '@turnpike/core/limits/log'
import { fail } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { SETTING_NAMES, SETTINGS } from '../config/settings.ts'
import type { Settings } from '../config/settings.ts'
import { nodeHasher } from '../hasher.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { AccountingStopped, stoppedBy } from './fault.ts'
import { retentionJob } from './retention.ts'

const DAY_MS = 86_400_000
const EVER = { firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER }
const DEFAULTS = Object.fromEntries(
  SETTING_NAMES.map((name) => [name, SETTINGS[name].default]),
) as unknown as Settings

/** Accounting in memory, four days of it, and the job over it. */
async function openRig(settings: Partial<Settings>) {
  const store = new MemoryLogStore()
  const ledger = new SqliteLedger(':memory:')
  const journal = new MemoryJournal('0')
  const clock = new TestClock(Date.UTC(2026, 10, 1))
  const accounting = new Accounting({
    store,
    ledger,
    journals: () => [journal],
    clock,
    random: testRandom(),
    hasher: nodeHasher,
    signer: testSigner('gateway.example/log'),
  })
  for (let day = 0; day < 4; day++) {
    for (let n = 0; n < 300; n++) journal.append(groupOf(n, { space: `did:key:s${day}` }))
    assert.equal((await accounting.catchUp()).error, undefined)
    clock.pass(DAY_MS)
  }
  const stopped = <T extends {}>(result: Result<T, Error>): Result<T, AccountingStopped> =>
    result.error === undefined ? result : fail(stoppedBy(result.error))
  const host = {
    catchUp: async () => stopped(await accounting.catchUp()),
    usage: async () => fail(new AccountingStopped('Unused', 'unused')),
    rebuild: async () => stopped(await accounting.rebuild()),
    dropEntries: async (query: { beforeEpoch: number; beforeIndex: number }) =>
      stopped(await accounting.dropEntries(query)),
  }
  const parts = { settings: { ...DEFAULTS, ...settings }, host, ledger, clock }
  return { store, ledger, journal, clock, accounting, parts }
}

const never = new AbortController().signal
const everything = (): number => Number.MAX_SAFE_INTEGER

function sumsIn(store: MemoryLogStore): number {
  return [...store.files.keys()].filter((path) => path.startsWith('sums/')).length
}

test('by default everything is kept', async () => {
  const { store, ledger, parts } = await openRig({})
  await retentionJob(parts, everything).run(never)
  assert.equal(sumsIn(store), 0)
  assert.equal(ledger.query(EVER).cidsFromEpoch, 0)
  ledger.close()
})

test('entries and CIDs go after their own days, and sums stay', async () => {
  const { store, ledger, parts } = await openRig({ logEntriesDays: 2, usageCidDays: 3 })
  const { total } = ledger.query(EVER)
  await retentionJob(parts, everything).run(never)
  assert.equal(sumsIn(store), 2)
  assert.equal(ledger.query({ ...EVER, by: 'cid' }).rows[0]?.reads, 180, 'of three days')
  assert.deepEqual(ledger.query(EVER).total, total)
  ledger.close()
})

test('entries that a follower has not read stay', async () => {
  const { store, ledger, parts } = await openRig({ logEntriesDays: 1 })
  await retentionJob(parts, () => 301).run(never)
  assert.equal(sumsIn(store), 1, 'the SEAL of the first day is entry 300')
  ledger.close()
})

test('more CIDs than one step takes go in several, and none after the job is stopped', async () => {
  const { ledger, parts, accounting, journal, clock } = await openRig({ usageCidDays: 1 })
  const cid = (n: number): Uint8Array => new Uint8Array([1, 85, n >> 8, n])
  for (let n = 0; n < FORGET_CIDS_MAX + 10; n++) journal.append(groupOf(n, { cid: cid(n) }))
  await accounting.catchUp()
  clock.pass(3 * DAY_MS)
  const stop = new AbortController()
  stop.abort()
  await retentionJob(parts, everything).run(stop.signal)
  assert.ok(ledger.query({ ...EVER, by: 'cid' }).rows.length > 0)
  await retentionJob(parts, everything).run(never)
  assert.deepEqual(ledger.query({ ...EVER, by: 'cid' }).rows, [])
  ledger.close()
})

test('a clock that was set ahead drops nothing', async () => {
  const { store, ledger, parts, clock } = await openRig({ logEntriesDays: 1, usageCidDays: 1 })
  clock.set(1000 * DAY_MS)
  await assert.rejects(retentionJob(parts, everything).run(never), { reason: 'ClockJumped' })
  assert.equal(sumsIn(store), 0)
  assert.equal(ledger.query(EVER).cidsFromEpoch, 0)
  ledger.close()
})
