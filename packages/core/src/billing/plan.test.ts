import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PLAN_NAME_CHARS_MAX, PLAN_TIERS_MAX, PLANS_MAX } from '../limits/billing.ts'
import { parsePlans } from './parse-plans.ts'
import { FREE_PLAN, FREE_PLANS, isLimited } from './plan.ts'

const GIB = 1024n ** 3n
const PLAN = { id: 'did:web:starter.example', name: 'Starter', currency: 'EUR' }

function plansOf(...plans: unknown[]): { readonly plans: readonly unknown[] } {
  return { plans }
}

function refusal(value: unknown): string {
  const { error } = parsePlans(value)
  assert.ok(error, JSON.stringify(value))
  return error.message
}

test('a plan file says all there is to a plan', () => {
  const egress = {
    included: '100 GiB',
    tiers: [{ upTo: '1 TiB', pricePerGib: '0.05' }],
    overagePricePerGib: '0.03',
    limit: 'hard',
    limitAt: '500 GiB',
    dayMax: '50 GiB',
  }
  const storage = { included: '5 GiB', overagePricePerGib: '0.15' }
  const plan = { ...PLAN, fee: '10.00', egress, storage, refusalStatus: 429 }
  const { ok: plans } = parsePlans(plansOf(plan))
  assert.deepEqual(plans?.standard, {
    ...PLAN,
    feeMicros: 10_000_000n,
    egress: {
      includedBytes: 100n * GIB,
      tiers: [{ upToBytes: 1024n * GIB, microsPerGib: 50_000n }],
      overageMicrosPerGib: 30_000n,
      limit: 'hard',
      limitBytes: 500n * GIB,
      dayBytesMax: 50n * GIB,
    },
    storage: { includedBytes: 5n * GIB, tiers: [], overageMicrosPerGib: 150_000n },
    offered: true,
    prepaid: false,
    refusalStatus: 429,
  })
  assert.deepEqual(plans.byId.get(FREE_PLAN.id), { ...FREE_PLAN, offered: false })
})

test('what a plan does not say is nothing, without a limit', () => {
  const { ok: plans } = parsePlans(plansOf(PLAN))
  const { id, name, currency } = PLAN
  assert.deepEqual(plans?.standard, { ...FREE_PLAN, id, name, currency })
  assert.equal(isLimited(plans.standard), false)
  assert.equal(isLimited(FREE_PLANS.standard), false)
  for (const egress of [{ limit: 'soft' }, { limit: 'hard' }, { dayMax: 5 }])
    assert.equal(isLimited(parsePlans(plansOf({ ...PLAN, egress })).ok!.standard), true)
  const prepaid = parsePlans(plansOf({ ...PLAN, prepaid: true })).ok!.standard
  assert.deepEqual([isLimited(prepaid), prepaid.egress.limit], [true, 'hard'])
})

test('the standard plan is the one that the file names, or its first', () => {
  const other = { ...PLAN, id: 'did:web:other.example' }
  assert.equal(parsePlans(plansOf(other, PLAN)).ok?.standard.id, other.id)
  const named = { ...plansOf(other, PLAN), standard: PLAN.id }
  assert.equal(parsePlans(named).ok?.standard.id, PLAN.id)
  const free = { ...plansOf(PLAN), standard: FREE_PLAN.id }
  assert.deepEqual(parsePlans(free).ok?.standard, FREE_PLAN)
  assert.match(refusal({ ...plansOf(PLAN), standard: 'did:web:no.example' }), /"standard" expected/)
})

test('what is wrong is refused, with its place', () => {
  const egress = (terms: unknown): unknown => plansOf({ ...PLAN, egress: terms })
  const tier = (upTo: unknown, pricePerGib: unknown): unknown => ({ upTo, pricePerGib })
  const refused: readonly (readonly [unknown, string])[] = [
    [null, 'the file'],
    [[], 'the file'],
    [{}, 'plans'],
    [plansOf(), 'plans'],
    [{ ...plansOf(PLAN), default: PLAN.id }, 'the file'],
    [plansOf(PLAN, PLAN), 'plans[1].id'],
    [plansOf({ ...PLAN, id: 'starter' }), 'plans[0].id'],
    [plansOf({ ...PLAN, id: `did:web:${'a'.repeat(512)}` }), 'plans[0].id'],
    [plansOf({ ...PLAN, name: ' ' }), 'plans[0].name'],
    [plansOf({ ...PLAN, currency: 'euro' }), 'plans[0].currency'],
    [plansOf({ ...PLAN, fee: 10 }), 'plans[0].fee'],
    [plansOf({ ...PLAN, fee: '-1' }), 'plans[0].fee'],
    [plansOf({ ...PLAN, prepaid: 'yes' }), 'plans[0].prepaid'],
    [plansOf({ ...PLAN, refusalStatus: 403 }), 'plans[0].refusalStatus'],
    [plansOf({ ...PLAN, limits: {} }), 'plans[0]'],
    [plansOf({ ...PLAN, prepaid: true, egress: { limit: 'soft' } }), 'plans[0].egress.limit'],
    [plansOf({ ...PLAN, storage: { limit: 'hard' } }), 'plans[0].storage'],
    [egress({ included: '100 GB' }), 'plans[0].egress.included'],
    [egress({ limit: 'firm' }), 'plans[0].egress.limit'],
    [egress({ limitAt: '1 GiB' }), 'plans[0].egress.limitAt'],
    [egress({ limit: 'hard', included: 2, limitAt: 1 }), 'plans[0].egress.limitAt'],
    [egress({ dayMax: -1 }), 'plans[0].egress.dayMax'],
    [egress({ tiers: {} }), 'plans[0].egress.tiers'],
    [egress({ tiers: [tier(5, '1'), tier(5, '1')] }), 'plans[0].egress.tiers[1].upTo'],
    [egress({ tiers: [tier(5, 1)] }), 'plans[0].egress.tiers[0].pricePerGib'],
  ]
  for (const [value, at] of refused)
    assert.ok(refusal(value).startsWith(`"${at}" expected `), refusal(value))
})

test('plans, tiers and names have their bounds', () => {
  const plan = (i: number): unknown => ({ ...PLAN, id: `did:web:p${i}.example` })
  const plans = Array.from({ length: PLANS_MAX + 1 }, (_, i) => plan(i))
  assert.ok(parsePlans(plansOf(...plans.slice(1))).ok)
  assert.match(refusal(plansOf(...plans)), /^"plans" expected/)
  const tiers = Array.from({ length: PLAN_TIERS_MAX + 1 }, (_, i) => ({
    upTo: i + 1,
    pricePerGib: '1',
  }))
  const withTiers = (count: number): unknown =>
    plansOf({ ...PLAN, egress: { tiers: tiers.slice(0, count) } })
  assert.ok(parsePlans(withTiers(PLAN_TIERS_MAX)).ok)
  assert.match(refusal(withTiers(PLAN_TIERS_MAX + 1)), /tiers" expected/)
  const named = (chars: number): unknown => plansOf({ ...PLAN, name: 'n'.repeat(chars) })
  assert.ok(parsePlans(named(PLAN_NAME_CHARS_MAX)).ok)
  assert.match(refusal(named(PLAN_NAME_CHARS_MAX + 1)), /name" expected/)
})
