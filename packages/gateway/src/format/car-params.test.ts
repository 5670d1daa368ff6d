import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { entityRange, parseCarParams } from './car-params.ts'

const parse = (query: string, accepted?: Record<string, string>): unknown => {
  const params = accepted && new Map(Object.entries(accepted))
  const parsed = parseCarParams(new URLSearchParams(query), params)
  return parsed.ok ?? parsed.error.name
}
const defaults = { scope: 'all', bytes: undefined, order: 'dfs', dups: false }

test('parameters come from the query, else from Accept, else they have defaults', () => {
  assert.deepEqual(parse(''), defaults)
  assert.deepEqual(parse('', { dups: 'y', order: 'unk' }), {
    ...defaults,
    dups: true,
    order: 'unk',
  })
  assert.deepEqual(parse('car-dups=n', { dups: 'y' }), defaults)
  assert.deepEqual(parse('dag-scope=block'), { ...defaults, scope: 'block' })
})

test('bytes imply the entity, and a block has none', () => {
  const bytes = { from: -5, to: undefined }
  const entity = { ...defaults, scope: 'entity', bytes }
  assert.deepEqual(parse('entity-bytes=-5:*'), entity)
  assert.deepEqual(parse('entity-bytes=-5:*&dag-scope=all'), entity)
  assert.deepEqual(parse('entity-bytes=0:0&dag-scope=block'), { ...defaults, scope: 'block' })
})

test('values that do not exist are refused', () => {
  const wrong = ['car-version=2', 'car-order=bfs', 'car-dups=1', 'dag-scope=x', 'dag-scope=']
  for (const bytes of ['', '1', ':', '*:1', '1:', '1.5:2', '2:1', '-1:-2', '9999999999999999:*'])
    wrong.push(`entity-bytes=${bytes}`)
  for (const query of wrong) assert.equal(parse(query), 'InvalidRequest', query)
})

test('a range lies in the file, whatever was asked for', () => {
  assert.deepEqual(entityRange({ from: 512, to: -256 }, 1026).ok, { first: 512, last: 770 })
  assert.deepEqual(entityRange({ from: -9999, to: undefined }, 1026).ok, { first: 0, last: 1025 })
  assert.equal(entityRange({ from: 1026, to: undefined }, 1026).error?.name, 'InvalidRequest')
  const asked = fc.record({ from: fc.integer(), to: fc.option(fc.integer(), { nil: undefined }) })
  fc.assert(
    fc.property(asked, fc.integer({ min: 1, max: 5000 }), (bytes, sizeBytes) => {
      const { ok } = entityRange(bytes, sizeBytes)
      assert.ok(ok === undefined || (0 <= ok.first && ok.first <= ok.last && ok.last < sizeBytes))
    }),
  )
})
