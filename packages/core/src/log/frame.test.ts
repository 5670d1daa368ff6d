import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { concatBytes } from '../bytes.ts'
import { ENTRY_BYTES_MAX, FRAME_BYTES_MAX, FRAME_ENTRIES_MAX } from '../limits/log.ts'
import { FrameBuilder, FRAME_HEADER_BYTES, frameAt, frameGroups, groupBytes } from './frame.ts'
import { scanFrames } from './scan.ts'

type Group = Uint8Array[]

const entry = fc.uint8Array({ minLength: 1, maxLength: 60 })
const group: fc.Arbitrary<Group> = fc.array(entry, { minLength: 1, maxLength: 4 })
const frames = fc.array(fc.array(group, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 6,
})

/** Frames one after another, and where each ends. */
function fileOf(contents: readonly Group[][], first: number): { file: Uint8Array; ends: number[] } {
  const builder = new FrameBuilder(new Uint8Array(4096))
  const parts: Uint8Array[] = []
  const ends = [0]
  let next = first
  for (const groups of contents) {
    builder.reset()
    for (const each of groups) builder.append(each)
    const count = builder.count
    parts.push(builder.seal(next, crc32).slice())
    next += count
    ends.push(ends.at(-1)! + parts.at(-1)!.length)
  }
  return { file: concatBytes(parts), ends }
}

/** The file with zeros behind it, as a journal fills them ahead. */
const filled = (file: Uint8Array, zeros = 300): Uint8Array =>
  concatBytes([file, new Uint8Array(zeros)])

function scan(file: Uint8Array, first: number) {
  const groups: Group[] = []
  const result = scanFrames(file, first, crc32, (more) => {
    for (const each of more) groups.push(each.map((bytes) => bytes.slice()))
  })
  return { ...result, groups }
}

test('groups come back whole and in order', () => {
  fc.assert(
    fc.property(frames, fc.maxSafeNat(), (contents, first) => {
      fc.pre(first < 2 ** 52)
      const { file } = fileOf(contents, first)
      const found = scan(filled(file), first)
      assert.deepEqual(found.groups, contents.flat())
      assert.equal(found.bytes, file.length)
      assert.equal(found.nextEntry, first + contents.flat(2).length)
      assert.equal(found.end, 'clean')
    }),
  )
})

test('I14: a file cut at any byte recovers the frames before the cut', () => {
  fc.assert(
    fc.property(frames, fc.nat(), fc.boolean(), (contents, where, zeros) => {
      const { file, ends } = fileOf(contents, 7)
      const cut = where % (file.length + 1)
      // With zeros behind the cut, a frame that ends with zeros may be whole all the same.
      const isWhole = (end: number): boolean =>
        end <= cut || (zeros && file.subarray(cut, end).every((byte) => byte === 0))
      const whole = ends.filter(isWhole).length - 1
      const found = scan(zeros ? filled(file.subarray(0, cut)) : file.subarray(0, cut), 7)
      assert.deepEqual(found.groups, contents.slice(0, whole).flat())
      assert.notEqual(found.end, 'corrupt')
    }),
    { numRuns: 500 },
  )
})

test('pages of the last frame that were not written leave the frames before it', () => {
  fc.assert(
    fc.property(frames, fc.nat(), fc.nat(), (contents, from, length) => {
      const { file, ends } = fileOf(contents, 0)
      const start = ends.at(-2)!
      const holed = filled(file)
      const at = start + (from % (file.length - start))
      holed.fill(0, at, Math.min(file.length, at + 1 + length))
      const found = scan(holed, 0)
      assert.notEqual(found.end, 'corrupt')
      if (found.bytes < file.length)
        assert.deepEqual(found.groups, contents.slice(0, -1).flat(), 'all frames but the last')
    }),
    { numRuns: 500 },
  )
})

