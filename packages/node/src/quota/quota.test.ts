/**
 * Quotas, grants and balances over the books of a test.
 * @module
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { carriedInto, carriedOut, openingOf, rateMonth } from '@turnpike/accounting/quota/opening'
import { quotaOf, type CustomerQuota } from '@turnpike/accounting/quota/quota'
import type { QuotaSources } from '@turnpike/accounting/quota/sources'
import { buildStatement } from '@turnpike/accounting/statement/build'
import { parsePlans } from '@turnpike/core/billing/parse-plans'
import { parsePeriod, periodAfter, type Period } from '@turnpike/core/billing/period'
import {
  CREDIT_MICROS_MAX,
  CREDITS_PER_CUSTOMER_MAX,
  GRANTS_PER_CUSTOMER_MAX,
} from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Customer, CustomerDid } from '@turnpike/core/ports/provisioning'
import { Books } from '../billing/testing/books.ts'
import { SqliteGiven, type GivenGrant } from './given.ts'

const ANN: CustomerDid = 'did:mailto:example.com:ann'
const SPACE: SpaceDid = 'did:key:z6MkPhotos'
const OCTOBER = parsePeriod('2026-10')!
const NOVEMBER = parsePeriod('2026-11')!
const FIRST = OCTOBER.firstEpoch

const PLANS = parsePlans({
  plans: [
    {
      id: 'did:web:pre.example',
      name: 'Prepaid',
      currency: 'EUR',
      prepaid: true,
      egress: { included: 744, overagePricePerGib: '1024' },
    },
    {
      id: 'did:web:soft.example',
      name: 'Soft',
      currency: 'EUR',
      egress: { included: 7440, limit: 'soft' },
    },
    {
      id: 'did:web:hard.example',
      name: 'Hard',
      currency: 'EUR',
      egress: { included: 744, limit: 'hard', limitAt: 1488, dayMax: 100 },
    },
  ],
}).ok!

class Rig {
  readonly books = new Books()
  readonly given: SqliteGiven
  readonly customer: Customer = { did: ANN, createdMs: FIRST * 3_600_000 }

  constructor(t: Pick<TestContext, 'after'> | undefined, plan: string) {
    t?.after(() => this.books.close())
    this.given = new SqliteGiven(this.books.rig.billing)
    this.books.plans = PLANS
    this.books.addCustomer(ANN, FIRST)
    this.plan(plan, FIRST)
    this.books.assign(SPACE, ANN, FIRST)
  }

  plan(name: string, epoch: number): void {
    const set = this.books.provisioning.setPlan(ANN, `did:web:${name}.example`, epoch * 3_600_000)
    assert.ok(set.ok)
  }

  read(epoch: number, bytes: bigint): void {
    this.books.read({ epoch, space: SPACE, bytes })
  }

  get sources(): QuotaSources {
    const { ledger, rig, provisioning: owners, plans } = this.books
    const { given } = this
    return { ledger, storage: rig.storage, storedUntil: 0, owners, planTerms: owners, plans, given }
  }

  async quota(epoch: number): Promise<CustomerQuota> {
    const { ok: found, error } = await quotaOf(this.sources, this.customer, epoch)
    assert.ok(found?.quota, error?.message)
    return found.quota
  }

  grant(id: string, bytes: bigint, terms: Partial<GivenGrant> = {}): void {
    const common = { customer: ANN, priority: 0, firstEpoch: FIRST, createdMs: 0 }
    const open = { endEpoch: undefined, voidedMs: undefined }
    assert.ok(this.given.addGrant({ id, bytes, ...common, ...open, ...terms }).ok?.added)
  }

  pay(id: string, micros: bigint, epoch: number): void {
    const event = { source: 's', id, customer: ANN, currency: 'EUR', micros, epoch, creditedMs: 0 }
    assert.equal(this.given.credit(event).ok?.credited, true)
    assert.equal(this.given.credit(event).ok?.credited, false)
  }

  /** Closes a month as statements do. */
  async close(period: Period): Promise<void> {
    const opening = (await openingOf(this.sources, this.customer, period)).ok!
    const rated = (await rateMonth(this.sources, this.customer, period, opening)).ok!
    const before = (await carriedInto(this.sources, this.customer, period)).ok!
    this.given.keepCarried(ANN, period.name, carriedOut({ opening, rated }, before))
  }
}

