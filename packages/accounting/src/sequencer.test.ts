import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { LOG_IDLE_MS_MAX, LOG_JOURNALS_MAX, LOG_ROUND_BYTES_MAX } from '@turnpike/core/limits/log'
import { encodeFetch, encodeSeal, encodeVoid } from '@turnpike/core/log/encode'
import type { NoteKey } from '@turnpike/core/note/key'
import { parseNote, verifyNote } from '@turnpike/core/note/note'
import type { PublicKey } from '@turnpike/core/ports/keys'
import { INBOX_JOURNAL } from '@turnpike/core/ports/inbox'
import { decodeRows, rowsPath } from '@turnpike/core/log/summary'
import { checkLog } from './check-log.ts'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { LogReader, decodeLogged } from './reader.ts'
import { Sequencer } from './sequencer.ts'
import type { Round } from './sequencer.ts'
import { decodeState } from './state.ts'
import type { LogState } from './state.ts'
import { groupOf, readOf, testHasher, testRandom, testSigner } from './testing/entries.ts'
import { Faults, MemoryJournal, MemoryLogStore, TestClock } from './testing/memory.ts'
import type { FaultKind } from './testing/memory.ts'

const HOUR = 490_000
const MINUTE_MS = 60_000

function worldOf(names: readonly string[] = ['0', '1']) {
  const faults = new Faults()
  const store = new MemoryLogStore(faults)
  const journals = names.map((name) => new MemoryJournal(name, faults))
  const clock = new TestClock(HOUR * EPOCH_MS)
  const deps = {
    store,
    journals: () => journals,
    clock,
    random: testRandom(),
    hasher: testHasher,
    signer: testSigner('gateway.example/log'),
  }
  return { faults, store, journals, clock, deps, sequencer: new Sequencer(deps) }
}
type World = ReturnType<typeof worldOf>

async function roundOf(sequencer: Sequencer): Promise<Round> {
  const { ok, error } = await sequencer.round()
  if (error !== undefined) throw error
  return ok
}

function stateOf(world: World): LogState {
  return decodeState(testHasher, world.store.load()!.bytes)
}

/** Every entry of the log that is no SEAL, in order. */
async function loggedEntries(world: World): Promise<Uint8Array[]> {
  const reader = new LogReader(world.store, testHasher, stateOf(world))
  const entries: Uint8Array[] = []
  for await (const run of reader.runs(0, reader.state.size))
    for (const [i, bytes] of run.entries.entries())
      if (decodeLogged(run.first + i, bytes).kind !== 'seal') entries.push(bytes)
  return entries
}

async function assertSound(world: World): Promise<void> {
  const { error } = await checkLog(world.store, testHasher)
  assert.equal(error, undefined)
}

test('entries of all journals get their places, in order, with groups whole', async () => {
  const world = worldOf()
  const [a, b] = world.journals
  const group = [
    ...groupOf(1),
    encodeFetch({ id: readOf(1).id, provider: 'p', bytes: 5n, requests: 1, failed: 0 }),
  ]
  a!.append(group)
  b!.append(groupOf(2))
  a!.append(groupOf(3))
  const round = await roundOf(world.sequencer)
  assert.deepEqual([round.entries, round.state.size, round.sealed], [4, 4, undefined])
  const expected = [...group, ...groupOf(3), ...groupOf(2)]
  assert.deepEqual(await loggedEntries(world), expected)
  assert.deepEqual([a!.released, b!.released], [3, 1])
  assert.deepEqual(
    [...round.state.journals],
    [
      ['0', 3],
      ['1', 1],
    ],
  )
  await assertSound(world)
})

test('a round without news commits nothing', async () => {
  const world = worldOf()
  assert.equal((await roundOf(world.sequencer)).state.size, 0)
  world.journals[0]!.append(groupOf(1))
  await roundOf(world.sequencer)
  const { version } = world.store.load()!
  world.faults.plan(Number.POSITIVE_INFINITY, 'not persisted')
  await roundOf(world.sequencer)
  assert.equal(world.store.load()!.version, version)
  assert.equal(world.faults.writes, 0)
})

