import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decodeBase64, decodeHex, encodeBase64, encodeHex } from './base64.ts'
import { nodeCrypto } from './node-crypto.ts'
import { BadNote, keyHashOf, parseCheckpoint, parseKey, parseNote, standingOf } from './note.ts'
import { isConsistent, isIncluded, leafHash, PROOF_HASHES_MAX } from './proof.ts'
import { BadTlogProof, checkTlogProof, parseTlogProof, TLOG_PROOF_BYTES_MAX } from './tlog-proof.ts'

interface Named {
  readonly name: string
  readonly proof: string
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/log/proofs.json', import.meta.url), 'utf8'),
)
const key = parseKey(vectors.log.vkey, nodeCrypto)
const entries: readonly Uint8Array[] = vectors.entries.map(({ hex }: { hex: string }) =>
  decodeHex(hex),
)
const hashesOf = (proof: readonly string[]) => proof.map((hash) => decodeBase64(hash)!)
const headOf = (size: number) => ({ size, root: decodeBase64(vectors.roots[size])! })

test('leaves, roots and both kinds of proofs of the vectors hold', () => {
  const leaves = entries.map((entry) => leafHash(entry, nodeCrypto))
  assert.deepEqual(leaves.map(encodeBase64), vectors.leaves)
  for (const { index, size, proof } of vectors.inclusion) {
    const leaf = leaves[index]!
    assert.ok(isIncluded({ index, leaf }, headOf(size), hashesOf(proof), nodeCrypto))
    const other = { index, leaf: leaves[(index + 1) % size]! }
    assert.ok(!isIncluded(other, headOf(size), hashesOf(proof), nodeCrypto))
  }
  for (const { oldSize, size, proof } of vectors.consistency) {
    assert.ok(isConsistent(headOf(oldSize), headOf(size), hashesOf(proof), nodeCrypto))
    const other = { size: oldSize, root: headOf(oldSize - 1).root }
    assert.ok(!isConsistent(other, headOf(size), hashesOf(proof), nodeCrypto))
  }
})

test('key, checkpoint and cosignature of the vectors hold', () => {
  assert.equal(encodeHex(keyHashOf(key, nodeCrypto)), vectors.log.logId)
  const note = parseNote(vectors.cosigned)
  assert.equal(standingOf(note, key, nodeCrypto).kind, 'signed')
  const witness = parseKey(vectors.witness.vkey, nodeCrypto)
  const { seconds } = vectors.witness
  assert.deepEqual(standingOf(note, witness, nodeCrypto), { kind: 'signed', seconds })
  assert.equal(standingOf(parseNote(vectors.checkpoint), witness, nodeCrypto).kind, 'absent')
  assert.deepEqual(parseCheckpoint(note.text), { origin: key.name, ...headOf(entries.length) })
})

for (const { name, proof } of vectors.proofs.valid as readonly Named[])
  test(`a proof holds: ${name}`, () => {
    const verdict = checkTlogProof(parseTlogProof(proof), {
      crypto: nodeCrypto,
      key,
      entry: entries[0],
    })
    assert.deepEqual(verdict.problems, [])
    assert.ok(verdict.holds)
    assert.equal(verdict.leaf, encodeHex(decodeBase64(vectors.leaves[0])!))
  })

for (const { name, proof } of vectors.proofs.invalid as readonly Named[])
  test(`a proof does not hold: ${name}`, () => {
    const check = () => checkTlogProof(parseTlogProof(proof), { crypto: nodeCrypto, key }).holds
    let holds = false
    try {
      holds = check()
    } catch (error) {
      assert.ok(error instanceof BadTlogProof || error instanceof BadNote)
    }
    assert.equal(holds, false)
  })

test('a proof of another log, and one without its entry, are not taken', () => {
  const [whole, bare] = vectors.proofs.valid as readonly Named[]
  const other = { ...key, name: 'other.example/log' }
  const verdict = checkTlogProof(parseTlogProof(whole!.proof), { crypto: nodeCrypto, key: other })
  assert.equal(verdict.problems.length, 2)
  const without = parseTlogProof(bare!.proof)
  assert.throws(() => checkTlogProof(without, { crypto: nodeCrypto, key }), TypeError)
})

test('files are read to their bounds and no further', () => {
  const [whole] = vectors.proofs.valid as readonly Named[]
  const lines = whole!.proof.split('\n')
  const withHashes = (count: number): string => {
    const hashes = Array.from({ length: count }, () => lines[3]!)
    return [...lines.slice(0, 3), ...hashes, ...lines.slice(6)].join('\n')
  }
  assert.equal(parseTlogProof(withHashes(PROOF_HASHES_MAX)).hashes.length, PROOF_HASHES_MAX)
  assert.throws(() => parseTlogProof(withHashes(PROOF_HASHES_MAX + 1)), BadTlogProof)
  const padded = whole!.proof + ' '.repeat(TLOG_PROOF_BYTES_MAX + 1 - whole!.proof.length)
  assert.throws(() => parseTlogProof(padded), /131072 bytes, got 131073/)
})
