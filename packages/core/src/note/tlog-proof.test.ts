import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Frontier } from '../merkle/frontier.ts'
import { leafHash } from '../merkle/hash.ts'
import { verifyConsistency, verifyInclusion } from '../merkle/proof.ts'
import type { Hasher } from '../ports/runtime.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { formatKey, keyHashOf, parseKey } from './key.ts'
import { encodeTlogProof } from './tlog-proof.ts'

const hasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/log/proofs.json', import.meta.url), 'utf8'),
)
const entries = vectors.entries.map(
  ({ hex }: { hex: string }) => new Uint8Array(Buffer.from(hex, 'hex')),
)
const hashesOf = (proof: readonly string[]) => proof.map((hash) => decodeBase64(hash)!)
const rootOf = (size: number) => decodeBase64(vectors.roots[size])!

test('the tree over the vectors’ entries has their leaves and roots', () => {
  const tree = new Frontier(hasher)
  for (const [i, entry] of entries.entries()) {
    const leaf = leafHash(hasher, entry)
    assert.equal(encodeBase64(leaf), vectors.leaves[i])
    tree.append(leaf)
    assert.equal(encodeBase64(tree.root()), vectors.roots[i + 1])
  }
})

test('proofs of the vectors verify', () => {
  for (const { index, size, proof } of vectors.inclusion) {
    const leaf = leafHash(hasher, entries[index])
    const claim = { index, size, leaf, root: rootOf(size) }
    assert.ok(verifyInclusion(hasher, claim, hashesOf(proof)))
  }
  for (const { oldSize, size, proof } of vectors.consistency) {
    const claim = { oldSize, oldRoot: rootOf(oldSize), newSize: size, newRoot: rootOf(size) }
    assert.ok(verifyConsistency(hasher, claim, hashesOf(proof)))
  }
})

test('a file is made as the vectors have it, with the entry and without', () => {
  const { index, proof } = vectors.inclusion[0]
  const [whole, bare] = vectors.proofs.valid
  const made = (checkpoint: string, extra?: Uint8Array): string => {
    const note = new TextEncoder().encode(checkpoint)
    const fields = { index, hashes: hashesOf(proof), checkpoint: note }
    const file = encodeTlogProof(extra === undefined ? fields : { ...fields, extra })
    return new TextDecoder().decode(file)
  }
  assert.equal(made(vectors.cosigned, entries[0]), whole.proof)
  assert.equal(made(vectors.checkpoint), bare.proof)
})

test('the log of the vectors is known by the hash of its key', () => {
  const key = parseKey(vectors.log.vkey, hasher)!
  assert.equal(formatKey(key, hasher), vectors.log.vkey)
  assert.equal(Buffer.from(keyHashOf(key, hasher)).toString('hex'), vectors.log.logId)
})
