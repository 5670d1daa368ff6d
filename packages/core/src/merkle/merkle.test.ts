import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Hasher } from '../ports/runtime.ts'
import { Frontier } from './frontier.ts'
import { emptyRoot, foldPeaks, leafHash, nodeHash, subtreeRoot } from './hash.ts'
import { nodesOf, splitOf } from './node.ts'
import type { LeafSpan } from './node.ts'
import { consistencySpans, inclusionSpans, verifyConsistency, verifyInclusion } from './proof.ts'

const hasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Leaves of the Certificate Transparency reference tree. */
const CT_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657']
  .concat('606162636465666768696a6b6c6d6e6f')
  .map((leaf) => new Uint8Array(Buffer.from(leaf, 'hex')))
const CT_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

/** The definition of RFC 6962, section 2.1, word by word. */
function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot(hasher)
  if (leaves.length === 1) return leaves[0]!
  const split = splitOf(leaves.length)
  return nodeHash(hasher, treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)))
}

/** Sizes to which every pair is tried; and to which each is altered in every way, too. */
const SIZE_MAX = 256
const ALTERED_SIZE_MAX = 70

const LEAVES = Array.from({ length: SIZE_MAX }, (_, i) => leafHash(hasher, new Uint8Array([i])))
const spanHashes = new Map<string, Uint8Array>()

/** {@link treeHash} of a span of the leaves, each once. */
function hashOf(start: number, end: number): Uint8Array {
  const key = `${start}-${end}`
  const known = spanHashes.get(key)
  if (known !== undefined) return known
  const hash = treeHashOf(start, end)
  spanHashes.set(key, hash)
  return hash
}

function treeHashOf(start: number, end: number): Uint8Array {
  if (end - start < 2) return treeHash(LEAVES.slice(start, end))
  const split = start + splitOf(end - start)
  return nodeHash(hasher, hashOf(start, split), hashOf(split, end))
}

const ROOTS = Array.from({ length: SIZE_MAX + 1 }, (_, size) => hashOf(0, size))

/** Hash of a span as a log computes it: from complete subtrees. */
function spanHash(span: LeafSpan): Uint8Array {
  const peaks = nodesOf(span).map(({ height, index }) =>
    hashOf(index * 2 ** height, (index + 1) * 2 ** height),
  )
  return foldPeaks(hasher, peaks)
}

function flip(bytes: Uint8Array): Uint8Array {
  const other = bytes.slice()
  other[0]! ^= 1
  return other
}

test('a frontier has the reference roots of RFC 6962', () => {
  const tree = new Frontier(hasher)
  assert.equal(hex(tree.root()), CT_ROOTS[0])
  for (const [i, leaf] of CT_LEAVES.entries()) {
    tree.append(leafHash(hasher, leaf))
    assert.equal(hex(tree.root()), CT_ROOTS[i + 1])
    assert.equal(tree.size, i + 1)
  }
})

test('a frontier agrees with the definition at every size to 256', () => {
  const tree = new Frontier(hasher)
  for (const [i, leaf] of LEAVES.entries()) {
    tree.append(leaf)
    assert.deepEqual(tree.root(), ROOTS[i + 1])
  }
})

test('a subtree is hashed from its leaves side by side, and only a power of two of them', () => {
  for (const count of [1, 2, 8, 64]) {
    const bytes = Buffer.concat(LEAVES.slice(0, count))
    assert.deepEqual(subtreeRoot(hasher, bytes), ROOTS[count])
  }
  assert.throws(() => subtreeRoot(hasher, new Uint8Array(96)), RangeError)
  assert.throws(() => subtreeRoot(hasher, new Uint8Array(0)), RangeError)
  assert.throws(() => subtreeRoot(hasher, new Uint8Array(33)), RangeError)
})

test('every inclusion proof to size 256 verifies, and no altered one to 70 does', () => {
  for (let size = 1; size <= SIZE_MAX; size++) {
    for (let index = 0; index < size; index++) {
      const claim = { index, size, leaf: LEAVES[index]!, root: ROOTS[size]! }
      const proof = inclusionSpans(index, size).map(spanHash)
      assert.ok(proof.length <= Math.ceil(Math.log2(size)))
      assert.ok(verifyInclusion(hasher, claim, proof), `${index} in ${size}`)
      if (size > ALTERED_SIZE_MAX) continue
      const wrong = [
        verifyInclusion(hasher, { ...claim, leaf: flip(claim.leaf) }, proof),
        verifyInclusion(hasher, { ...claim, root: flip(claim.root) }, proof),
        verifyInclusion(hasher, { ...claim, index: size }, proof),
        verifyInclusion(hasher, { ...claim, index: -1 }, proof),
        verifyInclusion(hasher, claim, [...proof, LEAVES[0]!]),
        proof.length > 0 && verifyInclusion(hasher, claim, proof.slice(1)),
        proof.length > 0 && verifyInclusion(hasher, claim, [flip(proof[0]!), ...proof.slice(1)]),
      ]
      assert.ok(!wrong.includes(true), `altered ${index} in ${size}`)
    }
  }
})

test('every consistency proof to size 256 verifies, and no altered one to 70 does', () => {
  for (let newSize = 0; newSize <= SIZE_MAX; newSize++) {
    for (let oldSize = 0; oldSize <= newSize; oldSize++) {
      const claim = { oldSize, oldRoot: ROOTS[oldSize]!, newSize, newRoot: ROOTS[newSize]! }
      const proof = consistencySpans(oldSize, newSize).map(spanHash)
      assert.ok(verifyConsistency(hasher, claim, proof), `${oldSize} to ${newSize}`)
      if (newSize > ALTERED_SIZE_MAX) continue
      const wrong = [
        verifyConsistency(hasher, { ...claim, oldRoot: flip(claim.oldRoot) }, proof),
        oldSize > 0 && verifyConsistency(hasher, { ...claim, newRoot: flip(claim.newRoot) }, proof),
        verifyConsistency(hasher, { ...claim, oldSize: newSize + 1 }, proof),
        verifyConsistency(hasher, claim, [...proof, LEAVES[0]!]),
        proof.length > 0 && verifyConsistency(hasher, claim, proof.slice(1)),
        proof.length > 0 && verifyConsistency(hasher, claim, [flip(proof[0]!), ...proof.slice(1)]),
      ]
      assert.ok(!wrong.includes(true), `altered ${oldSize} to ${newSize}`)
    }
  }
})

test('spans outside a tree are refused', () => {
  assert.throws(() => inclusionSpans(3, 3), RangeError)
  assert.throws(() => inclusionSpans(-1, 3), RangeError)
  assert.throws(() => inclusionSpans(0, -1), RangeError)
  assert.throws(() => consistencySpans(4, 3), RangeError)
  assert.throws(() => consistencySpans(0.5, 3), RangeError)
  assert.throws(() => splitOf(1), RangeError)
  assert.throws(() => nodeHash(hasher, new Uint8Array(31), new Uint8Array(32)), RangeError)
  assert.throws(() => foldPeaks(hasher, []), RangeError)
})

test('spans are right beyond 2^32 leaves', () => {
  assert.equal(splitOf(2 ** 40 + 1), 2 ** 40)
  assert.deepEqual(nodesOf({ start: 2 ** 40, end: 2 ** 40 + 3 }), [
    { height: 1, index: 2 ** 39 },
    { height: 0, index: 2 ** 40 + 2 },
  ])
  assert.equal(inclusionSpans(2 ** 40, 2 ** 41).length, 41)
})
