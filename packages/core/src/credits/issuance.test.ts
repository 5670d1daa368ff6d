import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GIB_BYTES } from '../billing/money.ts'
import { CREDIT_SHARES_MAX } from '../limits/credits.ts'
import {
  debtAfter,
  issuanceJson,
  issue,
  type CreditRow,
  type Issuance,
  type IssuanceInput,
} from './issuance.ts'
import { PPM, rulesByName, type CreditPolicy, type CreditRules } from './policy.ts'

const EPOCH = 500_000
const PROVIDERS = ['did:key:a', 'did:key:b', 'did:key:c']
const REGIONS = ['eu', 'us', 'Ω']

const bytes = fc.oneof(fc.bigInt({ min: 0n, max: 100n }), fc.bigInt({ min: 0n, max: 1n << 45n }))
const micros = fc.oneof(fc.bigInt({ min: 0n, max: 50n }), fc.bigInt({ min: 0n, max: 1n << 55n }))

const row: fc.Arbitrary<CreditRow> = fc.record({
  space: fc.constantFrom('did:key:a', 'did:key:s'),
  provider: fc.constantFrom(...PROVIDERS, ''),
  region: fc.constantFrom(...REGIONS),
  bytes,
  bytesVoided: fc.oneof({ weight: 3, arbitrary: fc.constant(0n) }, bytes),
})

const rule = fc.record({
  weightPpm: fc.constantFrom(0, 1, 333_333, PPM, 3 * PPM),
  cap: fc.option(micros),
})
const rules = (names: readonly string[]): fc.Arbitrary<CreditRules> =>
  fc.record({
    named: fc
      .tuple(...names.map((name) => fc.option(rule.map((of) => ({ ...of, name })))))
      .map((list) => list.filter((one) => one !== null)),
    others: rule,
  })

const policy: fc.Arbitrary<CreditPolicy> = fc.record({
  id: fc.constant('p'),
  epoch: fc.constant(EPOCH),
  microsPerGib: fc.oneof(fc.constant(GIB_BYTES), micros),
  epochBudget: micros,
  ownTraffic: fc.boolean(),
  providers: rules(PROVIDERS.slice(0, 2)),
  regions: rules(REGIONS.slice(0, 2)),
  decayPpmPerHour: fc.constant(0),
  ttlHours: fc.constant(24),
})

const input: fc.Arbitrary<IssuanceInput & { debts: ReadonlyMap<string, bigint> }> = fc
  .record({
    rows: fc.array(row, { maxLength: 14 }),
    policy: fc.option(policy, { nil: undefined, freq: 20 }),
    pool: micros,
    seeds: fc.array(micros, { maxLength: 3 }),
    debts: fc.array(fc.tuple(fc.constantFrom(...PROVIDERS), fc.constantFrom(...REGIONS), bytes)),
  })
  .map(({ debts: drawn, seeds, rows, policy: inForce, pool }) => {
    const debts = new Map(drawn.map(([provider, region, debt]) => [provider + region, debt]))
    return {
      rows,
      policy: inForce,
      pool,
      epoch: EPOCH,
      seeds: seeds.map((amount, i) => ({ id: `s${i}`, amount, epoch: EPOCH - i })),
      debts,
      debtOf: (provider: string, region: string) => debts.get(provider + region) ?? 0n,
    }
  })

const sumOf = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n)
const runs = { numRuns: 2000 }

/** A property of all issuances. */
function holds(name: string, check: (issuance: Issuance, of: IssuanceInput) => void): void {
  test(name, () =>
    fc.assert(
      fc.property(input, (of) => check(issue(of), of)),
      runs,
    ),
  )
}

holds('I1: no more is issued than is in the pool, nor than the budget', (issuance, of) => {
  const { issued, poolBefore, poolAfter, budget, shares } = issuance
  assert.equal(poolBefore, of.pool + sumOf(of.seeds.map(({ amount }) => amount)))
  assert.ok(issued <= poolBefore && issued <= budget)
  assert.ok(budget <= (of.policy?.epochBudget ?? 0n))
  assert.equal(poolAfter, poolBefore - issued)
  assert.equal(issued, sumOf(shares.map(({ amount }) => amount)))
})

