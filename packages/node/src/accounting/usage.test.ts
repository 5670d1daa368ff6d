import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Accounting } from '@turnpike/accounting/accounting'
import { checkLog } from '@turnpike/accounting/check-log'
import { groupOf, readOf, testRandom, testSigner } from '@turnpike/accounting/testing/entries'
import { Faults, MemoryJournal, TestClock } from '@turnpike/accounting/testing/memory'
import { usageJson } from '@turnpike/accounting/usage'
import type { UsageAnswer, UsageQuery } from '@turnpike/accounting/usage'
import { LEDGER_BATCH_ROWS_MAX } from '@turnpike/core/limits/log'
import { encodeFetch } from '@turnpike/core/log/encode'
import { DENY, READ_FLAGS } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import type { Ledger, LedgerBatch, UsageBy } from '@turnpike/core/ports/ledger'
import { nodeHasher } from '../hasher.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { FileLogStore } from '../log/log-store.ts'

const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 20)
const HOUR_MS = 3_600_000
const START_MS = 1_764_000_000_000

/** Accounting on real files, over a journal and a clock of the test's own. */
async function openRig() {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-usage-'))
  const store = await FileLogStore.open(join(directory, 'log'))
  const ledger = new SqliteLedger(join(directory, 'ledger.sqlite'))
  const journal = new MemoryJournal('0')
  const clock = new TestClock(START_MS)
  const deps = {
    store,
    ledger,
    journals: () => [journal],
    clock,
    random: testRandom(),
    hasher: nodeHasher,
    signer: testSigner('gateway.example/log'),
  }
  const close = async (): Promise<void> => {
    store.close()
    ledger.close()
    await rm(directory, { recursive: true, force: true })
  }
  return { deps, store, ledger, journal, clock, accounting: new Accounting(deps), close }
}
type Rig = Awaited<ReturnType<typeof openRig>>

async function usageOf(rig: Rig, query: UsageQuery = {}): Promise<UsageAnswer> {
  const { ok, error } = await rig.accounting.usage(query)
  if (error !== undefined) throw error
  return ok
}

interface ModelRead {
  readonly hour: number
  readonly space: string
  readonly bytes: bigint
  readonly count: number
  readonly billable: boolean
  readonly denied: boolean
  readonly failed: boolean
}

/** Sums as a reader of the design would do them by hand. */
function sumOf(reads: readonly ModelRead[]) {
  const sum = { reads: 0, denied: 0, errors: 0, bytes: 0n, bytesDelivered: 0n }
  for (const read of reads) {
    sum.reads += read.count
    if (read.denied) sum.denied += read.count
    if (read.failed) sum.errors += read.count
    if (read.billable) sum.bytes += read.bytes
    sum.bytesDelivered += read.bytes
  }
  return sum
}

function sumsOf(answer: UsageAnswer | NonNullable<UsageAnswer['rows']>[number]) {
  const { reads, denied, errors, bytes, bytesDelivered } = answer
  return { reads, denied, errors, bytes, bytesDelivered }
}

const space = fc.nat(2)
const small = fc.nat(5000)
const count = fc.integer({ min: 1, max: 1e6 })
const set = fc.integer({ min: -80 * HOUR_MS, max: 80 * HOUR_MS })
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('read' as const), space, bytes: fc.maxSafeNat() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deny' as const), space, count }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('error' as const), space, bytes: small }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('probe' as const), space, bytes: small }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(50 * HOUR_MS) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set' as const), ms: set }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('catch up' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What should have been counted, and when: the rules of the design, written down once more. */
class Model {
  readonly reads: ModelRead[] = []
  #waiting: Omit<ModelRead, 'hour'>[] = []
  #floorMs = 0
  #openHour: number | undefined

  add(read: Partial<ModelRead> & { readonly space: string }): void {
    const rest = { bytes: 0n, count: 1, billable: false, denied: false, failed: false }
    this.#waiting.push({ ...rest, ...read })
  }

  catchUp(wallMs: number): void {
    const nowMs = Math.max(this.#floorMs, wallMs)
    const hour = Math.floor(nowMs / HOUR_MS)
    const open = this.#openHour
    if (this.#waiting.length > 0) {
      this.reads.push(...this.#waiting.map((read) => Object.assign(read, { hour })))
      this.#openHour = hour
    } else if (open !== undefined && nowMs >= (open + 1) * HOUR_MS + 30_000) {
      this.#openHour = undefined
    } else {
      return
    }
    this.#waiting = []
    this.#floorMs = nowMs
  }
}

test('usage equals an independent model to the byte, over hours and clock steps', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const rig = await openRig()
      try {
        await playSteps(rig, steps)
      } finally {
        await rig.close()
      }
    }),
    { numRuns: RUNS },
  )
})

