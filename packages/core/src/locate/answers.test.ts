import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { encodeCar } from '../car/encode.ts'
import { SERVICE_ANSWER_BLOCKS_MAX } from '../limits/claims.ts'
import { CAR, DAG_CBOR, linkToCid, type Link } from '../link.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { Hasher } from '../ports/runtime.ts'
import { decodeClaimsCar, decodeQueryResult, NO_ANSWER, QUERY_RESULT } from './answers.ts'

const hasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: (code, bytes) => (code === SHA2_256 ? hasher.sha256(bytes) : undefined),
}

function block(bytes: Uint8Array, codec: number = DAG_CBOR): { link: Link; bytes: Uint8Array } {
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
  return { link: { version: 1, codec, multihash }, bytes }
}

const proof = block(encode({ v: 'proof', prf: [] }))
const claim = block(encode({ v: 'claim', prf: [linkToCid(proof.link)] }))
const index = block(new Uint8Array([1, 2, 3]), CAR)
const root = block(
  encode({
    [QUERY_RESULT]: {
      claims: [linkToCid(claim.link), linkToCid(block(new Uint8Array(1)).link)],
      indexes: { '\u0001context': linkToCid(index.link) },
    },
  }),
)
const answer = encodeCar([root.link], [root, proof, claim, index])

test('claims come with what they stand on, indexes beside them, and what is not there not', () => {
  const { claims, indexes } = decodeQueryResult(answer, hasher).ok!
  assert.deepEqual(indexes, [index.bytes])
  assert.equal(claims.length, 1)
  for (const part of [claim, proof])
    assert.ok(Buffer.from(claims[0]!).includes(Buffer.from(part.bytes)))
})

test('an answer with any bit wrong is malformed, or says less, never anything else', () => {
  fc.assert(
    fc.property(fc.nat(answer.length * 8 - 1), (bit) => {
      const wrong = Uint8Array.from(answer)
      wrong[bit >> 3]! ^= 1 << (bit & 7)
      const { claims, indexes } = decodeQueryResult(wrong, hasher).ok ?? NO_ANSWER
      // A block under another codec is another block: then it is missing.
      assert.ok(claims.every((archive) => Buffer.from(archive).includes(Buffer.from(claim.bytes))))
      assert.ok(indexes.every((archive) => Buffer.from(archive).equals(index.bytes)))
      assert.ok(claims.length <= 1 && indexes.length <= 1)
    }),
    { numRuns: 2000 },
  )
})

test('an answer without its root, or with too many blocks, is malformed', () => {
  assert.ok(decodeQueryResult(encodeCar([], [root]), hasher).error)
  assert.ok(decodeQueryResult(encodeCar([claim.link], [claim]), hasher).error)
  const many = (count: number): Uint8Array =>
    encodeCar(
      [root.link],
      Array.from({ length: count }, () => root),
    )
  assert.ok(decodeQueryResult(many(SERVICE_ANSWER_BLOCKS_MAX), hasher).ok)
  assert.ok(decodeQueryResult(many(SERVICE_ANSWER_BLOCKS_MAX + 1), hasher).error)
})

test('a content claims service says nothing by no bytes, else by blocks that are archives', () => {
  assert.deepEqual(decodeClaimsCar(new Uint8Array(), hasher).ok!.claims, [])
  const archive = block(new Uint8Array([9]), CAR)
  const car = encodeCar([], [archive, proof])
  assert.deepEqual(decodeClaimsCar(car, hasher).ok!.claims, [archive.bytes])
  car[car.length - 1]! ^= 1
  assert.equal(decodeClaimsCar(car, hasher).error?.name, 'CarMalformed')
})
