import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { billedOf } from '@turnpike/accounting/billed'
import { CustomerUsage } from '@turnpike/accounting/customer-usage'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { billedEpoch, ownerAt } from '@turnpike/core/billing/ownership'
import { parsePeriod } from '@turnpike/core/billing/period'
import { egressBytesOf } from '@turnpike/core/billing/quantities'
import { EGRESS_DAYS_MAX, STORAGE_EVENTS_MAX } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { AccountQuery, AccountUsage, DailyEgress } from '@turnpike/core/ports/usage'
import { fail, ok } from '@turnpike/core/result'
import { ALICE, BOB, GATEWAY, openAccountsRig, type AccountsRig } from './testing/accounts.ts'

const S: SpaceDid = 'did:key:s'
const T: SpaceDid = 'did:key:t'
const NOVEMBER = parsePeriod('2026-11')!
const H = NOVEMBER.firstEpoch
const ms = (epoch: number): number => epoch * EPOCH_MS

function open(t: TestContext, nowEpoch: number = NOVEMBER.endEpoch): AccountsRig {
  const rig = openAccountsRig(ms(nowEpoch))
  t.after(() => rig.close())
  return rig
}

/** A period from and to hours since the start of November. */
function hours(from: number, to: number): NonNullable<AccountQuery['period']> {
  return { fromMs: ms(H + from), toMs: ms(H + to) }
}

async function account(rig: AccountsRig, query: AccountQuery): Promise<AccountUsage> {
  const answer = await rig.usage.account(query)
  if (answer.error) throw answer.error
  return answer.ok
}

async function byDay(rig: AccountsRig, query: AccountQuery): Promise<readonly DailyEgress[]> {
  const answer = await rig.usage.egressByDay(query)
  if (answer.error) throw answer.error
  return answer.ok
}

function egress(usage: AccountUsage): unknown[] {
  return usage.egress.map(({ space, totalBytes }) => [space, totalBytes])
}

test('a report has the sizes at both ends of its period, and what changed them', async (t) => {
  const rig = open(t)
  rig.change({ space: S, atMs: ms(H) + 5, bytes: 100n })
  rig.change({ space: S, atMs: ms(H + 10), bytes: 50n })
  rig.change({ space: S, atMs: ms(H + 20), bytes: -100n })
  rig.change({ space: S, atMs: ms(H + 30), bytes: 7n })
  const report = await rig.usage.storage({ space: S, ...hours(10, 30) })
  assert.deepEqual(
    [report.ok!.initialBytes, report.ok!.finalBytes, report.ok!.provider],
    [100n, 50n, GATEWAY],
  )
  assert.deepEqual(
    report.ok!.events.map(({ deltaBytes, atMs }) => [deltaBytes, atMs]),
    [
      [50n, ms(H + 10)],
      [-100n, ms(H + 20)],
    ],
  )
  const unknown = await rig.usage.storage({ space: T, ...hours(0, 1) })
  assert.deepEqual([unknown.ok!.finalBytes, unknown.ok!.events], [0n, []])
})

test('periods that make no sense, or hold too much, are refused', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  for (const period of [
    { fromMs: 2, toMs: 1 },
    { fromMs: -1, toMs: 1 },
    { fromMs: 0, toMs: Number.NaN },
    { fromMs: 0, toMs: 9e15 },
  ]) {
    for (const answer of [
      await rig.usage.storage({ space: S, ...period }),
      await rig.usage.account({ customer: ALICE, period }),
      await rig.usage.egressByDay({ customer: ALICE, period }),
    ])
      assert.equal(answer.error?.name, 'PeriodNotAcceptable')
  }
  const days = (count: number): AccountQuery => ({ customer: ALICE, period: hours(0, count * 24) })
  assert.ok((await rig.usage.egressByDay(days(EGRESS_DAYS_MAX))).ok)
  const longer = await rig.usage.egressByDay(days(EGRESS_DAYS_MAX + 1))
  assert.equal(longer.error?.name, 'PeriodNotAcceptable')
  rig.catalog.exec('BEGIN')
  for (let i = 0; i < STORAGE_EVENTS_MAX; i++) rig.change({ space: S, atMs: ms(H), bytes: 1n })
  rig.catalog.exec('COMMIT')
  const full = await rig.usage.storage({ space: S, ...hours(0, 1) })
  assert.equal(full.ok?.events.length, STORAGE_EVENTS_MAX)
  rig.change({ space: S, atMs: ms(H), bytes: 1n })
  for (const answer of [
    await rig.usage.storage({ space: S, ...hours(0, 1) }),
    await rig.usage.account({ customer: ALICE, period: hours(0, 1) }),
  ])
    assert.equal(answer.error?.name, 'PeriodNotAcceptable')
})

