import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { encodeExec, encodeFetch, encodeRead, encodeVoid } from '@turnpike/core/log/encode'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import type { ReadEntry, SealEntry } from '@turnpike/core/log/entry'
import { decodeRows, rowsPath } from '@turnpike/core/log/summary'
import { verifyConsistency } from '@turnpike/core/merkle/proof'
import { parseNote } from '@turnpike/core/note/note'
import { INBOX_JOURNAL } from '@turnpike/core/ports/inbox'
import type { LogFile } from '@turnpike/core/ports/log-store'
import fc from 'fast-check'
import { CHECKPOINT_PATH } from './checkpoint.ts'
import { consistencyProof } from './proofs.ts'
import { LogReader, decodeLogged } from './reader.ts'
import { Sequencer } from './sequencer.ts'
import { decodeState } from './state.ts'
import { readOf, testHasher, testRandom, testSigner } from './testing/entries.ts'
import { Faults, MemoryJournal, MemoryLogStore, TestClock } from './testing/memory.ts'
import type { FaultKind } from './testing/memory.ts'

const HOUR = 490_000
const RUNS = Number(process.env['TURNPIKE_INVARIANT_RUNS'] ?? 60)

/** Remembers each checkpoint that was published. */
class PublishingStore extends MemoryLogStore {
  readonly published: string[] = []

  override async put(files: readonly LogFile[]): Promise<void> {
    await super.put(files)
    for (const { path, bytes } of files)
      if (path === CHECKPOINT_PATH) this.published.push(new TextDecoder().decode(bytes))
  }
}

function worldOf() {
  const faults = new Faults()
  const store = new PublishingStore(faults)
  const journal = new MemoryJournal('0', faults)
  const inbox = new MemoryJournal(INBOX_JOURNAL, faults)
  const clock = new TestClock(HOUR * EPOCH_MS)
  const deps = {
    store,
    journals: () => [journal, inbox],
    clock,
    random: testRandom(),
    hasher: testHasher,
    signer: testSigner('gateway.example/log'),
    countedEveryEntries: 7,
  }
  return { faults, store, journal, inbox, clock, deps }
}
type World = ReturnType<typeof worldOf>

/** What one epoch comes to for one space, added up by hand as entries are made. */
interface Sums {
  bytes: bigint
  reads: number
  denied: number
  fetched: bigint
  executions: number
  voided: bigint
}

const ZERO: Sums = { bytes: 0n, reads: 0, denied: 0, fetched: 0n, executions: 0, voided: 0n }