const verifying = {
  hasher: testHasher,
  verifier: {
    verify({ bytes }: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
      const head = Buffer.from('302a300506032b6570032100', 'hex')
      const der = Buffer.concat([head, bytes])
      return verify(
        null,
        message,
        createPublicKey({ key: der, format: 'der', type: 'spki' }),
        signature,
      )
    },
  },
}

test('the checkpoint names the log, its size and root, and is signed', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  const { state } = await roundOf(world.sequencer)
  const note = parseNote(world.store.get('checkpoint')!).ok!
  const root = Buffer.from(state.root).toString('base64')
  assert.equal(note.text, `gateway.example/log\n1\n${root}\n`)
  const { name, publicKey } = world.deps.signer
  const key: NoteKey = { name, kind: 'ed25519', publicKey }
  assert.equal((await verifyNote(note, key, verifying)).error, undefined)
  const other = { ...note, text: note.text.replace('\n1\n', '\n2\n') }
  assert.equal((await verifyNote(other, key, verifying)).error?.name, 'NoteUnsigned')
})

test('a log behind its checkpoint, or of another root, is refused and not signed', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  await roundOf(world.sequencer)
  const [older, olderFiles] = [world.store.load()!, new Map(world.store.files)]
  world.journals[0]!.append(groupOf(2))
  await roundOf(world.sequencer)
  const checkpoint = world.store.get('checkpoint')!

  const restored = new MemoryLogStore()
  await restored.put([...olderFiles].map(([path, bytes]) => ({ path, bytes })))
  await restored.put([{ path: 'checkpoint', bytes: checkpoint }])
  restored.compareAndSwap(0, older.bytes)
  const behind = await new Sequencer({ ...world.deps, store: restored }).round()
  assert.equal(behind.error?.name, 'LogCorrupt')
  assert.match(behind.error!.message, /expected a log of >= 2 entries/)
  assert.deepEqual(restored.get('checkpoint'), checkpoint)

  const emptied = new MemoryLogStore()
  await emptied.put([{ path: 'checkpoint', bytes: checkpoint }])
  const { error: lost } = await new Sequencer({ ...world.deps, store: emptied }).round()
  assert.match(lost!.message, /expected a log of >= 2 entries/)

  const text = new TextDecoder().decode(checkpoint)
  const root = text.split('\n')[2]!
  const bytes = Buffer.from(text.replace(root, Buffer.alloc(32).toString('base64')))
  await world.store.put([{ path: 'checkpoint', bytes }])
  const { error: forked } = await new Sequencer(world.deps).round()
  assert.match(forked!.message, /expected the root/)
})

test('an unsigned checkpoint, as it was before, is replaced by a signed one', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  await roundOf(world.sequencer)
  const note = parseNote(world.store.get('checkpoint')!).ok!
  await world.store.put([{ path: 'checkpoint', bytes: Buffer.from(note.text) }])
  await roundOf(new Sequencer(world.deps))
  assert.equal(parseNote(world.store.get('checkpoint')!).ok?.signatures.length, 1)
  await world.store.put([{ path: 'checkpoint', bytes: Buffer.from('gateway.example/log') }])
  const { error } = await new Sequencer(world.deps).round()
  assert.match(error!.message, /expected a checkpoint/)
})

test('the first entry of a later hour comes after the SEAL of the one before', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  const before = await roundOf(world.sequencer)
  world.clock.pass(EPOCH_MS)
  world.journals[0]!.append(groupOf(2))
  const round = await roundOf(world.sequencer)
  assert.equal(round.sealed, HOUR)
  assert.deepEqual(round.state.sealed, { epoch: HOUR, end: 2 })
  assert.equal(round.state.open?.epoch, HOUR + 1)
  const reader = new LogReader(world.store, testHasher, round.state)
  const seal = await reader.entry(1)
  assert.equal(seal.kind, 'seal')
  assert.deepEqual(
    { ...seal.entry, summaryRoot: null, previousRoot: null },
    {
      epoch: HOUR,
      previousEpoch: null,
      first: 0,
      end: 2,
      summaryRoot: null,
      previousRoot: null,
      sealed: (HOUR + 1) * EPOCH_MS,
    },
  )
  assert.equal(before.state.size, 1)
  await assertSound(world)
})

