/**
 * Each campaign, short: what it shows holds. The long runs are in docs/operating/campaigns.md.
 *
 * `TURNPIKE_TEST_CAMPAIGN_RUNS` says how many runs each does.
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { adds } from './adds.ts'
import { beside } from './beside.ts'
import { billingFaults } from './billing-faults.ts'
import { checkParsers, fuzzRequests } from './fuzz-requests.ts'
import { fullDisk } from './full-disk.ts'
import { hangups } from './hangups.ts'
import { kills } from './kills.ts'
import { type Campaign, Checks, describeReport, runCampaign } from './rig/campaign.ts'
import { wildDenylist } from './requests/ports.ts'
import { WildGateway } from './requests/whole.ts'
import { BUGS } from './planted/bugs.ts'
import { planted } from './planted-bugs.ts'
import { Random } from './rig/random.ts'
import { software } from './software.ts'
import { refusalTimes } from './refusal-times.ts'
import { stops } from './stops.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const asked = process.env['TURNPIKE_TEST_CAMPAIGN_RUNS']

/** Runs that take a few seconds each on two cores. */
const SHORT: readonly (readonly [campaign: Campaign, runs: number])[] = [
  [hangups, 30],
  [kills, 1],
  [stops, 1],
  [software, 100],
  [fuzzRequests, 30_000],
  [refusalTimes, 1500],
  [billingFaults, 2],
]
/** Those that need more time run when they are asked for. */
const LONG: readonly Campaign[] = [fullDisk, adds, beside]

for (const [campaign, runs] of SHORT)
  test(campaign.name, { skip: campaign.missing?.() ?? false }, () =>
    holds(campaign, asked === undefined ? runs : Number(asked)),
  )

for (const campaign of LONG) {
  const skip = asked === undefined ? 'takes longer: set TURNPIKE_TEST_CAMPAIGN_RUNS' : undefined
  test(campaign.name, { skip: skip ?? campaign.missing?.() ?? false }, () =>
    holds(campaign, Number(asked)),
  )
}

async function holds(campaign: Campaign, runs: number): Promise<void> {
  const report = await runCampaign(campaign, { runs })
  assert.deepEqual(report.failures, [], describeReport(report))
  assert.ok(report.checks > 0, 'it checked something')
}

test('a check that does not hold is in the report', () => {
  const checks = new Checks()
  checks.equal(1, 1, 'one')
  checks.equal(2, 1, 'two')
  assert.deepEqual([checks.held, checks.failures], [1, ['two: expected 1, got 2']])
})

test('a parser that throws, or takes too long, is in the report with its input', () => {
  const make = (random: Random): string => `input ${random.below(10)}`
  const throws = (): never => assert.fail('thrown')
  const hangs = (): void => {
    const endMs = performance.now() + 2100
    while (performance.now() < endMs);
  }
  const checks = new Checks()
  const parsers = [
    { name: 'first', make, check: throws },
    { name: 'second', make, check: hangs },
    { name: 'third', make, check: () => {} },
  ]
  checkParsers(parsers, { runs: 3, random: new Random(1), checks, note: () => {} })
  assert.equal(checks.held, 1)
  assert.match(checks.failures[0]!, /^first of "input \d": AssertionError/)
  assert.match(checks.failures[1]!, /^second of "input \d": \d+/)
})

test('each bug that is planted for campaigns has its place, once', () => {
  for (const bug of BUGS) {
    const source = readFileSync(join(ROOT, bug.file), 'utf8')
    assert.notEqual(planted(source, bug), source, bug.name)
  }
  assert.ok(BUGS.length >= 20)
  assert.throws(() => planted('a a', { name: 'x', file: '', find: 'a', replace: '' }), RangeError)
})

test('a whole gateway with a broken part is found', async () => {
  const content = (): never => assert.fail('broken')
  const gateway = new WildGateway({ denylist: { ...wildDenylist, content } })
  const random = new Random(1)
  const found: string[] = []
  for (let i = 0; i < 50; i++) found.push(...(await gateway.send(gateway.make(random))).faults)
  assert.match(found.join(), /crash: AssertionError/)
  assert.match(found.join(), /status 500: /)
})