const group = fc.record({
  space: fc.integer({ min: 0, max: 2 }),
  bytes: fc.bigInt({ min: 0n, max: 1n << 40n }),
  refused: fc.boolean(),
  count: fc.integer({ min: 1, max: 1000 }),
  fetched: fc.option(fc.bigInt({ min: 0n, max: 1n << 40n })),
  executed: fc.boolean(),
})
const step = fc.record({
  groups: fc.array(group, { maxLength: 12 }),
  /** Whether an earlier read is voided, and which. */
  voids: fc.option(fc.nat()),
  hours: fc.constantFrom(0, 0, 0, 1, 2),
  /** Write from here on that fails. */
  faultAt: fc.option(fc.nat({ max: 12 })),
  persisted: fc.boolean(),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** The log of a run, as somebody reads it who knows the files only. */
class Recount {
  readonly sums = new Map<string, Sums>()
  readonly seals: SealEntry[] = []
  entries = 0

  static async of({ store }: World): Promise<Recount> {
    const recount = new Recount()
    const state = decodeState(testHasher, store.load()!.bytes)
    const reader = new LogReader(store, testHasher, state)
    const reads: ReadEntry[] = []
    const open = new Map<string, Sums>()
    for await (const run of reader.runs(0, state.size))
      for (const [i, bytes] of run.entries.entries()) {
        const logged = decodeLogged(run.first + i, bytes)
        recount.entries++
        if (logged.kind === 'read') reads[run.first + i] = logged.entry
        if (logged.kind === 'seal') {
          recount.seals.push(logged.entry)
          for (const [space, sums] of open) recount.sums.set(`${logged.entry.epoch} ${space}`, sums)
          open.clear()
          continue
        }
        const space =
          logged.kind === 'fetch'
            ? reads.findLast((read) => read && Buffer.compare(read.id, logged.entry.id) === 0)!
                .space
            : logged.kind === 'void'
              ? reads[logged.entry.index]!.space
              : logged.kind === 'ack'
                ? ''
                : logged.entry.space
        const sums = open.get(space) ?? { ...ZERO }
        open.set(space, sums)
        if (logged.kind === 'read') {
          const { deny, count, bytes: delivered } = logged.entry
          if (deny === 0) sums.reads += count
          else sums.denied += count
          sums.bytes += delivered
        }
        if (logged.kind === 'fetch') sums.fetched += logged.entry.bytes
        if (logged.kind === 'exec') sums.executions++
        if (logged.kind === 'void') sums.voided += reads[logged.entry.index]!.bytes
      }
    return recount
  }
}

let made = 0

function groupOf({ space, bytes, refused, count, fetched, executed }: Step['groups'][number]) {
  const fields = refused
    ? { space: `did:key:${space}`, bytes: 0n, flags: 0, deny: 1, count }
    : { space: `did:key:${space}`, bytes, flags: READ_FLAGS.allowed | READ_FLAGS.content }
  const read = readOf(made++, fields)
  const entries = [encodeRead(read)]
  const { id, ts, domain, provider, region } = read
  if (fetched !== null)
    entries.push(
      encodeFetch({ id, provider: 'did:key:store', bytes: fetched, requests: 1, failed: 0 }),
    )
  if (executed) {
    const exec = { id: testHasher.sha256(id).slice(0, 16), ts, domain, provider, region, read: id }
    const cost = { cpuUs: 5, diskReadBytes: 0n, diskWriteBytes: 0n, code: null, exit: 0 }
    entries.push(encodeExec({ ...exec, ...cost, space: read.space }))
  }
  return entries
}

/** Plays steps; a write that fails kills the process, and the next one goes on. */
async function play(steps: readonly Step[], afterRound: (world: World) => Promise<void>) {
  const world = worldOf()
  let sequencer = new Sequencer(world.deps)
  for (const { groups, voids, hours, faultAt, persisted } of steps) {
    world.clock.pass(hours * EPOCH_MS)
    for (const one of groups) world.journal.append(groupOf(one))
    const target = voids === null ? undefined : await readAt(world, voids)
    if (target !== undefined) world.inbox.append([target])
    const kind: FaultKind = persisted ? 'persisted but reported failed' : 'not persisted'
    world.faults.plan(faultAt ?? Number.POSITIVE_INFINITY, kind)
    const died = await sequencer.round().catch(() => undefined)
    world.faults.plan(Number.POSITIVE_INFINITY, kind)
    if (died === undefined) sequencer = new Sequencer(world.deps)
    await afterRound(world)
  }
  for (let i = 0; i < 2; i++) {
    world.clock.pass(2 * EPOCH_MS)
    const { error } = await new Sequencer(world.deps).round()
    assert.equal(error, undefined)
  }
  await afterRound(world)
  return world
}

/** A VOID of one of the reads in the log, if there is one. */
async function readAt(world: World, nth: number): Promise<Uint8Array | undefined> {
  const committed = world.store.load()
  if (committed === undefined) return undefined
  const state = decodeState(testHasher, committed.bytes)
  const reader = new LogReader(world.store, testHasher, state)
  for (let i = 0; i < state.size; i++) {
    const index = (nth + i) % state.size
    if ((await reader.entry(index)).kind !== 'read') continue
    const id = testHasher.sha256(new Uint8Array([made++])).slice(0, 16)
    return encodeVoid({ id, ts: 1, index, leaf: new Uint8Array(32), reason: 0 })
  }
  return undefined
}

test('I12: rows of each SEAL are the sums of its entries, whatever died on the way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const world = await play(steps, async () => {})
      if (world.store.load() === undefined) return
      const recount = await Recount.of(world)
      let end = 0
      for (const seal of recount.seals) {
        assert.equal(seal.first, end)
        end = seal.end
        const rows = decodeRows(world.store.get(rowsPath(seal.epoch))!).ok!
        const spaces = new Map<string, Sums>()
        for (const row of rows) {
          const sums = spaces.get(row.space) ?? { ...ZERO }
          sums.bytes += row.bytes
          sums.fetched += row.bytesFetched
          sums.reads += row.reads
          sums.denied += row.denied
          sums.executions += row.executions
          sums.voided += row.bytesVoided
          spaces.set(row.space, sums)
        }
        const expected = [...recount.sums]
          .filter(([key]) => key.startsWith(`${seal.epoch} `))
          .map(([key, sums]) => [key.slice(key.indexOf(' ') + 1), sums] as const)
        assert.deepEqual(spaces, new Map(expected))
      }
      assert.equal(end, recount.entries)
    }),
    { numRuns: RUNS },
  )
})

test('I14: what was committed at any time is how the log begins ever after', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const seen: string[][] = []
      await play(steps, async ({ store }) => {
        const committed = store.load()
        if (committed === undefined) return
        const state = decodeState(testHasher, committed.bytes)
        const reader = new LogReader(store, testHasher, state)
        const entries: string[] = []
        for await (const run of reader.runs(0, state.size)) entries.push(...run.entries.map(String))
        seen.push(entries)
      })
      for (const [i, entries] of seen.entries())
        if (i > 0) assert.deepEqual(entries.slice(0, seen[i - 1]!.length), seen[i - 1])
    }),
    { numRuns: RUNS },
  )
})

test('I15: any two published checkpoints are consistent, and each is of this log', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
      const { store } = await play(steps, async () => {})
      const committed = store.load()
      if (committed === undefined) return
      const log = { store, hasher: testHasher, state: decodeState(testHasher, committed.bytes) }
      const points = store.published.map(pointOf)
      for (const [i, { size: newSize, root: newRoot }] of points.entries())
        for (const { size: oldSize, root: oldRoot } of points.slice(0, i)) {
          assert.ok(oldSize <= newSize)
          const proof = await consistencyProof(log, oldSize, newSize)
          const claim = { oldSize, oldRoot, newSize, newRoot }
          assert.ok(verifyConsistency(testHasher, claim, proof), `${oldSize} to ${newSize}`)
          const other = { ...claim, oldRoot: oldRoot.map((byte) => byte ^ 1) }
          assert.ok(!verifyConsistency(testHasher, other, proof))
        }
    }),
    { numRuns: RUNS },
  )
})

function pointOf(checkpoint: string): { readonly size: number; readonly root: Uint8Array } {
  const { text } = parseNote(new TextEncoder().encode(checkpoint)).ok!
  const [, size, root] = text.split('\n')
  return { size: Number(size), root: new Uint8Array(Buffer.from(root!, 'base64')) }
}
