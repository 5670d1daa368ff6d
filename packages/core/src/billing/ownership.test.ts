import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CustomerDid, Ownership } from '../ports/provisioning.ts'
import {
  assigned,
  billedEpoch,
  billedSpan,
  creditedSpan,
  endOf,
  ownerAt,
  released,
} from './ownership.ts'
import { unownedSpans } from './ownership.ts'

const HOURS = 60

interface Change {
  readonly epoch: number
  /** Null: it is released. */
  readonly customer: CustomerDid | null
}

const owner = (customer: CustomerDid, epoch: number): Parameters<typeof assigned>[1] => {
  return { space: 'did:key:s', customer, provider: 'did:web:p', subscription: customer, epoch }
}

const alice = (epoch: number): Parameters<typeof assigned>[1] => owner('did:mailto:a:alice', epoch)
const bob = (epoch: number): Parameters<typeof assigned>[1] => owner('did:mailto:b:bob', epoch)

const changes: fc.Arbitrary<readonly Change[]> = fc
  .array(
    fc.record({
      epoch: fc.nat(HOURS - 1),
      customer: fc.constantFrom<(CustomerDid | null)[]>(null, 'did:x:a', 'did:x:b', 'did:x:c'),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.toSorted((a, b) => a.epoch - b.epoch))

function apply(history: readonly Ownership[], { epoch, customer }: Change): readonly Ownership[] {
  if (customer !== null) return assigned(history, owner(customer, epoch))
  return history.at(-1)?.endEpoch === null ? released(history, epoch) : history
}

function historyOf(list: readonly Change[]): readonly Ownership[] {
  return list.reduce(apply, [] as readonly Ownership[])
}

/** Who owns each hour, told hour by hour: an owner, or who takes on what has none. */
function model(list: readonly Change[]): (string | undefined)[] {
  const owners: (string | undefined)[] = []
  let now: string | undefined
  let next = 0
  for (let epoch = 0; epoch < HOURS; epoch++) {
    if (now !== undefined) owners[epoch] = now
    for (; list[next]?.epoch === epoch; next++) {
      const { customer } = list[next]!
      if (customer !== null && owners.length <= epoch)
        while (owners.length <= epoch) owners.push(customer)
      now = customer ?? undefined
    }
  }
  return Array.from({ length: HOURS }, (_, epoch) => owners[epoch])
}

test('every hour has the owner that a model, told hour by hour, says', () => {
  fc.assert(
    fc.property(changes, (list) => {
      const history = historyOf(list)
      const got = Array.from({ length: HOURS }, (_, epoch) => ownerAt(history, epoch)?.customer)
      assert.deepEqual(got, model(list))
    }),
  )
})

test('a history has neither overlaps nor empty hours, and only its last owner stays', () => {
  fc.assert(
    fc.property(changes, (list) => {
      const history = historyOf(list)
      for (const [i, one] of history.entries()) {
        assert.ok(one.firstEpoch < endOf(one))
        assert.ok(one.firstEpoch >= (i === 0 ? 0 : endOf(history[i - 1]!)))
        assert.ok(i === history.length - 1 || one.endEpoch !== null)
      }
    }),
  )
})

test('no change reaches back into what was billed before its hour', () => {
  const billed = (history: readonly Ownership[], before: number): string[] =>
    history.flatMap((one) =>
      Array.from({ length: HOURS }, (_, epoch) => epoch)
        .filter((epoch) => one.firstEpoch <= epoch && epoch < endOf(one))
        .filter((epoch) => billedEpoch(one, epoch) < before)
        .map((epoch) => `${epoch} ${one.customer} in ${billedEpoch(one, epoch)}`),
    )
  fc.assert(
    fc.property(changes, (list) => {
      for (const [i, change] of list.entries()) {
        const before = historyOf(list.slice(0, i))
        const after = apply(before, change)
        assert.deepEqual(billed(after, change.epoch), billed(before, change.epoch))
      }
    }),
  )
})

test('over all periods, each hour is billed once, in the period of its hour of billing', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: HOURS - 1 }), { maxLength: 5 })
  fc.assert(
    fc.property(changes, cuts, (list, at) => {
      const bounds = [0, ...at.toSorted((a, b) => a - b), HOURS]
      for (const one of historyOf(list)) {
        const billed = new Map<number, number>()
        for (const [i, firstEpoch] of bounds.slice(0, -1).entries()) {
          const span = billedSpan(one, { firstEpoch, endEpoch: bounds[i + 1]! })
          for (let epoch = span?.firstEpoch ?? 0; epoch < (span?.endEpoch ?? 0); epoch++) {
            assert.ok(!billed.has(epoch))
            billed.set(epoch, i)
            const inPeriod = billedEpoch(one, epoch)
            assert.ok(firstEpoch <= inPeriod && inPeriod < bounds[i + 1]!)
          }
        }
        assert.equal(billed.size, Math.min(endOf(one), HOURS) - one.firstEpoch)
      }
    }),
  )
})

