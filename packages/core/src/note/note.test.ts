import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX } from '../limits/log.ts'
import type { SignatureVerifier } from '../ports/keys.ts'
import type { Hasher } from '../ports/runtime.ts'
import { cosign, cosigned, cosignedAtSeconds } from './cosignature.ts'
import { formatKey, isKeyName, keyHashOf, type NoteKey, parseKey } from './key.ts'
import { encodeNote, type NoteSigner, parseNote, signNote, verifyNote } from './note.ts'

const hasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

function signerOf(name: string, seedByte: number): NoteSigner {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, Buffer.alloc(32, seedByte)]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    name,
    publicKey: new Uint8Array(spki.subarray(SPKI.length)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  }
}

const verifier: SignatureVerifier = {
  verify({ bytes }, message, signature) {
    const der = Buffer.concat([SPKI, bytes])
    return verify(
      null,
      message,
      createPublicKey({ key: der, format: 'der', type: 'spki' }),
      signature,
    )
  },
}
const ports = { hasher, verifier }

// Vectors of the receipts reference, section 7: Ed25519 seeds of 0x42 and 0x77.
const log = signerOf('gateway.example/receipts/1', 0x42)
const witness = signerOf('witness.example/w1', 0x77)
const logKey: NoteKey = { name: log.name, kind: 'ed25519', publicKey: log.publicKey }
const witnessKey: NoteKey = {
  name: witness.name,
  kind: 'cosignature',
  publicKey: witness.publicKey,
}
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

test('key, log id, checkpoint and cosignature are those of the vectors', async () => {
  assert.equal(formatKey(logKey, hasher), LOG_KEY)
  assert.deepEqual(parseKey(LOG_KEY, hasher), logKey)
  assert.equal(Buffer.from(keyHashOf(logKey, hasher)).toString('hex'), LOG_ID)
  const signatures = [
    await signNote(TEXT, log, hasher),
    await cosign(TEXT, COSIGNED_SECONDS, witness, hasher),
  ]
  assert.equal(Buffer.from(encodeNote({ text: TEXT, signatures })).toString(), CHECKPOINT)
})

test('a checkpoint is read, and both who signed it are known', async () => {
  const note = parseNote(Buffer.from(CHECKPOINT)).ok!
  assert.equal(note.text, TEXT)
  assert.equal((await verifyNote(note, logKey, ports)).error, undefined)
  const seen = await verifyNote(note, witnessKey, ports, cosigned)
  assert.equal(cosignedAtSeconds(seen.ok!.signature), COSIGNED_SECONDS)
})

test('any byte of the signed lines changed is refused, or leaves no signature', async () => {
  const bytes = Buffer.from(CHECKPOINT)
  const whole = CHECKPOINT.indexOf('\u2014 witness')
  const signed = Buffer.byteLength(CHECKPOINT.slice(0, whole))
  for (let at = 0; at < signed; at++) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    const note = parseNote(changed)
    if (note.ok) assert.ok((await verifyNote(note.ok, logKey, ports)).error, `byte ${at}`)
  }
})

test('unknown keys are passed over; one wrong signature by a known key is an error', async () => {
  const right = await signNote(TEXT, log, hasher)
  const other = await signNote(TEXT, signerOf(log.name, 0x43), hasher)
  const wrong = { ...right, signature: right.signature.map((byte) => byte ^ 1) }
  const verdict = async (signatures: readonly (typeof right)[]): Promise<string | undefined> =>
    (await verifyNote({ text: TEXT, signatures }, logKey, ports)).error?.message
  assert.equal(await verdict([other, right]), undefined)
  assert.match((await verdict([right, wrong]))!, /wrong/)
  assert.match((await verdict([other]))!, /got none/)
  assert.match((await verdict([]))!, /got none/)
  const short = { ...right, keyId: witnessKey.publicKey.slice(0, 4) }
  assert.match((await verdict([short]))!, /got none/)
})

test('a cosignature of another length or beyond time is refused', async () => {
  const cosignature = await cosign(TEXT, 0, witness, hasher)
  assert.equal(cosignedAtSeconds(cosignature.signature), 0)
  assert.equal(cosignedAtSeconds(cosignature.signature.subarray(1)), undefined)
  const late = { ...cosignature, signature: cosignature.signature.slice().fill(255, 0, 8) }
  assert.equal(cosignedAtSeconds(late.signature), undefined)
  const { error } = await verifyNote(
    { text: TEXT, signatures: [late] },
    witnessKey,
    ports,
    cosigned,
  )
  assert.match(error!.message, /wrong/)
})

test('what is no note is refused', () => {
  for (const text of [
    '',
    'text\n',
    'text\n\n',
    'text\n\n\u2014 a',
    'text\n\n- a AAAAAAA=\n',
    'text\n\n\u2014 a+b AAAAAAA=\n',
    'text\n\n\u2014 a AAAAAA==\n',
    'text\n\n\u2014 a AAAAAAB=\n',
    'te\u0000xt\n\n\u2014 a AAAAAAA=\n',
    'text\r\n\n\u2014 a AAAAAAA=\n',
    '\n\u2014 a AAAAAAA=\n',
  ])
    assert.equal(parseNote(Buffer.from(text)).error?.name, 'InvalidNote', JSON.stringify(text))
  assert.ok(parseNote(Buffer.from('text\n\n\u2014 a AAAAAAA=\n')).ok)
  assert.ok(parseNote(Uint8Array.of(0xff, 0x0a, 0x0a)).error)
  assert.throws(() => encodeNote({ text: 'no end', signatures: [] }), { name: 'InvalidNote' })
})

test('notes are read up to their bounds and no further', () => {
  const line = '\u2014 a AAAAAAA=\n'
  assert.ok(parseNote(Buffer.from(`text\n\n${line.repeat(NOTE_SIGNATURES_MAX)}`)).ok)
  assert.ok(parseNote(Buffer.from(`text\n\n${line.repeat(NOTE_SIGNATURES_MAX + 1)}`)).error)
  const room = NOTE_BYTES_MAX - Buffer.byteLength(`\n\n${line}`)
  assert.ok(parseNote(Buffer.from(`${'x'.repeat(room)}\n\n${line}`)).ok)
  assert.ok(parseNote(Buffer.from(`${'x'.repeat(room + 1)}\n\n${line}`)).error)
})

test('every text of lines comes back as it was signed', async () => {
  const lines = fc.array(fc.string({ unit: 'grapheme' }).filter((line) => !/\p{Cc}/u.test(line)))
  await fc.assert(
    fc.asyncProperty(lines, async (all) => {
      const text = [...all, 'last'].map((line) => `${line}\n`).join('')
      const signature = await signNote(text, log, hasher)
      const note = parseNote(encodeNote({ text, signatures: [signature] })).ok!
      assert.equal(note.text, text)
      assert.equal((await verifyNote(note, logKey, ports)).error, undefined)
    }),
    { numRuns: 50 },
  )
})

test('texts that are no key are refused', () => {
  for (const text of [
    '',
    LOG_KEY.replace('fb3a', 'fb3b'),
    LOG_KEY.replace('+fb3a', ' +fb3a'),
    LOG_KEY.slice(0, -1),
    LOG_KEY.replace('+ASFS', '+CSFS'),
    LOG_KEY.replace('gateway', 'Gateway'),
  ])
    assert.equal(parseKey(text, hasher), undefined, text)
  assert.deepEqual(['', 'a b', 'a+b', 'a\n', 'log'].map(isKeyName), [
    false,
    false,
    false,
    false,
    true,
  ])
})
