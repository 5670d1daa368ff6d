import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { burnGrants, cutByGrants, isInForce, type Grant, type OpenGrant } from './grants.ts'

const EPOCHS = 12

const grantsOf: fc.Arbitrary<readonly OpenGrant[]> = fc
  .array(
    fc.record({
      bytes: fc.bigInt({ min: 0n, max: 9n }),
      priority: fc.integer({ min: 0, max: 2 }),
      firstEpoch: fc.integer({ min: -2, max: EPOCHS + 2 }),
      hours: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      createdMs: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 5 },
  )
  .map((grants) =>
    grants.map(({ hours, ...grant }, i) => ({
      ...grant,
      id: `g${i}`,
      leftBytes: grant.bytes,
      endEpoch: hours === undefined ? undefined : grant.firstEpoch + hours,
    })),
  )

const hoursUsed = fc.array(fc.integer({ min: 0, max: 9 }), {
  minLength: EPOCHS,
  maxLength: EPOCHS,
})

/** Byte by byte: each takes from the grant that the rules name, chosen anew. */
function naive(
  grants: readonly OpenGrant[],
  hours: readonly number[],
): [Map<string, number>, number] {
  const left = new Map(grants.map(({ id, bytes }) => [id, Number(bytes)]))
  let overage = 0
  const forever = (end: number | undefined): number => end ?? 1e9
  for (const [epoch, bytes] of hours.entries())
    for (let byte = 0; byte < bytes; byte++) {
      let best: Grant | undefined
      for (const grant of grants) {
        const open = grant.firstEpoch <= epoch && epoch < forever(grant.endEpoch)
        if (!open || left.get(grant.id) === 0) continue
        if (best === undefined || beats(grant, best)) best = grant
      }
      if (best === undefined) overage += 1
      else left.set(best.id, left.get(best.id)! - 1)
    }
  return [left, overage]
  function beats(a: Grant, b: Grant): boolean {
    if (a.priority !== b.priority) return a.priority < b.priority
    if (forever(a.endEpoch) !== forever(b.endEpoch))
      return forever(a.endEpoch) < forever(b.endEpoch)
    if (a.createdMs !== b.createdMs) return a.createdMs < b.createdMs
    return a.id < b.id
  }
}

test('grants are used as a model does that takes byte by byte', () => {
  fc.assert(
    fc.property(grantsOf, hoursUsed, (grants, hours) => {
      const parts = cutByGrants(0, EPOCHS, grants)
      const excesses = parts.map(({ firstEpoch, endEpoch }) => ({
        firstEpoch,
        endEpoch,
        bytes: BigInt(hours.slice(firstEpoch, endEpoch).reduce((a, b) => a + b, 0)),
      }))
      const burnt = burnGrants(grants, excesses)
      const [left, overage] = naive(grants, hours)
      for (const [id, bytes] of left) assert.equal(burnt.leftBytes.get(id), BigInt(bytes), id)
      assert.equal(
        burnt.overage.reduce((a, b) => a + b, 0n),
        BigInt(overage),
      )
    }),
  )
})

test('nothing is lost: what was used is taken from grants or is overage', () => {
  fc.assert(
    fc.property(grantsOf, hoursUsed, (grants, hours) => {
      const byHour = hours.map((bytes, epoch) => ({
        firstEpoch: epoch,
        endEpoch: epoch + 1,
        bytes: BigInt(bytes),
      }))
      const burnt = burnGrants(grants, byHour)
      const given = grants.reduce((sum, { bytes }) => sum + bytes, 0n)
      const taken = given - [...burnt.leftBytes.values()].reduce((a, b) => a + b, 0n)
      const overage = burnt.overage.reduce((a, b) => a + b, 0n)
      assert.equal(taken + overage, BigInt(hours.reduce((a, b) => a + b, 0)))
      for (const { id, bytes } of grants) {
        const left = burnt.leftBytes.get(id)!
        assert.ok(left >= 0n && left <= bytes)
      }
    }),
  )
})

const GRANT: OpenGrant = {
  id: 'g',
  bytes: 5n,
  leftBytes: 5n,
  priority: 0,
  firstEpoch: 4,
  endEpoch: 8,
  createdMs: 0,
}

test('a grant covers the hours in which it is in force', () => {
  assert.deepEqual(
    [3, 4, 7, 8].map((epoch) => isInForce(GRANT, epoch)),
    [false, true, true, false],
  )
  assert.equal(isInForce({ ...GRANT, endEpoch: undefined }, 1e6), true)
  const parts = cutByGrants(0, 10, [GRANT, { ...GRANT, firstEpoch: 8, endEpoch: undefined }])
  assert.deepEqual(
    parts.map(({ firstEpoch, endEpoch }) => [firstEpoch, endEpoch]),
    [
      [0, 4],
      [4, 8],
      [8, 10],
    ],
  )
})

test('excesses that are not cut, in order and positive are a mistake of the caller', () => {
  const at = (firstEpoch: number, endEpoch: number, bytes = 1n) => ({ firstEpoch, endEpoch, bytes })
  const mistakes = [
    [at(0, 5)],
    [at(7, 9)],
    [at(5, 5)],
    [at(4, 8, -1n)],
    [at(5, 6), at(4, 5)],
    [at(4, 6), at(5, 7)],
  ]
  for (const excesses of mistakes) assert.throws(() => burnGrants([GRANT], excesses), RangeError)
  assert.deepEqual(burnGrants([GRANT], [at(4, 8, 7n)]).overage, [2n])
})
