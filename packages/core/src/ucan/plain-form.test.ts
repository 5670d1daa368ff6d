import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode as decodeCbor, encode as encodeCbor } from '@ipld/dag-cbor'
import { decode, encode, format, parse, type View } from '@ipld/dag-ucan'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { bytesEqual } from '../bytes.ts'
import { linkToCid } from '../link.ts'
import type { GatewaySigner } from '../retrieve/message.ts'
import { testHasher, testKey } from '../testing/keys.ts'
import { plainBytes, PlainTexts } from './plain-form.ts'
import { signInvocation } from './sign-invocation.ts'

const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 2000)

const view = (block: Uint8Array): View => decode(new Uint8Array(block) as never) as View

function isShort(block: Uint8Array): boolean {
  try {
    const read = view(block)
    const texts = new PlainTexts()
    if (!texts.isPlain(read) || !bytesEqual(plainBytes(read), block)) return false
    const text = format(read)
    assert.equal(texts.signed(read), text.slice(0, text.lastIndexOf('.')))
    return true
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return false
  }
}

function isLong(block: Uint8Array): boolean {
  try {
    return bytesEqual(encode(parse(format(view(block)))), block)
  } catch {
    return false
  }
}

const [space, gateway] = [testKey(1), testKey(2)]
const link = CID.parse('bafkqaaa')
const proof = await signInvocation(
  {
    audience: gateway.did,
    capability: { can: 'space/content/serve/*', with: space.did },
    proofs: [],
    expiresMs: undefined,
    nonce: 'a',
  },
  { signer: space as GatewaySigner, hasher: testHasher },
)
const record = await signInvocation(
  {
    audience: 'did:web:gateway.example',
    capability: {
      can: 'a/b',
      with: space.did,
      nb: { resource: link, bytes: 5, servedAt: 1_800_000_000_000 },
    },
    proofs: [proof],
    expiresMs: undefined,
    nonce: 'ab'.repeat(16),
  },
  { signer: gateway as GatewaySigner, hasher: testHasher },
)

test('what libraries make is known by the short way', () => {
  for (const { bytes } of [proof, record]) {
    assert.equal(isLong(bytes), true)
    assert.equal(isShort(bytes), true)
  }
})

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const named = (text: string): Uint8Array => new Uint8Array([0x9d, 0x1a, ...utf8(text)])
const model = decodeCbor<Record<string, unknown>>(new Uint8Array(record.bytes))

/** Values in which another spelling could hide. */
const tricky = fc.constantFrom<unknown>(
  null,
  '',
  '/',
  'text',
  0,
  -1,
  1.5,
  2 ** 53,
  [],
  ['x'],
  {},
  { '/': 'bafkqaaa' },
  { a: 1 },
  link,
  linkToCid(proof.link),
  CID.parse('QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n'),
  true,
  new Uint8Array(),
  utf8('did:key:z'),
  named('key:z6Mk'),
  named('web:é'),
  named('web:a b'),
  model['iss'],
  model['aud'],
  model['s'],
  model['att'],
  '0.9.1',
  '0.9.0',
  'é',
  '\u0000',
  { can: 'A/B', with: 'did:web:x' },
  [{ can: 'a/b', with: 'x', nb: { '/': 'bafkqaaa' } }],
  [
    { can: 'A/B', with: 'x', nb: { a: [] } },
    { can: '*', with: 'ucan:*' },
  ],
  [{ can: 'a/b', with: 'x', nb: {} }],
  [{ can: 'a/b', with: 'x', more: 1 }],
)
const field = fc.constantFrom(
  'iss',
  'aud',
  'att',
  'prf',
  'exp',
  'nbf',
  'fct',
  'nnc',
  's',
  'v',
  'zz',
)
const changes = fc.dictionary(field, tricky, { maxKeys: 3 })

test('a UCAN as text is not taken by the short way', () => {
  assert.equal(isShort(utf8(format(view(record.bytes)))), false)
})

test('what the short way takes, the long way takes, whatever fields say', () => {
  fc.assert(
    fc.property(changes, (fields) => {
      const block = encodeCbor({ ...model, ...fields })
      assert.ok(!isShort(block) || isLong(block))
    }),
    { numRuns: RUNS },
  )
})

test('what the short way takes, the long way takes, whatever bytes are changed', () => {
  const at = fc.nat(record.bytes.length - 1)
  fc.assert(
    fc.property(fc.array(fc.tuple(at, fc.nat(255)), { maxLength: 3 }), (edits) => {
      const block = record.bytes.slice()
      for (const [i, byte] of edits) block[i] = byte
      assert.ok(!isShort(block) || isLong(block))
    }),
    { numRuns: RUNS },
  )
})
