import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rootOfLeaves } from './multi-proof.ts'
import { nobleCrypto } from './noble-crypto.ts'
import { nodeCrypto } from './node-crypto.ts'
import { leafHash } from './proof.ts'
import { multiProofOf, rootOf } from './testing/tree.ts'

const LEAVES = Array.from({ length: 70 }, (_, i) => leafHash(Uint8Array.of(i), nodeCrypto))

function proven(size: number, indexes: readonly number[]) {
  const leaves = indexes.map((index) => ({ index, leaf: LEAVES[index]! }))
  return { leaves, proof: multiProofOf(indexes, LEAVES.slice(0, size)) }
}

const trees = fc.integer({ min: 1, max: LEAVES.length }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    indexes: fc
      .uniqueArray(fc.nat(size - 1), { minLength: 1 })
      .map((some) => some.toSorted((a, b) => a - b)),
  }),
)

test('any leaves of any tree to 70 lead to its root, and changed ones do not', () => {
  fc.assert(
    fc.property(trees, fc.nat(), ({ size, indexes }, at) => {
      const { leaves, proof } = proven(size, indexes)
      const root = rootOf(LEAVES.slice(0, size))
      assert.deepEqual(rootOfLeaves(leaves, size, proof, nodeCrypto), root)
      const i = at % leaves.length
      const changed = leaves.with(i, { ...leaves[i]!, leaf: LEAVES[(indexes[i]! + 1) % 70]! })
      assert.notDeepEqual(rootOfLeaves(changed, size, proof, nodeCrypto), root)
      assert.equal(rootOfLeaves(leaves, size, [...proof, root], nodeCrypto), undefined)
      if (proof.length > 0)
        assert.equal(rootOfLeaves(leaves, size, proof.slice(1), nodeCrypto), undefined)
    }),
    { numRuns: 500 },
  )
})

test('leaves that are none of the tree, or out of order, lead nowhere', () => {
  const { leaves, proof } = proven(8, [2, 5])
  assert.equal(rootOfLeaves(leaves.toReversed(), 8, proof, nodeCrypto), undefined)
  assert.equal(rootOfLeaves([leaves[0]!, leaves[0]!], 8, proof, nodeCrypto), undefined)
  assert.equal(rootOfLeaves([], 8, proof, nodeCrypto), undefined)
  assert.equal(rootOfLeaves(leaves, 5, proof, nodeCrypto), undefined)
  assert.equal(rootOfLeaves(leaves, Number.NaN, proof, nodeCrypto), undefined)
  const short = proof.map((hash) => hash.slice(1))
  assert.equal(rootOfLeaves(leaves, 8, short, nodeCrypto), undefined)
})

test('plain JavaScript comes to the same hashes and signatures as Node', () => {
  const { leaves, proof } = proven(8, [2, 5])
  assert.deepEqual(
    rootOfLeaves(leaves, 8, proof, nobleCrypto),
    rootOfLeaves(leaves, 8, proof, nodeCrypto),
  )
  // RFC 8032, section 7.1, test 2.
  const key = Buffer.from('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', 'hex')
  const signature = Buffer.from(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    'hex',
  )
  for (const crypto of [nodeCrypto, nobleCrypto]) {
    const holds = (...args: Parameters<typeof crypto.verifyEd25519>): boolean =>
      crypto.verifyEd25519(...args)
    assert.ok(holds(new Uint8Array(key), Uint8Array.of(0x72), new Uint8Array(signature)))
    assert.ok(!holds(new Uint8Array(key), Uint8Array.of(0x73), new Uint8Array(signature)))
    assert.ok(!holds(new Uint8Array(key), Uint8Array.of(0x72), new Uint8Array(63)))
    assert.ok(!holds(new Uint8Array(31), Uint8Array.of(0x72), new Uint8Array(64)))
    assert.ok(!holds(new Uint8Array(32).fill(255), Uint8Array.of(0x72), new Uint8Array(64)))
  }
})
