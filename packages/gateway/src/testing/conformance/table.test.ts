import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCar } from '@turnpike/core/car/encode'
import { RAW, type Link, linkToString } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { hasher } from '../world.ts'
import { groupLines, shortGroups, SUITE, type ConformanceGroup } from './groups.ts'
import { faults } from './table.ts'
import { dagGroups } from './dag.ts'
import { absent } from './fixtures.ts'
import { tarGroups } from './tar.ts'
import { TAR_END, tarHeader } from '../../format/tar-header.ts'

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
  assert.equal(groupLines(full).at(-1), '| `TestDNSLinkGatewayIPNS` | 2 | 2 |')
})

test('entries of a TAR that are wrong, missing, more, or cut short are found', () => {
  const rest = { sizeBytes: 0, mode: 0o644, mtimeSeconds: 0 }
  const folder = tarHeader({ type: 'folder', path: 'a', target: '', ...rest })
  const link = tarHeader({ type: 'symlink', path: 'a/b', target: 'c', ...rest })
  const of = (tar: Record<string, string | null>, ...parts: readonly Uint8Array[]): string[] =>
    faults(
      { name: '', path: '', status: 200, tar },
      { status: 200, headers: {}, body: Buffer.concat(parts) },
    )
  const tree = { a: null, 'a/b': 'c' }
  assert.deepEqual(of(tree, folder, link, TAR_END), [])
  for (const wrong of [
    of(tree, folder, TAR_END),
    of(tree, link, folder, TAR_END),
    of({ a: null }, folder, link, TAR_END),
    of({ a: null, 'a/b': 'd' }, folder, link, TAR_END),
    of(tree, folder, link),
    of(tree),
  ])
    assert.equal(wrong.length, 1)
})

test('parts of several ranges that are wrong, missing or not told are found', () => {
  const content = Buffer.from('0123456789')
  const multipart = { content, type: 'a/b', ranges: [[1, 2]] as const }
  const of = (body: string, type = 'multipart/byteranges; boundary=x'): string[] =>
    faults(
      { name: '', path: '', status: 206, multipart },
      { status: 206, headers: { 'content-type': type }, body: Buffer.from(body) },
    )
  const right = '--x\r\nContent-Type: a/b\r\nContent-Range: bytes 1-2/10\r\n\r\n12\r\n--x--\r\n'
  assert.deepEqual(of(right), [])
  for (const wrong of [
    of(right.replace('12\r', '13\r')),
    of(right.replace('1-2/10', '1-2/11')),
    of(right.replace('a/b', 'a/c')),
    of(right.replace('--x--', '--x')),
    of(right, 'a/b'),
  ])
    assert.equal(wrong.length, 1)
})

test('the groups of TARs and of IPLD data are whole', { skip: absent }, () => {
  const groups = [...tarGroups, ...dagGroups]
  const own = new Set<string>(groups.map(({ name }) => name))
  const counts = Object.keys(SUITE).filter((name) => own.has(name))
  assert.equal(counts.length, 6)
  const short = shortGroups(groups).filter((text) => own.has(text.split(' ')[0]!))
  assert.deepEqual(short, [])
  const ranges = groups.find(({ name }) => name === 'beyond the suite: ranges of native DAG blocks')
  assert.equal(ranges!.rows().length, 12)
})