test('over all periods, each VOID is credited once, no sooner than what it voids is billed', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: HOURS - 1 }), { maxLength: 5 })
  const epochs = fc.nat(HOURS - 1)
  fc.assert(
    fc.property(changes, cuts, epochs, epochs, (list, at, a, b) => {
      const [target, voided] = [Math.min(a, b), Math.max(a, b)]
      const had = ownerAt(historyOf(list), target)
      if (had === undefined || had.assignedEpoch >= HOURS) return
      const bounds = [0, ...at.toSorted((one, other) => one - other), HOURS]
      const credits = bounds.slice(0, -1).flatMap((firstEpoch, i) => {
        const endEpoch = bounds[i + 1]!
        const span = creditedSpan(had, { firstEpoch, endEpoch })
        const isIn = span !== undefined && span.firstEpoch <= voided && voided < span.endEpoch
        return isIn ? [[firstEpoch, endEpoch]] : []
      })
      assert.equal(credits.length, 1)
      const [[firstEpoch, endEpoch]] = credits as [[number, number]]
      const credited = billedEpoch(had, voided)
      assert.ok(firstEpoch <= credited && credited < endEpoch)
    }),
  )
})

test('hours without an owner and hours with one are all hours', () => {
  fc.assert(
    fc.property(changes, fc.nat(HOURS), fc.nat(HOURS), (list, a, b) => {
      const [firstEpoch, endEpoch] = [Math.min(a, b), Math.max(a, b)]
      const history = historyOf(list)
      const spans = unownedSpans(history, { firstEpoch, endEpoch })
      for (let epoch = firstEpoch; epoch < endEpoch; epoch++) {
        const isIn = spans.some((span) => span.firstEpoch <= epoch && epoch < span.endEpoch)
        assert.equal(isIn, ownerAt(history, epoch) === undefined)
      }
    }),
  )
})

test('M1: a read belongs to whoever owned the space in its hour, whenever it is counted', () => {
  const history = assigned(assigned([], alice(100)), bob(200))
  assert.equal(ownerAt(history, 199)?.subscription, 'did:mailto:a:alice')
  assert.equal(ownerAt(history, 200)?.subscription, 'did:mailto:a:alice')
  assert.equal(ownerAt(history, 201)?.subscription, 'did:mailto:b:bob')
})

test('M6: what a former owner used is not billed to the next', () => {
  const [first, second] = assigned(assigned([], alice(100)), bob(200))
  const period = { firstEpoch: 150, endEpoch: 250 }
  assert.deepEqual(billedSpan(first!, period), { firstEpoch: 150, endEpoch: 201 })
  assert.deepEqual(billedSpan(second!, period), { firstEpoch: 201, endEpoch: 250 })
})

test('what nobody owned goes to the next owner, in the period in which they took it on', () => {
  const history = assigned(released(assigned([], alice(100)), 120), bob(200))
  assert.deepEqual(
    history.map(({ firstEpoch, endEpoch, assignedEpoch }) => [firstEpoch, endEpoch, assignedEpoch]),
    [
      [0, 121, 100],
      [121, null, 200],
    ],
  )
  assert.equal(billedEpoch(history[1]!, 121), 200)
  assert.equal(billedSpan(history[1]!, { firstEpoch: 121, endEpoch: 200 }), undefined)
})

test('a change by a clock that went back counts in the hour of the change before', () => {
  const history = assigned([], alice(100))
  assert.deepEqual(assigned(history, bob(90)), assigned(history, bob(100)))
  assert.deepEqual(released(history, 90), released(history, 100))
  const free = released(history, 120)
  assert.deepEqual(assigned(free, bob(90)), assigned(free, bob(120)))
  assert.throws(() => released(free, 130), RangeError)
})
