import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OpenGrant } from './grants.ts'
import { GIB_BYTES } from './money.ts'
import { FREE_PLAN } from './plan.ts'
import type { Plan, PriceTier } from './plan.ts'
import { rate } from './rate.ts'
import type { PlanStretch, UsedHour } from './rate.ts'

const PERIOD = { firstEpoch: 100, endEpoch: 110 }

function plan(changes: {
  id?: string
  included?: bigint
  tiers?: readonly PriceTier[]
  price?: bigint
  fee?: bigint
  currency?: string
  storedBytes?: bigint
}): Plan {
  const { id = 'did:web:plan.example', included = 0n, tiers = [], price = GIB_BYTES } = changes
  const { fee = 0n, currency = 'EUR', storedBytes = 0n } = changes
  const terms = { includedBytes: included, tiers, overageMicrosPerGib: price }
  const storage = { includedBytes: storedBytes, tiers: [], overageMicrosPerGib: price }
  const egress = { ...FREE_PLAN.egress, ...terms }
  return { ...FREE_PLAN, id, currency, feeMicros: fee, egress, storage }
}

function grant(id: string, bytes: bigint, changes: Partial<OpenGrant> = {}): OpenGrant {
  const always = { firstEpoch: 0, endEpoch: undefined, priority: 0, createdMs: 0 }
  return { id, bytes, leftBytes: bytes, ...always, ...changes }
}

/** At a price of 2^30 micros a GiB: a micro-unit for each byte of overage. */
function rated(
  stretches: readonly PlanStretch[],
  egress: readonly (readonly [epoch: number, bytes: bigint])[],
  grants: readonly OpenGrant[] = [],
  creditBytes = 0n,
): ReturnType<typeof rate> {
  const hours = egress.map(([epoch, egressBytes]) => ({ epoch, egressBytes, storageByteMs: 0n }))
  return rate({ period: PERIOD, stretches, hours, grants, creditBytes })
}

const ALL = { ...PERIOD, plan: plan({ included: 100n }) }

test('the included part first, then grants in their order, then overage', () => {
  const grants = [grant('late', 30n, { priority: 2 }), grant('first', 20n)]
  const { stretches, grantsLeftBytes, totals } = rated([ALL], [[103, 140n]], grants)
  const { egress } = stretches[0]!
  assert.deepEqual(egress, {
    usedBytes: 140n,
    includedBytes: 100n,
    grantedBytes: 40n,
    overageBytes: 0n,
    micros: 0n,
  })
  assert.deepEqual(
    [...grantsLeftBytes],
    [
      ['first', 0n],
      ['late', 10n],
    ],
  )
  assert.deepEqual(totals, [{ currency: 'EUR', micros: 0n }])
  assert.equal(rated([ALL], [[103, 151n]], grants).totals[0]!.micros, 1n)
})

test('a grant covers only what was used while it was in force', () => {
  const grants = [grant('early', 1000n, { firstEpoch: 100, endEpoch: 102 })]
  const hours = [
    [101, 120n],
    [105, 50n],
  ] as const
  const { stretches, grantsLeftBytes } = rated([ALL], hours, grants)
  assert.equal(stretches[0]!.egress.grantedBytes, 20n)
  assert.equal(stretches[0]!.egress.overageBytes, 50n)
  assert.equal(grantsLeftBytes.get('early'), 980n)
})

test('each hour is rated by the plan in force in it; fee and included part are by hours', () => {
  const small = plan({ id: 'did:web:small.example', included: 100n, fee: 1000n })
  const large = plan({ id: 'did:web:large.example', included: 1001n, fee: 10_001n, price: 0n })
  const stretches = [
    { plan: small, firstEpoch: 100, endEpoch: 103 },
    { plan: large, firstEpoch: 103, endEpoch: 110 },
  ]
  const { stretches: charges, totals } = rated(stretches, [
    [102, 50n],
    [103, 5000n],
  ])
  const [first, second] = charges
  assert.equal(first!.egress.includedBytes, 30n)
  assert.equal(first!.egress.micros, 20n)
  assert.equal(first!.feeMicros, 300n)
  assert.equal(second!.egress.includedBytes, 701n)
  assert.equal(second!.egress.overageBytes, 4299n)
  assert.equal(second!.egress.micros, 0n)
  assert.equal(second!.feeMicros, 7001n)
  assert.deepEqual(totals, [{ currency: 'EUR', micros: 300n + 20n + 7001n }])
})

