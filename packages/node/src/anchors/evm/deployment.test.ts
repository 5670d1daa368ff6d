/** A deployment whose log is anchored on a real node, from the reads to the credits. @module */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Sequencer } from '@turnpike/accounting/sequencer'
import { groupOf, testRandom } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { parseCreditPolicy } from '@turnpike/core/credits/parse-policy'
import { parseFinalFile } from '@turnpike/core/epochs/final-file'
import { parseRootFile } from '@turnpike/core/epochs/root-file'
import type { NoteSigner } from '@turnpike/core/note/note'
import { hexToBytes } from 'viem'
import { parseEpochRoot } from '../../../../audit/src/epoch-file.ts'
import { checkAnchored, isClaimed } from '../../../../audit/src/evm-chain.ts'
import { askChain } from '../../../../audit/src/monitor/chain.ts'
import { nodeCrypto } from '../../../../audit/src/node-crypto.ts'
import { accountingPaths, openAccounting, type OpenedAccounting } from '../../accounting/open.ts'
import { openBilling } from '../../billing/database.ts'
import { defaultSettings } from '../../config/load.ts'
import { adoptPolicy, seedCredits } from '../../credits/events.ts'
import type { CreditBalances } from '../../credits/operations.ts'
import type { EpochsShown } from '../../epochs/operations.ts'
import { nodeHasher } from '../../hasher.ts'
import { FileLogStore } from '../../log/log-store.ts'
import { FINAL_AFTER, mine, noAnvil, reorganise } from './testing/anvil.ts'
import { deployed, need } from './testing/deployed.ts'

/** Some days ago: a log that is silent for longer has its clock confirmed. */
const FIRST = epochOf(Date.now()) - 200
const HOURS = 3
const skip = noAnvil
const PROVIDER = 'did:web:gateway.example'
/** A credit for each GiB; in each hour one is read. */
const TERMS = {
  perGib: '1.00',
  epochBudget: '100.00',
  providers: { [PROVIDER]: {} },
  lostPerHour: '0',
  ttlHours: 10_000,
}

