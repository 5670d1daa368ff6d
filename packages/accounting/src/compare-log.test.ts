import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { rowsPath } from '@turnpike/core/log/summary'
import type { LedgerQuery, LedgerView, UsageCounts } from '@turnpike/core/ports/ledger'
import { compareWithLog } from './compare-log.ts'
import { Sequencer } from './sequencer.ts'
import type { LogState } from './state.ts'
import { groupOf, testHasher, testRandom, testSigner } from './testing/entries.ts'
import { MemoryJournal, MemoryLogStore, TestClock } from './testing/memory.ts'

const HOUR = 490_000
const SPAN = { firstEpoch: HOUR, endEpoch: HOUR + 10 }

/** A log with a sealed hour of two reads, and a ledger that says the same of it. */
async function openRig() {
  const store = new MemoryLogStore()
  const journal = new MemoryJournal('0')
  const clock = new TestClock(HOUR * EPOCH_MS)
  const sequencer = new Sequencer({
    store,
    journals: () => [journal],
    clock,
    random: testRandom(),
    hasher: testHasher,
    signer: testSigner('gateway.example/log'),
  })
  journal.append(groupOf(1, { bytes: 100n }))
  journal.append(groupOf(2, { bytes: 20n }))
  await sequencer.round()
  clock.pass(2 * EPOCH_MS)
  const { ok: round } = await sequencer.round()
  const counted = { reads: 2, denied: 0, errors: 0, bytes: 120n, bytesDelivered: 120n }
  const total = { ...counted, bytesFetched: 0n, bytesVoided: 0n }
  const nothing = { ...total, reads: 0, bytes: 0n, bytesDelivered: 0n }
  const ledger = {
    counted: total as UsageCounts,
    query({ firstEpoch }: LedgerQuery) {
      const of = firstEpoch === HOUR ? this.counted : nothing
      return { total: of, rows: [], rowsLeftOff: 0, epochs: undefined, cidsFromEpoch: 0 }
    },
  }
  const view = ledger as unknown as LedgerView
  const compare = (state: LogState) =>
    compareWithLog({ store, hasher: testHasher, ledger: view }, state, SPAN)
  return { store, ledger, state: round!.state, compare }
}

test('a ledger that has what the SEAL sums up agrees with the log', async () => {
  const { compare, state } = await openRig()
  assert.deepEqual(await compare(state), { epochs: 1, differences: [] })
})

test('a ledger with a byte more, or rows that were not sealed, are found', async () => {
  const { compare, state, ledger, store } = await openRig()
  ledger.counted = { ...ledger.counted, bytes: 121n }
  assert.deepEqual((await compare(state)).differences, [
    { epoch: HOUR, quantity: 'bytes', log: 120n, ledger: 121n },
  ])
  const rows = store.get(rowsPath(HOUR))!
  rows[rows.length - 1]! ^= 1
  await store.put([{ path: rowsPath(HOUR), bytes: rows }])
  assert.equal((await compare(state)).differences[0]!.quantity, 'rows')
  await store.drop([rowsPath(HOUR)])
  assert.equal((await compare(state)).differences[0]!.quantity, 'rows')
})
