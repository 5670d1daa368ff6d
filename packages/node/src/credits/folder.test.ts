import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Sequencer } from '@turnpike/accounting/sequencer'
import { groupOf, testHasher, testRandom } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { accountingPaths, openAccounting } from '../accounting/open.ts'
import { openBilling } from '../billing/database.ts'
import { folderPaths } from '../folder/layout.ts'
import { FileLogStore } from '../log/log-store.ts'
import { openLogSigner } from '../log/signer.ts'
import { adoptPolicy, seedCredits } from './events.ts'
import { decided, termsOf } from './testing/credits.ts'

const ORIGIN = 'gateway.example/log'
const PROVIDER = 'did:key:a'
const HOUR = epochOf(Date.now()) - 2

/** A folder whose log has a read of 100 bytes in a sealed hour. */
async function folderWithRead(dataDir: string): Promise<void> {
  const store = await FileLogStore.open(accountingPaths(dataDir).log)
  const clock = new TestClock(HOUR * EPOCH_MS + EPOCH_MS / 2)
  const journal = new MemoryJournal('0')
  const signer = await openLogSigner(folderPaths(dataDir).keys, ORIGIN)
  const deps = { store, clock, signer, random: testRandom(), hasher: testHasher }
  const sequencer = new Sequencer({ ...deps, journals: () => [journal] })
  journal.append(groupOf(1, { provider: PROVIDER, bytes: 100n }))
  for (let round = 0; round < 2; round++) {
    const { error } = await sequencer.round()
    if (error !== undefined) throw error
    clock.pass(EPOCH_MS)
  }
  store.close()
}

test('an hour that is final is paid, on the books and in its file', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnpike-credits-'))
  t.after(() => rm(dataDir, { recursive: true }))
  await folderWithRead(dataDir)
  const billing = openBilling(accountingPaths(dataDir).billing).ok!
  seedCredits(billing, 1000n, decided('seed', HOUR))
  adoptPolicy(billing, termsOf(), decided('policy', HOUR - 1))
  billing.close()
  const opened = await openAccounting({ dataDir, origin: ORIGIN, slotsInUse: [] })
  if (opened.error !== undefined) throw opened.error
  const { jobs, operations } = opened.ok
  const { signal } = new AbortController()
  for (let run = 0; run < 2; run++) await jobs.find(({ name }) => name === 'epochs')!.run(signal)
  const call = { signal, progress() {} }
  const balance = await operations['creditBalance']!({ provider: PROVIDER }, call)
  assert.equal((balance.ok as { worth: string }).worth, '0.0001', String(balance.error))
  await opened.ok.close()
  const final = await readFile(join(dataDir, 'receipts', 'read', `${HOUR}.final`), 'utf8')
  assert.match(final, /"poolBefore":"1000","budget":"1000","issued":"100","poolAfter":"900"/)
})
