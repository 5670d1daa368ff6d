import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CREDIT_RULES_MAX, CREDIT_TTL_HOURS_MAX } from '../limits/credits.ts'
import { parseCreditPolicy } from './parse-policy.ts'
import { policyJson, policyOf, rulesByName } from './policy.ts'

const FILE = {
  perGib: '0.50',
  epochBudget: '100',
  providers: {
    'did:key:b': { weight: '1.5', cap: '40' },
    'did:key:a': {},
  },
  regions: { 'eu-west': { cap: '0.000001' }, Ωmega: { weight: '0' } },
  lostPerHour: '0.0001',
  ttlHours: 24,
}

test('a file says what reads earn; names are in the order of their bytes', () => {
  const { ok: terms } = parseCreditPolicy(FILE)
  assert.deepEqual(terms, {
    microsPerGib: 500_000n,
    epochBudget: 100_000_000n,
    ownTraffic: false,
    providers: {
      named: [
        { name: 'did:key:a', weightPpm: 1_000_000, cap: null },
        { name: 'did:key:b', weightPpm: 1_500_000, cap: 40_000_000n },
      ],
      others: { weightPpm: 0, cap: null },
    },
    regions: {
      named: [
        { name: 'eu-west', weightPpm: 1_000_000, cap: 1n },
        { name: 'Ωmega', weightPpm: 0, cap: null },
      ],
      others: { weightPpm: 1_000_000, cap: null },
    },
    decayPpmPerHour: 100,
    ttlHours: 24,
  })
})

test('a policy survives its JSON, and its JSON is all text', () => {
  const policy = { id: '2026-11', epoch: 500_000, ...parseCreditPolicy(FILE).ok! }
  const text = JSON.stringify(policyJson(policy))
  assert.deepEqual(policyOf(JSON.parse(text) as ReturnType<typeof policyJson>), policy)
  assert.match(text, /^{"id":"2026-11","epoch":500000,"microsPerGib":"500000","epochBudget":"1/)
})

test('whoever is not named counts as the others do', () => {
  const { ok: terms } = parseCreditPolicy(FILE)
  assert.equal(rulesByName(terms!.providers)('did:key:b').cap, 40_000_000n)
  assert.equal(rulesByName(terms!.providers)('did:key:c').weightPpm, 0)
  assert.equal(rulesByName(terms!.regions)('us-east').weightPpm, 1_000_000)
})

test('what a file says wrongly is refused, with its place', () => {
  const many = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`r${i}`, {}]))
  const wrong: readonly [at: string, change: object][] = [
    ['perGib', { perGib: 0.5 }],
    ['perGib', { perGib: '-1' }],
    ['epochBudget', { epochBudget: undefined }],
    ['epochBudget', { epochBudget: '0.0000001' }],
    ['ownTraffic', { ownTraffic: 'yes' }],
    ['providers', { providers: [] }],
    ['providers', { providers: { '': {} } }],
    ['providers.did:key:a', { providers: { 'did:key:a': { limit: '1' } } }],
    ['providers.did:key:a.weight', { providers: { 'did:key:a': { weight: '1000.000001' } } }],
    ['regions.eu.cap', { regions: { eu: { cap: 5 } } }],
    ['regions', { regions: many(CREDIT_RULES_MAX + 1) }],
    ['otherRegions.weight', { otherRegions: { weight: '-1' } }],
    ['lostPerHour', { lostPerHour: '1.000001' }],
    ['ttlHours', { ttlHours: 0 }],
    ['ttlHours', { ttlHours: CREDIT_TTL_HOURS_MAX + 1 }],
    ['ttlHours', { ttlHours: undefined }],
    ['the file', { budget: '1' }],
  ]
  for (const [at, change] of wrong) {
    const { error } = parseCreditPolicy({ ...FILE, ...change })
    assert.equal(error?.name, 'InvalidCreditPolicy', JSON.stringify(change))
    assert.equal(error.at, at)
  }
  assert.equal(parseCreditPolicy(null).error?.at, 'the file')
  const regions = many(CREDIT_RULES_MAX)
  const most = { regions, lostPerHour: '1', ttlHours: CREDIT_TTL_HOURS_MAX }
  assert.equal(parseCreditPolicy({ ...FILE, ...most }).error, undefined)
})
