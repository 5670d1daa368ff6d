import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Accounting } from '@turnpike/accounting/accounting'
import { LogReader } from '@turnpike/accounting/reader'
import { decodeState } from '@turnpike/accounting/state'
import { groupOf, readOf, testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, MemoryLogStore, TestClock } from '@turnpike/accounting/testing/memory'
import { keyOf } from '@turnpike/core/bytes'
import { decodeEntry } from '@turnpike/core/log/decode'
import { encodeFetch, encodeVoid } from '@turnpike/core/log/encode'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import type { LogEntry, ReadEntry } from '@turnpike/core/log/entry'
import { INBOX_JOURNAL } from '@turnpike/core/ports/inbox'
import { nodeHasher } from '../hasher.ts'
import { SqliteLedger } from './ledger.ts'

const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 10)
const HOUR_MS = 3_600_000
const EVER = { firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER }

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      space: fc.nat(2),
      bytes: fc.nat(1e6),
      billable: fc.boolean(),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fetch' as const),
      of: fc.nat(),
      provider: fc.nat(1),
      requests: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('void' as const), of: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(3 * HOUR_MS) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('catch up' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Plays steps through journals and log into a ledger; returns it with all entries of the log. */
async function play(steps: readonly Step[]): Promise<{ ledger: SqliteLedger; log: LogEntry[] }> {
  const store = new MemoryLogStore()
  const ledger = new SqliteLedger(':memory:')
  const journal = new MemoryJournal('0')
  const inbox = new MemoryJournal(INBOX_JOURNAL)
  const clock = new TestClock(Date.UTC(2026, 10, 30, 22))
  const journals = () => [journal, inbox]
  const signer = testSigner('gateway.example/log')
  const ports = { clock, random: testRandom(), hasher: nodeHasher, signer }
  const deps = { store, ledger, journals, ...ports }
  let accounting = new Accounting(deps)
  let size = 0
  const voided = new Set<number>()
  const catchUp = async (): Promise<void> => {
    const { ok, error } = await accounting.catchUp()
    if (error !== undefined) throw error
    size = ok.size
  }
  for (const [n, one] of [...steps, { do: 'catch up' as const }].entries()) {
    if (one.do === 'read') {
      const flags = READ_FLAGS.content | (one.billable ? READ_FLAGS.allowed : 0)
      const { bytes, count } = one
      journal.append(groupOf(n, { space: `s${one.space}`, bytes: BigInt(bytes), count, flags }))
    } else if (one.do === 'fetch') {
      const { id } = readOf(one.of % (n + 1))
      const { requests } = one
      const provider = `p${one.provider}`
      journal.append([encodeFetch({ id, provider, bytes: BigInt(n), requests, failed: 1 })])
    } else if (one.do === 'void') {
      const index = size === 0 ? -1 : one.of % size
      if (index < 0 || voided.has(index)) continue
      voided.add(index)
      const id = readOf(n).id
      inbox.append([encodeVoid({ id, ts: 1, index, leaf: new Uint8Array(32), reason: 1 })])
    } else if (one.do === 'pass') clock.pass(one.ms)
    else if (one.do === 'restart') accounting = new Accounting(deps)
    else await catchUp()
  }
  const log: LogEntry[] = []
  const committed = store.load()
  if (committed === undefined) return { ledger, log }
  const reader = new LogReader(store, nodeHasher, decodeState(nodeHasher, committed.bytes))
  for await (const { entries } of reader.runs(0, reader.state.size))
    for (const bytes of entries) log.push(decodeEntry(bytes).ok!)
  return { ledger, log }
}

/** What a reader of the whole log, who looks at each entry once more, says of it. */
function recount(log: readonly LogEntry[], openEpoch: number) {
  const epochs: number[] = []
  for (const one of log)
    if (one.kind === 'seal') while (epochs.length < one.entry.end) epochs.push(one.entry.epoch)
  const epochOf = (index: number): number => epochs[index] ?? openEpoch
  const readers = new Map<string, ReadEntry>()
  const fetched = new Map<string, readonly [bigint, number, number]>()
  const voids = new Map<string, readonly [bigint, number]>()
  const sums = new Map<string, { reads: number; bytes: bigint; voided: bigint; fetched: bigint }>()
  const sumsOf = (index: number, space: string) => {
    const key = `${epochOf(index)} ${space}`
    const found = sums.get(key) ?? { reads: 0, bytes: 0n, voided: 0n, fetched: 0n }
    sums.set(key, found)
    return found
  }
  const billed = ({ flags, bytes }: ReadEntry): bigint => ((flags & 1) !== 0 ? bytes : 0n)
  for (const [index, { kind, entry }] of log.entries()) {
    if (kind === 'read') {
      readers.set(keyOf(entry.id), entry)
      const sum = sumsOf(index, entry.space)
      sum.reads += entry.count
      sum.bytes += billed(entry)
    } else if (kind === 'fetch') {
      const { space } = readers.get(keyOf(entry.id)) ?? { space: '' }
      sumsOf(index, space).fetched += entry.bytes
      const key = `${epochOf(index)} ${entry.provider} ${space}`
      const [bytes, requests, failed] = fetched.get(key) ?? [0n, 0, 0]
      const { requests: more } = entry
      fetched.set(key, [bytes + entry.bytes, requests + more, failed + entry.failed])
    } else if (kind === 'void') {
      const target = log[entry.index]!
      if (target.kind !== 'read') continue
      const { space, count } = target.entry
      sumsOf(index, space).voided += billed(target.entry)
      const key = `${epochOf(index)} ${space} ${epochOf(entry.index)}`
      const [bytes, reads] = voids.get(key) ?? [0n, 0]
      voids.set(key, [bytes + billed(target.entry), reads + count])
    }
  }
  return { sums, fetched, voids }
}

/** The same of a ledger. */
function said(ledger: SqliteLedger): ReturnType<typeof recount> {
  const { epochs } = ledger.query(EVER)
  const firstEpoch = epochs?.first ?? 0
  const endEpoch = (epochs?.last ?? 0) + 1
  const spaces = ledger.spaces()
  const hours = spaces.flatMap((space) => ledger.hours({ space, firstEpoch, endEpoch }))
  const voids = spaces.flatMap((space) => ledger.voids({ space, ...EVER }))
  return {
    sums: new Map(
      hours.map(({ epoch, space, reads, bytes, bytesVoided, bytesFetched }) => [
        `${epoch} ${space}`,
        { reads, bytes, voided: bytesVoided, fetched: bytesFetched },
      ]),
    ),
    fetched: new Map(
      ledger
        .fetched(EVER)
        .map((row) => [
          `${row.epoch} ${row.provider} ${row.space}`,
          [row.bytes, row.requests, row.failed],
        ]),
    ),
    voids: new Map(
      voids.map((row) => [`${row.epoch} ${row.space} ${row.targetEpoch}`, [row.bytes, row.reads]]),
    ),
  }
}

test('hours, fetches and VOIDs are what a reader of the whole log counts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 120 }), async (steps) => {
      const { ledger, log } = await play(steps)
      const { epochs } = ledger.query(EVER)
      assert.deepEqual(said(ledger), recount(log, epochs?.last ?? 0))
      ledger.close()
    }),
    { numRuns: 2 * RUNS },
  )
})