test('an idle epoch is sealed half a minute after its hour, and only once', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  await roundOf(world.sequencer)
  world.clock.pass(EPOCH_MS + 29_999)
  assert.equal((await roundOf(world.sequencer)).sealed, undefined)
  world.clock.pass(1)
  assert.equal((await roundOf(world.sequencer)).sealed, HOUR)
  world.clock.pass(EPOCH_MS)
  const { state, sealed } = await roundOf(world.sequencer)
  assert.deepEqual([sealed, state.open, state.size], [undefined, null, 2])
  await assertSound(world)
})

test('a log that was idle for days goes on, in this process and in the next', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  await roundOf(world.sequencer)
  world.clock.pass(96 * EPOCH_MS)
  world.journals[0]!.append(groupOf(2))
  assert.equal((await roundOf(world.sequencer)).state.open?.epoch, HOUR + 96)
  world.clock.pass(LOG_IDLE_MS_MAX)
  world.journals[0]!.append(groupOf(3))
  const next = await roundOf(new Sequencer(world.deps))
  assert.equal(next.state.open?.epoch, HOUR + 96 + LOG_IDLE_MS_MAX / EPOCH_MS)
  await assertSound(world)
})

test('a clock set back keeps the log in its epoch', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  const first = await roundOf(world.sequencer)
  world.clock.set(-48 * EPOCH_MS)
  world.journals[0]!.append(groupOf(2))
  const { state } = await roundOf(world.sequencer)
  assert.deepEqual([state.open?.epoch, state.clockMs], [HOUR, first.state.clockMs])
  const restarted = await roundOf(new Sequencer(world.deps))
  assert.equal(restarted.state.size, 2)
})

test('a clock set ahead by more than an hour is refused until it is set right', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  await roundOf(world.sequencer)
  world.clock.set(EPOCH_MS)
  assert.equal((await world.sequencer.round()).error, undefined)
  world.clock.pass(MINUTE_MS)
  world.clock.set(EPOCH_MS + 1)
  world.journals[0]!.append(groupOf(2))
  const { error } = await world.sequencer.round()
  assert.equal(error?.name, 'ClockJumped')
  assert.deepEqual([stateOf(world).size, stateOf(world).sealed], [1, null])
  world.clock.set(-EPOCH_MS - 1)
  assert.equal((await roundOf(world.sequencer)).entries, 1)
  await assertSound(world)
})

test('a clock set ahead is taken when an operator confirms it, once', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  await roundOf(world.sequencer)
  world.clock.set(10 * EPOCH_MS)
  assert.equal((await world.sequencer.round()).error?.name, 'ClockJumped')
  world.sequencer.confirmClock()
  assert.equal((await roundOf(world.sequencer)).sealed, HOUR)
  world.clock.set(10 * EPOCH_MS)
  assert.equal((await world.sequencer.round()).error?.name, 'ClockJumped')
})

test('a process that starts more than 30 days after the last commit asks first', async () => {
  const world = worldOf()
  world.journals[0]!.append(groupOf(1))
  await roundOf(world.sequencer)
  world.clock.pass(LOG_IDLE_MS_MAX + 1)
  const next = new Sequencer(world.deps)
  assert.equal((await next.round()).error?.name, 'ClockJumped')
  next.confirmClock()
  assert.equal((await next.round()).error, undefined)
})

