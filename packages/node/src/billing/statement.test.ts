import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { buildAll, buildStatement } from '@turnpike/accounting/statement/build'
import { statementCsv } from '@turnpike/accounting/statement/csv'
import { statementHtml } from '@turnpike/accounting/statement/html'
import { statementJson } from '@turnpike/accounting/statement/json'
import type { StatementSources } from '@turnpike/accounting/statement/sources'
import type { Statement, Summary } from '@turnpike/accounting/statement/statement'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod, periodAfter } from '@turnpike/core/billing/period'
import type { Period } from '@turnpike/core/billing/period'
import { FREE_PLAN } from '@turnpike/core/billing/plan'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import fc from 'fast-check'
import { Books, OPERATOR_DID } from './testing/books.ts'
import type { BookedRead } from './testing/books.ts'

const OCTOBER = parsePeriod('2026-10')!
const MONTHS = [OCTOBER, periodAfter(OCTOBER), periodAfter(periodAfter(OCTOBER))]
const [, NOVEMBER, DECEMBER] = MONTHS as [Period, Period, Period]
const START = OCTOBER.firstEpoch
const HOURS = DECEMBER.endEpoch - START
const ALICE: CustomerDid = 'did:mailto:example.com:alice'
const BOB: CustomerDid = 'did:mailto:example.com:bob'
const SPACES: readonly SpaceDid[] = ['did:key:one', 'did:key:two']

function openBooks(t?: TestContext): Books {
  const books = new Books()
  t?.after(() => books.close())
  books.addCustomer(ALICE, START)
  books.addCustomer(BOB, START)
  return books
}

/** All statements of a month, by account. */
async function closeMonth(
  sources: StatementSources,
  period: Period,
): Promise<{ summary: Summary; texts: Map<string, string> }> {
  const texts = new Map<string, string>()
  const query = { period, asOfEntry: null }
  const built = await buildAll(sources, query, async ({ account }, json) => {
    texts.set(account, json)
  })
  assert.equal(built.error, undefined)
  return { summary: built.ok!, texts }
}

function egressOf({ accounts }: Summary): Record<string, bigint> {
  return Object.fromEntries(accounts.map(({ account, egressBytes }) => [account, egressBytes]))
}

test('L11: what nobody owned waits in suspense, until there is an owner to bill', async (t) => {
  const books = openBooks(t)
  const space = SPACES[0]!
  books.read({ epoch: START + 5, space, bytes: 100n })
  const october = await closeMonth(books.sources(OCTOBER.endEpoch), OCTOBER)
  assert.equal(egressOf(october.summary)['suspense'], 100n)
  books.assign(space, ALICE, NOVEMBER.firstEpoch)
  books.read({ epoch: NOVEMBER.firstEpoch + 9, space, bytes: 11n })
  const { summary, texts } = await closeMonth(books.sources(NOVEMBER.endEpoch), NOVEMBER)
  const egress = egressOf(summary)
  assert.equal(egress[ALICE], 111n)
  assert.equal(egress['suspense'], -100n)
  assert.equal(summary.total.egressBytes, 11n)
  assert.match(texts.get(ALICE)!, /"hour":"2026-10-01T05:00:00Z","billed":"2026-11-01T00:00:00Z"/)
  const again = await closeMonth(books.sources(NOVEMBER.endEpoch), OCTOBER)
  assert.deepEqual(again, october, 'October is as it was')
})

