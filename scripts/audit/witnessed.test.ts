/**
 * A gateway, a witness and a monitor, each on sockets of its own: one history, and then two.
 * @module
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EPOCH_MS, epochOf } from '../../packages/core/src/billing/epoch.ts'
import { Sequencer } from '../../packages/accounting/src/sequencer.ts'
import { groupOf, testRandom } from '../../packages/accounting/src/testing/entries.ts'
import { MemoryJournal, TestClock } from '../../packages/accounting/src/testing/memory.ts'
import { checkMisbehaviour } from '../../packages/audit/src/check-misbehaviour.ts'
import { openMonitor, type MonitorOptions } from '../../packages/audit/src/monitor/monitor.ts'
import { nodeCrypto } from '../../packages/audit/src/node-crypto.ts'
import { openWitness } from '../../packages/audit/src/witness/folder.ts'
import { startWitness, type RunningWitness } from '../../packages/audit/src/witness/server.ts'
import { accountingPaths } from '../../packages/node/src/accounting/open.ts'
import { callOwner } from '../../packages/node/src/control/client.ts'
import type { EpochsShown } from '../../packages/node/src/epochs/operations.ts'
import { folderPaths } from '../../packages/node/src/folder/layout.ts'
import { nodeHasher } from '../../packages/node/src/hasher.ts'
import { FileLogStore } from '../../packages/node/src/log/log-store.ts'
import { openLogSigner } from '../../packages/node/src/log/signer.ts'
import { startDeployment, type Deployment } from '../../packages/node/src/testing/deployment.ts'
import { formatKey } from '../../packages/core/src/note/key.ts'
import { turnpike } from '../campaigns/rig/turnpike.ts'

/** Some days ago: a log that is silent for longer has its clock confirmed. */
const FIRST = epochOf(Date.now()) - 200
const ORIGIN = 'gateway.example/log'

/** Writes a log of hours of the past; those of another `history` hold other reads. */
async function writeLog(data: string, hours: number, history = 0): Promise<string> {
  const store = await FileLogStore.open(accountingPaths(data).log)
  const signer = await openLogSigner(folderPaths(data).keys, ORIGIN)
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
  for (let hour = 0; hour <= hours; hour++) {
    journal.append(groupOf(1000 * history + hour))
    assert.equal((await sequencer.round()).error, undefined)
    clock.pass(EPOCH_MS)
  }
  store.close()
  return formatKey({ ...signer, kind: 'ed25519' }, nodeHasher)
}

async function witnessFor(t: TestContext, scratch: string, key: string): Promise<RunningWitness> {
  const directory = join(scratch, 'witness')
  const options = { directory, name: 'witness.example/w1', logs: [key], nowMs: Date.now }
  const witness = await startWitness(await openWitness(options), { host: '127.0.0.1', port: 0 })
  t.after(() => witness.close())
  return witness
}

async function gatewayOf(
  t: TestContext,
  data: string,
  { key, url }: RunningWitness,
): Promise<Deployment> {
  const deployment = await startDeployment(data, {
    anchors: ['witness'],
    witnesses: [{ vkey: key, url }],
    allowPrivateOrigins: true,
    frontDoor: false,
  })
  t.after(() => deployment.stop())
  return deployment
}

/** Until a gateway's epochs are as they should be, or its accounting fails in some way. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 100; tries++) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(100)
  }
  return assert.fail('nothing came of it in 10 s')
}

async function statesOf(data: string): Promise<readonly string[]> {
  const shown = (await callOwner(data, 'epochs', { from: FIRST })).ok as EpochsShown | undefined
  return shown?.epochs.map(({ state }) => state) ?? []
}

test('hours are final when a witness cosigned them; a fork is refused, and found', async (t) => {
  const scratch = await mkdtemp(join(tmpdir(), 'turnpike-witnessed-'))
  const data = join(scratch, 'data')
  const key = await writeLog(data, 3)
  const witness = await witnessFor(t, scratch, key)
  const gateway = await gatewayOf(t, data, witness)
  // Last, for what runs in it must have ended.
  t.after(() => rm(scratch, { recursive: true }))
  await eventually(async () => {
    const states = await statesOf(data)
    return states.length >= 3 && states.every((state) => state === 'final') ? states : undefined
  })
  const state = join(scratch, 'monitor.json')
  const named = `${witness.key}=${witness.url}`
  const watch: Omit<MonitorOptions, 'url'> = {
    statePath: state,
    vkey: key,
    witnesses: [named],
    quorum: undefined,
    contract: undefined,
    rpcs: [],
    signal: new AbortController().signal,
  }
  const words = ['--vkey', key, '--state', state, '--witness', named, '--json']
  const good = await turnpike('receipts', 'monitor', gateway.url, ...words)
  assert.equal(good.code, 0, good.stdout + good.stderr)
  const { epochs, unheard } = JSON.parse(good.stdout.trim().split('\n').at(-1)!)
  assert.deepEqual(unheard, [])
  assert.ok(epochs.length >= 3)
  for (const epoch of epochs) assert.deepEqual([epoch.state, epoch.anchors], ['final', ['witness']])
  await gateway.stop()

  // The same key signs another history, of more hours.
  const other = join(scratch, 'other')
  await cp(folderPaths(data).keys, folderPaths(other).keys, { recursive: true })
  assert.equal(await writeLog(other, 5, 1), key)
  const forked = await gatewayOf(t, other, witness)
  await eventually(async () => {
    const { error } = await callOwner(other, 'usage', {})
    return error !== undefined && /witnesses have seen another log/.test(error.message)
      ? error
      : undefined
  })
  const found = await (await openMonitor({ ...watch, url: forked.url })).look()
  assert.ok(found.findings.some(({ rule }) => rule === 'fork'))
  const proof = await readFile(found.proofs[0]!, 'utf8')
  assert.ok(checkMisbehaviour(proof, nodeCrypto).holds)
  forked.crashes.splice(0)
  await forked.stop()
})