test('tiers count the overage of the month, through a change of plans', () => {
  const tiers = [{ upToBytes: 10n, microsPerGib: 3n * GIB_BYTES }]
  const both = [plan({ id: 'did:web:a.example', tiers }), plan({ id: 'did:web:b.example', tiers })]
  const stretches = [
    { plan: both[0]!, firstEpoch: 100, endEpoch: 105 },
    { plan: both[1]!, firstEpoch: 105, endEpoch: 110 },
  ]
  const { stretches: charges } = rated(stretches, [
    [100, 8n],
    [105, 8n],
  ])
  assert.equal(charges[0]!.egress.micros, 24n)
  assert.equal(charges[1]!.egress.micros, 2n * 3n + 6n)
})

test('credits are taken off of what comes later, then of what came before', () => {
  const stretches = [{ ...ALL, plan: plan({}) }]
  const later = rated(stretches, [
    [101, 100n],
    [102, -30n],
    [103, 10n],
  ])
  assert.equal(later.totals[0]!.micros, 80n)
  assert.equal(later.creditBytes, 0n)
  const over = rated(stretches, [
    [101, 100n],
    [102, -130n],
  ])
  assert.equal(over.totals[0]!.micros, 0n)
  assert.equal(over.creditBytes, 30n)
  const next = rated(stretches, [[101, 100n]], [], over.creditBytes)
  assert.equal(next.totals[0]!.micros, 70n)
})

test('amounts of two currencies are not added', () => {
  const stretches = [
    { plan: plan({ fee: 10n, currency: 'USD' }), firstEpoch: 100, endEpoch: 105 },
    { plan: plan({ fee: 20n }), firstEpoch: 105, endEpoch: 110 },
  ]
  assert.deepEqual(rated(stretches, []).totals, [
    { currency: 'EUR', micros: 10n },
    { currency: 'USD', micros: 5n },
  ])
})

test('storage: byte-milliseconds beyond what is included, at the price of a month', () => {
  const month = 10n * 3_600_000n
  const stretches = [{ ...PERIOD, plan: plan({ storedBytes: 40n, price: GIB_BYTES }) }]
  const hours = [{ epoch: 104, egressBytes: 0n, storageByteMs: 100n * month }]
  const { storage } = rate({ period: PERIOD, stretches, hours, grants: [], creditBytes: 0n })
    .stretches[0]!
  assert.deepEqual(storage, {
    usedByteMs: 100n * month,
    includedByteMs: 40n * month,
    overageByteMs: 60n * month,
    micros: 60n,
  })
})

test('usage in an hour without a plan is an error, never free', () => {
  const half = [{ ...ALL, endEpoch: 105 }]
  assert.throws(() => rated(half, [[105, 1n]]), /none for 105/)
  assert.throws(() => rated([], [[105, 1n]]), RangeError)
  assert.throws(() => rated([...half, { ...ALL, firstEpoch: 104 }], []), /stretches/)
  assert.throws(() => rated([{ ...ALL, endEpoch: 111 }], []), /stretches/)
})

/**
 * The rules again, byte by byte: each delivered byte is credited, included, granted or priced by
 * itself, and amounts are sums of fractions.
 */
