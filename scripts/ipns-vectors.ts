/**
 * `node scripts/ipns-vectors.ts`: writes vectors/ipns/records.json anew, with new keys.
 * @module
 */
import { createPublicKey, generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { concatBytes } from '../packages/core/src/bytes.ts'
import { INLINE_KEY_BYTES_MAX, ipnsNameToString } from '../packages/core/src/ipns/name.ts'
import { encodeMultihash, IDENTITY, SHA2_256 } from '../packages/core/src/multihash.ts'
import type { KeyKind } from '../packages/core/src/ports/keys.ts'
import { varintLength, writeVarint } from '../packages/core/src/varint.ts'

/** Fields of a protobuf message by their numbers: bytes or varints. */
type Fields = Readonly<Record<number, Uint8Array | number>>

/** A key, its message `PublicKey`, and the name that it gives. */
interface Key {
  readonly kind: KeyKind
  readonly secret: KeyObject
  readonly message: Uint8Array
  readonly name: string
  /** The fields of a record that carry the key: none where the name holds it whole. */
  readonly embedded: Fields
}

const KINDS = ['rsa', 'ed25519', 'secp256k1', 'ecdsa'] as const

function encoded(fields: Fields): Uint8Array {
  return concatBytes(
    Object.entries(fields).map(([number, value]) => {
      const tag = Number(number) * 8 + (typeof value === 'number' ? 0 : 2)
      const size = typeof value === 'number' ? value : value.length
      const head = new Uint8Array(varintLength(tag) + varintLength(size))
      writeVarint(head, writeVarint(head, 0, tag), size)
      return typeof value === 'number' ? head : concatBytes([head, value])
    }),
  )
}

function secretOf(kind: KeyKind, bits: number): KeyObject {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: bits }).privateKey
  if (kind === 'ed25519') return generateKeyPairSync('ed25519').privateKey
  const namedCurve = kind === 'ecdsa' ? 'P-256' : 'secp256k1'
  return generateKeyPairSync('ec', { namedCurve }).privateKey
}

function makeKey(kind: KeyKind, bits = 2048): Key {
  const secret = secretOf(kind, bits)
  const message = encoded({ 1: KINDS.indexOf(kind), 2: publicBytes(kind, secret) })
  const whole = message.length <= INLINE_KEY_BYTES_MAX
  const name = whole
    ? encodeMultihash(IDENTITY, message)
    : encodeMultihash(SHA2_256, hash('sha256', message, 'buffer'))
  const embedded: Fields = whole ? {} : { 7: message }
  return { kind, secret, message, name: ipnsNameToString(name), embedded }
}

function publicBytes(kind: KeyKind, secret: KeyObject): Uint8Array {
  const pkix = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  if (kind === 'ed25519') return pkix.subarray(-32)
  if (kind !== 'secp256k1') return pkix
  const isEven = pkix.at(-1)! % 2 === 0
  return new Uint8Array([isEven ? 2 : 3, ...pkix.subarray(-64, -32)])
}

/** Half the order of secp256k1: some libraries take no signature whose second number is larger. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

function signed(key: Key, message: Uint8Array): Uint8Array {
  for (;;) {
    const { kind, secret } = key
    const signature = sign(kind === 'ed25519' ? null : 'sha256', message, secret)
    if (kind !== 'secp256k1') return signature
    // DER: 30 length 02 length r 02 length s.
    const s = signature.subarray(6 + signature[3]!)
    if (BigInt(`0x${s.toString('hex')}`) <= HALF_ORDER) return signature
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const DOCUMENT = {
  Value: utf8('/ipfs/bafkqaaa/a'),
  Validity: utf8('2100-01-01T00:00:00.123456789Z'),
  ValidityType: 0,
  Sequence: 7,
  TTL: 60_000_000_000,
}
const SAYS = {
  value: '/ipfs/bafkqaaa/a',
  sequence: '7',
  eolMs: Date.UTC(2100, 0, 1) + 123,
  ttlMs: 60_000,
}

/** The fields of version 2. */
function recordOf(key: Key, document: unknown = DOCUMENT): Fields {
  const data = encodeCbor(document)
  const message = concatBytes([utf8('ipns-signature:'), data])
  return { ...key.embedded, 8: signed(key, message), 9: data }
}