test('M6: a customer sees no byte of who had the space before, or after', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  rig.assign(S, BOB, H + 10)
  rig.read(S, H + 10, 1000n)
  rig.read(S, H + 11, 10n)
  rig.change({ space: S, atMs: ms(H + 5), bytes: 100n })
  rig.change({ space: S, atMs: ms(H + 15), bytes: 23n })
  const whole = hours(0, 720)
  const [alice, bob] = [
    await account(rig, { customer: ALICE, period: whole }),
    await account(rig, { customer: BOB, period: whole }),
  ]
  assert.deepEqual([egress(alice), egress(bob)], [[[S, 1000n]], [[S, 10n]]])
  assert.deepEqual(
    [alice, bob].map(({ storage: [report] }) => [
      report!.fromMs,
      report!.toMs,
      report!.initialBytes,
      report!.finalBytes,
      report!.events.length,
    ]),
    [
      [ms(H), ms(H + 11), 0n, 100n, 1],
      [ms(H + 11), ms(H + 720), 100n, 123n, 1],
    ],
  )
  const days = await byDay(rig, { customer: BOB, period: whole })
  assert.deepEqual(days, [
    { space: S, days: [{ date: '2026-11-01', bytes: 10n }], totalBytes: 10n },
  ])
})

test('1.9 a, b: a period of some hours has what was read in them, and no more', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  for (const hour of [9, 10, 11, 12]) rig.read(S, H + hour, 10n ** BigInt(hour))
  const inside = await account(rig, {
    customer: ALICE,
    period: { fromMs: ms(H + 10) + 1, toMs: ms(H + 11) + 1 },
  })
  assert.deepEqual(egress(inside), [[S, 10n ** 10n + 10n ** 11n]], 'hours are taken whole')
  assert.deepEqual([inside.egress[0]!.fromMs, inside.egress[0]!.toMs], [ms(H + 10), ms(H + 12)])
  const before = await account(rig, { customer: ALICE, period: hours(0, 10) })
  assert.deepEqual(egress(before), [[S, 10n ** 9n]], 'the end is not in it')
  assert.deepEqual(egress(await account(rig, { customer: ALICE, period: hours(5, 5) })), [])
})

test('M4: of periods that touch, each read is in one: that of the hour it ended in', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  rig.read(S, H + 23, 5n)
  rig.read(S, H + 24, 7n)
  const sums = [hours(0, 24), hours(24, 48)].map((period) =>
    account(rig, { customer: ALICE, period }),
  )
  assert.deepEqual((await Promise.all(sums)).map(egress), [[[S, 5n]], [[S, 7n]]])
})

test('D4: bytes under one provider are not added to another', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H, 'did:web:old.example')
  rig.assign(S, BOB, H + 5, 'did:web:old.example')
  rig.assign(S, ALICE, H + 10, 'did:web:new.example')
  rig.change({ space: S, atMs: ms(H), bytes: 100n })
  rig.read(S, H + 1, 1n)
  rig.read(S, H + 20, 2n)
  const usage = await account(rig, { customer: ALICE, period: hours(0, 720) })
  assert.deepEqual(
    usage.egress.map(({ provider, totalBytes }) => [provider, totalBytes]),
    [
      ['did:web:old.example', 1n],
      ['did:web:new.example', 2n],
    ],
  )
  assert.deepEqual(
    usage.storage.map(({ provider, finalBytes }) => [provider, finalBytes]),
    [['did:web:new.example', 100n]],
    'the space is stored once',
  )
})

test('L11: what nobody owned is told to the customer who takes it on', async (t) => {
  const rig = open(t)
  rig.read(S, H + 1, 99n)
  rig.change({ space: S, atMs: ms(H + 1), bytes: 5n })
  rig.assign(S, ALICE, H + 50)
  assert.deepEqual(egress(await account(rig, { customer: ALICE, period: hours(50, 51) })), [
    [S, 99n],
  ])
  assert.deepEqual(egress(await account(rig, { customer: ALICE, period: hours(0, 50) })), [])
  const [day] = await byDay(rig, { customer: ALICE, period: hours(0, 24) })
  assert.deepEqual(day!.days, [{ date: '2026-11-01', bytes: 99n }], 'on the day of the read')
})

