import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Sequencer } from '@turnpike/accounting/sequencer'
import { groupOf, testRandom } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { parseAnchorFile } from '@turnpike/core/epochs/anchor-file'
import { parseFinalFile } from '@turnpike/core/epochs/final-file'
import { parseRootFile, rootFile } from '@turnpike/core/epochs/root-file'
import { parseKey } from '@turnpike/core/note/key'
import { EPOCH_ROOTS_LOOKED_MAX } from '@turnpike/core/limits/receipts'
import { verifyNote, type SignedNote } from '@turnpike/core/note/note'
import { accountingPaths, openAccounting, type OpenedAccounting } from '../accounting/open.ts'
import { openBilling } from '../billing/database.ts'
import { seedCredits } from '../credits/events.ts'
import { folderPaths } from '../folder/layout.ts'
import { nodeHasher } from '../hasher.ts'
import { FileLogStore } from '../log/log-store.ts'
import { openLogSigner } from '../log/signer.ts'
import { nodeVerifier } from '../names/verifier.ts'
import type { EpochsShown } from './operations.ts'

/** Some days ago: a log that is silent for longer has its clock confirmed. */
const FIRST = epochOf(Date.now()) - 200
const ORIGIN = 'gateway.example/log'

/** A folder whose log was written in the past: epochs that ended, the newest without its SEAL. */
async function folderWith(t: TestContext, epochs: number): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnpike-epochs-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  await write(dataDir, FIRST, epochs)
  return dataDir
}

async function write(dataDir: string, from: number, epochs: number): Promise<void> {
  const store = await FileLogStore.open(accountingPaths(dataDir).log)
  const journal = new MemoryJournal(`from ${from}`)
  const clock = new TestClock(from * EPOCH_MS)
  const sequencer = new Sequencer({
    store,
    journals: () => [journal],
    clock,
    random: testRandom(),
    hasher: nodeHasher,
    signer: await openLogSigner(folderPaths(dataDir).keys, ORIGIN),
  })
  for (let i = 0; i < epochs; i++) {
    journal.append(groupOf(from + i))
    const { error } = await sequencer.round()
    assert.equal(error, undefined)
    clock.pass(EPOCH_MS)
  }
  store.close()
}

async function opened(dataDir: string): Promise<OpenedAccounting> {
  const { ok, error } = await openAccounting({ dataDir, origin: ORIGIN, slotsInUse: [] })
  assert.equal(error, undefined)
  return ok!
}

function runEpochs({ jobs }: OpenedAccounting): Promise<void> {
  return jobs.find(({ name }) => name === 'epochs')!.run(new AbortController().signal)
}

async function shown(accounting: OpenedAccounting, params = {}): Promise<EpochsShown> {
  const caller = { signal: new AbortController().signal, progress: () => {} }
  const { ok, error } = await accounting.operations['epochs']!(params, caller)
  assert.equal(error, undefined)
  return ok as EpochsShown
}

/** Opens a folder, lets epochs come to an end, and closes it. */
async function runOnce(dataDir: string): Promise<EpochsShown> {
  const accounting = await opened(dataDir)
  try {
    await runEpochs(accounting)
    return await shown(accounting, { from: 0 })
  } finally {
    await accounting.close()
  }
}

async function failure(dataDir: string): Promise<{ reason: string; message: string }> {
  const accounting = await opened(dataDir)
  const { error } = await accounting.catchUp()
  assert.ok(error, 'no round')
  await assert.rejects(runEpochs(accounting))
  await accounting.close()
  return error
}

const receipt = (dataDir: string, path: string): string => join(dataDir, 'receipts', path)

test('by itself a deployment leads its epochs to final, by its local anchor', async (t) => {
  const dataDir = await folderWith(t, 3)
  const { epochs, counts, finalThrough, open } = await runOnce(dataDir)
  assert.deepEqual(counts, { batched: 0, anchored: 0, final: 3 })
  assert.deepEqual([finalThrough, open], [FIRST + 2, null])
  const anchors = [{ anchor: 'local', state: 'final', proof: { kind: 'local' } }]
  for (const [i, epoch] of epochs.entries()) {
    assert.deepEqual([epoch.epoch, epoch.state, epoch.anchors], [FIRST + i, 'final', anchors])
  }
  const vkey = (await readFile(receipt(dataDir, 'log.vkey'), 'utf8')).trimEnd()
  const key = parseKey(vkey, nodeHasher)!
  assert.equal(key.name, ORIGIN)
  const signed = async (note: SignedNote): Promise<boolean> =>
    (await verifyNote(note, key, { hasher: nodeHasher, verifier: nodeVerifier })).error ===
    undefined
  for (const { epoch, end } of epochs) {
    const root = parseRootFile(await readFile(receipt(dataDir, `read/${epoch}.root`))).ok!
    const anchor = parseAnchorFile(await readFile(receipt(dataDir, `read/${epoch}.anchor`))).ok!
    const final = parseFinalFile(await readFile(receipt(dataDir, `read/${epoch}.final`))).ok!
    assert.equal(root.value.end, end)
    assert.deepEqual(anchor.value.anchors, anchors)
    assert.deepEqual(final.value.anchors, [{ anchor: 'local', proof: { kind: 'local' } }])
    assert.equal(final.value.issuance['epoch'], epoch)
    for (const { note } of [root, anchor, final]) assert.ok(await signed(note))
  }
})

