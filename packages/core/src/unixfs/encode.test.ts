import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '../bytes.ts'
import { fieldLength } from '../dag-pb/encode.ts'
import { decodeUnixfs } from './decode.ts'
import type { UnixfsMetadata } from './encode.ts'
import {
  dataFieldLength,
  directoryData,
  fileData,
  fileTreeData,
  hasMetadata,
  shardData,
  symlinkData,
} from './encode.ts'

const metadata: fc.Arbitrary<UnixfsMetadata> = fc.record(
  {
    mode: fc.nat(0o7777),
    mtime: fc.record({
      seconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      nanoseconds: fc.nat(999_999_999),
    }),
  },
  { requiredKeys: [] },
)

/** What a reader makes of metadata: no mode 0, and (for now) no time before 1970. */
function readable({ mode, mtime }: UnixfsMetadata): object {
  return {
    mode: mode === 0 ? undefined : mode,
    mtimeSeconds: mtime && mtime.seconds >= 0 ? mtime.seconds : undefined,
  }
}

test('each kind of node reads back with its metadata', () => {
  const content = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(metadata, content, fc.array(fc.nat()), (given, bytes, sizes) => {
      const nodes = [
        ['file', fileData(bytes, given), bytes],
        ['file', fileTreeData(sizes, given), new Uint8Array(0)],
        ['directory', directoryData(given), new Uint8Array(0)],
        ['hamt', shardData(bytes, 256, given), bytes],
        ['symlink', symlinkData(bytes, given), bytes],
      ] as const
      for (const [type, parts, data] of nodes) {
        const node = decodeUnixfs(concatBytes(parts)).ok!
        assert.equal(node.type, type)
        assert.deepEqual(node.data, data)
        assert.deepEqual({ mode: node.mode, mtimeSeconds: node.mtimeSeconds }, readable(given))
        assert.equal(dataFieldLength(parts), fieldLength(concatBytes(parts).length))
      }
      const tree = decodeUnixfs(concatBytes(nodes[1][1])).ok!
      assert.deepEqual(tree.blockSizes, sizes)
    }),
  )
})

test('a time before 1970 is ten bytes, sign-extended; nanoseconds are fixed32', () => {
  const parts = directoryData({ mtime: { seconds: -1, nanoseconds: 0x01020304 } })
  const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
  const time = [0x08, ...minusOne, 0x15, 0x04, 0x03, 0x02, 0x01]
  assert.deepEqual([...concatBytes(parts)], [0x08, 0x01, 0x42, time.length, ...time])
})

test('metadata of mode 0 and no time is none', () => {
  assert.equal(hasMetadata({}), false)
  assert.equal(hasMetadata({ mode: 0 }), false)
  assert.equal(hasMetadata({ mode: 1 }), true)
  assert.equal(hasMetadata({ mtime: { seconds: 0, nanoseconds: 0 } }), true)
})

test('metadata outside its range is refused', () => {
  const wrong: UnixfsMetadata[] = [
    { mode: -1 },
    { mode: 0o10000 },
    { mode: 1.5 },
    { mtime: { seconds: 0.5, nanoseconds: 0 } },
    { mtime: { seconds: 0, nanoseconds: 1_000_000_000 } },
    { mtime: { seconds: 0, nanoseconds: -1 } },
  ]
  for (const given of wrong) assert.throws(() => directoryData(given), RangeError)
})