test('any flipped bit before the last frame is corruption, named by its frame', () => {
  fc.assert(
    fc.property(frames, fc.nat(), (contents, where) => {
      fc.pre(contents.length > 1)
      const { file, ends } = fileOf(contents, 0)
      const bit = where % (ends.at(-2)! * 8)
      const bent = filled(file)
      bent[bit >> 3]! ^= 1 << (bit & 7)
      const found = scan(bent, 0)
      assert.equal(found.end, 'corrupt')
      assert.equal(
        found.bytes,
        ends.findLast((end) => end <= bit >> 3),
      )
    }),
    { numRuns: 2000 },
  )
})

test('frames out of order, and bytes beyond where one frame could reach, are corruption', () => {
  const { file, ends } = fileOf([[[new Uint8Array([1])]], [[new Uint8Array([2])]]], 0)
  const swapped = concatBytes([file.subarray(ends[1]), file.subarray(0, ends[1])])
  assert.equal(scan(swapped, 0).end, 'corrupt')
  assert.equal(scan(file, 1).end, 'corrupt', 'a file under another name')
  const far = new Uint8Array(file.length + FRAME_BYTES_MAX + 1)
  far.set(file)
  far[file.length + FRAME_BYTES_MAX - 1] = 1
  assert.equal(scan(far, 0).end, 'torn')
  far[file.length + FRAME_BYTES_MAX] = 1
  assert.equal(scan(far, 0).end, 'corrupt')
})

test('a frame inside the payload of a torn frame does not make it look corrupt', () => {
  const inner = fileOf([[[new Uint8Array([9])]]], 1).file
  const { file } = fileOf([[[inner, new Uint8Array(40).fill(1)]]], 0)
  const torn = filled(file.subarray(0, FRAME_HEADER_BYTES + 2 + inner.length + 5))
  assert.equal(scan(torn, 0).end, 'torn')
})

test('a builder takes what fits to the byte and to the entry, and refuses the rest', () => {
  const big = new Uint8Array(ENTRY_BYTES_MAX).fill(1)
  const builder = new FrameBuilder(new Uint8Array(FRAME_HEADER_BYTES + groupBytes([big])))
  assert.throws(() => builder.append([new Uint8Array(ENTRY_BYTES_MAX + 1)]), RangeError)
  assert.throws(() => builder.append([]), RangeError)
  assert.throws(() => builder.append([new Uint8Array(0)]), RangeError)
  builder.append([big])
  assert.throws(() => builder.append([new Uint8Array(1)]), RangeError)
  const frame = frameAt(builder.seal(0, crc32), 0, crc32)
  assert.deepEqual(frameGroups(frame!), [[big]])
  const many = new FrameBuilder(new Uint8Array(FRAME_BYTES_MAX))
  const one = [new Uint8Array(1)]
  for (let i = 0; i < FRAME_ENTRIES_MAX; i++) many.append(one)
  assert.throws(() => many.append(one), RangeError)
  assert.equal(frameAt(many.seal(0, crc32), 0, crc32)?.count, FRAME_ENTRIES_MAX)
  assert.throws(() => new FrameBuilder(new Uint8Array(FRAME_BYTES_MAX + 1)), RangeError)
})

test('a payload that is no sequence of entries is no frame', () => {
  const groups = (bytes: number[], count: number) =>
    frameGroups({ payload: Uint8Array.from(bytes), count })
  assert.deepEqual(groups([0, 1, 5, 0x80, 1, 6], 2), [[Uint8Array.of(5), Uint8Array.of(6)]])
  assert.equal(groups([0, 1, 5], 2), undefined, 'another count')
  assert.equal(groups([0, 2, 5], 1), undefined, 'an entry that is cut')
  assert.equal(groups([0], 1), undefined, 'a length that is cut')
  assert.equal(groups([0, 0], 1), undefined, 'an empty entry')
  assert.equal(groups([0x80, 1, 5], 1), undefined, 'a group without a start')
})
