import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeDagPb } from '../dag-pb/decode.ts'
import { linkFromString, linkToBytes, linkToString } from '../link.ts'
import { decodeUnixfs } from './decode.ts'
import { hamtBucket, hamtHash, hamtShape } from './hamt-read.ts'

/** Length-delimited protobuf field, for nodes written by hand. */
function field(key: number, content: readonly number[]): number[] {
  return [key, content.length, ...content]
}

const rawLink = linkFromString('bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am')!
const hash = field(0x0a, [...linkToBytes(rawLink)])

function name(text: string): number[] {
  return field(0x12, [...new TextEncoder().encode(text)])
}

test('a node gives its links and data as they were written', () => {
  const bytes = Uint8Array.from([
    ...field(0x12, [...hash, ...name('a'), 0x18, 7]),
    ...field(0x12, [...hash, ...name('ą'), 0x18, 9]),
    ...field(0x0a, [8, 1]),
  ])
  const node = decodeDagPb(bytes).ok!
  assert.equal(node.linkCount, 2)
  assert.equal(linkToString(node.link(0)), linkToString(rawLink))
  assert.deepEqual([node.name(0), node.name(1)], ['a', 'ą'])
  assert.deepEqual([node.tsize(0), node.tsize(1)], [7, 9])
  assert.equal(node.indexOf('ą'), 1)
  assert.equal(node.indexOf('b'), -1)
  assert.equal(decodeUnixfs(node.data).ok?.type, 'directory')
})

test('names are found whether or not the links are sorted', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 40 })
  fc.assert(
    fc.property(names, fc.boolean(), (list, sorted) => {
      const encoder = new TextEncoder()
      const ordered = sorted
        ? list.toSorted((a, b) => Buffer.compare(encoder.encode(a), encoder.encode(b)))
        : list
      const bytes = Uint8Array.from(
        ordered.flatMap((entry) => field(0x12, [...hash, ...name(entry)])),
      )
      const node = decodeDagPb(bytes).ok!
      ordered.forEach((entry, index) => {
        assert.equal(node.name(node.indexOf(entry)), node.name(index))
      })
    }),
  )
})

test('whatever the bytes, decoding answers and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const node = decodeDagPb(bytes)
      if (node.ok) decodeUnixfs(node.ok.data)
      else assert.equal(node.error.name, 'MalformedBlock')
      decodeUnixfs(bytes)
    }),
    { numRuns: 2000 },
  )
})

test('a truncated node is malformed at every cut inside a field', () => {
  const bytes = Uint8Array.from(field(0x12, [...hash, ...name('abc')]))
  for (let cut = 1; cut < bytes.length; cut++)
    assert.equal(decodeDagPb(bytes.subarray(0, cut)).error?.name, 'MalformedBlock', `cut ${cut}`)
})

test('block sizes are read one by one and packed', () => {
  const single = decodeUnixfs(Uint8Array.from([8, 2, 0x18, 5, 0x20, 2, 0x20, 3])).ok!
  const packed = decodeUnixfs(Uint8Array.from([8, 2, 0x18, 5, ...field(0x22, [2, 3])])).ok!
  assert.deepEqual(single.blockSizes, [2, 3])
  assert.deepEqual(packed.blockSizes, [2, 3])
  assert.equal(single.fileSizeBytes, 5)
})

test('a size over 2^53 - 1 is malformed, not rounded', () => {
  const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
  assert.equal(decodeUnixfs(Uint8Array.from([8, 2, 0x18, ...huge])).error?.name, 'MalformedBlock')
})

test('HAMT buckets take the hash from the front, whatever the width', () => {
  const digest = hamtHash('abc')
  assert.equal(Buffer.from(digest).toString('hex'), 'b4963f3f3fad7867')
  assert.deepEqual(
    [0, 1, 2].map((level) => hamtBucket(digest, level, 8)),
    [0xb4, 0x96, 0x3f],
  )
  assert.deepEqual(
    [0, 1, 2].map((level) => hamtBucket(digest, level, 4)),
    [0xb, 0x4, 0x9],
  )
  assert.equal(hamtBucket(digest, 8, 8), undefined)
})

test('a HAMT of a wrong fanout or an overlong bitfield is refused', () => {
  const shard = { ...decodeUnixfs(Uint8Array.from([8, 5])).ok!, fanout: 256 }
  assert.equal(hamtShape(shard).ok?.prefixChars, 2)
  assert.equal(hamtShape({ ...shard, fanout: 255 }).error?.name, 'MalformedBlock')
  assert.equal(hamtShape({ ...shard, fanout: 2048 }).error?.name, 'MalformedBlock')
  assert.equal(hamtShape({ ...shard, data: new Uint8Array(33) }).error?.name, 'MalformedBlock')
})