test('what a plan includes begins anew with the month; grants and balances go on', async (t) => {
  const rig = new Rig(t, 'pre')
  rig.grant('a', 100n)
  rig.pay('1', 1000n, FIRST)
  rig.read(FIRST + 5, 744n + 60n)
  const october = await rig.quota(FIRST + 5)
  assert.deepEqual(
    [october.usedBytes, october.includedBytes, october.overageBytes],
    [804n, 744n, 0n],
  )
  assert.deepEqual(
    october.grants.map(({ leftBytes }) => leftBytes),
    [40n],
  )
  assert.equal(october.balance.micros, 1000n)
  // At 1,024 units a GiB, 1,000 micro-units buy 1,048 bytes and a half.
  assert.equal(october.limitBytes, 744n + 100n + 1048n)
  const last = OCTOBER.endEpoch - 1
  rig.read(last, 40n + 512n)
  assert.equal((await rig.quota(last)).balance.micros, 512n)
  const november = await rig.quota(NOVEMBER.firstEpoch)
  assert.deepEqual([november.usedBytes, november.includedBytes], [0n, 744n])
  assert.equal(november.limitBytes, 744n + 536n)
  assert.deepEqual(
    november.grants.map(({ leftBytes }) => leftBytes),
    [0n],
  )
  await rig.close(OCTOBER)
  assert.deepEqual(await rig.quota(NOVEMBER.firstEpoch), november, 'closed or not, it is the same')
})

test('a hard limit may lie beyond what is included; a day has its own', async (t) => {
  const rig = new Rig(t, 'hard')
  rig.read(FIRST + 1, 1000n)
  const { limitBytes, allowanceBytes, day } = await rig.quota(FIRST + 1)
  assert.deepEqual([allowanceBytes, limitBytes], [744n, 1488n])
  assert.deepEqual([day.usedBytes, day.limitBytes], [1000n, 100n])
  rig.grant('a', 500n, { firstEpoch: FIRST + 2 })
  assert.equal((await rig.quota(FIRST + 2)).limitBytes, 1988n)
  assert.equal((await rig.quota(FIRST + 24)).day.usedBytes, 0n)
})

test('a change of plan splits the month: each part has its hours’ share', async (t) => {
  const rig = new Rig(t, 'hard')
  rig.read(FIRST + 371, 10n)
  rig.plan('soft', FIRST + 371)
  assert.equal((await rig.quota(FIRST + 371)).plan.name, 'Hard')
  rig.read(FIRST + 372, 20n)
  const { plan, usedBytes, includedBytes, limitBytes } = await rig.quota(FIRST + 372)
  assert.deepEqual([plan.name, usedBytes, includedBytes], ['Soft', 20n, 3720n])
  assert.equal(limitBytes, undefined)
})

test('voided reads are given back, and a grant that is taken back covers its hour', async (t) => {
  const rig = new Rig(t, 'hard')
  rig.read(FIRST + 1, 700n)
  rig.books.voidRead(FIRST + 2, 0, { space: SPACE, epoch: FIRST + 1, bytes: 700n })
  assert.equal((await rig.quota(FIRST + 2)).usedBytes, 0n)
  rig.grant('a', 500n)
  const { ok: voided } = rig.given.voidGrant('a', FIRST + 4, 1)
  assert.deepEqual([voided?.endEpoch, voided?.voidedMs], [FIRST + 4, 1])
  assert.equal((await rig.quota(FIRST + 3)).limitBytes, 1988n)
  assert.equal((await rig.quota(FIRST + 4)).limitBytes, 1488n)
  assert.equal(rig.given.voidGrant('b', FIRST, 1).error?.name, 'GrantUnknown')
  rig.grant('later', 5n, { firstEpoch: FIRST + 100 })
  assert.equal(rig.given.voidGrant('later', FIRST + 4, 1).ok?.endEpoch, FIRST + 100)
})