/** The fields of version 1, well signed. */
function oldOf(key: Key): Fields {
  const { Value, Validity, TTL } = DOCUMENT
  const signature = signed(key, concatBytes([Value, Validity, utf8('EOL')]))
  return { 1: Value, 2: signature, 3: 0, 4: Validity, 5: 7, 6: TTL }
}

const [rsa, ed25519, secp256k1, ecdsa] = KINDS.map((kind) => makeKey(kind)) as [Key, Key, Key, Key]
const other = makeKey('ed25519')
const weak = makeKey('rsa', 1024)

interface Vector {
  readonly what: string
  readonly name: string
  readonly record: string
}

function vector(what: string, fields: Fields, { name }: Key = ed25519): Vector {
  return { what, name, record: Buffer.from(encoded(fields)).toString('base64') }
}

function says(row: Vector, more: object = {}): object {
  return { ...row, says: { ...SAYS, ...more } }
}

const now = recordOf(ed25519)
const both = { ...oldOf(ed25519), ...now }
const { TTL: _, ...untimed } = DOCUMENT
const { Value: __, ...valueless } = DOCUMENT
const largest = 2n ** 64n - 1n

const valid = [
  ...[rsa, ed25519, secp256k1, ecdsa].map((key) =>
    vector(`signature of version 2 by a key of kind ${key.kind}`, recordOf(key), key),
  ),
  vector('both versions', both),
  vector('a broken signature of version 1 beside a good one', { ...both, 2: new Uint8Array(64) }),
  vector('the key of the name embedded, too', { ...now, 7: ed25519.message }),
  vector('a field that nobody knows', { ...now, 99: utf8('x') }),
].map((row) => says(row))
valid.push(
  says(vector('no TTL', recordOf(ed25519, untimed)), { ttlMs: null }),
  says(vector('the largest sequence', recordOf(ed25519, { ...DOCUMENT, Sequence: largest })), {
    sequence: String(largest),
  }),
)

const flipped = Uint8Array.from(now[8] as Uint8Array, (byte, i) => (i === 0 ? byte ^ 1 : byte))
const later = utf8('2101-01-01T00:00:00Z')
const invalid = [
  vector('version 1 alone', oldOf(ed25519)),
  vector('a broken signature of version 2', { ...now, 8: flipped }),
  vector('a value of version 1 that differs', { ...both, 1: utf8('/ipfs/bafkqaab') }),
  vector('a type of version 1 that differs', { ...both, 3: 1 }),
  vector('a validity of version 1 that differs', { ...both, 4: later }),
  vector('a sequence of version 1 that differs', { ...both, 5: 8 }),
  vector('a TTL of version 1 that differs', { ...both, 6: 1 }),
  vector('a signature by another key', recordOf(other)),
  vector('another key embedded', { ...now, 7: other.message }),
  vector('a hashed name without its key', { ...recordOf(rsa), 7: new Uint8Array() }, rsa),
  vector('a hashed name with another key', { ...recordOf(rsa), 7: ecdsa.message }, rsa),
  vector('an RSA key of 1024 bits', recordOf(weak), weak),
  vector('another type of validity', recordOf(ed25519, { ...DOCUMENT, ValidityType: 1 })),
  vector('no time as validity', recordOf(ed25519, { ...DOCUMENT, Validity: utf8('soon') })),
  vector('a document that is no map', recordOf(ed25519, [1, 2])),
  vector('a document without a value', recordOf(ed25519, valueless)),
  vector('more than 10 KiB', { ...now, 99: new Uint8Array(10_240) }),
  vector('nothing', {}),
]

const about =
  'IPNS records: the name that each is tried for, the record in base64, and what a valid one ' +
  'says (times in ms; ttlMs null where it does not say). End of life is not looked at. Written ' +
  'by scripts/ipns-vectors.ts.'
const file = resolve(import.meta.dirname, '../vectors/ipns/records.json')
writeFileSync(file, `${JSON.stringify({ about, valid, invalid }, null, 2)}\n`)
