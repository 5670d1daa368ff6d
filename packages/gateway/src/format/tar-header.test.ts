import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '@turnpike/core/bytes'
import { TAR_PATH_CHARS_MAX } from '@turnpike/core/limits'
import { untar } from '../testing/untar.ts'
import { type TarEntry, tarHeader, tarPadding } from './tar-header.ts'
import { tarPath } from './tar-path.ts'

const plain: TarEntry = {
  type: 'file',
  path: 'a',
  sizeBytes: 0,
  mode: 0o644,
  mtimeSeconds: 0,
  target: '',
}

const readBack = (entry: TarEntry): TarEntry => {
  const { bytes: _, ...got } = untar(tarHeader(entry), false)[0]!
  return got
}

const name = fc
  .oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a-z]{1,110}$/))
  .map((text) => text.replaceAll(/[\0/]/g, '') || 'x')

test('whatever the name, the size and the time, a header tells them', () => {
  const shape = {
    type: fc.constantFrom('file' as const, 'folder' as const, 'symlink' as const),
    path: fc.array(name, { minLength: 1, maxLength: 12 }).map((names) => names.join('/')),
    sizeBytes: fc.oneof(fc.nat(), fc.maxSafeNat()),
    mode: fc.nat(0o7777),
    mtimeSeconds: fc.oneof(fc.nat(), fc.maxSafeNat()),
    target: fc.oneof(fc.constant(''), name, fc.stringMatching(/^[a-z/]{90,110}$/)),
  }
  const entry = fc.record(shape, { noNullPrototype: true })
  fc.assert(
    fc.property(entry, (one) => {
      const header = tarHeader(one)
      assert.equal(header.length % 512, 0)
      assert.deepEqual(readBack(one), one)
    }),
    { numRuns: 1000 },
  )
})

test('one block is enough until a field is full', () => {
  const cid = 'c'.repeat(59)
  const blocks = (more: Partial<TarEntry>): number => tarHeader({ ...plain, ...more }).length / 512
  assert.equal(blocks({ sizeBytes: 8 ** 11 - 1, mtimeSeconds: 8 ** 11 - 1 }), 1)
  assert.equal(blocks({ sizeBytes: 8 ** 11 }), 3)
  assert.equal(blocks({ mtimeSeconds: 8 ** 11 }), 3)
  assert.equal(blocks({ path: 'n'.repeat(100) }), 1)
  assert.equal(blocks({ path: 'n'.repeat(101) }), 3)
  assert.equal(blocks({ path: `${cid}/${'n'.repeat(100)}` }), 1)
  assert.equal(blocks({ path: `${cid}/${'n'.repeat(101)}` }), 3)
  assert.equal(blocks({ path: `${'p'.repeat(155)}/${'n'.repeat(100)}` }), 1)
  assert.equal(blocks({ path: `${'p'.repeat(156)}/${'n'.repeat(100)}` }), 3)
  assert.equal(blocks({ path: `${cid}/ż` }), 3)
  assert.equal(blocks({ type: 'symlink', target: 't'.repeat(100) }), 1)
  assert.equal(blocks({ type: 'symlink', target: 't'.repeat(101) }), 3)
})

test('the length of a pax record counts its own digits', () => {
  for (let length = 60; length < 1100; length++) {
    const path = 'ą'.repeat(length)
    assert.equal(readBack({ ...plain, path }).path, path)
  }
})

test('padding fills a block, and nothing after a whole one', () => {
  const sizes = [0, 1, 511, 512, 513].map((sizeBytes) => tarPadding(sizeBytes).length)
  assert.deepEqual(sizes, [0, 511, 1, 0, 511])
})

test('names lead where a file system would take them, below the root', () => {
  const cases = [
    ['root', 'a', 'root/a'],
    ['root/a', '../b', 'root/b'],
    ['root/a/b', '../../c', 'root/c'],
    ['root/a', './b//c/', 'root/a/b/c'],
    ['root/a', '/etc/passwd', 'root/a/etc/passwd'],
    ['root', '..a', 'root/..a'],
    ['root', 'a\\..\\b', 'root/a\\..\\b'],
  ] as const
  for (const [folder, entry, path] of cases) assert.equal(tarPath(folder, entry), path)
  const refused = [
    '',
    '.',
    '..',
    '/',
    '../..',
    '../../root2',
    'b/..',
    '../a',
    '../../x/root',
    'a\0b',
  ]
  for (const entry of refused) assert.throws(() => tarPath('root/a', entry), /expected/, entry)
  assert.throws(() => tarPath('root', '../root/x'), /below the root/)
})

test('whatever the name, what is let through lies below the root and is clean', () => {
  const part = fc.constantFrom('', '.', '..', 'a', 'b', '...')
  const parts = fc.array(part, { maxLength: 8 }).map((list) => list.join('/'))
  fc.assert(
    fc.property(parts, fc.constantFrom('root', 'root/a', 'root/a/b'), (entry, folder) => {
      let path: string
      try {
        path = tarPath(folder, entry)
      } catch {
        return
      }
      assert.equal(path, posix.join(folder, entry).replace(/\/$/, ''))
      assert.ok(path.startsWith('root/') && !`/${path}/`.includes('/../'))
    }),
    { numRuns: 2000 },
  )
})

test('a path is as long as the bound and no longer', () => {
  const longest = 'n'.repeat(TAR_PATH_CHARS_MAX - 5)
  assert.equal(tarPath('root', longest).length, TAR_PATH_CHARS_MAX)
  assert.throws(() => tarPath('root', `${longest}n`), /at most/)
  assert.throws(() => tarPath('root', `./${longest}n`), /at most/)
})

test('the reader that these tests go by refuses what is no TAR', () => {
  const header = tarHeader(plain)
  const end = new Uint8Array(1024)
  assert.equal(untar(concatBytes([header, end])).length, 1)
  const flipped = header.slice()
  flipped[0]! ^= 1
  for (const bad of [flipped, header.subarray(1), tarHeader({ ...plain, sizeBytes: 600 })])
    assert.throws(() => untar(concatBytes([bad, end])))
  assert.throws(() => untar(concatBytes([header, end.subarray(512)])))
})
