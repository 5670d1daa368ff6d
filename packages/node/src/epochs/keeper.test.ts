import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EpochKeeper, type KeeperDeps, type KeeperStep } from '@turnpike/accounting/epochs/keeper'
import { logIdOf } from '@turnpike/accounting/epochs/statements'
import { testHasher } from '@turnpike/accounting/testing/entries'
import { TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import {
  ANCHOR_INTENT_BYTES_MAX,
  ANCHOR_INTENTS_STEP_MAX,
  ANCHOR_OPEN_MAX,
  EPOCH_FILES_CHECK_MS,
  EPOCHS_STEP_MAX,
} from '@turnpike/core/limits/receipts'
import { rowsPath } from '@turnpike/core/log/summary'
import { AnchorConflict, AnchorUnavailable, type Anchor } from '@turnpike/core/ports/anchor'
import type { AnchorStanding } from '@turnpike/core/ports/anchor'
import { fail, ok } from '@turnpike/core/result'
import { localAnchor } from '../anchors/local.ts'
import { openBilling } from '../billing/database.ts'
import { SqliteEpochStore } from './store.ts'
import { MemoryEpochFiles } from './testing/memory-files.ts'
import { FIRST_EPOCH, quickSigner, quickVerifier, sealedLog } from './testing/sealed-log.ts'
import type { SealedLog } from './testing/sealed-log.ts'

const hours = (count: number): number[] => Array.from({ length: count }, (_, hour) => hour)
const LOG = await sealedLog(hours(3))

/** An anchor that does as it is told, and remembers what it was sent. */
class ToldAnchor implements Anchor {
  readonly name: string
  epochsMax: number = 1
  readonly sent: string[] = []
  fault: AnchorUnavailable | AnchorConflict | undefined
  standingOf: (epoch: number) => AnchorStanding = () => ({ kind: 'final', proof: { kind: 'told' } })
  intentBytes: number = 1

  constructor(name: string) {
    this.name = name
  }

  async prepare(epochs: Parameters<Anchor['prepare']>[0]): ReturnType<Anchor['prepare']> {
    if (this.fault) return fail(this.fault)
    const bytes = new Uint8Array(this.intentBytes)
    return ok({ epochs: epochs.map(({ epoch }) => epoch), bytes })
  }

  async submit({ epochs }: Parameters<Anchor['submit']>[0]): ReturnType<Anchor['submit']> {
    if (this.fault) return fail(this.fault)
    this.sent.push(epochs.map((epoch) => epoch - FIRST_EPOCH).join('+'))
    return ok({})
  }

  async standing({ epochs }: Parameters<Anchor['standing']>[0]): ReturnType<Anchor['standing']> {
    return this.fault ? fail(this.fault) : ok(this.standingOf(epochs.at(-1)! - FIRST_EPOCH))
  }
}

function worldOf(anchors: readonly Anchor[], deps: Partial<KeeperDeps> = {}, log = LOG) {
  const billing = openBilling(':memory:').ok!
  const store = new SqliteEpochStore(billing, {
    origin: quickSigner.name,
    logId: logIdOf(quickSigner, testHasher),
    anchors: anchors.map(({ name }) => name),
  })
  const files = new MemoryEpochFiles()
  const clock = new TestClock((FIRST_EPOCH + 50) * EPOCH_MS)
  const keeper = new EpochKeeper({
    store,
    files,
    log: log.store,
    anchors,
    every: 'hour',
    credits: { issue: ({ statement }) => ({ epoch: statement.epoch }) },
    signer: quickSigner,
    verifier: quickVerifier,
    hasher: testHasher,
    clock,
    ...deps,
  })
  const step = async (sealed = log.states.length - 1): Promise<KeeperStep> => {
    const { ok: done, error } = await keeper.step(log.states[sealed]!)
    if (error !== undefined) throw error
    return done
  }
  const states = (): string =>
    store
      .list(0, 2000)
      .map(({ state }) => state[0])
      .join('')
  return { store, files, clock, keeper, step, states }
}

test('an epoch that is not sealed is not batched; all that are come at once', async () => {
  const { step, store, states } = worldOf([localAnchor])
  assert.deepEqual(await step(0), { batched: 0, final: 0, unavailable: [], more: false })
  assert.equal((await step(1)).final, 1)
  const rest = await step()
  assert.deepEqual([rest.batched, rest.final, states()], [2, 2, 'fff'])
  const [first, second] = store.list(0, 2).map(({ statement }) => statement)
  assert.deepEqual([first!.previousEpoch, second!.previousEpoch], [null, FIRST_EPOCH])
  assert.deepEqual(second!.previousRoot, first!.root)
})

test('epochs go to an anchor in order, as many at once as it takes', async () => {
  const anchor = new ToldAnchor('told')
  anchor.epochsMax = 2
  const { step, states } = worldOf([anchor])
  await step()
  assert.deepEqual([anchor.sent, states()], [['0+1', '2'], 'fff'])
})

test('no epoch is sent before those before it are there', async () => {
  const anchor = new ToldAnchor('told')
  anchor.standingOf = () => ({ kind: 'waiting' })
  const { step, states } = worldOf([anchor])
  await step()
  await step()
  assert.deepEqual([anchor.sent, states()], [['0', '0'], 'bbb'])
  anchor.standingOf = () => ({ kind: 'anchored', proof: { kind: 'told' } })
  await step()
  assert.deepEqual([anchor.sent, states()], [['0', '0', '1', '2'], 'aaa'])
})

test('what is undone is batched again, with all after it, and sent anew in order', async () => {
  const anchor = new ToldAnchor('told')
  const anchored: AnchorStanding = { kind: 'anchored', proof: { kind: 'told' } }
  anchor.standingOf = () => anchored
  const { step, states, files } = worldOf([anchor])
  await step()
  assert.equal(states(), 'aaa')
  anchor.sent.length = 0
  anchor.standingOf = (epoch) => (epoch === 1 ? { kind: 'lost', reason: 'undone' } : anchored)
  await step()
  assert.deepEqual([states(), anchor.sent], ['abb', ['1']])
  assert.match(files.text(`read/${FIRST_EPOCH + 2}.anchor`)!, /"state":"sent","proof":null/)
  anchor.standingOf = () => ({ kind: 'final', proof: { kind: 'told' } })
  await step()
  assert.equal(states(), 'fff')
})

test('an epoch is final when it is so by all anchors', async () => {
  const slow = new ToldAnchor('slow')
  slow.standingOf = () => ({ kind: 'anchored', proof: { kind: 'told' } })
  const { step, states, files } = worldOf([localAnchor, slow])
  await step()
  assert.equal(states(), 'aaa')
  assert.equal(files.files.has(`read/${FIRST_EPOCH}.final`), false)
  slow.standingOf = () => ({ kind: 'final', proof: { kind: 'told', block: 7 } })
  await step()
  assert.equal(states(), 'fff')
  const { anchors, issuance } = JSON.parse(files.text(`read/${FIRST_EPOCH}.final`)!.split('\n')[0]!)
  assert.deepEqual(anchors, [
    { anchor: 'local', proof: { kind: 'local' } },
    { anchor: 'slow', proof: { kind: 'told', block: 7 } },
  ])
  assert.deepEqual(issuance, { epoch: FIRST_EPOCH })
})

test('an anchor that cannot be reached keeps no other from its turn', async () => {
  const away = new ToldAnchor('away')
  away.fault = new AnchorUnavailable('no answer')
  const near = new ToldAnchor('near')
  const { step, states } = worldOf([away, near])
  const { unavailable } = await step()
  assert.deepEqual(
    unavailable.map(({ anchor, fault }) => [anchor, fault.message]),
    [['away', 'no answer']],
  )
  assert.deepEqual([near.sent, states()], [['0', '1', '2'], 'bbb'])
  away.fault = undefined
  await step()
  assert.equal(states(), 'fff')
})

test('an anchor that answers only so often gets on all the same', async () => {
  const anchor = new ToldAnchor('told')
  anchor.standingOf = () => ({ kind: 'anchored', proof: { kind: 'told' } })
  const { step, states } = worldOf([anchor])
  await step()
  let answers = 0
  anchor.standing = async () =>
    answers-- > 0
      ? ok({ kind: 'final', proof: { kind: 'told' } })
      : fail(new AnchorUnavailable('too many requests'))
  for (const expected of ['faa', 'ffa', 'fff']) {
    answers = 1
    await step()
    assert.equal(states(), expected)
  }
})

test('a conflict is written down, and ends the step', async () => {
  const anchor = new ToldAnchor('told')
  anchor.fault = new AnchorConflict('it has another root')
  const { keeper, store, states } = worldOf([anchor, localAnchor])
  const { error } = await keeper.step(LOG.states.at(-1)!)
  assert.equal(error, anchor.fault)
  assert.equal(store.conflict()?.message, 'it has another root')
  assert.equal(states(), 'bbb')
})

test('after a start an anchor is asked once whether it agrees with the log', async () => {
  const asked: number[][] = []
  let fault: AnchorUnavailable | AnchorConflict | undefined = new AnchorUnavailable('no answer')
  const anchor: Anchor = {
    ...localAnchor,
    async check({ epoch }, size) {
      asked.push([epoch, size])
      return fault ? fail(fault) : ok({})
    },
  }
  const { keeper, step, states, store } = worldOf([anchor])
  await step(0)
  assert.deepEqual(asked, [], 'there is nothing yet to agree on')
  const { unavailable } = await worldOf([anchor]).step()
  assert.equal(unavailable.length, 1)
  fault = undefined
  const agreeing = worldOf([anchor])
  await agreeing.step(1)
  await agreeing.step()
  assert.deepEqual(asked, [
    [FIRST_EPOCH + 2, 11],
    [FIRST_EPOCH, 5],
  ])
  fault = new AnchorConflict('it is further on')
  assert.equal((await keeper.step(LOG.states.at(-1)!)).error, fault)
  assert.deepEqual([states(), store.conflict()?.message], ['bbb', 'it is further on'])
})

test('by the day, epochs are sent when their day is over', async () => {
  const log = await sealedLog([0, 1, 30])
  const anchor = new ToldAnchor('told')
  anchor.epochsMax = 10
  const clock = new TestClock((FIRST_EPOCH + 31) * EPOCH_MS)
  const { step } = worldOf([anchor], { every: 'day', clock }, log)
  await step()
  assert.deepEqual(anchor.sent, ['0+1'])
  clock.pass(24 * EPOCH_MS)
  await step()
  assert.deepEqual(anchor.sent, ['0+1', '30'])
})

test('files are looked through once a day, and mended', async () => {
  const { step, files, clock } = worldOf([localAnchor])
  await step()
  const path = `read/${FIRST_EPOCH + 1}.final`
  const before = files.text(path)
  files.files.delete(path)
  await step()
  assert.equal(files.files.has(path), false)
  clock.pass(EPOCH_FILES_CHECK_MS)
  await step()
  assert.equal(files.text(path), before)
})

test('after records of an older copy what was published for good stays as it is', async () => {
  const anchor = new ToldAnchor('told')
  const proof = (block: number): void => {
    anchor.standingOf = () => ({ kind: 'final', proof: { kind: 'told', block } })
  }
  proof(7)
  const { step, files } = worldOf([localAnchor, anchor])
  await step()
  const before = new Map(files.files)
  // By now its transaction is not found any more, and it has another place in the settings.
  proof(8)
  const older = worldOf([anchor], { files })
  await older.step()
  await older.step()
  assert.equal(older.states(), 'fff')
  for (const [path, bytes] of before)
    if (path.endsWith('.final')) assert.deepEqual(files.files.get(path), bytes)
  const [line] = files.text(`read/${FIRST_EPOCH}.anchor`)!.split('\n')
  assert.deepEqual(JSON.parse(line!).anchors, [
    { anchor: 'told', state: 'final', proof: { kind: 'told', block: 7 } },
    { anchor: 'local', state: 'final', proof: { kind: 'local' } },
  ])
})

test('rows that are not those of the SEAL are refused before anything is issued', async () => {
  const log = await sealedLog([0])
  const path = rowsPath(FIRST_EPOCH)
  const rows = log.store.files.get(path)!
  for (const wrong of [undefined, rows.subarray(1), rows.map((byte, i) => (i === 40 ? 1 : byte))]) {
    if (wrong === undefined) log.store.files.delete(path)
    else log.store.files.set(path, wrong)
    const { keeper, states } = worldOf([localAnchor], {}, log)
    const { error } = await keeper.step(log.states.at(-1)!)
    assert.deepEqual([error?.name, states()], ['LogCorrupt', 'a'])
  }
})

test('an intent of more than 64 KiB is not stored', async () => {
  const anchor = new ToldAnchor('told')
  anchor.intentBytes = ANCHOR_INTENT_BYTES_MAX + 1
  const { keeper, store } = worldOf([anchor])
  await assert.rejects(keeper.step(LOG.states.at(-1)!), RangeError)
  assert.deepEqual([store.intents('told'), anchor.sent], [[], []])
  anchor.intentBytes = ANCHOR_INTENT_BYTES_MAX
  await keeper.step(LOG.states.at(-1)!)
  assert.equal(anchor.sent.length, 3)
})

test('a step does so much and no more, and says that there is more', async () => {
  const log: SealedLog = await sealedLog(hours(EPOCHS_STEP_MAX + 4))
  const anchor = new ToldAnchor('told')
  anchor.standingOf = () => ({ kind: 'anchored', proof: { kind: 'told' } })
  const { step, states } = worldOf([anchor], {}, log)
  const first = await step()
  assert.deepEqual([first.batched, first.more], [EPOCHS_STEP_MAX, true])
  assert.equal(anchor.sent.length, ANCHOR_INTENTS_STEP_MAX)
  for (let sent = 0; sent < ANCHOR_OPEN_MAX; sent += ANCHOR_INTENTS_STEP_MAX) await step()
  assert.equal(anchor.sent.length, ANCHOR_OPEN_MAX, 'the rest waits for one that is final')
  anchor.standingOf = () => ({ kind: 'final', proof: { kind: 'told' } })
  const all = [await step(), await step()]
  assert.deepEqual(
    all.map(({ final, more }) => [final, more]),
    [
      [EPOCHS_STEP_MAX, true],
      [4, false],
    ],
  )
  assert.equal(states(), 'f'.repeat(EPOCHS_STEP_MAX + 4))
})

test('a keeper has an anchor', () => {
  assert.throws(() => worldOf([]), RangeError)
})
