import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { base16, base16upper } from 'multiformats/bases/base16'
import { base32, base32hex, base32hexupper, base32upper, base32z } from 'multiformats/bases/base32'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc, base58flickr } from 'multiformats/bases/base58'
import { base64url } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import { linkFromBytes, linkFromString, linkToBytes, linkToCid, linkToString } from './link.ts'
import { decodeMultihash, encodeMultihash } from './multihash.ts'
import { CID_CHARS_MAX, IDENTITY_BYTES_MAX } from './limits.ts'
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

test('a CID is read in every base that can stand in a path', () => {
  const cid = CID.parse('bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am')
  const link = linkFromBytes(cid.bytes)
  const bases = [base16, base16upper, base32, base32upper, base32hex, base32hexupper, base32z]
  for (const base of [...bases, base36, base36upper, base58btc, base58flickr, base64url])
    assert.deepEqual(linkFromString(cid.toString(base.encoder)), link, base.name)
})

test('a CID of more than so many characters is none', () => {
  const textOf = (bytes: number): string => {
    const multihash = encodeMultihash(0, new Uint8Array(bytes))
    return linkToCid({ version: 1, codec: 0x55, multihash }).toString(base16.encoder)
  }
  assert.ok(linkFromString(textOf(IDENTITY_BYTES_MAX)) !== undefined)
  assert.equal(textOf(250).length, CID_CHARS_MAX - 1)
  assert.ok(linkFromString(textOf(250)) !== undefined)
  assert.equal(linkFromString(textOf(251)), undefined)
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