/** A log of some days ago, each hour with one read, of a GiB unless told. */
async function writeLog(
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

/** What governance decided before the first of these hours. */
function decide(dataDir: string): void {
  const billing = need(openBilling(accountingPaths(dataDir).billing))
  const decision = { epoch: FIRST, note: '', nowEpoch: FIRST - 1, nowMs: 0 }
  need(adoptPolicy(billing, need(parseCreditPolicy(TERMS)), { ...decision, id: 'policy' }))
  need(seedCredits(billing, 100_000_000n, { ...decision, id: 'seed' }))
  billing.close()
}

async function ask<T>(
  { operations }: OpenedAccounting,
  operation: string,
  params: object = {},
): Promise<T> {
  const caller = { signal: new AbortController().signal, progress: () => {} }
  return need(await operations[operation]!(params, caller)) as T
}

/** One turn of the job; each hour's state after it. */
async function turn(accounting: OpenedAccounting): Promise<readonly string[]> {
  await accounting.jobs.find(({ name }) => name === 'epochs')!.run(new AbortController().signal)
  const { epochs } = await ask<EpochsShown>(accounting, 'epochs', { from: FIRST })
  return epochs.map(({ state, anchors }) => `${state}, ${anchors[0]!.state}`)
}

async function issued(accounting: OpenedAccounting): Promise<string> {
  return (await ask<CreditBalances>(accounting, 'creditBalance')).held
}

const all = (state: string): readonly string[] => Array.from({ length: HOURS }, () => state)

test('anchored, reorganised away, anchored again, final: paid once', { skip }, async (t) => {
  const opened: OpenedAccounting[] = []
  // Before the folder goes, which `deployed` sees to.
  t.after(() => opened.at(-1)?.close())
  const { anvil, dataDir, signer, contract, registration } = await deployed(t)
  await writeLog(dataDir, signer)
  decide(dataDir)
  const settings = { ...defaultSettings(dataDir), anchors: ['evm'], evmRpc: anvil.rpc } as const
  const origin = signer.name
  const open = async (): Promise<OpenedAccounting> => {
    await opened.at(-1)?.close()
    opened.push(need(await openAccounting({ dataDir, origin, slotsInUse: [], settings })))
    return opened.at(-1)!
  }
  let accounting = await open()

  assert.deepEqual(await turn(accounting), all('batched, sent'))
  await mine(anvil)
  assert.deepEqual(await turn(accounting), all('anchored, anchored'))
  await reorganise(anvil, 1)
  assert.deepEqual(await turn(accounting), all('batched, sent'))
  accounting = await open()
  assert.deepEqual(await turn(accounting), all('batched, sent'))
  await mine(anvil)
  assert.deepEqual(await turn(accounting), all('anchored, anchored'))
  assert.equal(await issued(accounting), '0.00')
  const final = join(dataDir, `receipts/read/${FIRST}.final`)
  assert.ok(!existsSync(final))
  await mine(anvil, FINAL_AFTER + 1)
  for (let again = 0; again < 3; again++) {
    assert.deepEqual(await turn(accounting), all('final, final'))
    assert.equal(await issued(accounting), `${HOURS}.00`)
    accounting = await open()
  }

  const { anchors } = parseFinalFile(await readFile(final)).ok!.value
  const proof = anchors[0]!.proof as unknown as Parameters<typeof isClaimed>[0]
  assert.ok(isClaimed(proof, signer.publicKey, nodeCrypto))
  const { value } = parseRootFile(await readFile(final.replace('.final', '.root'))).ok!
  const log = { logId: hexToBytes(registration.logId), registrant: proof.registrant }
  const [standing] = await checkAnchored({ rpcs: [anvil.rpc], contract }, log, [value])
  assert.equal(standing?.kind, 'final', 'an auditor reads the same from the chain')

  const key = { name: signer.name, kind: 'log', publicKey: signer.publicKey } as const
  const says = async (more: object, trust = { rpcs: [anvil.rpc], contract }): Promise<string> => {
    const asked = askChain(trust, { key, crypto: nodeCrypto })
    const root = parseEpochRoot(await readFile(final.replace('.final', '.root')))
    const said = await asked({ ...root, ...more }, { ...proof, ...more })
    return said.kind
  }
  assert.equal(await says({}), 'final', 'so does a monitor')
  for (const more of [
    { epoch: FIRST + 99 },
    { end: value.end + 1 },
    { contract: `0x${'00'.repeat(20)}` },
    { registrant: contract },
    { claim: 'AA==' },
    { claim: 1 },
  ])
    assert.equal(await says(more), 'wrong', JSON.stringify(more))
  assert.equal(await says({ chainId: 5 }), 'wrong', 'the claim is of one chain')
  assert.equal(await says({}, { rpcs: ['http://127.0.0.1:9'], contract }), 'unknown')
})

test('a copy of a folder that went on otherwise is stopped by the chain', { skip }, async (t) => {
  const opened: OpenedAccounting[] = []
  t.after(() => Promise.all(opened.map((one) => one.close())))
  const { anvil, dataDir, signer } = await deployed(t)
  const copy = join(dataDir, 'copy')
  for (const part of ['keys', 'anchors'])
    await cp(join(dataDir, part), join(copy, part), { recursive: true })
  for (const [folder, bytes] of [
    [dataDir, 1000n],
    [copy, 999n],
  ] as const) {
    await writeLog(folder, signer, bytes)
    const settings = { ...defaultSettings(folder), anchors: ['evm'], evmRpc: anvil.rpc } as const
    const options = { dataDir: folder, origin: signer.name, slotsInUse: [], settings }
    opened.push(need(await openAccounting(options)))
  }
  const [right, wrong] = opened
  assert.deepEqual(await turn(right!), all('batched, sent'))
  await mine(anvil)
  assert.deepEqual(await turn(right!), all('anchored, anchored'))
  await assert.rejects(turn(wrong!), /AnchorConflict|anchored with another root/)
  assert.equal((await wrong!.catchUp()).error?.reason, 'AnchorConflict', 'it stands still')
  assert.equal((await right!.catchUp()).error, undefined)
})
