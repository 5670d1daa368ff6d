/**
 * Credits as they are issued, and as the auditor works them out from the same rows.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CreditsReplay } from '@turnpike/audit/receipts-folder/credits'
import { debtAfter, issuanceJson, issue } from '@turnpike/core/credits/issuance'
import type { Issuance } from '@turnpike/core/credits/issuance'
import type { CreditPolicy } from '@turnpike/core/credits/policy'

const names = ['', 'did:key:a', 'did:key:b', 'did:key:é']
const name = fc.constantFrom(...names)
const micros = fc.oneof(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: 1n << 50n }))
const row = fc.record({
  space: name,
  provider: name,
  region: fc.constantFrom('', 'eu', 'us'),
  bytes: micros,
  bytesVoided: micros,
})
const rule = fc.record({
  weightPpm: fc.constantFrom(0, 1, 500_000, 1_000_000, 3_000_000),
  cap: fc.option(micros),
})
const rules = (of: readonly string[]): fc.Arbitrary<CreditPolicy['providers']> =>
  fc.record({
    named: fc.tuple(...of.map((one) => rule.map((terms) => ({ name: one, ...terms })))),
    others: rule,
  })
const policy = fc.record({
  microsPerGib: fc.oneof(fc.constant(1n << 30n), micros),
  epochBudget: micros,
  ownTraffic: fc.boolean(),
  providers: rules(names.slice(1, 3)),
  regions: rules(['eu']),
})
type Hour = typeof hours extends fc.Arbitrary<(infer T)[]> ? T : never
const hours = fc.array(
  fc.record({
    rows: fc.array(row, { maxLength: 12 }),
    seeds: fc.array(micros, { maxLength: 2 }),
    policy: fc.option(policy),
  }),
  { minLength: 1, maxLength: 6 },
)

/** Issues hour after hour, as a deployment does. */
function* issuances(all: readonly Hour[]): Generator<Issuance> {
  const debts = new Map<string, bigint>()
  let inForce: CreditPolicy | undefined
  let pool = 0n
  for (const [epoch, { rows, seeds, policy: adopted }] of all.entries()) {
    const dated = { id: `policy ${epoch}`, epoch, decayPpmPerHour: 0, ttlHours: 1 }
    if (adopted !== null) inForce = { ...adopted, ...dated }
    const issuance = issue({
      epoch,
      rows,
      policy: inForce,
      pool,
      seeds: seeds.map((amount, i) => ({ id: `seed ${epoch} ${i}`, amount: amount + 1n, epoch })),
      debtOf: (provider, region) => debts.get(`${provider} ${region}`) ?? 0n,
    })
    for (const share of issuance.shares)
      debts.set(`${share.provider} ${share.region}`, debtAfter(share))
    pool = issuance.poolAfter
    yield issuance
  }
}

const published = (issuance: Issuance): Record<string, unknown> =>
  JSON.parse(JSON.stringify(issuanceJson(issuance))) as Record<string, unknown>

test('the auditor works out what is issued, from rows, seeds and policies alone', () => {
  fc.assert(
    fc.property(hours, (all) => {
      const replay = new CreditsReplay()
      for (const issuance of issuances(all)) {
        const json = published(issuance)
        const expected = replay.issue(issuance.epoch, all[issuance.epoch]!.rows, json)
        assert.equal(JSON.stringify(expected), JSON.stringify(json))
      }
    }),
    { numRuns: 1000 },
  )
})

test('seeds that count twice, and policies that change or come back, are refused', () => {
  const terms = fc.sample(policy, { numRuns: 1, seed: 5 })[0]!
  const hour = { rows: [], seeds: [7n], policy: terms }
  const [first, second] = [...issuances([hour, hour])].map(published)
  const changed = { ...(first!['policy'] as object), microsPerGib: '1' }
  for (const [epoch, next] of [
    [1, { ...second, seeds: first!['seeds'] }],
    [1, { ...second, seeds: [{ id: 'late', amount: '1', epoch: 2 }] }],
    [1, { ...second, seeds: [{ id: 'none', amount: '0', epoch: 1 }] }],
    [1, { ...second, policy: changed }],
    [1, { ...second, policy: { ...changed, id: 'early', epoch: 2 } }],
    [1, { ...second, policy: null }],
  ] as const) {
    const replay = new CreditsReplay()
    replay.issue(0, [], first!)
    assert.throws(() => replay.issue(epoch, [], next), { name: 'BadBundle' })
  }
  const replay = new CreditsReplay()
  replay.issue(0, [], first!)
  replay.issue(1, [], second!)
  assert.throws(() => replay.issue(2, [], { ...second, policy: first!['policy'], seeds: [] }))
})
