/**
 * A folder whose log was written some days ago, opened by accounting, for tests.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Sequencer } from '@turnpike/accounting/sequencer'
import { testRandom } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { accountingPaths, openAccounting, type OpenedAccounting } from '../../accounting/open.ts'
import { folderPaths } from '../../folder/layout.ts'
import { nodeHasher } from '../../hasher.ts'
import { FileLogStore } from '../../log/log-store.ts'
import { openLogSigner } from '../../log/signer.ts'

const ORIGIN = 'gateway.example/log'

/** Its first epoch: a log that is silent for longer has its clock confirmed. */
export const FIRST: number = epochOf(Date.now()) - 200

/** Accounting over a new log; each epoch has these groups of entries. */
export async function openPastLog(
  t: TestContext,
  epochs: readonly (readonly Uint8Array[])[][],
): Promise<OpenedAccounting> {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnpike-analytics-'))
  const store = await FileLogStore.open(accountingPaths(dataDir).log)
  const journal = new MemoryJournal('past')
  const clock = new TestClock(FIRST * EPOCH_MS)
  const signer = await openLogSigner(folderPaths(dataDir).keys, ORIGIN)
  const ports = { clock, random: testRandom(), hasher: nodeHasher, signer }
  const sequencer = new Sequencer({ store, journals: () => [journal], ...ports })
  for (const groups of epochs) {
    for (const group of groups) journal.append(group)
    assert.equal((await sequencer.round()).error, undefined)
    clock.pass(EPOCH_MS)
  }
  store.close()
  const { ok, error } = await openAccounting({ dataDir, origin: ORIGIN, slotsInUse: [] })
  assert.equal(error, undefined)
  t.after(async () => {
    await ok!.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  return ok!
}

/** Runs jobs once, one after the other. */
export async function runJobs({ jobs }: OpenedAccounting, ...names: string[]): Promise<void> {
  for (const name of names)
    await jobs.find((job) => job.name === name)!.run(new AbortController().signal)
}