const amountsBy = (issuance: Issuance, by: 'provider' | 'region'): [string, bigint][] =>
  [...Map.groupBy(issuance.shares, (share) => share[by])].map(([name, shares]) => [
    name,
    sumOf(shares.map(({ amount }) => amount)),
  ])

holds('I2: no region gets more than its cap', (issuance) => {
  for (const [name, amount] of amountsBy(issuance, 'region'))
    assert.ok(amount <= (rulesByName(issuance.policy!.regions)(name).cap ?? amount))
})

holds('I3: no provider gets more than its cap', (issuance) => {
  for (const [name, amount] of amountsBy(issuance, 'provider'))
    assert.ok(amount <= (rulesByName(issuance.policy!.providers)(name).cap ?? amount))
})

holds('I4: nothing is negative, and no share is more than was earned', (issuance) => {
  for (const share of issuance.shares) {
    assert.ok(share.amount >= 0n && share.amount <= share.demand)
    assert.ok(debtAfter(share) >= 0n)
    if (share.bytes <= share.debt) assert.equal(share.demand, 0n)
  }
  const { withheld, poolAfter, issued } = issuance
  assert.ok(Object.values(withheld).every((amount) => amount >= 0n) && poolAfter >= 0n)
  const demanded = sumOf(issuance.shares.map(({ demand }) => demand))
  assert.equal(issued + sumOf(Object.values(withheld)), demanded)
})

test('I5: neither the order of rows nor how bytes are spread over them matters', () => {
  const parts = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 14, maxLength: 14 })
  fc.assert(
    fc.property(input, parts, (of, cuts) => {
      const split = of.rows.flatMap((one, i) => {
        const [part, place] = cuts[i]!
        const first = one.bytes === 0n ? 0n : BigInt(part) % one.bytes
        const [a, b] = [
          { ...one, bytes: first },
          { ...one, bytes: one.bytes - first, bytesVoided: 0n },
        ]
        return [
          { row: a, place },
          { row: b, place: part },
        ]
      })
      split.sort((a, b) => a.place - b.place)
      const rows = split.map((one) => one.row)
      assert.deepEqual(issue({ ...of, rows, seeds: of.seeds.toReversed() }), issue(of))
    }),
    runs,
  )
})

const RULES: CreditRules = { named: [], others: { weightPpm: PPM, cap: null } }
/** One micro-credit for a byte. */
const PLAIN: CreditPolicy = {
  id: 'plain',
  epoch: EPOCH,
  microsPerGib: GIB_BYTES,
  epochBudget: 1n << 60n,
  ownTraffic: false,
  providers: RULES,
  regions: RULES,
  decayPpmPerHour: 0,
  ttlHours: 24,
}

function rowOf(change: Partial<CreditRow> = {}): CreditRow {
  const texts = { space: 'did:key:s', provider: 'did:key:a', region: 'eu' }
  return { ...texts, bytes: 100n, bytesVoided: 0n, ...change }
}

function issueOf(rows: readonly CreditRow[], change: Partial<IssuanceInput> = {}): Issuance {
  const none = { seeds: [], debtOf: () => 0n }
  return issue({ epoch: EPOCH, rows, policy: PLAIN, pool: 1000n, ...none, ...change })
}

