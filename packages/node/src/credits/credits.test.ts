import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { worthIn, type CreditLot } from '@turnpike/core/credits/lots'
import { CREDIT_SEEDED_MICROS_MAX, CREDIT_SEEDS_WAITING_MAX } from '@turnpike/core/limits/credits'
import {
  adoptPolicy,
  creditEvents,
  policiesAfter,
  policyAt,
  seedCredits,
  waitingSeeds,
} from './events.ts'
import { creditHolders, creditSpends, lotsOf, spendCredits, worthOfAll } from './lots.ts'
import { rowsOf } from './rows.ts'
import { creditSums, moveCredits } from './sums.ts'
import {
  creditsDatabase,
  decided,
  dump,
  EPOCH,
  issueFor,
  LOGS,
  rowOf,
  termsOf,
} from './testing/credits.ts'

const PROVIDERS = ['did:key:a', 'did:key:b']

type Step =
  | { readonly do: 'seed'; readonly id: number; readonly micros: bigint; readonly later: number }
  | { readonly do: 'policy'; readonly id: number; readonly ttl: number; readonly lost: number }
  | { readonly do: 'issue'; readonly bytes: readonly [bigint, bigint]; readonly voided: bigint }
  | { readonly do: 'again'; readonly which: number }
  | { readonly do: 'spend'; readonly id: number; readonly by: number; readonly micros: bigint }
  | { readonly do: 'wait'; readonly hours: number }

const micros = fc.bigInt({ min: 1n, max: 2000n })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('seed'), id: fc.nat(20), micros, later: fc.nat(3) }),
  fc.record({
    do: fc.constant('policy'),
    id: fc.nat(20),
    ttl: fc.integer({ min: 1, max: 12 }),
    lost: fc.constantFrom(0, 1, 100_000, 1_000_000),
  }),
  fc.record({
    do: fc.constant('issue'),
    bytes: fc.tuple(micros, micros),
    voided: fc.oneof(fc.constant(0n), micros),
  }),
  fc.record({ do: fc.constant('again'), which: fc.nat(20) }),
  fc.record({ do: fc.constant('spend'), id: fc.nat(20), by: fc.nat(1), micros }),
  fc.record({ do: fc.constant('wait'), hours: fc.nat(4) }),
)

/** Credits, led through steps, and what is known of them from outside. */
class Model {
  readonly database: DatabaseSync = creditsDatabase()
  epoch = EPOCH
  seeded = 0n
  spent = 0n
  #issued: number[] = []

  constructor() {
    seedCredits(this.database, 1000n, decided('first', EPOCH))
    adoptPolicy(this.database, termsOf(), decided('first policy', EPOCH - 1))
    this.seeded = 1000n
  }

  take(one: Step): void {
    const { database, epoch } = this
    switch (one.do) {
      case 'seed': {
        const decision = decided(`seed ${one.id}`, epoch, epoch + one.later + 1)
        const { ok } = seedCredits(database, one.micros, decision)
        if (ok?.added === true) this.seeded += one.micros
        break
      }
      case 'policy': {
        const terms = termsOf({ ttlHours: one.ttl, lostPerHour: String(one.lost / 1e6) })
        adoptPolicy(database, terms, decided(`policy ${one.id}`, epoch))
        break
      }
      case 'issue': {
        const [a, b] = one.bytes
        const voided = { bytesVoided: one.voided }
        this.#gains(() =>
          issueFor(database, epoch, [
            rowOf('did:key:a', a, voided),
            rowOf('did:key:b', b, { region: 'us' }),
          ]),
        )
        this.#issued.push(this.epoch++)
        break
      }
      case 'again': {
        const which = this.#issued[one.which % this.#issued.length]
        if (which === undefined) break
        const before = dump(database)
        issueFor(database, which, [rowOf('did:key:a', 999n)])
        assert.equal(dump(database), before, 'I9: issued again, nothing changes')
        break
      }
      case 'spend':
        this.#spend(`spend ${one.id}`, PROVIDERS[one.by]!, one.micros)
        break
      case 'wait':
        this.epoch += one.hours
    }
  }

  /** I11: what is new leaves lots as they were, but for those that expired. */
  #gains(work: () => void): void {
    const lots = (): CreditLot[] =>
      PROVIDERS.flatMap((provider) => lotsOf(this.database, provider)).filter(
        ({ endEpoch }) => endEpoch > this.epoch,
      )
    const before = lots()
    work()
    const after = new Set(lots().map((lot) => Object.values(lot).join()))
    for (const lot of before)
      assert.ok(after.has(Object.values(lot).join()), 'I11: a lot changed with a new one')
  }

  #spend(id: string, provider: string, amount: bigint): void {
    const { database, epoch } = this
    const worth = (): bigint => worthOfAll(lotsOf(database, provider), worthIn(epoch))
    const had = worth()
    const spend = { id, provider, micros: amount, note: '', epoch, atMs: 0 }
    const { ok, error } = spendCredits(database, spend)
    if (error?.name === 'CreditSpendDiffers' || ok?.spent === false)
      return assert.equal(worth(), had, 'the same spend again changes nothing')
    assert.equal(error === undefined, had >= amount, 'I10: succeeds if and only if it is there')
    assert.equal(worth(), error === undefined ? had - amount : had, 'I10: lowers it by as much')
    if (ok?.spent === true) this.spent += amount
  }

  check(): void {
    const [sums] = rowsOf(this.database, 'SELECT * FROM credit_sums')
    const [held] = rowsOf(this.database, 'SELECT coalesce(sum(micros), 0) AS m FROM credit_lots')
    const { seeded, pool, spent, sunk } = sums as Record<string, bigint>
    assert.equal(seeded, this.seeded)
    assert.equal(spent, this.spent)
    assert.equal(pool! + spent! + sunk! + (held!['m'] as bigint), seeded)
    assert.ok(pool! >= 0n && sunk! >= 0n)
  }
}