test('a summary row sums what a space read, and outlives a restart in its epoch', async () => {
  const world = worldOf(['0', INBOX_JOURNAL])
  const [journal, inbox] = world.journals
  const bob = { space: 'did:key:bob' }
  const id = readOf(1, bob).id
  const fetch = encodeFetch({ id, provider: 'did:key:store', bytes: 7n, requests: 1, failed: 0 })
  journal!.append([...groupOf(1, { ...bob, bytes: 1000n }), fetch])
  journal!.append(groupOf(2, { ...bob, bytes: 0n, flags: 0, deny: 5, count: 40 }))
  await roundOf(world.sequencer)
  const voided = { id, ts: 1, index: 0, leaf: new Uint8Array(32), reason: 1 }
  const restarted = new Sequencer(world.deps)
  inbox!.append([encodeVoid(voided)])
  await roundOf(restarted)
  world.clock.pass(2 * EPOCH_MS)
  // This FETCH outlived its READ, and the epoch of it.
  journal!.append([fetch])
  await roundOf(restarted)
  world.clock.pass(EPOCH_MS)
  await roundOf(restarted)
  world.clock.pass(EPOCH_MS)
  await roundOf(restarted)
  const rows = (epoch: number) =>
    decodeRows(world.store.get(rowsPath(epoch))!).ok!.map(({ salt, ...row }) => {
      assert.equal(salt.length, 16)
      return row
    })
  const zero = { bytes: 0n, bytesFetched: 0n, reads: 0, denied: 0, executions: 0, bytesVoided: 0n }
  const key = { space: 'did:key:bob', region: 'eu' }
  const remote = { ...key, ...zero, provider: 'did:key:store', bytesFetched: 7n }
  assert.deepEqual(rows(HOUR), [
    remote,
    {
      ...key,
      ...zero,
      provider: 'did:web:gateway.example',
      bytes: 1000n,
      reads: 1,
      denied: 40,
      bytesVoided: 1000n,
    },
  ])
  assert.deepEqual(rows(HOUR + 2), [remote])
  await assertSound(world)
})

test('what a journal may not hold stops the round with its name and place', async () => {
  const root = new Uint8Array(32)
  const seal = encodeSeal({
    epoch: HOUR,
    previousEpoch: null,
    first: 0,
    end: 1,
    summaryRoot: root,
    previousRoot: root,
    sealed: 0,
  })
  const voided = encodeVoid({ id: readOf(1).id, ts: 1, index: 9, leaf: root, reason: 0 })
  const huge = groupOf(1, { bytes: 2n ** 53n })[0]!
  for (const name of ['1', INBOX_JOURNAL])
    for (const bad of [seal, voided, huge, new Uint8Array([0x80])]) {
      const world = worldOf(['0', name])
      world.journals[1]!.append(groupOf(1))
      world.journals[1]!.append([bad])
      const { error } = await world.sequencer.round()
      assert.equal(error?.name, 'BadJournalEntry')
      assert.deepEqual([error.journal, error.entry], [name, 1])
      assert.equal(world.store.load(), undefined)
    }
})

test('a VOID of an entry that is there comes by the inbox, and by no other journal', async () => {
  for (const name of ['1', INBOX_JOURNAL]) {
    const world = worldOf(['0', name])
    world.journals[0]!.append(groupOf(1))
    await roundOf(world.sequencer)
    const fields = { id: readOf(2).id, ts: 1, index: 0, leaf: new Uint8Array(32), reason: 0 }
    world.journals[1]!.append([encodeVoid(fields)])
    const { ok } = await world.sequencer.round()
    assert.equal(ok !== undefined, name === INBOX_JOURNAL, name)
  }
})

test('entries that another host has taken are not taken again', async () => {
  const world = worldOf(['0'])
  for (const n of [1, 2, 3]) world.journals[0]!.append(groupOf(n))
  const journals = world.journals.map((journal) => ({
    name: journal.name,
    firstEntry: 2,
    read: (from: number, bytes: number) => journal.read(from, bytes),
    release: (before: number) => journal.release(before),
  }))
  const round = await roundOf(new Sequencer({ ...world.deps, journals: () => journals }))
  assert.deepEqual([round.entries, round.state.journals.get('0')], [1, 3])
})

test('a round takes about 8 MiB in equal shares, and says that there is more', async () => {
  const world = worldOf()
  const text = 'x'.repeat(800)
  const groups = Math.ceil(LOG_ROUND_BYTES_MAX / 1000)
  for (let n = 0; n < groups; n++) world.journals[0]!.append(groupOf(n, { domain: text }))
  world.journals[1]!.append(groupOf(groups))
  const first = await roundOf(world.sequencer)
  assert.equal(first.more, true)
  assert.ok(first.entries < 0.6 * groups, 'one journal leaves room for the other')
  assert.equal(first.state.journals.get('1'), 1)
  const second = await roundOf(world.sequencer)
  assert.equal(first.entries + second.entries, groups + 1)
  assert.equal((await roundOf(world.sequencer)).more, false)
})