test('the same grant or payment is taken once, and another by its name never', (t) => {
  const rig = new Rig(t, 'hard')
  rig.grant('a', 500n)
  const [grant] = rig.given.grants(ANN)
  assert.equal(rig.given.addGrant(grant!).ok?.added, false)
  assert.equal(rig.given.addGrant({ ...grant!, bytes: 5n }).error?.name, 'GivenDiffers')
  rig.pay('1', CREDIT_MICROS_MAX, FIRST)
  const [credit] = rig.given.credits(ANN, 5)
  const differs = rig.given.credit({ ...credit!, micros: 1n })
  assert.equal(differs.error?.name, 'GivenDiffers')
  assert.ok(rig.given.credit({ ...credit!, source: 'other' }).ok?.credited)
})

test('a customer has so many grants and payments, and no more', (t) => {
  const rig = new Rig(t, 'hard')
  const fill = (table: string, columns: string, count: number): void => {
    rig.books.rig.billing.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
       INSERT INTO ${table} SELECT ${columns} FROM n`,
    )
  }
  fill('grants', `'g' || i, '${ANN}', 1, 0, 0, NULL, 0, NULL`, GRANTS_PER_CUSTOMER_MAX - 1)
  rig.grant('last', 5n)
  const more = rig.given.addGrant({ ...rig.given.grant('last')!, id: 'more' })
  assert.equal(more.error?.name, 'GivenFull')
  fill('credits', `'f', i, '${ANN}', 'EUR', 1, 0, 0`, CREDITS_PER_CUSTOMER_MAX - 1)
  rig.pay('last', 5n, FIRST)
  const [last] = rig.given.credits(ANN, 1)
  assert.equal(rig.given.credit({ ...last!, id: 'more' }).error?.name, 'GivenFull')
})

const HOURS = NOVEMBER.endEpoch - FIRST

test('quotas agree with statements, and balances are paid in less what was drawn', async () => {
  const hour = fc.nat({ max: HOURS - 1 })
  const days = fc.record({
    reads: fc.array(fc.tuple(hour, fc.nat({ max: 2000 })), { maxLength: 12 }),
    grants: fc.array(fc.tuple(hour, fc.nat({ max: 900 }), fc.nat({ max: 2 })), { maxLength: 4 }),
    credits: fc.array(fc.tuple(hour, fc.integer({ min: 1, max: 900 })), { maxLength: 4 }),
    plans: fc.array(fc.tuple(hour, fc.constantFrom('pre', 'soft', 'hard')), { maxLength: 2 }),
    isClosed: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(days, async ({ reads, grants, credits, plans, isClosed }) => {
      const rig = new Rig(undefined, 'pre')
      const inOrder = plans.toSorted(([a], [b]) => a - b)
      for (const [at, plan] of inOrder) rig.plan(plan, FIRST + at)
      for (const [at, bytes] of reads) rig.read(FIRST + at, BigInt(bytes))
      for (const [i, [at, bytes, priority]] of grants.entries())
        rig.grant(`g${i}`, BigInt(bytes), { firstEpoch: FIRST + at, priority })
      for (const [i, [at, micros]] of credits.entries()) rig.pay(`${i}`, BigInt(micros), FIRST + at)
      if (isClosed) await rig.close(OCTOBER)
      let drawn = 0n
      for (const period of [OCTOBER, NOVEMBER]) {
        const opening = (await openingOf(rig.sources, rig.customer, period)).ok!
        rig.books.opening = opening
        const sources = rig.books.sources(0)
        const built = await buildStatement(sources, ANN, { period, asOfEntry: 0 })
        const bill = built.ok!.bill!
        const rated = (await rateMonth(rig.sources, rig.customer, period, opening)).ok!
        assert.deepEqual(rated, bill.rated)
        const quota = await rig.quota(period.endEpoch - 1)
        assert.equal(quota.usedBytes, bill.rated.stretches.at(-1)!.egress.usedBytes)
        for (const { micros } of bill.paid) drawn += micros
        const paidIn = rig.given.paidIn(ANN, period.endEpoch)[0]?.micros ?? 0n
        assert.equal(quota.balance.micros, paidIn - drawn)
        assert.ok(quota.balance.micros >= 0n)
        assert.ok((quota.limitBytes ?? 0n) >= 0n)
      }
      assert.equal(periodAfter(OCTOBER).name, NOVEMBER.name)
      rig.books.close()
    }),
    { numRuns: Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 25) },
  )
})
