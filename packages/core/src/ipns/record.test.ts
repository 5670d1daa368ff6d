/**
 * Tests of IPNS records: made, taken apart, believed and refused.
 * @module
 */
import assert from 'node:assert/strict'
import { hash, sign, verify, createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, it } from 'node:test'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { concatBytes } from '../bytes.ts'
import { IPNS_RECORD_BYTES_MAX } from '../limits/names.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { Ed25519Signer } from '../ports/keys.ts'
import { varintLength, writeVarint } from '../varint.ts'
import { encodeEd25519Key, nameOfEd25519 } from './key.ts'
import { makeRecord } from './make.ts'
import { decodeRecord, type IpnsRecord } from './record.ts'
import {
  isInForce,
  isNewer,
  SIGNATURE_PREFIX,
  validateRecord,
  type ValidateDeps,
} from './validate.ts'

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** A key made of one byte, so that every run signs the same. */
function signerOf(seed: number): Ed25519Signer {
  const key = Buffer.concat([PKCS8, new Uint8Array(32).fill(seed)])
  const secret = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(-32)),
    sign: (message) => new Uint8Array(sign(null, message, secret)),
  }
}

const deps: ValidateDeps = {
  hasher: {
    sha256: (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
    digest: () => undefined,
  },
  verifier: {
    verify({ kind, bytes }, message, signature) {
      if (kind !== 'ed25519' || bytes.length !== 32) return false
      const key = createPublicKey({
        key: Buffer.concat([SPKI, bytes]),
        format: 'der',
        type: 'spki',
      })
      return verify(null, message, key, signature)
    },
  },
}

const signer = signerOf(7)
const name = nameOfEd25519(signer.publicKey)
const record: IpnsRecord = {
  value: '/ipfs/bafkqaaa/a/b',
  sequence: 3n,
  eolMs: Date.UTC(2100, 0, 1),
  ttlMs: 300_000,
}

/** Fields of a message by their numbers: bytes or varints. */
type Fields = Readonly<Record<number, Uint8Array | number>>

function encoded(fields: Fields): Uint8Array {
  return concatBytes(
    Object.entries(fields).map(([number, value]) => {
      const type = typeof value === 'number' ? 0 : 2
      const size = typeof value === 'number' ? value : value.length
      const head = new Uint8Array(varintLength(Number(number) * 8 + type) + varintLength(size))
      writeVarint(head, writeVarint(head, 0, Number(number) * 8 + type), size)
      return typeof value === 'number' ? head : concatBytes([head, value])
    }),
  )
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const DOCUMENT = {
  Value: utf8('/ipfs/bafkqaaa'),
  Validity: utf8('2100-01-01T00:00:00.123456789Z'),
  ValidityType: 0,
  Sequence: 1,
  TTL: 1_000_000_000,
}

/** The fields of a record that is well signed, whatever its document says. */
async function signed(document: unknown): Promise<{ 8: Uint8Array; 9: Uint8Array }> {
  const data = document instanceof Uint8Array ? document : encodeCbor(document)
  return { 8: await signer.sign(concatBytes([SIGNATURE_PREFIX, data])), 9: data }
}

async function verdict(bytes: Uint8Array, of: Uint8Array = name): Promise<string> {
  const checked = await validateRecord(of, bytes, deps)
  return checked.error?.message ?? 'valid'
}

describe('IPNS records', () => {
  it('say what they were made of', async () => {
    const times = fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) })
    const sequences = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    const ttls = fc.integer({ min: 0, max: 2 ** 44 })
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        sequences,
        times,
        ttls,
        async (path, sequence, eolMs, ttlMs) => {
          const made = { value: `/ipfs/${path.toWellFormed()}`, sequence, eolMs, ttlMs }
          const bytes = await makeRecord(made, signer)
          assert.deepEqual((await validateRecord(name, bytes, deps)).ok, made)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('with any bit changed are refused, or say the same', async () => {
    const bytes = await makeRecord(record, signer)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = new Uint8Array(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const checked = await validateRecord(name, changed, deps)
      if (checked.ok) assert.deepEqual(checked.ok, record)
    }
    for (let length = 0; length < bytes.length; length++)
      assert.notEqual(await verdict(bytes.subarray(0, length)), 'valid')
  })

  it('are refused when they are noise', async () => {
    const noise = fc.uint8Array({ maxLength: 400 })
    await fc.assert(
      fc.asyncProperty(noise, noise, async (bytes, data) => {
        assert.notEqual(await verdict(bytes), 'valid')
        assert.notEqual(await verdict(encoded({ 8: new Uint8Array(64), 9: data })), 'valid')
      }),
    )
  })

  it('are believed of the name of their key alone', async () => {
    const bytes = await makeRecord(record, signer)
    assert.equal(await verdict(bytes), 'valid')
    const other = nameOfEd25519(signerOf(8).publicKey)
    assert.match(await verdict(bytes, other), /expected a signature by the key/)
    const key = encodeEd25519Key(signer.publicKey)
    const hashed = encodeMultihash(SHA2_256, deps.hasher.sha256(key))
    assert.match(await verdict(bytes, hashed), /expected the public key/)
    const embedded = concatBytes([bytes, encoded({ 7: key })])
    assert.equal(await verdict(embedded, hashed), 'valid')
    assert.equal(await verdict(embedded), 'valid')
    assert.match(await verdict(embedded, other), /expected the public key/)
    assert.match(await verdict(bytes, new Uint8Array([0x12])), /expected the public key/)
  })

  it('count by signatures of version 2 only', async () => {
    const { 8: signature, 9: data } = await signed(DOCUMENT)
    const old = {
      1: DOCUMENT.Value,
      2: new Uint8Array(64),
      3: 0,
      4: DOCUMENT.Validity,
      5: 1,
      6: 1_000_000_000,
    }
    const both = { ...old, 8: signature, 9: data }
    assert.equal(await verdict(encoded(both)), 'valid')
    assert.match(await verdict(encoded(old)), /a signature of version 2, got none/)
    assert.match(await verdict(encoded({ ...old, 8: signature })), /got none/)
    const differences: Fields[] = [
      { 1: utf8('/ipfs/bafkqaab') },
      { 3: 1 },
      { 4: utf8('2100-01-01T00:00:00.123456788Z') },
      { 5: 2 },
      { 6: 2 },
    ]
    for (const difference of differences)
      assert.match(await verdict(encoded({ ...both, ...difference })), /got a difference/)
    const onlySignature = encoded({ 2: old[2], 8: signature, 9: data })
    assert.match(await verdict(onlySignature), /got a difference/)
  })

  it('are refused when what is signed makes no sense', async () => {
    const { TTL: _, ...untimed } = DOCUMENT
    assert.equal(decodeRecord(encoded(await signed(untimed))).ok?.record.ttlMs, undefined)
    assert.equal(await verdict(encoded(await signed(untimed))), 'valid')
    const cases: [unknown, RegExp][] = [
      [{ ...DOCUMENT, ValidityType: 1 }, /validity type 0, got 1/],
      [{ ...DOCUMENT, Validity: utf8('tomorrow') }, /RFC 3339/],
      [{ ...DOCUMENT, Validity: utf8('2100-13-01T00:00:00Z') }, /RFC 3339/],
      [{ ...DOCUMENT, Value: new Uint8Array([0xff]) }, /path in UTF-8/],
      [{ ...DOCUMENT, Value: '/ipfs/bafkqaaa' }, /DAG-CBOR map/],
      [{ ...DOCUMENT, Sequence: -1 }, /DAG-CBOR map/],
      [{ ...DOCUMENT, TTL: 1.5 }, /DAG-CBOR map/],
      [null, /DAG-CBOR map/],
      [[1], /DAG-CBOR map/],
      [new Uint8Array([0xff]), /DAG-CBOR map/],
      [new Uint8Array(9000).fill(0x81), /DAG-CBOR map/],
    ]
    for (const [document, message] of cases)
      assert.match(await verdict(encoded(await signed(document))), message)
    assert.match(await verdict(new Uint8Array([0xff])), /protobuf/)
  })

  it('read times as RFC 3339 has them', async () => {
    const time = async (text: string): Promise<number | undefined> => {
      const decoded = decodeRecord(encoded(await signed({ ...DOCUMENT, Validity: utf8(text) })))
      return decoded.ok?.record.eolMs
    }
    const ms = Date.UTC(2030, 1, 2, 3, 4, 5)
    assert.equal(await time('2030-02-02T03:04:05Z'), ms)
    assert.equal(await time('2030-02-02T03:04:05.9Z'), ms + 900)
    assert.equal(await time('2030-02-02T03:04:05.123999999Z'), ms + 123)
    assert.equal(await time('2030-02-02t05:04:05+02:00'), ms)
    assert.equal(await time('2030-02-02'), undefined)
  })

  it('have at most 10 KiB', async () => {
    const bytes = await makeRecord(record, signer)
    const padded = (length: number): Uint8Array => {
      // Field 15, which nobody knows: a tag and a length of two bytes each at most.
      const rest = length - bytes.length - 3
      return concatBytes([bytes, encoded({ 15: new Uint8Array(rest) })])
    }
    assert.equal(padded(IPNS_RECORD_BYTES_MAX).length, IPNS_RECORD_BYTES_MAX)
    assert.equal(await verdict(padded(IPNS_RECORD_BYTES_MAX)), 'valid')
    assert.match(await verdict(padded(IPNS_RECORD_BYTES_MAX + 1)), /at most 10240 bytes, got 10241/)
  })

  it('end, and count by sequence before end of life', () => {
    assert.equal(isInForce({ eolMs: 10 }, 9), true)
    assert.equal(isInForce({ eolMs: 10 }, 10), false)
    const rank = (sequence: bigint, eolMs: number): IpnsRecord => ({ ...record, sequence, eolMs })
    assert.equal(isNewer(rank(2n, 1), rank(1n, 9)), true)
    assert.equal(isNewer(rank(1n, 9), rank(2n, 1)), false)
    assert.equal(isNewer(rank(1n, 9), rank(1n, 8)), true)
    assert.equal(isNewer(rank(1n, 9), rank(1n, 9)), false)
  })

  it('are not made of numbers that do not fit', async () => {
    await assert.rejects(makeRecord({ ...record, sequence: 2n ** 64n }, signer), RangeError)
    await assert.rejects(makeRecord({ ...record, sequence: -1n }, signer), RangeError)
    await assert.rejects(makeRecord({ ...record, ttlMs: 0.5 }, signer), RangeError)
    assert.throws(() => encodeEd25519Key(new Uint8Array(31)), RangeError)
  })
})
