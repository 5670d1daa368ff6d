import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Accounting } from '@turnpike/accounting/accounting'
import { billableBytes } from '@turnpike/accounting/charge'
import { followDomains } from '@turnpike/accounting/analytics/follow-domains'
import { EntryDropper } from '@turnpike/accounting/retention/drop-entries'
import { LogReader, decodeLogged } from '@turnpike/accounting/reader'
import { decodeState, emptyState } from '@turnpike/accounting/state'
import { readOf, testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, MemoryLogStore, TestClock } from '@turnpike/accounting/testing/memory'
import { epochOf } from '@turnpike/core/billing/epoch'
import { DOMAINS_EPOCH_MAX, DOMAINS_FOLLOWED_MAX } from '@turnpike/core/limits/read-receipts'
import { encodeFetch, encodeRead } from '@turnpike/core/log/encode'
import { DENY, READ_FLAGS, type ReadEntry } from '@turnpike/core/log/entry'
import { decodeRows, rowsPath } from '@turnpike/core/log/summary'
import type { DomainBatch, DomainCounts, DomainIndex } from '@turnpike/core/ports/domain-index'
import fc from 'fast-check'
import { nodeHasher } from '../hasher.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { SqliteDomainIndex } from './domain-index.ts'

/** Logs that are tried: a campaign has more. */
const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 40)
const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 10, 1)
const never = new AbortController().signal