async function playSteps(rig: Rig, steps: readonly Step[]): Promise<void> {
  const model = new Model()
  const { allowed, content, synthetic } = READ_FLAGS
  const catchUp = async (): Promise<void> => {
    rig.accounting.confirmClock()
    model.catchUp(rig.clock.nowMs())
    assert.deepEqual(sumsOf(await usageOf(rig)), sumOf(model.reads))
  }
  for (const [n, one] of steps.entries()) {
    const of = 'space' in one ? { space: `did:key:s${one.space}` } : { space: '' }
    const bytes = 'bytes' in one ? BigInt(one.bytes) : 0n
    const journal = (fields: Partial<ReadEntry>): void =>
      rig.journal.append(groupOf(n, { ...of, bytes, ...fields }))
    if (one.do === 'read') {
      model.add({ ...of, bytes, billable: true })
      journal({})
    } else if (one.do === 'deny') {
      model.add({ ...of, denied: true, count: one.count })
      journal({ flags: 0, deny: DENY.authorization, status: 403, count: one.count })
    } else if (one.do === 'error') {
      model.add({ ...of, bytes, failed: true })
      journal({ flags: allowed, status: 502 })
    } else if (one.do === 'probe') {
      model.add({ ...of, bytes })
      journal({ flags: allowed | content | synthetic })
    } else if (one.do === 'pass') rig.clock.pass(one.ms)
    else if (one.do === 'set') rig.clock.set(one.ms)
    else if (one.do === 'restart') rig.accounting = new Accounting(rig.deps)
    else await catchUp()
  }
  await catchUp()
  await compareRows(rig, model.reads)
  assert.equal((await checkLog(rig.store, nodeHasher)).error, undefined)
  const before = await usageOf(rig, { by: 'cid' })
  assert.equal((await rig.accounting.rebuild()).error, undefined)
  assert.deepEqual(await usageOf(rig, { by: 'cid' }), before, 'a rebuilt ledger is the same')
}

/** By space, by day, and since each hour. */
async function compareRows(rig: Rig, reads: readonly ModelRead[]): Promise<void> {
  const grouped = (keyOf: (read: ModelRead) => string) => {
    const groups = Map.groupBy(reads, keyOf)
    return new Map(Array.from(groups, ([key, group]) => [key, sumOf(group)]))
  }
  const day = (read: ModelRead): string => new Date(read.hour * HOUR_MS).toISOString().slice(0, 10)
  for (const [by, expected] of [
    ['space', grouped(({ space: name }) => name)],
    ['day', grouped(day)],
  ] as const) {
    const { rows } = await usageOf(rig, { by })
    assert.deepEqual(new Map(rows!.map((row) => [row.key, sumsOf(row)])), expected)
  }
  for (const { hour } of reads.slice(0, 5)) {
    const since = await usageOf(rig, { sinceMs: hour * HOUR_MS + 1 })
    assert.deepEqual(sumsOf(since), sumOf(reads.filter((read) => read.hour >= hour)))
    assert.equal(since.period?.fromMs, hour * HOUR_MS)
  }
}

test('a bound inside an hour takes in that hour, and the answer says so', async () => {
  const rig = await openRig()
  assert.equal((await usageOf(rig)).period, null)
  rig.journal.append(groupOf(7))
  await usageOf(rig)
  rig.clock.pass(2 * HOUR_MS)
  rig.journal.append(groupOf(8))
  const startMs = Math.floor(START_MS / HOUR_MS) * HOUR_MS
  assert.deepEqual((await usageOf(rig)).period, { fromMs: startMs, toMs: startMs + 3 * HOUR_MS })
  const inside = await usageOf(rig, { sinceMs: startMs + HOUR_MS - 1 })
  assert.deepEqual([inside.reads, inside.period?.fromMs], [2, startMs])
  const later = await usageOf(rig, { sinceMs: startMs + HOUR_MS })
  assert.deepEqual([later.reads, later.period?.fromMs], [1, startMs + HOUR_MS])
  await rig.close()
})

test('as JSON, bytes are numbers as long as those are exact, and then strings', async () => {
  const rig = await openRig()
  rig.journal.append(groupOf(1, { bytes: BigInt(Number.MAX_SAFE_INTEGER) }))
  const exact = usageJson(await usageOf(rig))
  assert.equal(exact['bytes'], Number.MAX_SAFE_INTEGER)
  rig.journal.append(groupOf(2, { bytes: 2n, cid: null }))
  const json = JSON.parse(JSON.stringify(usageJson(await usageOf(rig, { by: 'cid' }))))
  assert.equal(json.bytes, '9007199254740993')
  assert.equal(json.reads, 2)
  assert.match(json.period.from, /^2025-11-24T\d\d:00:00\.000Z$/)
  assert.deepEqual(
    json.rows.map((row: { key: string; bytes: unknown }) => [row.key, row.bytes]),
    [
      ['bafkqaaib', Number.MAX_SAFE_INTEGER],
      ['', 2],
    ],
  )
  await rig.close()
})

