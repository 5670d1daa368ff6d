import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeHex } from './base64.ts'
import { nodeCrypto } from './node-crypto.ts'
import { isConsistent, isIncluded, leafHash, nodeHash } from './proof.ts'
import { consistencyOf, inclusionOf, rootOf } from './testing/tree.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(0, bytes[0]! ^ 1)

/** Leaves and roots of the Certificate Transparency reference tree. */
const CT_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657']
  .concat('606162636465666768696a6b6c6d6e6f')
  .map((leaf) => leafHash(hex(leaf), nodeCrypto))
const CT_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const SIZE = 64
const LEAVES = Array.from({ length: SIZE }, (_, i) => leafHash(Uint8Array.of(i), nodeCrypto))
const ROOTS = Array.from({ length: SIZE + 1 }, (_, size) => rootOf(LEAVES.slice(0, size)))

test('trees have the reference roots of Certificate Transparency', () => {
  for (const [i, root] of CT_ROOTS.entries())
    assert.equal(encodeHex(rootOf(CT_LEAVES.slice(0, i + 1))), root)
})

test('the proofs of the receipts reference hold', () => {
  const head = (size: number, root: string) => ({ size, root: hex(root) })
  const four = head(4, '74b076e2861171fef5ae93cfbe424b29985873fc5a532711c75b96e86ced82ee')
  const three = head(3, '00ad6fc6f8bd39fd9142f260262b24919164b0897a90bc2588110696ed52d9f5')
  const leaf = hex('2ab25e3d3e553d780e10fb01bd9f94b98407f57c95e8f0b94fb5a5e814c91e5a')
  const inclusion = [
    '9b776b6fd5470a5c41d90dd8531b3028e663169a4f4914788026fd95b965bce1',
    'c7be133a3ab1659bd77e9fb0ef56609cb10edba36d7e461c97083565975676e3',
  ].map(hex)
  const consistency = [
    '535c049a0bbeae3b9bb244519b9a0e5cbdfed22ce17e0e43e6dc2bdbf4ea4b2a',
    '3b417b9e24598273b327efee60c5dbfb2437d3b8fa90dc85b26c605f7fd77ed0',
    'c1700b8e6aae80b74ebe6c7f558d7bdd01f37310c757cf6e4bea07e056cbdb74',
  ].map(hex)
  assert.ok(isIncluded({ index: 0, leaf }, four, inclusion, nodeCrypto))
  assert.ok(isConsistent(three, four, consistency, nodeCrypto))
  assert.equal(encodeHex(nodeHash(leaf, inclusion[0]!, nodeCrypto)).slice(0, 8), 'c1700b8e')
})

test('every leaf of every tree to 64 is included, and nowhere else', () => {
  for (let size = 1; size <= SIZE; size++)
    for (let index = 0; index < size; index++) {
      const proof = inclusionOf(index, LEAVES.slice(0, size))
      const leaf = LEAVES[index]!
      const head = { size, root: ROOTS[size]! }
      const holds = (at: number, one: Uint8Array, hashes = proof): boolean =>
        isIncluded({ index: at, leaf: one }, head, hashes, nodeCrypto)
      assert.ok(holds(index, leaf), `${index} of ${size}`)
      assert.ok(!holds(index, flipped(leaf)))
      assert.ok(!holds(index, leaf, [...proof, leaf]))
      assert.ok(!holds(index, leaf, [leaf, ...proof]))
      assert.ok(!holds((index + 1) % size, leaf) || size === 1)
      for (const i of proof.keys()) {
        assert.ok(!holds(index, leaf, proof.with(i, flipped(proof[i]!))))
        assert.ok(!holds(index, leaf, proof.toSpliced(i, 1)))
      }
    }
})

test('every tree to 64 begins with every smaller one, and with no other', () => {
  for (let size = 1; size <= SIZE; size++)
    for (let old = 0; old <= size; old++) {
      const proof = consistencyOf(old, LEAVES.slice(0, size))
      const [before, now] = [old, size].map((one) => ({ size: one, root: ROOTS[one]! }))
      const holds = (a = before!, b = now!, hashes = proof): boolean =>
        isConsistent(a, b, hashes, nodeCrypto)
      assert.ok(holds(), `${old} of ${size}`)
      assert.ok(!holds({ size: old, root: flipped(ROOTS[old]!) }))
      assert.ok(!holds(before, now, [...proof, ROOTS[old]!]))
      if (old > 0) assert.ok(!holds(before, { size, root: flipped(ROOTS[size]!) }))
      for (const i of proof.keys()) {
        assert.ok(!holds(before, now, proof.with(i, flipped(proof[i]!))))
        assert.ok(!holds(before, now, proof.toSpliced(i, 1)))
      }
    }
})

test('indexes, sizes and hashes that are none prove nothing', () => {
  const head = { size: 1, root: LEAVES[0]! }
  const included = (index: number, size: number, proof: readonly Uint8Array[] = []): boolean =>
    isIncluded({ index, leaf: LEAVES[0]! }, { ...head, size }, proof, nodeCrypto)
  assert.ok(included(0, 1))
  for (const [index, size] of [
    [1, 1],
    [-1, 1],
    [0.5, 1],
    [0, 2 ** 53],
    [Number.NaN, 1],
  ] as const)
    assert.ok(!included(index, size))
  assert.ok(!included(0, 2, [new Uint8Array(31)]))
  assert.ok(!isConsistent({ ...head, size: 2 }, head, [], nodeCrypto))
  const high = { size: Number.MAX_SAFE_INTEGER, root: LEAVES[1]! }
  assert.ok(
    !isIncluded({ index: 2 ** 52, leaf: LEAVES[0]! }, high, LEAVES.slice(0, 53), nodeCrypto),
  )
})
