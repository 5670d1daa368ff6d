import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { linkFromBytes, linkFromString, linkToBytes, linkToString } from './link.ts'
import { decodeMultihash, encodeMultihash } from './multihash.ts'
import { readVarint, varintLength, writeVarint } from './varint.ts'

test('a link is what the field’s CID library says, both ways', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(bytes, fc.constantFrom(0x55, 0x70, 0x71, 0x0202, 0x0129), (digest, codec) => {
      const multihash = encodeMultihash(0x12, digest)
      const written = linkToBytes({ version: 1, codec, multihash })
      const cid = CID.decode(written)
      assert.equal(cid.code, codec)
      assert.deepEqual(linkFromBytes(written), { version: 1, codec, multihash })
      assert.deepEqual(linkFromString(cid.toString()), linkFromBytes(written))
      assert.equal(linkToString(linkFromBytes(multihash)!), CID.decode(multihash).toString())
    }),
  )
})

test('whatever the bytes, reading a link or multihash answers and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const link = linkFromBytes(bytes)
      if (link !== undefined) assert.ok(linkToBytes(link).length <= bytes.length)
      decodeMultihash(bytes)
    }),
    { numRuns: 2000 },
  )
  assert.equal(linkFromBytes(new Uint8Array(20).fill(0xff)), undefined)
  assert.equal(linkFromString('bafynonsense'), undefined)
})

test('varints come back, and those over their bound throw', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const bytes = new Uint8Array(varintLength(value))
      assert.equal(writeVarint(bytes, 0, value), bytes.length)
      assert.deepEqual(readVarint(bytes, 0), { value, next: bytes.length })
      assert.equal(readVarint(bytes.subarray(0, -1), 0), undefined)
    }),
  )
  assert.throws(() => readVarint(new Uint8Array(9).fill(0x80), 0), RangeError)
  assert.throws(() => writeVarint(new Uint8Array(9), 0, -1), RangeError)
})
