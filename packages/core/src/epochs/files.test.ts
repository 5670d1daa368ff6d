import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { EPOCH_FILE_BYTES_MAX } from '../limits/receipts.ts'
import type { NoteKey } from '../note/key.ts'
import { type NoteSigner, verifyNote } from '../note/note.ts'
import type { SignatureVerifier } from '../ports/keys.ts'
import type { Hasher } from '../ports/runtime.ts'
import { anchorFile, parseAnchorFile, type PublishedAnchors } from './anchor-file.ts'
import { finalFile, parseFinalFile, type PublishedFinal } from './final-file.ts'
import { parseRootFile, rootFile, type PublishedRoot } from './root-file.ts'

const hasher: Hasher = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  digest: () => undefined,
}
const { privateKey, publicKey } = (() => {
  const pkcs8 = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, 0x42),
  ])
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return { privateKey: key, publicKey: createPublicKey(key) }
})()
const signer: NoteSigner = {
  name: 'gateway.example/receipts/1',
  publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)),
  sign: (message) => new Uint8Array(sign(null, message, privateKey)),
}
const key: NoteKey = { name: signer.name, kind: 'ed25519', publicKey: signer.publicKey }
const verifier: SignatureVerifier = {
  verify: (_, message, signature) => verify(null, message, publicKey, signature),
}

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const ROOT: PublishedRoot = {
  origin: signer.name,
  epoch: 490_001,
  previousEpoch: 489_998,
  first: 7,
  end: 12,
  root: hash(1),
  sealLeaf: hash(2),
  summaryRoot: hash(3),
  previousRoot: hash(4),
  checkpoint: new TextEncoder().encode('a\n12\nAQ==\n\n\u2014 a AAAAAAA=\n'),
}
const ANCHORS: PublishedAnchors = {
  origin: signer.name,
  epoch: 490_001,
  end: 12,
  root: hash(1),
  anchors: [
    { anchor: 'local', state: 'final', proof: { kind: 'local' } },
    { anchor: 'evm', state: 'sent', proof: null },
  ],
}
const FINAL: PublishedFinal = {
  origin: signer.name,
  epoch: 490_001,
  end: 12,
  root: hash(1),
  anchors: [{ anchor: 'evm', proof: { kind: 'evm', block: 12, hashes: ['0x1', '0x2'] } }],
  issuance: { policy: { budget: '10' }, shares: [['a', '1'], null, true] },
}

const B64 = Array.from({ length: 5 }, (_, byte) => Buffer.alloc(32, byte).toString('base64'))
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

test('each file is one line of JSON with its keys in their order, signed by the log', async () => {
  const checkpoint = JSON.stringify(text(ROOT.checkpoint))
  const lines = [
    [
      await rootFile(ROOT, signer, hasher),
      '{"type":"turnpike-epoch-root/v1","origin":"gateway.example/receipts/1","epoch":490001,' +
        `"previousEpoch":489998,"first":7,"end":12,"root":"${B64[1]}","sealLeaf":"${B64[2]}",` +
        `"summaryRoot":"${B64[3]}","previousRoot":"${B64[4]}","checkpoint":${checkpoint}}\n`,
    ],
    [
      await anchorFile(ANCHORS, signer, hasher),
      '{"type":"turnpike-epoch-anchor/v1","origin":"gateway.example/receipts/1",' +
        `"epoch":490001,"end":12,"root":"${B64[1]}","anchors":[` +
        '{"anchor":"local","state":"final","proof":{"kind":"local"}},' +
        '{"anchor":"evm","state":"sent","proof":null}]}\n',
    ],
    [
      await finalFile(FINAL, signer, hasher),
      '{"type":"turnpike-epoch-final/v1","origin":"gateway.example/receipts/1",' +
        `"epoch":490001,"end":12,"root":"${B64[1]}","anchors":[{"anchor":"evm","proof":` +
        '{"kind":"evm","block":12,"hashes":["0x1","0x2"]}}],' +
        '"issuance":{"policy":{"budget":"10"},"shares":[["a","1"],null,true]}}\n',
    ],
  ] as const
  for (const [bytes, line] of lines) assert.equal(text(bytes).split('\n\n')[0], line.slice(0, -1))
})

