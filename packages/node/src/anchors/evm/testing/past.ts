/**
 * A deployment whose log is of some days ago, for tests: its hours are over, and are sealed,
 * anchored and paid as fast as the chain goes on.
 * @module
 */
import { Sequencer } from '@turnpike/accounting/sequencer'
import { groupOf, testRandom } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { parseCreditPolicy } from '@turnpike/core/credits/parse-policy'
import type { NoteSigner } from '@turnpike/core/note/note'
import { accountingPaths, openAccounting, type OpenedAccounting } from '../../../accounting/open.ts'
import { openBilling } from '../../../billing/database.ts'
import { defaultSettings } from '../../../config/load.ts'
import { adoptPolicy, seedCredits } from '../../../credits/events.ts'
import type { CreditBalances } from '../../../credits/operations.ts'
import type { EpochsShown, EpochShown } from '../../../epochs/operations.ts'
import { nodeHasher } from '../../../hasher.ts'
import { FileLogStore } from '../../../log/log-store.ts'
import { need } from './deployed.ts'

/** First hour of the log: one that is silent for longer than a month has its clock confirmed. */
export const FIRST: number = epochOf(Date.now()) - 200
/** Hours of the log. */
export const HOURS = 3
const PROVIDER = 'did:web:gateway.example'
/** A credit for each GiB; in each hour one is read. */
const TERMS = {
  perGib: '1.00',
  epochBudget: '100.00',
  providers: { [PROVIDER]: {} },
  lostPerHour: '0',
  ttlHours: 10_000,
}

/** Writes the log, each hour with one read, of a GiB unless told. */
export async function writeLog(
  dataDir: string,
  signer: NoteSigner,
  bytes: bigint = 2n ** 30n,
): Promise<void> {
  const store = await FileLogStore.open(accountingPaths(dataDir).log)
  const journal = new MemoryJournal('past')
  const clock = new TestClock(FIRST * EPOCH_MS)
  const sequencer = new Sequencer({
    store,
    journals: () => [journal],
    clock,
    random: testRandom(),
    hasher: nodeHasher,
    signer,
  })
  for (let hour = 0; hour < HOURS; hour++) {
    journal.append(groupOf(hour, { bytes, provider: PROVIDER }))
    need(await sequencer.round())
    clock.pass(EPOCH_MS)
  }
  store.close()
}

/** What governance decided before the first of these hours: a policy, and a hundred credits. */
export function decideCredits(dataDir: string): void {
  const billing = need(openBilling(accountingPaths(dataDir).billing))
  const decision = { epoch: FIRST, note: '', nowEpoch: FIRST - 1, nowMs: 0 }
  need(adoptPolicy(billing, need(parseCreditPolicy(TERMS)), { ...decision, id: 'policy' }))
  need(seedCredits(billing, 100_000_000n, { ...decision, id: 'seed' }))
  billing.close()
}

/** Opens the deployment's accounting, with the anchor `evm` alone. */
export async function openAnchored(
  dataDir: string,
  { origin, rpc }: { readonly origin: string; readonly rpc: string },
): Promise<OpenedAccounting> {
  const settings = { ...defaultSettings(dataDir), anchors: ['evm'], evmRpc: rpc } as const
  return need(await openAccounting({ dataDir, origin, slotsInUse: [], settings }))
}

/** One turn of the job that leads hours on; each hour after it. */
export async function turn(accounting: OpenedAccounting): Promise<readonly EpochShown[]> {
  await accounting.jobs.find(({ name }) => name === 'epochs')!.run(new AbortController().signal)
  return (await ask<EpochsShown>(accounting, 'epochs', { from: FIRST })).epochs
}

/** Credits that were issued and are held. */
export async function creditsHeld(accounting: OpenedAccounting): Promise<string> {
  return (await ask<CreditBalances>(accounting, 'creditBalance', {})).held
}

async function ask<T>(
  { operations }: OpenedAccounting,
  operation: string,
  params: object,
): Promise<T> {
  const caller = { signal: new AbortController().signal, progress: () => {} }
  return need(await operations[operation]!(params, caller)) as T
}