test('more than 1,024 journals are refused before anything is written', async () => {
  const names = Array.from({ length: LOG_JOURNALS_MAX + 1 }, (_, i) => String(i))
  const world = worldOf(names)
  for (const journal of world.journals) journal.append(groupOf(1))
  await assert.rejects(world.sequencer.round(), RangeError)
  assert.equal(world.store.load(), undefined)
})

test('two rounds at once are the caller’s fault', async () => {
  const world = worldOf()
  const first = world.sequencer.round()
  await assert.rejects(world.sequencer.round(), TypeError)
  assert.equal((await first).error, undefined)
})

test('a second sequencer on the same log loses the swap and catches up', async () => {
  const world = worldOf()
  const other = new Sequencer(world.deps)
  world.journals[0]!.release = async () => {}
  await roundOf(world.sequencer)
  await roundOf(other)
  world.journals[0]!.append(groupOf(1))
  await roundOf(world.sequencer)
  world.journals[0]!.append(groupOf(2))
  assert.equal((await other.round()).error?.name, 'CommitConflict')
  assert.equal((await roundOf(other)).entries, 1)
  assert.equal((await loggedEntries(world)).length, 2)
})

/** Entries, hours and rounds that touch every kind of write. Returns what was journalled. */
async function play(world: World, step: () => Promise<void>): Promise<Uint8Array[]> {
  const given: Uint8Array[] = []
  let n = 0
  const journal = (index: number, count: number): void => {
    for (let i = 0; i < count; i++) {
      const group = groupOf(n++)
      given.push(...group)
      world.journals[index]!.append(group)
    }
  }
  journal(0, 3)
  await step()
  journal(0, 250)
  journal(1, 30)
  await step()
  world.clock.pass(EPOCH_MS)
  journal(1, 2)
  await step()
  world.clock.pass(EPOCH_MS + MINUTE_MS)
  await step()
  journal(1, 4)
  await step()
  return given
}

for (const kind of ['not persisted', 'persisted but reported failed'] satisfies FaultKind[])
  test(`each write fails (${kind}): the log is sound after every step, and complete`, async () => {
    const plain = worldOf()
    plain.faults.plan(Number.POSITIVE_INFINITY, kind)
    await play(plain, async () => void (await roundOf(plain.sequencer)))
    const { writes } = plain.faults
    assert.ok(writes > 15, `expected many writes, got ${writes}`)
    for (let at = 0; at < writes; at++) {
      const world = worldOf()
      world.faults.plan(at, kind)
      let failures = 0
      let { sequencer } = world
      const given = await play(world, async () => {
        for (let tries = 0; tries < 3; tries++) {
          const result = await sequencer.round().catch(() => undefined)
          await assertSound(world)
          if (result?.ok !== undefined) return
          failures++
          // Every other time the process dies of it.
          if (at % 2 === 0) sequencer = new Sequencer(world.deps)
        }
        assert.fail('expected a round to succeed again')
      })
      assert.equal(failures, 1, `write ${at} failed`)
      const logged = await loggedEntries(world)
      const texts = (entries: readonly Uint8Array[]): string[] => entries.map(String).toSorted()
      assert.deepEqual(texts(logged), texts(given), `after write ${at}`)
      assert.deepEqual([...stateOf(world).journals.values()], [253, 36])
    }
  })

test('M4: nothing enters the hours of a closed month, even when the clock goes back', async () => {
  const world = worldOf()
  const floorMs = (HOUR + 1) * EPOCH_MS
  const sequencer = new Sequencer({ ...world.deps, floorMs: () => floorMs })
  world.journals[0]!.append(groupOf(1))
  const { state } = await roundOf(sequencer)
  assert.equal(state.open?.epoch, HOUR + 1)
  assert.equal(state.clockMs, floorMs)
})