test('files survive their bytes, and the same value is the same bytes', async () => {
  const root = await rootFile(ROOT, signer, hasher)
  assert.deepEqual(parseRootFile(root).ok?.value, ROOT)
  assert.deepEqual(await rootFile(ROOT, signer, hasher), root)
  const first = { ...ROOT, previousEpoch: null }
  assert.deepEqual(parseRootFile(await rootFile(first, signer, hasher)).ok?.value, first)
  const anchor = await anchorFile(ANCHORS, signer, hasher)
  assert.deepEqual(parseAnchorFile(anchor).ok?.value, ANCHORS)
  const final = await finalFile(FINAL, signer, hasher)
  assert.deepEqual(parseFinalFile(final).ok?.value, FINAL)
  const { error } = await verifyNote(parseFinalFile(final).ok!.note, key, { hasher, verifier })
  assert.equal(error, undefined)
})

test('any byte that is changed is found: by the form, or by the signature', async () => {
  const parsers = [
    [await rootFile(ROOT, signer, hasher), parseRootFile],
    [await anchorFile(ANCHORS, signer, hasher), parseAnchorFile],
    [await finalFile(FINAL, signer, hasher), parseFinalFile],
  ] as const
  for (const [bytes, parse] of parsers)
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at]! ^= 1
      const note = parse(changed).ok?.note
      if (note) assert.ok((await verifyNote(note, key, { hasher, verifier })).error, `byte ${at}`)
    }
})

test('a line that says the same otherwise is refused', async () => {
  const bytes = await finalFile(FINAL, signer, hasher)
  const parse = (from: string, to: string): string | undefined => {
    assert.ok(text(bytes).includes(from), from)
    const changed = new TextEncoder().encode(text(bytes).replace(from, to))
    return parseFinalFile(changed).error?.name
  }
  for (const [from, to] of [
    ['{"type"', '{ "type"'],
    ['"epoch":490001', '"epoch":490001.0'],
    ['"epoch":490001', '"epoch":-1'],
    ['"epoch":490001,"end":12', '"end":12,"epoch":490001'],
    ['"issuance"', '"more":1,"issuance"'],
    ['"block":12', '"block":12,"block":12'],
    ['"block":12', '"block":{}'],
    ['epoch-final', 'epoch-finis'],
    [B64[1]!, `${B64[1]!.slice(0, -2)}F=`],
    ['{"type"', '[{"type"'],
  ] as const)
    assert.equal(parse(from, to), 'InvalidEpochFile', to)
  assert.equal(parseRootFile(bytes).error?.name, 'InvalidEpochFile')
  assert.equal(parse('12', '12'), undefined)
})

test('texts of any kind survive in proofs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (proofText) => {
      const value = {
        ...FINAL,
        anchors: [{ anchor: 'x', proof: { [`k${proofText}`]: proofText } }],
      }
      const bytes = await finalFile(value, signer, hasher)
      assert.deepEqual(parseFinalFile(bytes).ok?.value, value)
    }),
    { numRuns: 20 },
  )
})

test('a file of 16 MiB fits, one byte more does not', async () => {
  const small = await finalFile({ ...FINAL, issuance: { text: '' } }, signer, hasher)
  const filled = (length: number): Promise<Uint8Array> =>
    finalFile({ ...FINAL, issuance: { text: 'x'.repeat(length) } }, signer, hasher)
  const most = await filled(EPOCH_FILE_BYTES_MAX - small.length)
  assert.ok(parseFinalFile(most).ok)
  await assert.rejects(filled(EPOCH_FILE_BYTES_MAX - small.length + 1), RangeError)
  const longer = new Uint8Array(EPOCH_FILE_BYTES_MAX + 1)
  assert.match(parseFinalFile(longer).error!.message, /16777217/)
})
