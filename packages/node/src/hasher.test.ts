import { BLAKE2B_256, IDENTITY, SHA2_256, SHA2_512 } from '@turnpike/core/multihash'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeHasher } from './hasher.ts'

const abc = new TextEncoder().encode('abc')
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

test('agrees with the examples of FIPS 180-4', () => {
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  const sha512 =
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
    '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f'
  assert.equal(hex(nodeHasher.sha256(abc)), sha256)
  assert.equal(hex(nodeHasher.digest(SHA2_256, abc)), sha256)
  assert.equal(hex(nodeHasher.digest(SHA2_512, abc)), sha512)
})

test('identity is a copy, and unknown functions are undefined', () => {
  const bytes = Buffer.from(abc)
  const digest = nodeHasher.digest(IDENTITY, bytes)!
  bytes.fill(0)
  assert.deepEqual(digest, abc)
  assert.equal(nodeHasher.digest(BLAKE2B_256, abc), undefined)
})
