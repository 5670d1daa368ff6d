import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { SIDECAR_CHUNK_BYTES_MAX, SIDECAR_CHUNKS_MAX } from './limits.ts'
import type { Hasher } from './ports/runtime.ts'
import { decodeSidecar, encodeSidecar } from './sidecar.ts'

const hasher: Hasher = {
  sha256: (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
  digest: () => undefined,
}
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 })
const chunk = fc.record({ length: fc.integer({ min: 1, max: SIDECAR_CHUNK_BYTES_MAX }), digest })
const chunks = fc.array(chunk, { maxLength: 40 })

test('what was written is read', () => {
  fc.assert(
    fc.property(digest, chunks, (whole, wrote) => {
      const sidecar = decodeSidecar(encodeSidecar(whole, wrote, hasher), hasher).ok!
      assert.deepEqual(sidecar.digest, whole)
      assert.equal(sidecar.count, wrote.length)
      let offset = 0
      wrote.forEach((expected, i) => {
        assert.deepEqual(sidecar.chunk(i), { offset, ...expected })
        offset += expected.length
      })
      assert.equal(sidecar.sizeBytes, offset)
      assert.throws(() => sidecar.chunk(wrote.length), RangeError)
    }),
  )
})

test('the covering chunks hold the range, and their neighbours hold nothing of it', () => {
  const some = fc.array(chunk, { minLength: 1, maxLength: 40 })
  const fraction = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(some, fraction, fraction, (wrote, a, b) => {
      const sidecar = decodeSidecar(encodeSidecar(wrote[0]!.digest, wrote, hasher), hasher).ok!
      const at = [a, b]
        .map((x) => Math.floor(x * (sidecar.sizeBytes - 1)))
        .toSorted((x, y) => x - y)
      const [first, last] = [at[0]!, at[1]!]
      const covering = sidecar.chunksCovering({ first, last })!
      const start = sidecar.chunk(covering.first)
      const end = sidecar.chunk(covering.last)
      assert.ok(start.offset <= first && first < start.offset + start.length)
      assert.ok(end.offset <= last && last < end.offset + end.length)
    }),
  )
})

test('a range that the blob does not hold is covered by nothing', () => {
  const wrote = [{ length: 10, digest: new Uint8Array(32) }]
  const sidecar = decodeSidecar(encodeSidecar(wrote[0]!.digest, wrote, hasher), hasher).ok!
  assert.deepEqual(sidecar.chunksCovering({ first: 9, last: 9 }), { first: 0, last: 0 })
  for (const [first, last] of [
    [9, 10],
    [10, 10],
    [-1, 3],
    [3, 2],
  ] as const)
    assert.equal(sidecar.chunksCovering({ first, last }), undefined)
  const empty = decodeSidecar(encodeSidecar(new Uint8Array(32), [], hasher), hasher).ok!
  assert.equal(empty.sizeBytes, 0)
  assert.equal(empty.chunksCovering({ first: 0, last: 0 }), undefined)
})

test('a flipped bit or a missing byte is found, wherever it is', () => {
  const wrote = [1, 2].map((length) => ({ length, digest: new Uint8Array(32).fill(length) }))
  const file = encodeSidecar(new Uint8Array(32).fill(7), wrote, hasher)
  for (let bit = 0; bit < file.length * 8; bit++) {
    const bad = file.slice()
    bad[bit >> 3]! ^= 1 << (bit & 7)
    assert.equal(decodeSidecar(bad, hasher).error?.name, 'SidecarMalformed', `bit ${bit}`)
  }
  for (let length = 0; length < file.length; length++)
    assert.equal(decodeSidecar(file.subarray(0, length), hasher).error?.name, 'SidecarMalformed')
})

test('bounds hold: of a chunk, and of their number', () => {
  const zeros = new Uint8Array(32)
  const one = (length: number): Uint8Array =>
    encodeSidecar(zeros, [{ length, digest: zeros }], hasher)
  assert.ok(decodeSidecar(one(SIDECAR_CHUNK_BYTES_MAX), hasher).ok)
  assert.throws(() => one(SIDECAR_CHUNK_BYTES_MAX + 1), /expected 1 to 4194304, got 4194305/)
  assert.throws(() => one(0), RangeError)
  const many = Array.from({ length: SIDECAR_CHUNKS_MAX }, () => ({ length: 1, digest: zeros }))
  assert.ok(decodeSidecar(encodeSidecar(zeros, many, hasher), hasher).ok)
  assert.throws(() => encodeSidecar(zeros, [...many, many[0]!], hasher), RangeError)
})

test('a file with a true checksum but lengths that break a bound is refused', () => {
  const zeros = new Uint8Array(32)
  const forge = (change: (view: DataView) => void): string | undefined => {
    const file = encodeSidecar(zeros, [{ length: 5, digest: zeros }], hasher)
    change(new DataView(file.buffer))
    file.set(hasher.sha256(file.subarray(0, -32)), file.length - 32)
    return decodeSidecar(file, hasher).error?.message
  }
  assert.equal(
    forge(() => {}),
    undefined,
  )
  assert.match(
    forge((view) => view.setUint32(56, 0, true))!,
    /chunk 0 expected 1 to/,
  )
  assert.match(
    forge((view) => view.setUint32(56, SIDECAR_CHUNK_BYTES_MAX + 1, true))!,
    /chunk 0 expected 1 to/,
  )
  assert.match(
    forge((view) => view.setUint32(8, 6, true))!,
    /expected to sum to 6 bytes, got 5/,
  )
  assert.match(
    forge((view) => view.setUint32(16, 2, true))!,
    /sidecar of 2 chunks expected/,
  )
})