test('I8, I9, I10, I11: after every operation all credits are somewhere, once', () => {
  let issuedSome = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 14 }), (steps) => {
      const model = new Model()
      for (const one of steps) {
        model.take(one)
        model.check()
      }
      if (creditHolders(model.database, 10).length > 0) issuedSome++
      model.database.close()
    }),
    { numRuns: Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 500) },
  )
  assert.ok(issuedSome > 100)
})

test('I8: a change after which they would not add up is not made', () => {
  const database = creditsDatabase()
  seedCredits(database, 10n, decided('a', EPOCH))
  assert.throws(() => moveCredits(database, { pool: -1n }), RangeError)
})

test('a seed counts once by its id, for the hour that it says', () => {
  const database = creditsDatabase()
  assert.equal(seedCredits(database, 10n, decided('a', EPOCH)).ok?.added, true)
  const before = dump(database)
  assert.equal(seedCredits(database, 10n, decided('a', EPOCH + 9)).ok?.added, false)
  assert.equal(seedCredits(database, 11n, decided('a', EPOCH)).error?.name, 'CreditEventDiffers')
  const other = decided('a', EPOCH, EPOCH + 1)
  assert.equal(seedCredits(database, 10n, other).error?.name, 'CreditEventDiffers')
  assert.equal(adoptPolicy(database, termsOf(), other).error?.name, 'CreditEventDiffers')
  assert.equal(dump(database), before)
  seedCredits(database, 5n, decided('b', EPOCH, EPOCH + 2))
  adoptPolicy(database, termsOf(), decided('p', EPOCH - 1))
  const rows = [rowOf('did:key:a', 100n)]
  assert.deepEqual(issueFor(database, EPOCH + 1, rows).seeds, [
    { id: 'a', amount: '10', epoch: EPOCH },
  ])
  assert.equal(creditSums(database).pool, 5n)
  const next = issueFor(database, EPOCH + 2, rows)
  assert.deepEqual([next.poolBefore, next.issued], ['5', '5'])
  assert.deepEqual(
    creditEvents(database, 10).map(({ id }) => id),
    ['p', 'b', 'a'],
  )
})

test('a policy is in force from the next hour on, until another is', () => {
  const database = creditsDatabase()
  adoptPolicy(database, termsOf(), decided('p1', EPOCH))
  const again = adoptPolicy(database, termsOf(), decided('p1', EPOCH + 5))
  assert.deepEqual(again.ok, { added: false })
  const differs = adoptPolicy(database, termsOf({ ttlHours: 1 }), decided('p1', EPOCH))
  assert.equal(differs.error?.name, 'CreditEventDiffers')
  adoptPolicy(database, termsOf({ ttlHours: 5 }), decided('p2', EPOCH))
  adoptPolicy(database, termsOf({ ttlHours: 7 }), decided('p3', EPOCH, EPOCH + 3))
  assert.equal(policyAt(database, EPOCH), undefined)
  assert.equal(policyAt(database, EPOCH + 1)?.id, 'p2')
  assert.equal(policyAt(database, EPOCH + 3)?.ttlHours, 7)
  assert.deepEqual(
    policiesAfter(database, EPOCH, 2).map(({ id }) => id),
    ['p1', 'p2'],
  )
  const now = adoptPolicy(database, termsOf(), decided('p4', EPOCH, EPOCH))
  assert.equal(now.error?.name, 'CreditEventLate')
})