test('who takes a space on sees nothing of what changed in it before, but its size', async (t) => {
  const rig = open(t)
  rig.change({ space: S, atMs: ms(H + 1), bytes: 100n })
  rig.change({ space: S, atMs: ms(H + 50) - 1, bytes: -30n })
  rig.change({ space: S, atMs: ms(H + 50), bytes: 5n })
  rig.assign(S, ALICE, H + 50)
  const { storage } = await account(rig, { customer: ALICE, period: hours(0, 720) })
  assert.deepEqual(
    storage.map((report) => [report.fromMs, report.initialBytes, report.finalBytes]),
    [[ms(H + 50), 70n, 75n]],
  )
  assert.deepEqual(
    storage[0]!.events.map(({ deltaBytes }) => deltaBytes),
    [5n],
  )
  const before = await account(rig, { customer: ALICE, spaces: [S], period: hours(0, 49) })
  assert.deepEqual([before.spaces, before.storage], [[S], []])
})

test('a VOID credits who was billed, in its own hour; days lose what they had', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  rig.read(S, H + 1, 100n)
  rig.read(S, H + 1, 30n)
  rig.assign(S, BOB, H + 10)
  rig.read(S, H + 40, 7n)
  rig.void(S, H + 50, H + 1, 30n)
  assert.deepEqual(egress(await account(rig, { customer: ALICE, period: hours(0, 50) })), [
    [S, 130n],
  ])
  assert.deepEqual(egress(await account(rig, { customer: ALICE, period: hours(50, 60) })), [
    [S, -30n],
  ])
  assert.deepEqual(egress(await account(rig, { customer: BOB, period: hours(0, 60) })), [[S, 7n]])
  const [first] = await byDay(rig, { customer: ALICE, period: hours(0, 24) })
  assert.equal(first!.totalBytes, 100n)
})

test('E10: the end of a period of days is not in it, and days are whole', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  for (const [hour, bytes] of [
    [0, 1n],
    [23, 10n],
    [24, 100n],
    [48, 1000n],
  ] as const)
    rig.read(S, H + hour, bytes)
  const [two] = await byDay(rig, { customer: ALICE, period: hours(0, 48) })
  assert.deepEqual(two!.days, [
    { date: '2026-11-01', bytes: 11n },
    { date: '2026-11-02', bytes: 100n },
  ])
  assert.equal(two!.totalBytes, 111n)
})

test('E6: more rows than any page holds are all in the sum', async (t) => {
  const rig = open(t)
  const spaces = Array.from({ length: 40 }, (_, i): SpaceDid => `did:key:${100 + i}`)
  for (const space of spaces) rig.assign(space, ALICE, H)
  const rows = spaces.flatMap((space) =>
    Array.from({ length: 300 }, (_, hour) => ({
      epoch: H + hour,
      space,
      cid: new Uint8Array(),
      bytes: 3n,
      reads: 1,
      denied: 0,
      errors: 0,
      bytesDelivered: 3n,
      bytesFetched: 0n,
    })),
  )
  rig.ledger.apply({ first: 0, end: 1, rows, voids: [], fetched: [] })
  const sum = (reports: readonly { readonly totalBytes: bigint }[]): bigint =>
    reports.reduce((all, { totalBytes }) => all + totalBytes, 0n)
  const period = hours(0, 720)
  assert.equal(sum((await account(rig, { customer: ALICE, period })).egress), 36_000n)
  assert.equal(sum(await byDay(rig, { customer: ALICE, period })), 36_000n)
})

test('D3: asking again, and counting again, change nothing', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  const counts = { reads: 1, denied: 0, errors: 0, bytesDelivered: 5n, bytesFetched: 0n }
  const row = { epoch: H, space: S, cid: new Uint8Array(), bytes: 5n, ...counts }
  const batch = { first: 0, end: 1, rows: [row], voids: [], fetched: [] }
  const ask = async (): Promise<unknown> =>
    egress(await account(rig, { customer: ALICE, period: hours(0, 720) }))
  assert.ok(rig.ledger.apply(batch).ok)
  const told = await ask()
  assert.equal(rig.ledger.apply(batch).error?.name, 'WatermarkMoved')
  assert.deepEqual(await ask(), told)
  rig.ledger.clear()
  rig.ledger.apply(batch)
  assert.deepEqual(await ask(), told)
})

