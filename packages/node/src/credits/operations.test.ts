import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AccountingParts } from '../accounting/parts.ts'
import { createMetrics } from '../metrics/metrics.ts'
import {
  CREDIT_HOLDERS_LISTED_MAX,
  CREDIT_ISSUANCES_LISTED_MAX,
  CREDIT_REGION_LABELS_MAX,
  CREDIT_TEXT_CHARS_MAX,
} from '@turnpike/core/limits/credits'
import { creditOperations, type CreditOperation } from './operations.ts'
import { creditsDatabase, EPOCH, issueFor, rowOf } from './testing/credits.ts'
import { creditMetrics, creditTotals, OTHER_REGIONS } from './totals.ts'

const A = 'did:key:a'
const HOUR_MS = 3_600_000
/** 2^30 micro-credits for as many bytes. */
const TERMS = { perGib: '1073.741824', epochBudget: '100', ttlHours: 2, regions: { eu: {} } }
const PAYING = { ...TERMS, providers: { [A]: { weight: '1', cap: '0.00009' } } }

/** Operations at a time that can be set. */
function desk() {
  const billing = creditsDatabase()
  const time = { epoch: EPOCH }
  const dating = { nowMs: () => time.epoch * HOUR_MS + 5, monotonicMs: () => 0 }
  // All that these operations look at.
  const operations = creditOperations({ billing, dating } as unknown as AccountingParts)
  const call = { signal: new AbortController().signal, progress() {} }
  const ask = async (name: CreditOperation, params: object = {}) => {
    const { ok, error } = await operations[name](params, call)
    return (error ?? ok) as Record<string, unknown>
  }
  return { billing, time, ask, operations }
}

test('governance seeds, decides and spends; each is shown as it was said', async () => {
  const { billing, time, ask } = desk()
  const seeded = await ask('creditSeed', { id: 's', amount: '0.000200', note: 'start' })
  assert.deepEqual(seeded, {
    id: 's',
    amount: '0.0002',
    added: true,
    seeded: '0.0002',
    pool: '0.0002',
    waiting: '0.0002',
    held: '0.00',
    spent: '0.00',
    sunk: '0.00',
  })
  const decided = await ask('creditPolicy', { id: 'p', terms: PAYING, from: '2027-01-15T09:00Z' })
  const shown = {
    id: 'p',
    from: '2027-01-15T09:00:00.000Z',
    perGib: '1073.741824',
    epochBudget: '100.00',
    ownTraffic: false,
    providers: { [A]: { weight: '1', cap: '0.00009' } },
    otherProviders: { weight: '0' },
    regions: { eu: { weight: '1' } },
    otherRegions: { weight: '1' },
    lostPerHour: '0',
    ttlHours: 2,
  }
  assert.deepEqual(decided, { inForce: null, coming: [shown], added: true })
  time.epoch = Date.parse(shown.from) / HOUR_MS
  assert.deepEqual(await ask('creditPolicy'), { inForce: shown, coming: [] })

  issueFor(billing, time.epoch, [rowOf(A, 100n)])
  const expires = new Date((time.epoch + 2) * HOUR_MS).toISOString()
  assert.deepEqual(await ask('creditBalance', { provider: A }), {
    provider: A,
    worth: '0.00009',
    lots: [{ reads: shown.from, worth: '0.00009', expires }],
  })
  const spending = { id: 'x', provider: A, amount: '0.00004', note: 'disk' }
  const spent = { id: 'x', provider: A, amount: '0.00004', worth: '0.00005', spent: true }
  time.epoch += 1
  assert.deepEqual(await ask('creditSpend', spending), spent)
  const left = { reads: shown.from, worth: '0.00005', expires }
  const holder = await ask('creditBalance', { provider: A })
  assert.deepEqual(holder['lots'], [left])
  const { providers, pool, held, waiting } = await ask('creditBalance')
  assert.deepEqual(providers, [{ provider: A, worth: '0.00005' }])
  assert.deepEqual([pool, held, waiting], ['0.00011', '0.00005', '0.00'])

  const issuance = { epoch: time.epoch - 1, reads: shown.from, policy: 'p', issued: '0.00009' }
  assert.deepEqual(await ask('creditLs', { what: 'issuances' }), {
    issuances: [
      { ...issuance, pool: '0.00011', providers: 1, withheld: { provider_cap: '0.00001' } },
    ],
  })
  const events = (await ask('creditLs', { what: 'events' })) as { events: { id: string }[] }
  assert.deepEqual(
    events.events.map(({ id }) => id),
    ['p', 's'],
  )
  const at = new Date(time.epoch * HOUR_MS + 5).toISOString()
  const { id, provider, amount, note } = spending
  const listed = { spends: [{ id, provider, amount, at, note }] }
  assert.deepEqual(await ask('creditLs', { what: 'spends' }), listed)
})

