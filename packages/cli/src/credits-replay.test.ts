/**
 * What accounting issues, computed anew by the auditor, which shares no code with it.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CreditsReplay } from '@turnpike/audit/receipts-folder/credits'
import type { CreditRow } from '@turnpike/core/credits/issuance'
import { adoptPolicy, seedCredits } from '@turnpike/node/credits/events'
import {
  creditsDatabase,
  decided,
  EPOCH,
  issueFor,
  rowOf,
  termsOf,
} from '@turnpike/node/credits/testing/credits'

const PROVIDERS = ['did:key:a', 'did:key:b', 'did:key:c', '']
const REGIONS = ['eu', 'us', '\u{ffee}', '\u{10000}']

const micros = fc.oneof(fc.bigInt({ min: 1n, max: 99n }), fc.bigInt({ min: 1n, max: 1n << 40n }))
const decimals = micros.map((amount) => `${amount / 1_000_000n}.${pad(amount % 1_000_000n)}`)
const bytes = fc.oneof(fc.bigInt({ min: 0n, max: 99n }), fc.bigInt({ min: 0n, max: 1n << 40n }))

const row: fc.Arbitrary<CreditRow> = fc
  .record({
    space: fc.constantFrom('did:key:a', 'did:key:s'),
    provider: fc.constantFrom(...PROVIDERS),
    region: fc.constantFrom(...REGIONS),
    bytes,
    bytesVoided: fc.oneof({ weight: 3, arbitrary: fc.constant(0n) }, bytes),
  })
  .map(({ provider, bytes: read, ...rest }) => rowOf(provider, read, rest))

const rule = fc.record(
  { weight: fc.constantFrom('0', '0.333333', '1', '3'), cap: decimals },
  { requiredKeys: ['weight'] },
)
const rules = (names: readonly string[]): fc.Arbitrary<object> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), rule), { selector: ([name]) => name })
    .map((list) => Object.fromEntries(list))
const policy = fc.record({
  perGib: decimals,
  epochBudget: decimals,
  ownTraffic: fc.boolean(),
  providers: rules(PROVIDERS.slice(0, 3)),
  otherProviders: rule,
  regions: rules(REGIONS),
  otherRegions: rule,
})

/** What is decided before an hour, if anything, and the rows of the hour. */
const hour = fc.record({
  seed: fc.option(micros),
  policy: fc.option(policy),
  rows: fc.array(row, { maxLength: 10 }),
})

test('the auditor comes to the same issuances from rows, policies and seeds', () => {
  let shares = 0
  fc.assert(
    fc.property(fc.array(hour, { minLength: 1, maxLength: 6 }), (hours) => {
      const database = creditsDatabase()
      const replay = new CreditsReplay()
      for (const [i, { seed, policy: terms, rows }] of hours.entries()) {
        const epoch = EPOCH + i
        if (seed !== null) seedCredits(database, seed, decided(`s${i}`, epoch))
        if (terms !== null) adoptPolicy(database, termsOf(terms), decided(`p${i}`, epoch - 1))
        const issuance = issueFor(database, epoch, rows)
        // No more than governance decided.
        const { policy: inForce, seeds } = issuance
        const again = replay.issue(epoch, rows, { policy: inForce, seeds })
        assert.equal(JSON.stringify(again), JSON.stringify(issuance))
        shares += issuance.shares.filter(({ amount }) => amount !== '0').length
      }
      database.close()
    }),
    { numRuns: 300 },
  )
  assert.ok(shares > 100, `${shares} shares were more than 0`)
})

function pad(part: bigint): string {
  return String(part).padStart(6, '0')
}