test('M1, M6: a read is its owner’s of then, in every statement from then on', async (t) => {
  const books = openBooks(t)
  const space = SPACES[0]!
  books.assign(space, ALICE, START)
  books.read({ epoch: START + 10, space, bytes: 7n })
  books.assign(space, BOB, START + 10)
  books.read({ epoch: START + 11, space, bytes: 5n })
  const { summary, texts } = await closeMonth(books.sources(OCTOBER.endEpoch), OCTOBER)
  assert.equal(egressOf(summary)[ALICE], 7n)
  assert.equal(egressOf(summary)[BOB], 5n)
  assert.doesNotMatch(texts.get(BOB)!, /T10:00:00Z"/)
})

test('M4: a read counts in the hour in which the log took it, months included', async (t) => {
  const books = openBooks(t)
  books.assign(SPACES[0]!, ALICE, START)
  books.read({ epoch: OCTOBER.endEpoch - 1, space: SPACES[0]!, bytes: 3n })
  books.read({ epoch: OCTOBER.endEpoch, space: SPACES[0]!, bytes: 4n })
  const sources = books.sources(NOVEMBER.endEpoch)
  assert.equal(egressOf((await closeMonth(sources, OCTOBER)).summary)[ALICE], 3n)
  assert.equal(egressOf((await closeMonth(sources, NOVEMBER)).summary)[ALICE], 4n)
})

test('a VOID is credited in its own month, to whoever owned what it voids', async (t) => {
  const books = openBooks(t)
  const space = SPACES[0]!
  const read = { epoch: START + 3, space, bytes: 50n }
  books.assign(space, ALICE, START)
  books.read(read)
  books.assign(space, BOB, NOVEMBER.firstEpoch)
  const october = await closeMonth(books.sources(OCTOBER.endEpoch), OCTOBER)
  books.voidRead(NOVEMBER.firstEpoch + 30, 0, read)
  const { summary } = await closeMonth(books.sources(NOVEMBER.endEpoch), NOVEMBER)
  assert.equal(egressOf(summary)[ALICE], -50n)
  assert.equal(egressOf(summary)[BOB], 0n)
  assert.deepEqual(await closeMonth(books.sources(NOVEMBER.endEpoch), OCTOBER), october)
})

test('the operator’s own reads are shown, and billed to nobody', async (t) => {
  const books = openBooks(t)
  books.read({ epoch: START, space: OPERATOR_DID, bytes: 9n })
  const { summary, texts } = await closeMonth(books.sources(OCTOBER.endEpoch), OCTOBER)
  assert.equal(egressOf(summary)['operator'], 9n)
  assert.match(texts.get('operator')!, /"bill":null/)
})

test('accounts that do not add up to the ledger are no statement', async (t) => {
  const books = openBooks(t)
  books.assign(SPACES[0]!, ALICE, START)
  books.read({ epoch: START, space: SPACES[0]!, bytes: 9n })
  const owned = books.provisioning.ofSpace(SPACES[0]!)
  // A history that gives the same hours to two customers.
  const twice = [ALICE, BOB].map((customer) => Object.assign({ ...owned[0]! }, { customer }))
  Object.assign(books.provisioning, { ofCustomer: () => twice, ofSpace: () => twice })
  const query = { period: OCTOBER, asOfEntry: null }
  const built = await buildAll(books.sources(OCTOBER.endEpoch), query, async () => {})
  assert.equal(built.error?.name, 'StatementUnbalanced')
})

test('an account that nobody has, and a plan that is gone, are said', async (t) => {
  const books = openBooks(t)
  const query = { period: OCTOBER, asOfEntry: null }
  const nobody = await buildStatement(books.sources(OCTOBER.endEpoch), 'did:key:nobody', query)
  assert.equal(nobody.error?.name, 'AccountUnknown')
  books.provisioning.setPlan(ALICE, 'did:web:gone.example', START * EPOCH_MS)
  const gone = await buildStatement(books.sources(OCTOBER.endEpoch), ALICE, query)
  assert.equal(gone.error?.name, 'PlanUnknown')
})

for (const account of [ALICE, 'suspense'])
  test(`too many lines are stated by day, then not at all: sums hold, ${account}`, async (t) => {
    const books = openBooks(t)
    for (const space of SPACES) {
      if (account === ALICE) books.assign(space, ALICE, START)
      for (const hour of [0, 1, 23, 24]) books.read({ epoch: START + hour, space, bytes: 1n })
    }
    const sources = books.sources(OCTOBER.endEpoch)
    const build = async (linesMax: number, spacesMax?: number): Promise<Statement> => {
      const query = { period: OCTOBER, asOfEntry: null, linesMax, spacesMax: spacesMax ?? 2 }
      const { ok: statement } = await buildStatement(sources, account, query)
      return statement!
    }
    const whole = await build(8)
    assert.deepEqual([whole.lines.length, whole.linesBy, whole.linesLeftOff], [8, 'hour', 0])
    assert.doesNotMatch(statementJson(whole), /linesBy|LeftOff/)
    const days = await build(7)
    assert.deepEqual([days.linesBy, days.linesLeftOff], ['day', 0])
    assert.deepEqual(
      days.lines.map(({ epoch, egressBytes }) => [epoch - START, egressBytes]),
      [
        [0, 3n],
        [24, 1n],
        [0, 3n],
        [24, 1n],
      ],
    )
    assert.match(statementCsv(days), /^account,space,day,billed,/)
    assert.match(statementJson(days), /"day":"2026-10-02","egressBytes":1,/)
    const cut = await build(3, 1)
    assert.deepEqual([cut.lines.length, cut.linesLeftOff, cut.spacesLeftOff], [2, 2, 1])
    assert.match(statementCsv(cut), /,2 lines left off,,,4,4,0,/)
    assert.match(statementJson(cut), /"spacesLeftOff":1,"linesBy":"day","linesLeftOff":2,"lines":/)
    assert.match(statementHtml(cut, ''), /<p>2 lines more are only in the sums by space\.</)
    for (const { total, hours, bill } of [days, cut])
      assert.deepEqual([total, hours, bill], [whole.total, whole.hours, whole.bill])
    assert.deepEqual(await build(3, 1), cut, 'the same again')
  })

test('prepaid overage is drawn from the balance, and the rest is due', async (t) => {
  const books = openBooks(t)
  const terms = { includedBytes: 0n, tiers: [], overageMicrosPerGib: 2n ** 30n }
  const plan = { ...FREE_PLAN, feeMicros: 10n, prepaid: true, storage: terms }
  books.plans = { byId: new Map(), standard: { ...plan, egress: { ...plan.egress, ...terms } } }
  books.opening = { ...books.opening, balances: [{ currency: 'USD', micros: 70n }] }
  books.assign(SPACES[0]!, ALICE, START)
  books.read({ epoch: START, space: SPACES[0]!, bytes: 100n })
  const query = { period: OCTOBER, asOfEntry: null }
  const { ok: statement } = await buildStatement(books.sources(OCTOBER.endEpoch), ALICE, query)
  assert.deepEqual(statement!.bill!.paid, [{ currency: 'USD', micros: 70n }])
  assert.deepEqual(statement!.bill!.due, [{ currency: 'USD', micros: 40n }])
})

type Deed =
  | { readonly kind: 'read'; readonly space: number; readonly bytes: bigint }
  | { readonly kind: 'void'; readonly read: number }
  | { readonly kind: 'assign'; readonly space: number; readonly customer: CustomerDid }
  | { readonly kind: 'release'; readonly space: number }
  | { readonly kind: 'store'; readonly space: number; readonly bytes: bigint }

const space = fc.nat({ max: 1 })
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('read'), space, bytes: fc.bigInt(1n, 99n) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('void'), read: fc.nat({ max: 9 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('assign'),
      space,
      customer: fc.constantFrom(ALICE, BOB),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release'), space }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('store'), space, bytes: fc.bigInt(1n, 9n) }),
  },
)
const deeds = fc.array(fc.record({ hour: fc.nat({ max: HOURS - 1 }), deed }), { maxLength: 30 })

/** The rules again, hour by hour: who owns it, since when that is known, and what it came to. */
class Model {
  readonly #owners = SPACES.map(() => Array.from({ length: HOURS }, () => SUSPENDED))
  readonly #last = SPACES.map((): CustomerDid | undefined => undefined)
  readonly #used: {
    space: number
    hour: number
    target: number
    egress: bigint
    stored: bigint
  }[] = []
  readonly #sizes = SPACES.map((): { hour: number; bytes: bigint }[] => [])

  apply(hour: number, done: Deed, reads: readonly BookedRead[]): void {
    if (done.kind === 'read') this.#use(done.space, hour, hour, done.bytes)
    if (done.kind === 'store') this.#sizes[done.space]!.push({ hour, bytes: done.bytes })
    if (done.kind === 'void') {
      const { space: voided, epoch, bytes } = reads[done.read]!
      this.#use(SPACES.indexOf(voided as SpaceDid), hour, epoch - START, -bytes)
    }
    if (done.kind === 'release') {
      if (this.#last[done.space] !== undefined) this.#own(done.space, hour + 1, SUSPENDED)
      this.#last[done.space] = undefined
    }
    if (done.kind === 'assign' && this.#last[done.space] !== done.customer) {
      const owner = { account: done.customer as string, since: hour }
      if (this.#last[done.space] !== undefined) this.#own(done.space, hour + 1, SUSPENDED)
      const hours = this.#owners[done.space]!
      for (const [i, before] of hours.entries()) if (before === SUSPENDED) hours[i] = owner
      this.#last[done.space] = done.customer
    }
  }

  /** Egress and storage by month and account. */
  sums(): Record<string, { egress: bigint; stored: bigint }>[] {
    const sums = MONTHS.map((): Record<string, { egress: bigint; stored: bigint }> => ({}))
    const add = (month: number, account: string, egress: bigint, stored: bigint): void => {
      const sum = (sums[month]![account] ??= { egress: 0n, stored: 0n })
      sum.egress += egress
      sum.stored += stored
    }
    for (const [at, changes] of this.#sizes.entries())
      for (let hour = 0; hour < HOURS; hour++) {
        const size = changes.reduce((sum, one) => sum + (one.hour <= hour ? one.bytes : 0n), 0n)
        const stored = size * BigInt(EPOCH_MS)
        if (size > 0n) this.#used.push({ space: at, hour, target: hour, egress: 0n, stored })
      }
    for (const { space: at, hour, target, egress, stored } of this.#used) {
      const { account, since } = this.#owners[at]![target]!
      const month = monthOf(hour)
      const billed = monthOf(Math.max(hour, since))
      add(billed, account, egress, stored)
      if (billed === month) continue
      add(month, 'suspense', egress, stored)
      add(billed, 'suspense', -egress, -stored)
    }
    return sums
  }

  #use(at: number, hour: number, target: number, egress: bigint): void {
    this.#used.push({ space: at, hour, target, egress, stored: 0n })
  }

  #own(at: number, from: number, owner: typeof SUSPENDED): void {
    this.#owners[at]!.fill(owner, from)
  }
}

const SUSPENDED = { account: 'suspense', since: 0 }

function monthOf(hour: number): number {
  return MONTHS.findIndex((month) => START + hour < month.endEpoch)
}

test('S4: months add up to the model, close in turn, and stay the same ever after', async () => {
  await fc.assert(
    fc.asyncProperty(deeds, async (drawn) => {
      const books = openBooks()
      const model = new Model()
      const reads: BookedRead[] = []
      const voided = new Set<number>()
      const closed: Awaited<ReturnType<typeof closeMonth>>[] = []
      const closeUpTo = async (hour: number): Promise<void> => {
        while (closed.length < MONTHS.length && START + hour >= MONTHS[closed.length]!.endEpoch) {
          const period = MONTHS[closed.length]!
          closed.push(await closeMonth(books.sources(period.endEpoch), period))
        }
      }
      for (const { hour, deed: done } of drawn.toSorted((a, b) => a.hour - b.hour)) {
        await closeUpTo(hour)
        const isVoid = done.kind === 'void'
        if (isVoid && (reads[done.read] === undefined || voided.has(done.read))) continue
        if (isVoid) voided.add(done.read)
        model.apply(hour, done, reads)
        record(books, START + hour, done, reads)
      }
      await closeUpTo(HOURS)
      for (const [i, expected] of model.sums().entries()) {
        const got = Object.fromEntries(
          closed[i]!.summary.accounts.map(({ account, egressBytes, storageByteMs }) => {
            return [account, { egress: egressBytes, stored: storageByteMs }] as const
          }).filter(([account, { egress, stored }]) => account in expected || egress + stored > 0n),
        )
        assert.deepEqual(got, expected)
        const again = await closeMonth(books.sources(DECEMBER.endEpoch), MONTHS[i]!)
        assert.deepEqual(again, closed[i])
      }
      books.close()
    }),
    { numRuns: Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 40) },
  )
})

/** Writes a deed into the books. */
function record(books: Books, epoch: number, done: Deed, reads: BookedRead[]): void {
  switch (done.kind) {
    case 'read': {
      const read = { epoch, space: SPACES[done.space]!, bytes: done.bytes }
      books.read(read)
      reads.push(read)
      return
    }
    case 'void':
      return books.voidRead(epoch, done.read, reads[done.read]!)
    case 'assign':
      return books.assign(SPACES[done.space]!, done.customer, epoch)
    case 'release':
      return books.release(SPACES[done.space]!, epoch)
    case 'store': {
      const atMs = epoch * EPOCH_MS
      return books.rig.change({ space: SPACES[done.space]!, atMs, bytes: done.bytes })
    }
  }
}
