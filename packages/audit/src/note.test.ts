import assert from 'node:assert/strict'
import { createPrivateKey, sign } from 'node:crypto'
import { test } from 'node:test'
import { decodeBase64, decodeHex, encodeBase64, encodeHex } from './base64.ts'
import { nodeCrypto } from './node-crypto.ts'
import {
  BadNote,
  cosignatureBytes,
  cosignedMessage,
  formatKey,
  formatNote,
  keyHashOf,
  keyIdOf,
  NOTE_BYTES_MAX,
  NOTE_SIGNATURES_MAX,
  parseCheckpoint,
  parseKey,
  parseNote,
  standingOf,
} from './note.ts'
import type { NoteKey } from './note.ts'

// Vectors of the receipts reference, section 7: Ed25519 seeds of 0x42 and 0x77.
const LOG_KEY = 'gateway.example/receipts/1+fb3a2a76+ASFS+NGbeR0kRTJC4V8uq2y3z/p7al7TAJeWDgaYgdsS'
const LOG_ID = 'fb3a2a7666b8ca05099d847b2d678ffc5b38f156d9bb568066f0b2ddb78efb46'
const TEXT = 'gateway.example/receipts/1\n4\ndLB24oYRcf71rpPPvkJLKZhYc/xaUycRx1uW6Gztgu4=\n'
const LOG_SIGNATURE =
  '+zoqdgcyATrBjW4omuSVSTPC3F6LpYp9SYKlnCeZZWw2PW9saV1TMC8Sj/6eUTh/it52densXqfw0jn2mypeKdBpxwk='
const WITNESS_SIGNATURE =
  'dzpsEgAAAABpW324r2GLO+AlfzI80BbBZvPArT80euicfnWDVhZoehQ+w8OFfaBXoYQJ4fhyZ8CEtc5MuBGAHuYIz/Tx' +
  'IpH2rAp7Dg=='
const CHECKPOINT = `${TEXT}
\u2014 gateway.example/receipts/1 ${LOG_SIGNATURE}
\u2014 witness.example/w1 ${WITNESS_SIGNATURE}
`
const COSIGNED_SECONDS = 0x695b7db8

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const keyOf = (seed: number) =>
  createPrivateKey({
    key: Buffer.concat([PKCS8, Buffer.alloc(32, seed)]),
    format: 'der',
    type: 'pkcs8',
  })
const publicOf = (seed: number): Uint8Array =>
  new Uint8Array(Buffer.from(keyOf(seed).export({ format: 'jwk' })['x'] as string, 'base64url'))

const log = parseKey(LOG_KEY, nodeCrypto)
const witness: NoteKey = {
  name: 'witness.example/w1',
  kind: 'witness',
  publicKey: publicOf(0x77),
}

test('key, log id, checkpoint and cosignature of the vectors are read', () => {
  assert.deepEqual(log.publicKey, publicOf(0x42))
  assert.equal(formatKey(log, nodeCrypto), LOG_KEY)
  assert.deepEqual(parseKey(formatKey(witness, nodeCrypto), nodeCrypto), witness)
  assert.equal(encodeHex(keyHashOf(log, nodeCrypto)), LOG_ID)
  const note = parseNote(CHECKPOINT)
  assert.equal(note.text, TEXT)
  assert.equal(formatNote(note), CHECKPOINT)
  assert.deepEqual(standingOf(note, log, nodeCrypto), { kind: 'signed', seconds: null })
  assert.deepEqual(standingOf(note, witness, nodeCrypto), {
    kind: 'signed',
    seconds: COSIGNED_SECONDS,
  })
  const { origin, size, root } = parseCheckpoint(note.text)
  assert.deepEqual([origin, size, encodeHex(root).slice(0, 8)], [log.name, 4, '74b076e2'])
})

test('any byte changed is refused, or leaves no signature', () => {
  const bytes = Buffer.from(CHECKPOINT)
  for (const at of bytes.keys()) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    try {
      const note = parseNote(changed)
      const all = [log, witness].every((key) => standingOf(note, key, nodeCrypto).kind === 'signed')
      assert.ok(!all, `byte ${at}`)
    } catch (error) {
      assert.ok(error instanceof BadNote, `byte ${at}`)
    }
  }
})

test('what a witness signs is put together as it is taken apart', () => {
  const signature = sign(null, cosignedMessage(TEXT, 7), keyOf(0x77))
  const one = {
    name: witness.name,
    keyId: keyIdOf(witness, nodeCrypto),
    signature: cosignatureBytes(7, signature),
  }
  const standing = (signatures: (typeof one)[]) =>
    standingOf({ text: TEXT, signatures }, witness, nodeCrypto)
  assert.deepEqual(standing([one]), { kind: 'signed', seconds: 7 })
  const wrong = { ...one, signature: cosignatureBytes(8, signature) }
  assert.deepEqual(standing([one, wrong]), { kind: 'wrong' })
  assert.deepEqual(standing([{ ...one, signature: new Uint8Array(8) }]), { kind: 'wrong' })
  const late = one.signature.slice().fill(255, 0, 8)
  assert.deepEqual(standing([{ ...one, signature: late }]), { kind: 'wrong' })
  assert.deepEqual(standing([{ ...one, name: 'other' }]), { kind: 'absent' })
})

test('what is no note, key or checkpoint is refused', () => {
  const line = '\u2014 a AAAAAAA='
  for (const text of [
    '',
    'text\n',
    'text\n\n',
    `text\n\n${line}`,
    'text\n\n- a AAAAAAA=\n',
    'text\n\n\u2014 a+b AAAAAAA=\n',
    'text\n\n\u2014 a AAAAAA==\n',
    'text\n\n\u2014 a AAAAAAB=\n',
    `te\u0000xt\n\n${line}\n`,
    `text\r\n\n${line}\n`,
    `text\n\n${`${line}\n`.repeat(NOTE_SIGNATURES_MAX + 1)}`,
    `${'x'.repeat(NOTE_BYTES_MAX)}\n\n${line}\n`,
  ])
    assert.throws(() => parseNote(text), BadNote, text.slice(0, 40))
  assert.throws(() => parseNote(Uint8Array.of(0xff, 10, 10)), BadNote)
  assert.equal(
    parseNote(`text\n\n${`${line}\n`.repeat(NOTE_SIGNATURES_MAX)}`).signatures.length,
    NOTE_SIGNATURES_MAX,
  )
  for (const text of ['', LOG_KEY.replace('fb3a', 'fb3b'), LOG_KEY.slice(0, -1)])
    assert.throws(() => parseKey(text, nodeCrypto), BadNote)
  for (const text of ['a\n1\n', `a\n01\n${LOG_ID}\n`, TEXT.slice(0, -1), TEXT.replace('4', '-4')])
    assert.throws(() => parseCheckpoint(text), BadNote)
})

test('bytes have one spelling in base64 and in hexadecimal', () => {
  for (let length = 0; length < 9; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => 255 - i * 37)
    assert.equal(encodeBase64(bytes), Buffer.from(bytes).toString('base64'))
    assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes)
    assert.deepEqual(decodeHex(encodeHex(bytes)), bytes)
  }
  for (const text of ['A', 'AQ', 'AR==', 'AQ= =', 'AQ==\n', 'A-==', '===='])
    assert.equal(decodeBase64(text), undefined, text)
  for (const text of ['0', '0G', 'AB', ' 0', '0x']) assert.equal(decodeHex(text), undefined, text)
})