test('strangers, and spaces of others, are refused by name', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  rig.assign(T, BOB, H)
  const nobody = await rig.usage.account({ customer: 'did:mailto:example.com:nobody' })
  assert.equal(nobody.error?.name, 'AccountNotFound')
  for (const answer of [
    await rig.usage.account({ customer: ALICE, spaces: [S, T] }),
    await rig.usage.egressByDay({ customer: ALICE, spaces: [T] }),
  ])
    assert.equal(answer.error?.name, 'SpaceUnauthorized')
  const own = await account(rig, { customer: ALICE, spaces: [S], period: hours(0, 1) })
  assert.deepEqual([own.spaces, own.egress], [[S], []], 'a space with nothing to tell is there')
})

test('1.9 d: what can not be counted is an error, never less', async (t) => {
  const rig = open(t)
  rig.assign(S, ALICE, H)
  for (const catchUp of [
    async () => ok({ more: true }),
    async () => fail(new Error('disk full')),
  ]) {
    const usage = new CustomerUsage({ ...rig.deps, catchUp })
    for (const answer of [
      await usage.account({ customer: ALICE }),
      await usage.egressByDay({ customer: ALICE }),
    ])
      assert.equal(answer.error?.name, 'UsageUnavailable')
  }
})

test('without a period it is that from the start of the month to now', async (t) => {
  const rig = open(t, H + 30)
  rig.assign(S, ALICE, H - 100)
  rig.read(S, H - 1, 1n)
  rig.read(S, H + 29, 2n)
  rig.read(S, H + 30, 4n)
  const { egress: told } = await account(rig, { customer: ALICE })
  assert.deepEqual(
    told.map(({ fromMs, toMs, totalBytes }) => [fromMs, toMs, totalBytes]),
    [[ms(H), ms(H + 30), 2n]],
  )
  rig.nowMs += 1
  assert.equal((await account(rig, { customer: ALICE })).egress[0]!.totalBytes, 6n)
})

test('over any history, each byte is billed to whoever the rules say, and only once', async () => {
  const change = fc.record({
    hour: fc.nat({ max: 60 }),
    to: fc.constantFrom(ALICE, BOB, null),
  } as const)
  const read = fc.record({ hour: fc.nat({ max: 70 }), bytes: fc.bigInt(1n, 1000n) })
  const voided = fc.record({ which: fc.nat({ max: 20 }), after: fc.nat({ max: 20 }) })
  const cut = fc.nat({ max: 90 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 5 }),
      fc.array(read, { maxLength: 10 }),
      fc.array(voided, { maxLength: 4 }),
      cut,
      async (changes, reads, voids, at) => {
        const rig = openAccountsRig(ms(H + 100))
        for (const { hour, to } of changes.toSorted((a, b) => a.hour - b.hour))
          if (to === null) rig.owners.release(S, ms(H + hour))
          else rig.assign(S, to, H + hour)
        for (const { hour, bytes } of reads) rig.read(S, H + hour, bytes)
        const credits = voids.flatMap(({ which, after }) => {
          const target = reads[which]
          return target === undefined ? [] : [{ ...target, at: target.hour + after }]
        })
        for (const { hour, bytes, at: came } of credits) rig.void(S, H + came, H + hour, bytes)
        const history = rig.owners.ofSpace(S)
        for (const customer of [ALICE, BOB])
          for (const period of [
            { firstEpoch: H, endEpoch: H + at },
            { firstEpoch: H + at, endEpoch: H + 100 },
          ]) {
            const isBilled = (epoch: number, when: number): boolean => {
              const owner = ownerAt(history, epoch)
              const billed = owner && billedEpoch(owner, when)
              return (
                owner?.customer === customer &&
                billed! >= period.firstEpoch &&
                billed! < period.endEpoch
              )
            }
            const sum = (rows: readonly { readonly bytes: bigint }[]): bigint =>
              rows.reduce((all, { bytes }) => all + bytes, 0n)
            const expected =
              sum(reads.filter(({ hour }) => isBilled(H + hour, H + hour))) -
              sum(credits.filter(({ hour, at: came }) => isBilled(H + hour, H + came)))
            const sources = { ledger: rig.ledger, storage: rig.storage, storedUntil: 0 }
            for (const by of [undefined, 'hour', 'day', 'month'] as const) {
              const ownerships = rig.owners.ofCustomer(customer)
              const { total, rows } = await billedOf(sources, ownerships, period, { by })
              assert.equal(egressBytesOf(total), expected)
              if (by !== undefined)
                assert.equal(
                  rows.reduce((all, row) => all + egressBytesOf(row), 0n),
                  expected,
                )
            }
          }
        rig.close()
      },
    ),
    { numRuns: 40 },
  )
})
