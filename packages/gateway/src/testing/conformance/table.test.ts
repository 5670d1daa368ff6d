import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCar } from '@turnpike/core/car/encode'
import { RAW, type Link, linkToString } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { hasher } from '../world.ts'
import { shortGroups, SUITE, type ConformanceGroup } from './groups.ts'
import { faults } from './table.ts'

test('a wrong status, header or body is found', () => {
  const row = { name: '', path: '', status: 200, wants: { a: 'b', c: undefined }, body: /x/ }
  const right = { status: 200, headers: { a: 'b' }, body: Buffer.from('x') }
  assert.deepEqual(faults(row, right), [])
  for (const wrong of [{ status: 1 }, { headers: {} }, { headers: { a: 'b', c: '' } }])
    assert.equal(faults(row, { ...right, ...wrong }).length, 1)
  assert.equal(faults(row, { ...right, body: Buffer.of(0x79) }).length, 1)
  const exact = { ...row, body: Buffer.from('x') }
  assert.equal(faults(exact, { ...right, body: Buffer.from('xx') }).length, 1)
})

test('blocks of a CAR that are wrong, missing, more, or in another order are found', () => {
  const [a, b] = ['a', 'b'].map((text) => {
    const bytes = Buffer.from(text)
    const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
    return { link: { version: 1, codec: RAW, multihash } satisfies Link, bytes }
  })
  const car = [a!, b!].map(({ link }) => linkToString(link))
  const row = { name: '', path: '', status: 200, car }
  const of = (...blocks: readonly (typeof a)[]): string[] =>
    faults(row, {
      status: 200,
      headers: {},
      body: encodeCar(
        [],
        blocks.map((one) => one!),
      ),
    })
  assert.deepEqual(of(a, b), [])
  for (const wrong of [of(a), of(b, a), of(a, b, b), of(a, { ...b!, bytes: Buffer.from('c') })])
    assert.equal(wrong.length, 1)
  assert.equal(faults(row, { status: 200, headers: {}, body: Buffer.from('no CAR') }).length, 1)
})

test('the ledger has 40 groups with 274 requests, and finds what is left out', () => {
  const counts = Object.values(SUITE)
  assert.equal(counts.length, 40)
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    274,
  )
  const full = Object.entries(SUITE).map(([name, count]) => ({
    name: name as keyof typeof SUITE,
    rows: () => Array.from({ length: count }, (_, i) => ({ name: `${i}`, path: '', status: 200 })),
  }))
  assert.deepEqual(shortGroups(full), [])
  const short = ({ name, rows }: ConformanceGroup): ConformanceGroup =>
    name === 'TestTar' ? { name, rows: () => rows().slice(1) } : { name, rows }
  assert.deepEqual(shortGroups(full.map(short)), ['TestTar expected 6 rows, got 5'])
  const twice = {
    name: 'TestCors',
    rows: () =>
      full[0]!
        .rows()
        .slice(0, 1)
        .flatMap((r) => [r, r]),
  }
  const others = full.filter(({ name }) => name !== 'TestCors')
  assert.equal(shortGroups([...others, twice as ConformanceGroup]).length, 1, 'names count once')
})