test('nothing is decided for hours whose credits were issued', () => {
  const database = creditsDatabase()
  issueFor(database, EPOCH + 4, [])
  const late = seedCredits(database, 1n, decided('a', EPOCH, EPOCH + 4))
  assert.equal(late.error?.name, 'CreditEventLate')
  seedCredits(database, 1n, decided('a', EPOCH))
  adoptPolicy(database, termsOf(), decided('p', EPOCH))
  assert.deepEqual(
    creditEvents(database, 10).map(({ epoch }) => epoch),
    [EPOCH + 5, EPOCH + 5],
  )
})

test('pool and waiting seeds have their bounds', () => {
  const database = creditsDatabase()
  const most = CREDIT_SEEDED_MICROS_MAX - 1n
  assert.equal(seedCredits(database, most, decided('a', EPOCH)).ok?.added, true)
  assert.equal(seedCredits(database, 2n, decided('b', EPOCH)).error?.name, 'CreditPoolFull')
  assert.equal(seedCredits(database, 1n, decided('b', EPOCH)).ok?.added, true)
  const other = creditsDatabase()
  for (let i = 0; i < CREDIT_SEEDS_WAITING_MAX; i++)
    assert.equal(seedCredits(other, 1n, decided(`s${i}`, EPOCH)).ok?.added, true)
  assert.equal(seedCredits(other, 1n, decided('more', EPOCH)).error?.name, 'CreditPoolFull')
  issueFor(other, EPOCH, [])
  assert.deepEqual(waitingSeeds(other, EPOCH), [])
  assert.equal(seedCredits(other, 1n, decided('more', EPOCH)).ok?.added, true)
})

test('spends are known by their ids, and listed', () => {
  const database = creditsDatabase()
  seedCredits(database, 100n, decided('a', EPOCH))
  adoptPolicy(database, termsOf(), decided('p', EPOCH - 1))
  issueFor(database, EPOCH, [rowOf('did:key:a', 60n)])
  const spend = { id: 'x', provider: 'did:key:a', note: 'disk', epoch: EPOCH, atMs: 7 }
  assert.equal(spendCredits(database, { ...spend, micros: 61n }).error?.name, 'CreditShort')
  assert.deepEqual(spendCredits(database, { ...spend, micros: 60n }).ok, { spent: true })
  assert.deepEqual(spendCredits(database, { ...spend, micros: 60n }).ok, { spent: false })
  const differs = spendCredits(database, { ...spend, micros: 59n })
  assert.equal(differs.error?.name, 'CreditSpendDiffers')
  assert.deepEqual(creditSpends(database, 5), [{ ...spend, micros: 60n }])
  assert.deepEqual(creditHolders(database, 5), [])
})

test('a debt is taken off in the epochs after, whatever happens in between', () => {
  const database = creditsDatabase()
  seedCredits(database, 1000n, decided('a', EPOCH))
  adoptPolicy(database, termsOf(), decided('p', EPOCH - 1))
  const issued = [
    [rowOf('did:key:a', 10n, { bytesVoided: 50n })],
    [rowOf('did:key:b', 5n)],
    [rowOf('did:key:a', 30n), rowOf('did:key:a', 7n, { region: 'us' })],
    [rowOf('did:key:a', 30n)],
    [rowOf('did:key:a', 30n)],
  ].map((rows, i) => issueFor(database, EPOCH + i, rows).issued)
  assert.deepEqual(issued, ['0', '5', '7', '20', '30'])
  assert.deepEqual(rowsOf(database, 'SELECT * FROM credit_debts'), [])
})

test('each log has its own epochs', () => {
  const database = creditsDatabase()
  seedCredits(database, 100n, decided('a', EPOCH))
  adoptPolicy(database, termsOf(), decided('p', EPOCH - 1))
  issueFor(database, EPOCH, [rowOf('did:key:a', 30n)], LOGS[0])
  issueFor(database, EPOCH, [rowOf('did:key:a', 20n)], LOGS[1])
  assert.equal(worthOfAll(lotsOf(database, 'did:key:a'), worthIn(EPOCH)), 50n)
})
