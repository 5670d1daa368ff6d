import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type FetchCount, FetchTally } from './fetch-tally.ts'

type Row = readonly [provider: string, count: FetchCount]

function sumOf(rows: readonly Row[], provider: string): FetchCount {
  const sum = { bytes: 0n, requests: 0, failed: 0 }
  for (const [name, count] of rows) {
    if (name !== provider) continue
    sum.bytes += count.bytes
    sum.requests += count.requests
    sum.failed += count.failed
  }
  return sum
}

test('what is counted comes out once, before or after the read ended', () => {
  const event = fc.record({
    provider: fc.constantFrom('a', 'b', ''),
    bytes: fc.nat(1000),
    fails: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), fc.nat(60), (runs, closeAt) => {
      const tally = new FetchTally()
      const rows: Row[] = []
      const expected = new Map<string, FetchCount>()
      let step = 0
      const maybeClose = (): void => {
        if (step++ === closeAt) rows.push(...tally.close((p, c) => rows.push([p, { ...c }])))
      }
      for (const { provider } of runs) {
        tally.begin(provider)
        maybeClose()
      }
      for (const { provider, bytes, fails } of runs) {
        tally.verified(provider, bytes)
        if (fails) tally.failed(provider)
        maybeClose()
        tally.end()
        const sum = expected.get(provider) ?? { bytes: 0n, requests: 0, failed: 0 }
        sum.bytes += BigInt(bytes)
        sum.requests++
        if (fails) sum.failed++
        expected.set(provider, sum)
      }
      if (step <= closeAt) rows.push(...tally.close((p, c) => rows.push([p, { ...c }])))
      for (const provider of ['a', 'b'])
        assert.deepEqual(sumOf(rows, provider), expected.get(provider) ?? sumOf([], provider))
      assert.deepEqual(sumOf(rows, ''), sumOf([], ''), 'our own store is nobody to be paid')
    }),
  )
})

test('a fetch that outlives its read is told late, once, if it brought something', () => {
  const tally = new FetchTally()
  tally.begin('a')
  tally.begin('b')
  const late: Row[] = []
  assert.equal(tally.close((p, c) => late.push([p, c])).length, 2)
  tally.verified('a', 5)
  tally.end()
  assert.equal(late.length, 0)
  tally.end()
  assert.deepEqual(late, [['a', { bytes: 5n, requests: 0, failed: 0 }]])
})