function model(
  stretches: readonly PlanStretch[],
  hours: readonly UsedHour[],
  grants: readonly OpenGrant[],
  opening: bigint,
): { micros: bigint; creditBytes: bigint; left: Record<string, bigint> } {
  const bounds = new Set(grants.flatMap(({ firstEpoch, endEpoch }) => [firstEpoch, endEpoch]))
  for (const { firstEpoch } of stretches) bounds.add(firstEpoch)
  const bytes: { part: number; epoch: number }[] = []
  const credits: number[] = Array.from({ length: Number(opening) }, () => -1)
  let part = -1
  for (let epoch = PERIOD.firstEpoch; epoch < PERIOD.endEpoch; epoch++) {
    if (part < 0 || bounds.has(epoch)) part++
    for (const hour of hours) {
      if (hour.epoch !== epoch) continue
      for (let i = 0n; i < hour.egressBytes; i++) bytes.push({ part, epoch })
      for (let i = 0n; i > hour.egressBytes; i--) credits.push(part)
    }
  }
  const take = (at: number): boolean => at >= 0 && bytes.splice(at, 1).length === 1
  const unused = credits
    .filter((credit) => !take(bytes.findIndex((one) => one.part === credit)))
    .filter((credit) => !take(bytes.findIndex((one) => one.part > credit)))
    .filter((credit) => !take(bytes.findLastIndex((one) => one.part < credit)))
  const left = Object.fromEntries(grants.map((one) => [one.id, one.leftBytes]))
  let micros = 0n
  let overage = 0n
  for (const { plan: terms, firstEpoch, endEpoch } of stretches) {
    const { includedBytes, tiers, overageMicrosPerGib } = terms.egress
    const share = (epoch: number): bigint => (includedBytes * BigInt(epoch - 100)) / 10n
    let room = share(endEpoch) - share(firstEpoch)
    let exact = 0n
    for (const { epoch } of bytes) {
      if (epoch < firstEpoch || epoch >= endEpoch || room-- > 0n) continue
      const open = grants.filter(
        (one) => left[one.id]! > 0n && one.firstEpoch <= epoch && epoch < (one.endEpoch ?? 999),
      )
      const [first] = open.toSorted(
        (a, b) => a.priority - b.priority || (a.endEpoch ?? 999) - (b.endEpoch ?? 999),
      )
      if (first !== undefined) left[first.id]! -= 1n
      else {
        const tier = tiers.find(({ upToBytes }) => overage < upToBytes)
        exact += tier?.microsPerGib ?? overageMicrosPerGib
        overage += 1n
      }
    }
    micros += exact / GIB_BYTES
  }
  return { micros, creditBytes: BigInt(unused.length), left }
}

const hour = fc.record({
  epoch: fc.integer({ min: 100, max: 109 }),
  egressBytes: fc.bigInt({ min: -20n, max: 40n }),
  storageByteMs: fc.constant(0n),
})
const prices = fc.bigInt({ min: 0n, max: 2n * GIB_BYTES })
const planned = fc
  .record({ included: fc.bigInt({ min: 0n, max: 60n }), price: prices, first: prices })
  .map(({ included, price, first }) =>
    plan({ included, price, tiers: [{ upToBytes: 15n, microsPerGib: first }] }),
  )
const granted = fc.record({
  bytes: fc.bigInt({ min: 0n, max: 30n }),
  priority: fc.integer({ min: 0, max: 2 }),
  firstEpoch: fc.integer({ min: 95, max: 109 }),
  endEpoch: fc.option(fc.integer({ min: 110, max: 115 }), { nil: undefined }),
})

test('a month costs what its bytes cost one by one', () => {
  fc.assert(
    fc.property(
      fc.array(hour, { maxLength: 12 }),
      fc.tuple(planned, planned),
      fc.integer({ min: 101, max: 109 }),
      fc.array(granted, { maxLength: 3 }),
      fc.bigInt({ min: 0n, max: 30n }),
      (hours, [first, second], change, given, opening) => {
        const stretches = [
          { plan: first, firstEpoch: 100, endEpoch: change },
          { plan: second, firstEpoch: change, endEpoch: 110 },
        ]
        const grants = given.map(({ bytes, ...rest }, i) =>
          grant(`g${i}`, bytes, { createdMs: i, ...rest }),
        )
        const { totals, creditBytes, grantsLeftBytes } = rate({
          period: PERIOD,
          stretches,
          hours,
          grants,
          creditBytes: opening,
        })
        const expected = model(stretches, hours, grants, opening)
        assert.equal(totals[0]!.micros, expected.micros)
        assert.equal(creditBytes, expected.creditBytes)
        assert.deepEqual(Object.fromEntries(grantsLeftBytes), expected.left)
      },
    ),
    { numRuns: 300 },
  )
})