/** Plays reads, a FETCH apart from its READ and an hour's end into a ledger that may fail. */
async function playLedger(rig: Rig, faults: Faults): Promise<UsageAnswer> {
  const ledger: Ledger = Object.create(rig.ledger, {
    watermark: { value: () => rig.ledger.watermark() },
    isWhole: { value: () => rig.ledger.isWhole() },
    apply: { value: (batch: LedgerBatch) => faults.run(() => rig.ledger.apply(batch)) },
  })
  const accounting = new Accounting({ ...rig.deps, ledger })
  const { id } = readOf(1)
  const fetch = encodeFetch({ id, provider: 'p', bytes: 3n, requests: 1, failed: 0 })
  for (const group of [groupOf(1), groupOf(2), [fetch], groupOf(3)]) {
    rig.journal.append(group)
    const caughtUp = await accounting.catchUp().catch(() => undefined)
    if (caughtUp === undefined) await accounting.catchUp()
    rig.clock.pass(HOUR_MS / 2)
  }
  return usageOf(rig, { by: 'space' })
}

test('D3: each write of the ledger fails, in both ways: everything is counted once', async () => {
  const plain = await openRig()
  const expected = await playLedger(plain, new Faults())
  assert.deepEqual([expected.reads, expected.bytes, expected.bytesFetched], [3, 6n, 3n])
  await plain.close()
  for (const kind of ['not persisted', 'persisted but reported failed'] as const)
    for (let at = 0; at < 4; at++) {
      const rig = await openRig()
      const faults = new Faults()
      faults.plan(at, kind)
      assert.deepEqual(await playLedger(rig, faults), expected, `write ${at}, ${kind}`)
      assert.ok(faults.writes > at, 'the fault took place')
      await rig.close()
    }
})

test('a ledger that is ahead of its log stops, and a rebuild mends it', async () => {
  const rig = await openRig()
  rig.ledger.apply({ first: 0, end: 5, rows: [], voids: [], fetched: [] })
  rig.journal.append(groupOf(1))
  assert.equal((await rig.accounting.usage({})).error?.name, 'LedgerAhead')
  assert.equal((await rig.accounting.rebuild()).error, undefined)
  assert.equal((await usageOf(rig)).reads, 1)
  await rig.close()
})

test('a call that reaches its bound of rounds says that there is more', async () => {
  const rig = await openRig()
  const domain = 'x'.repeat(800)
  for (let n = 0; n < 10_000; n++) rig.journal.append(groupOf(n, { domain }))
  const accounting = new Accounting({ ...rig.deps, roundsMax: 1 })
  assert.equal((await accounting.usage({})).ok?.complete, false)
  const rest = await accounting.usage({})
  assert.deepEqual([rest.ok?.complete, rest.ok?.reads], [true, 10_000])
  await rig.close()
})

test('a batch of more than 8,192 rows is added in parts, and sums all the same', async () => {
  const rig = await openRig()
  for (let n = 0; n <= LEDGER_BATCH_ROWS_MAX; n++)
    rig.journal.append(groupOf(n, { space: `did:key:s${n}`, bytes: 1n }))
  const usage = await usageOf(rig)
  assert.deepEqual([usage.reads, usage.bytes], [LEDGER_BATCH_ROWS_MAX + 1, 8193n])
  await rig.close()
})

test('calls that overlap run one after the other', async () => {
  const rig = await openRig()
  for (let n = 0; n < 3; n++) rig.journal.append(groupOf(n))
  const answers = await Promise.all([usageOf(rig), usageOf(rig), rig.accounting.catchUp()])
  assert.deepEqual([answers[0].reads, answers[1].reads], [3, 3])
  assert.equal(answers[2].ok?.size, 3)
  await rig.close()
})

test('rows by time say their time, rows by CID from when there are any', async () => {
  const rig = await openRig()
  rig.journal.append(groupOf(1))
  await usageOf(rig)
  rig.clock.pass(30 * HOUR_MS)
  rig.journal.append(groupOf(2))
  const keys = async (by: UsageBy): Promise<readonly string[]> =>
    (await usageOf(rig, { by })).rows!.map(({ key }) => key)
  assert.deepEqual(await keys('hour'), ['2025-11-24T16', '2025-11-25T22'])
  assert.deepEqual(await keys('day'), ['2025-11-24', '2025-11-25'])
  assert.deepEqual(await keys('month'), ['2025-11'])
  assert.equal('rowsFrom' in usageJson(await usageOf(rig, { by: 'cid' })), false)
  rig.ledger.forgetCids(Math.floor(START_MS / HOUR_MS) + 1, 10)
  const later = await usageOf(rig, { by: 'cid' })
  assert.deepEqual([later.reads, later.rows!.length], [2, 1])
  assert.equal(usageJson(later)['rowsFrom'], '2025-11-24T17:00:00.000Z')
  await rig.close()
})