test('a budget is shared by what was earned, the caps of providers and regions first', () => {
  const rows = [
    rowOf({ bytes: 600n }),
    rowOf({ bytes: 300n, region: 'us' }),
    rowOf({ bytes: 300n, provider: 'did:key:b' }),
  ]
  const weight = { weightPpm: PPM, cap: null }
  const limiting: CreditPolicy = {
    ...PLAIN,
    providers: { named: [{ name: 'did:key:a', weightPpm: PPM, cap: 600n }], others: weight },
    regions: { named: [{ name: 'eu', weightPpm: PPM, cap: 350n }], others: weight },
    epochBudget: 100n,
  }
  const { shares, withheld, issued } = issueOf(rows, { policy: limiting })
  // 900 → 600: 400 in eu, 200 in us; eu's 700 → 350: 200 and 150; 550 → 100.
  assert.deepEqual(
    shares.map(({ provider, region, amount }) => [provider, region, amount]),
    [
      ['did:key:a', 'eu', 37n],
      ['did:key:a', 'us', 36n],
      ['did:key:b', 'eu', 27n],
    ],
  )
  assert.equal(issued, 100n)
  const reasons = { shares: 0n, provider_cap: 300n, region_cap: 350n, budget: 450n, pool: 0n }
  assert.deepEqual(withheld, reasons)
})

test('what is voided comes off; what is left of it comes off later epochs', () => {
  const one = (read: bigint, bytesVoided: bigint, debt: bigint): readonly bigint[] => {
    const { shares } = issueOf([rowOf({ bytes: read, bytesVoided })], { debtOf: () => debt })
    return shares.flatMap((share) => [share.amount, debtAfter(share)])
  }
  assert.deepEqual(one(100n, 30n, 0n), [70n, 0n])
  assert.deepEqual(one(100n, 130n, 0n), [0n, 30n])
  assert.deepEqual(one(20n, 0n, 30n), [0n, 10n])
  assert.deepEqual(one(20n, 0n, 10n), [10n, 0n])
  assert.deepEqual(one(0n, 5n, 10n), [0n, 15n])
})

test('denied reads, own traffic, rows without names and weight 0 earn nothing', () => {
  const own = { space: 'did:key:a' }
  const unnamed = { space: '', provider: '', region: '' }
  const nothing = [rowOf({ bytes: 0n }), rowOf(own), rowOf(unnamed)]
  assert.deepEqual(issueOf(nothing).shares, [])
  assert.equal(issueOf([rowOf(own)], { policy: { ...PLAIN, ownTraffic: true } }).issued, 100n)
  const others = { weightPpm: 0, cap: null }
  const nobody = { ...PLAIN, providers: { named: [], others } }
  assert.deepEqual(issueOf([rowOf()], { policy: nobody }).shares, [])
})

test('without a policy nothing is issued, and seeds stay in the pool', () => {
  const seeds = [{ id: 'a', amount: 5n, epoch: EPOCH }]
  const issuance = issueOf([rowOf()], { policy: undefined, seeds })
  assert.deepEqual(issuanceJson(issuance), {
    epoch: EPOCH,
    policy: null,
    seeds: [{ id: 'a', amount: '5', epoch: EPOCH }],
    poolBefore: '1005',
    budget: '0',
    issued: '0',
    poolAfter: '1005',
    withheld: { shares: '0', provider_cap: '0', region_cap: '0', budget: '0', pool: '0' },
    shares: [],
  })
})

test('of more shares than fit, those that owe and those that earned most count', () => {
  const rows = Array.from({ length: CREDIT_SHARES_MAX }, (_, i) =>
    rowOf({ provider: `did:key:${i}`, bytes: 2n }),
  )
  const few = issueOf(rows, { pool: 1n << 40n })
  assert.equal(few.shares.length, CREDIT_SHARES_MAX)
  assert.equal(few.withheld.shares, 0n)
  const owing = rowOf({ provider: 'did:key:y', bytes: 0n, bytesVoided: 9n })
  const most = rowOf({ provider: 'did:key:z', bytes: 3n })
  const many = issueOf([...rows, owing, most], { pool: 1n << 40n })
  assert.equal(many.shares.length, CREDIT_SHARES_MAX)
  assert.deepEqual(
    many.shares.slice(-2).map(({ bytes: net }) => net),
    [-9n, 3n],
  )
  assert.equal(many.withheld.shares, 4n)
})

test('pools and debts below zero are refused', () => {
  assert.throws(() => issueOf([], { pool: -1n }), RangeError)
  assert.throws(() => issueOf([rowOf()], { debtOf: () => -1n }), RangeError)
})