test('what is said wrongly is refused, and by which name', async () => {
  const { ask, billing } = desk()
  const seed = { id: 's', amount: '1' }
  const long = 'x'.repeat(CREDIT_TEXT_CHARS_MAX + 1)
  const spend = { id: 'x', provider: A, amount: '1' }
  const wrong: readonly [CreditOperation, object, name: string][] = [
    ['creditSeed', { amount: '1' }, 'InvalidParams'],
    ['creditSeed', { ...seed, id: long }, 'InvalidParams'],
    ['creditSeed', { ...seed, note: long }, 'InvalidParams'],
    ['creditSeed', { ...seed, amount: 1 }, 'InvalidParams'],
    ['creditSeed', { ...seed, amount: '0' }, 'InvalidParams'],
    ['creditSeed', { ...seed, amount: '-1' }, 'InvalidParams'],
    ['creditSeed', { ...seed, from: '2027-01-15T09:30Z' }, 'InvalidParams'],
    ['creditSeed', { ...seed, from: '1999-01-01' }, 'CreditEventLate'],
    ['creditPolicy', { terms: PAYING }, 'InvalidParams'],
    ['creditPolicy', { id: 'p', terms: {} }, 'InvalidCreditPolicy'],
    ['creditSpend', { ...spend, provider: 'a' }, 'InvalidParams'],
    ['creditSpend', { ...spend, id: '' }, 'InvalidParams'],
    ['creditSpend', { ...spend, amount: 'all' }, 'InvalidParams'],
    ['creditSpend', { ...spend, note: 7 }, 'InvalidParams'],
    ['creditSpend', spend, 'CreditShort'],
    ['creditBalance', { provider: 7 }, 'InvalidParams'],
    ['creditLs', {}, 'InvalidParams'],
  ]
  for (const [name, params, error] of wrong)
    assert.equal((await ask(name, params))['name'], error, JSON.stringify(params))
  const most = 'x'.repeat(CREDIT_TEXT_CHARS_MAX)
  assert.equal((await ask('creditSeed', { ...seed, id: most, note: most }))['added'], true)
  assert.equal(creditTotals(billing).pool, 1)
})

test('lists end at their bounds', async () => {
  const { billing, ask } = desk()
  for (let i = 0; i <= CREDIT_ISSUANCES_LISTED_MAX; i++) issueFor(billing, EPOCH + i, [])
  const { issuances } = (await ask('creditLs', { what: 'issuances' })) as { issuances: unknown[] }
  assert.equal(issuances.length, CREDIT_ISSUANCES_LISTED_MAX)
  const lot = billing.prepare('INSERT INTO credit_lots VALUES (?, 1, 1, ?, ?, 0)')
  for (let i = 0; i <= CREDIT_HOLDERS_LISTED_MAX; i++) lot.run(`did:key:${i}`, EPOCH, EPOCH + 9)
  const { providers } = (await ask('creditBalance')) as { providers: unknown[] }
  assert.equal(providers.length, CREDIT_HOLDERS_LISTED_MAX)
})

test('the policy in the docs is one', async () => {
  const docs = join(import.meta.dirname, '../../../../docs/operating/credits.md')
  const [, json] = /```json\n([^`]+)```/.exec(await readFile(docs, 'utf8'))!
  const shown = await desk().ask('creditPolicy', { id: 'p', terms: JSON.parse(json!) })
  assert.equal(shown['added'], true, String(shown['message']))
})

test('metrics say what was issued by region, and what kept issuances down', async () => {
  const { billing, ask, operations, time } = desk()
  await ask('creditSeed', { id: 's', amount: '1' })
  await ask('creditPolicy', { id: 'p', terms: { ...PAYING, otherProviders: { weight: '1' } } })
  const rows = Array.from({ length: CREDIT_REGION_LABELS_MAX + 2 }, (_, i) =>
    rowOf(`did:key:b`, 1000n, { region: `r${String(i).padStart(3, '0')}` }),
  )
  issueFor(billing, EPOCH + 1, [...rows, rowOf(A, 500n)])
  issueFor(billing, EPOCH + 2, [rowOf('did:key:b', 500n, { region: 'r000' })])
  time.epoch += 2
  const metrics = createMetrics({
    snapshots: () => [],
    gauges: [],
    labelled: creditMetrics(operations),
  })
  const text = await metrics.text()
  const issued = 'turnpike_credit_issued_total{source="read",region'
  assert.ok(text.includes(`${issued}="r000"} 0.0015\n`), text)
  assert.ok(text.includes(`${issued}="${OTHER_REGIONS}"} 0.003\n`), text)
  assert.equal(text.split(issued).length - 1, CREDIT_REGION_LABELS_MAX + 1)
  assert.ok(text.includes('turnpike_credit_issue_limited_total{reason="provider_cap"} 1\n'))
  assert.ok(text.includes('turnpike_credit_issue_limited_total{reason="pool"} 0\n'))
  assert.ok(/turnpike_credit_pool 0\.93/.test(text))
})

test('metrics are silent while accounting is', async () => {
  const error = Object.assign(new Error('it stands still'), { name: 'Stopped' })
  const labelled = creditMetrics({ creditTotals: async () => ({ error }) })
  const text = await createMetrics({ snapshots: () => [], gauges: [], labelled }).text()
  assert.ok(!/^turnpike_credit/m.test(text))
})
