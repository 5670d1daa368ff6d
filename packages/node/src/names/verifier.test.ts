/**
 * Tests of signatures by each kind of key, and of the verdicts on the field's own records.
 * @module
 */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { ipnsNameFromString } from '@turnpike/core/ipns/name'
import { validateRecord } from '@turnpike/core/ipns/validate'
import type { KeyKind } from '@turnpike/core/ports/keys'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from './verifier.ts'

const MESSAGE = new TextEncoder().encode('message')

/** A key pair of each kind, with its public key as libp2p writes it. */
function pairOf(kind: KeyKind, bits = 2048): { secret: KeyObject; bytes: Uint8Array } {
  const { privateKey: secret } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: bits })
      : kind === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: kind === 'ecdsa' ? 'P-256' : 'secp256k1' })
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  if (kind === 'ed25519') return { secret, bytes: spki.subarray(-32) }
  if (kind !== 'secp256k1') return { secret, bytes: spki }
  const [x, y] = [spki.subarray(-64, -32), spki.subarray(-32)]
  return { secret, bytes: new Uint8Array([y[31]! % 2 === 0 ? 2 : 3, ...x]) }
}

function signBy(kind: KeyKind, secret: KeyObject): Uint8Array {
  return sign(kind === 'ed25519' ? null : 'sha256', MESSAGE, secret)
}

for (const kind of ['rsa', 'ed25519', 'secp256k1', 'ecdsa'] as const)
  test(`a signature by a key of kind ${kind} is checked`, () => {
    const { secret, bytes } = pairOf(kind)
    const signature = signBy(kind, secret)
    assert.equal(nodeVerifier.verify({ kind, bytes }, MESSAGE, signature), true)
    const changed = new Uint8Array(signature)
    changed[8]! ^= 1
    assert.equal(nodeVerifier.verify({ kind, bytes }, MESSAGE, changed), false)
    assert.equal(nodeVerifier.verify({ kind, bytes }, MESSAGE, new Uint8Array()), false)
    assert.equal(nodeVerifier.verify({ kind, bytes }, MESSAGE.subarray(1), signature), false)
    assert.equal(nodeVerifier.verify({ kind, bytes: bytes.subarray(1) }, MESSAGE, signature), false)
    const other = { kind, bytes: pairOf(kind).bytes }
    assert.equal(nodeVerifier.verify(other, MESSAGE, signature), false)
  })

test('a key of another kind than it says is refused, and one of too few bits', () => {
  const ecdsa = pairOf('ecdsa')
  const signature = signBy('ecdsa', ecdsa.secret)
  const claimed = { kind: 'rsa', bytes: ecdsa.bytes } as const
  assert.equal(nodeVerifier.verify(claimed, MESSAGE, signature), false)
  const weak = pairOf('rsa', 1024)
  const rsa = { kind: 'rsa', bytes: weak.bytes } as const
  assert.equal(nodeVerifier.verify(rsa, MESSAGE, signBy('rsa', weak.secret)), false)
})

interface Vector {
  readonly what: string
  readonly name: string
  readonly record: string
  readonly says?: Readonly<Record<string, unknown>>
}

const vectors: { readonly valid: readonly Vector[]; readonly invalid: readonly Vector[] } =
  JSON.parse(
    readFileSync(resolve(import.meta.dirname, '../../../../vectors/ipns/records.json'), 'utf8'),
  )

async function checked({ name, record }: Vector): ReturnType<typeof validateRecord> {
  const bytes = new Uint8Array(Buffer.from(record, 'base64'))
  const deps = { hasher: nodeHasher, verifier: nodeVerifier }
  return validateRecord(ipnsNameFromString(name)!.multihash, bytes, deps)
}

for (const vector of vectors.valid)
  test(`a record is valid: ${vector.what}`, async () => {
    const { sequence, ttlMs = null, ...rest } = (await checked(vector)).ok!
    assert.deepEqual({ ...rest, sequence: String(sequence), ttlMs }, vector.says)
  })

for (const vector of vectors.invalid)
  test(`a record is refused: ${vector.what}`, async () => {
    assert.equal((await checked(vector)).error?.name, 'RecordInvalid')
  })

const FIXTURES = resolve(import.meta.dirname, '../../../../../shared/fixtures/gateway-conformance')
const absent = existsSync(FIXTURES) ? false : 'the fixtures are absent'
/** Those that must be refused: version 1 alone, fields that differ, a broken signature. */
const REFUSED = /_(?:v1|v1-v2-broken-v1-value|v1-v2-broken-signature-v2)\.ipns-record$/

test('the records of the conformance suite get its verdicts', { skip: absent }, async () => {
  const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ipns-record'),
  )
  assert.equal(files.length, 12)
  for (const file of files) {
    const name = ipnsNameFromString(/([^/\\_]+?)(?:_[^/\\]*)?\.ipns-record$/.exec(file)![1]!)
    assert.ok(name !== undefined, file)
    const bytes = readFileSync(resolve(FIXTURES, file))
    const deps = { hasher: nodeHasher, verifier: nodeVerifier }
    const verdict = await validateRecord(name.multihash, bytes, deps)
    assert.equal(verdict.error !== undefined, REFUSED.test(file), file)
  }
})