test('files that are gone or damaged are written again, as they were', async (t) => {
  const dataDir = await folderWith(t, 2)
  await runOnce(dataDir)
  const paths = ['root', 'anchor', 'final'].map((end) => receipt(dataDir, `read/${FIRST}.${end}`))
  paths.push(receipt(dataDir, `read/${FIRST + 1}.root`), receipt(dataDir, 'log.vkey'))
  const before = await Promise.all(paths.map((path) => readFile(path)))
  for (const [i, path] of paths.entries())
    await (i % 2 === 0 ? rm(path) : writeFile(path, before[i]!.subarray(1)))
  await runOnce(dataDir)
  const after = await Promise.all(paths.map((path) => readFile(path)))
  assert.deepEqual(after, before)
})

test('a log behind what was signed of its epochs is refused', async (t) => {
  const dataDir = await folderWith(t, 2)
  const older = `${dataDir}-older`
  t.after(() => rm(older, { recursive: true, force: true }))
  await cp(dataDir, older, { recursive: true })
  await write(dataDir, FIRST + 100, 2)
  for (const folder of [dataDir, older]) await runOnce(folder)

  // The log alone is older, then log and records: the files still know.
  await rm(join(dataDir, 'ledger.sqlite'), { force: true })
  const { log, billing } = accountingPaths(dataDir)
  await rm(log, { recursive: true })
  await cp(accountingPaths(older).log, log, { recursive: true })
  const byRecords = await failure(dataDir)
  assert.equal(byRecords.reason, 'LogCorrupt')
  const newest = FIRST + 101
  assert.ok(byRecords.message.includes(`billing.sqlite, epoch ${newest}: expected a log of >= 8`))
  await cp(accountingPaths(older).billing, billing)
  const byFiles = await failure(dataDir)
  assert.equal(byFiles.reason, 'LogCorrupt')
  assert.ok(byFiles.message.includes(`receipts/read/${newest}.root, epoch ${newest}`))

  // Files that nobody signed hide none of those before them, up to a bound.
  const strange = (i: number): Promise<void> =>
    writeFile(receipt(dataDir, `read/${newest + i}.root`), 'x')
  for (let i = 1; i < EPOCH_ROOTS_LOOKED_MAX; i++) await strange(i)
  assert.equal((await failure(dataDir)).message, byFiles.message)
  await strange(EPOCH_ROOTS_LOOKED_MAX)
  const accounting = await opened(dataDir)
  assert.equal((await accounting.catchUp()).error, undefined)
  await accounting.close()
})

test('another log than the one that was signed is refused', async (t) => {
  const dataDir = await folderWith(t, 1)
  await runOnce(dataDir)
  const path = receipt(dataDir, `read/${FIRST}.root`)
  const { value } = parseRootFile(await readFile(path)).ok!
  const signer = await openLogSigner(folderPaths(dataDir).keys, ORIGIN)
  const sealLeaf = new Uint8Array(32)
  await writeFile(path, await rootFile({ ...value, sealLeaf }, signer, nodeHasher))
  const accounting = await opened(dataDir)
  await assert.rejects(runEpochs(accounting), {
    name: 'LogCorrupt',
    file: `receipts/read/${FIRST}.root`,
  })
  await accounting.close()
  await writeFile(path, await rootFile({ ...value, root: sealLeaf }, signer, nodeHasher))
  assert.match((await failure(dataDir)).message, /expected its root to be the log's at 2/)
})

test('credits that were published are never issued otherwise', async (t) => {
  const dataDir = await folderWith(t, 1)
  await runOnce(dataDir)
  // The records are gone, and with them a seed that would make the issuance another.
  await rm(accountingPaths(dataDir).billing)
  const billing = openBilling(accountingPaths(dataDir).billing).ok!
  const decision = { id: 'late', epoch: FIRST, note: '', nowEpoch: FIRST, nowMs: 0 }
  assert.ok(seedCredits(billing, 5n, decision).ok)
  billing.close()
  const accounting = await opened(dataDir)
  await assert.rejects(runEpochs(accounting), {
    name: 'LogCorrupt',
    file: `receipts/read/${FIRST}.final`,
  })
  assert.deepEqual((await shown(accounting)).counts, { batched: 0, anchored: 1, final: 0 })
  await accounting.close()
})

test('while an anchor contradicts the log nothing goes on, until somebody says so', async (t) => {
  const dataDir = await folderWith(t, 1)
  await runOnce(dataDir)
  const billing = openBilling(accountingPaths(dataDir).billing).ok!
  billing.exec(`INSERT INTO anchor_conflicts VALUES (1, 'evm', 'another root', 5)`)
  billing.close()
  const { reason, message } = await failure(dataDir)
  assert.deepEqual([reason, message], ['AnchorConflict', 'evm: another root'])
  const accounting = await opened(dataDir)
  const since = '1970-01-01T00:00:00.005Z'
  assert.deepEqual((await shown(accounting)).conflict, {
    anchor: 'evm',
    message: 'another root',
    since,
  })
  const caller = { signal: new AbortController().signal, progress: () => {} }
  const { ok: forgotten } = await accounting.operations['anchorConflictForget']!({}, caller)
  assert.deepEqual(forgotten, { forgotten: 'another root' })
  assert.equal((await accounting.catchUp()).error, undefined)
  await runEpochs(accounting)
  await accounting.close()
})