/** A log in memory, whose clock moves when it is told to. */
class Log {
  readonly store = new MemoryLogStore()
  readonly journal = new MemoryJournal('0')
  readonly clock = new TestClock(START_MS)
  readonly #ledger = new SqliteLedger(':memory:')
  readonly #accounting = new Accounting({
    store: this.store,
    ledger: this.#ledger,
    journals: () => [this.journal],
    clock: this.clock,
    random: testRandom(),
    hasher: nodeHasher,
    signer: testSigner('gateway.example/log'),
  })

  async sequence(reads: readonly ReadEntry[]): Promise<LogReader> {
    for (const read of reads) this.journal.append([encodeRead(read)])
    assert.equal((await this.#accounting.catchUp()).error, undefined)
    const bytes = this.store.load()?.bytes
    const state = bytes === undefined ? emptyState(nodeHasher) : decodeState(nodeHasher, bytes)
    return new LogReader(this.store, nodeHasher, state)
  }

  /** Lets entries of epochs before this one go. */
  async drop(beforeEpoch: number): Promise<void> {
    const bounds = { epochsMax: 24, bundlesMax: 24, windowEntries: 0 }
    const dropper = new EntryDropper(this.store, nodeHasher, this.#ledger, bounds)
    await dropper.drop({ beforeEpoch, beforeIndex: Number.MAX_SAFE_INTEGER })
  }

  close(): void {
    this.#ledger.close()
  }
}

/** Counts of all entries of a log, one by one: by epoch, then by domain. */
async function recount(reader: LogReader): Promise<Map<number, Map<string, DomainCounts>>> {
  const epochs = new Map<number, Map<string, DomainCounts>>()
  for (const { epoch, first, end } of await reader.epochs(0)) {
    const domains = new Map<string, DomainCounts>()
    epochs.set(epoch, domains)
    for await (const run of reader.runs(first, end))
      for (const [i, bytes] of run.entries.entries()) {
        const { kind, entry } = decodeLogged(run.first + i, bytes)
        if (kind !== 'read') continue
        const before = domains.get(entry.domain) ?? NOTHING
        const isDenied = entry.deny !== 0
        domains.set(entry.domain, {
          reads: before.reads + (isDenied ? 0 : entry.count),
          denied: before.denied + (isDenied ? entry.count : 0),
          bytes: before.bytes + (isDenied ? 0n : billableBytes(entry)),
          lastMs: Math.max(before.lastMs, isDenied ? 0 : entry.ts),
        })
      }
  }
  return epochs
}
const NOTHING: DomainCounts = { reads: 0, denied: 0, bytes: 0n, lastMs: 0 }

async function pathIn(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-domains-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'domains.sqlite')
}

const someRead = fc
  .record({
    domain: fc.constantFrom('', 'a.example', 'b.example', 'c.example'),
    bytes: fc.bigInt({ min: 0n, max: 2n ** 40n }),
    flags: fc.constantFrom(0, READ_FLAGS.content, READ_FLAGS.content | READ_FLAGS.synthetic),
    deny: fc.constantFrom(DENY.none, DENY.none, DENY.address, DENY.payment),
    count: fc.integer({ min: 1, max: 40 }),
    late: fc.nat(5000),
  })
  .map(({ late, deny, flags, count, bytes, domain }) => {
    const isDenied = deny !== DENY.none
    return readOf(late, {
      domain,
      deny,
      bytes: isDenied ? 0n : bytes,
      flags: isDenied ? 0 : flags | READ_FLAGS.allowed,
      count: isDenied ? count : 1,
      ts: START_MS + late,
    })
  })

test('I18: sums of a domain are a naive recount, however the log grew', async () => {
  const steps = fc.array(
    fc.record({
      reads: fc.array(someRead, { maxLength: 30 }),
      hours: fc.nat(2),
      sees: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  await fc.assert(
    fc.asyncProperty(steps, async (run) => {
      const log = new Log()
      const index = new SqliteDomainIndex(':memory:')
      let reader: LogReader | undefined
      for (const { reads, hours, sees } of run) {
        reader = await log.sequence(reads)
        if (sees) await followDomains(reader, index, never)
        log.clock.pass(hours * HOUR_MS)
      }
      await followDomains(reader!, index, never)
      const epochs = await recount(reader!)
      for (const [epoch, domains] of epochs) {
        for (const [domain, counts] of domains)
          assert.deepEqual({ ...index.sum(domain, epoch, epoch) }, counts)
        await assertRows(log.store, index, epoch)
      }
      const [first, last] = [epochOf(START_MS), epochOf(log.clock.nowMs())]
      const all = [...epochs.values()].map((domains) => domains.get('a.example') ?? NOTHING)
      const { reads, bytes } = index.sum('a.example', first, last)
      assert.equal(
        reads,
        all.reduce((sum, one) => sum + one.reads, 0),
      )
      assert.equal(
        bytes,
        all.reduce((sum, one) => sum + one.bytes, 0n),
      )
      index.close()
      log.close()
    }),
    { numRuns: RUNS },
  )
})

/** The epoch's counts are those of its summary rows, once it is sealed. */
async function assertRows(store: MemoryLogStore, index: DomainIndex, epoch: number): Promise<void> {
  const file = store.get(rowsPath(epoch))
  if (file === undefined) return
  const rows = decodeRows(file).ok!
  const { reads, denied, bytes } = await index.all(epoch)
  assert.equal(
    reads,
    rows.reduce((sum, row) => sum + row.reads, 0),
  )
  assert.equal(
    denied,
    rows.reduce((sum, row) => sum + row.denied, 0),
  )
  assert.equal(
    bytes,
    rows.reduce((sum, row) => sum + row.bytes, 0n),
  )
}

test('an index that is made again says the same, and counts entries by kind', async (t) => {
  const log = new Log()
  const path = await pathIn(t)
  let index = new SqliteDomainIndex(path)
  log.journal.append([
    encodeRead(readOf(1)),
    encodeFetch({ id: readOf(1).id, provider: 'x', bytes: 1n, requests: 1, failed: 0 }),
  ])
  await followDomains(await log.sequence([readOf(2, { domain: 'b.example' })]), index, never)
  log.clock.pass(2 * HOUR_MS)
  const reader = await log.sequence([readOf(3)])
  index.close()
  index = new SqliteDomainIndex(path)
  await followDomains(reader, index, never)
  const said = (): unknown => [
    index.standing().kinds,
    index.epochs('site.example', 0, 1e9, 10),
    index.sum('b.example', 0, 1e9),
  ]
  const before = said()
  assert.deepEqual(index.standing().kinds, { read: 3, exec: 0, ack: 0, seal: 1, void: 0, fetch: 1 })
  assert.equal(index.epochs('site.example', 0, 1e9, 10).length, 2)
  assert.equal(index.epochs('site.example', 0, 1e9, 1).length, 1)
  index.clear()
  assert.equal(index.standing().through, 0)
  await followDomains(reader, index, never)
  assert.deepEqual(said(), before)
  index.close()
  log.close()
})

test('what was counted may go from the log; an index made again has what is kept', async () => {
  const log = new Log()
  const index = new SqliteDomainIndex(':memory:')
  const many = Array.from({ length: 600 }, (_, n) => readOf(n))
  await followDomains(await log.sequence(many), index, never)
  log.clock.pass(2 * HOUR_MS)
  const epoch = epochOf(log.clock.nowMs())
  await log.sequence([readOf(601)])
  await log.drop(epoch)
  const reader = await log.sequence([readOf(602)])
  await assert.rejects(reader.entry(0), { name: 'EntriesDropped' })
  await followDomains(reader, index, never)
  assert.deepEqual([index.sum('site.example', 0, 1e9).reads, index.standing().from], [602, 0])
  index.clear()
  await followDomains(reader, index, never)
  assert.deepEqual([index.sum('site.example', 0, 1e9).reads, index.standing().from], [2, 601])
  index.close()
  log.close()
})

test('an index of another log begins again', async () => {
  const [one, other] = [new Log(), new Log()]
  const index = new SqliteDomainIndex(':memory:')
  await followDomains(await one.sequence([readOf(1), readOf(2)]), index, never)
  const shorter = await other.sequence([readOf(7, { domain: 'z.example' })])
  await followDomains(shorter, index, never)
  assert.deepEqual([index.standing().through, index.sum('site.example', 0, 1e9).reads], [1, 0])
  const longer = await one.sequence([readOf(3)])
  await followDomains(longer, index, never)
  assert.deepEqual([index.standing().through, index.sum('z.example', 0, 1e9).reads], [3, 0])
  index.close()
  one.close()
  other.close()
})

test('a batch is taken once, and not at all when it can not be written', () => {
  const index = new SqliteDomainIndex(':memory:')
  const counts = { epoch: 1, domain: 'a', reads: 1, denied: 0, bytes: 2n, lastMs: 3 }
  const kinds = { read: 1, exec: 0, ack: 0, seal: 0, void: 0, fetch: 0 }
  const batch: DomainBatch = { first: 0, end: 1, counts: [counts], kinds, tip: new Uint8Array(32) }
  index.add(batch)
  assert.throws(() => index.add(batch), /batch expected from 1 on/)
  const bad = { ...counts, domain: 'b', bytes: 2n ** 64n }
  assert.throws(() => index.add({ ...batch, first: 1, end: 2, counts: [counts, bad] }))
  assert.deepEqual([index.all(1).reads, index.standing().through], [1, 1])
  index.add({ ...batch, first: 1, end: 2, counts: [{ ...counts, domain: 'b' }] })
  assert.deepEqual([index.all(1).reads, index.sum('b', 1, 1).reads], [2, 1])
  index.close()
})

test('domains beyond the bound of an epoch are counted without a name', () => {
  const index = new SqliteDomainIndex(':memory:')
  const kinds = { read: 1, exec: 0, ack: 0, seal: 0, void: 0, fetch: 0 }
  const counts = Array.from({ length: DOMAINS_EPOCH_MAX + 5 }, (_, n) => {
    return { epoch: 1, domain: `d${n}`, reads: 1, denied: 0, bytes: 1n, lastMs: 1 }
  })
  index.add({ first: 0, end: counts.length, counts, kinds, tip: new Uint8Array(32) })
  const reads = (domain: string): number => index.sum(domain, 1, 1).reads
  assert.equal(reads(`d${DOMAINS_EPOCH_MAX - 2}`), 1)
  assert.equal(reads(`d${DOMAINS_EPOCH_MAX - 1}`), 0)
  assert.equal(reads(''), 6)
  assert.equal(index.all(1).reads, counts.length)
  index.close()
})

test('following stops between two steps when it is told to', async () => {
  const log = new Log()
  const index = new SqliteDomainIndex(':memory:')
  const reads = Array.from({ length: DOMAINS_FOLLOWED_MAX + 10 }, (_, n) => readOf(n))
  const reader = await log.sequence(reads)
  const stopping = new AbortController()
  stopping.abort()
  await followDomains(reader, index, stopping.signal)
  assert.equal(index.standing().through, DOMAINS_FOLLOWED_MAX)
  await followDomains(reader, index, stopping.signal)
  assert.equal(index.standing().through, reads.length)
  index.close()
  log.close()
})
