import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ACK_BYTES_MAX,
  BATCH_DID_CHARS_MAX,
  BATCH_JOURNAL_CHARS_MAX,
  BATCH_PAYLOAD_BYTES_MAX,
  REFUSAL_CHARS_MAX,
  REFUSALS_TOLD_MAX,
} from '../limits/inbox.ts'
import { FRAME_ENTRIES_MAX } from '../limits/log.ts'
import { decodeEntry } from '../log/decode.ts'
import { encodeFetch } from '../log/encode.ts'
import type { InboxVerdict } from '../ports/inbox.ts'
import { DidUnresolved, type KeyDid } from '../ports/principals.ts'
import { fail, ok } from '../result.ts'
import { testHasher, testKey, testVerifier } from '../testing/keys.ts'
import { decodeAck, makeAck } from './ack.ts'
import { batchGroups, decodeBatch, fittingGroups, makeBatch } from './batch.ts'
import { groupKey } from './group-key.ts'
import { signedBy, type Signatures } from './signed-by.ts'

const edge = testKey(1)
const home = testKey(2)
const keys = { signer: edge, hasher: testHasher }
const says = {
  source: edge.did,
  audience: home.did,
  journal: '0',
  first: 7,
  madeMs: 1_763_683_200_000,
}
const never = new AbortController().signal

const anyGroup = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), {
  minLength: 1,
  maxLength: 4,
})

test('a batch comes out as it was made', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyGroup, { minLength: 1, maxLength: 20 }), async (groups) => {
      const { ok: batch } = decodeBatch(await makeBatch(says, groups, keys))
      const { payloadHash, count, ...rest } = batch!.header
      assert.deepEqual(rest, says)
      assert.equal(count, groups.flat().length)
      assert.deepEqual(payloadHash, testHasher.sha256(batch!.payload))
      const read = batchGroups(batch!, testHasher)
      assert.deepEqual(
        read.ok!.map((group) => group.map((entry) => new Uint8Array(entry))),
        groups,
      )
    }),
    { numRuns: 100 },
  )
})

test('a batch of which any byte was changed is none, or not the one that was signed', async () => {
  const bytes = await makeBatch(says, [[new Uint8Array(9)], [new Uint8Array(5)]], keys)
  const signatures: Signatures = { verifier: testVerifier, resolver: { resolve: nobody } }
  const holds = async (altered: Uint8Array): Promise<boolean> => {
    const { ok: batch } = decodeBatch(altered)
    if (batch === undefined || batchGroups(batch, testHasher).ok === undefined) return false
    const { headerBytes, signature } = batch
    return (await signedBy(edge.did, headerBytes, signature, signatures, never)) === 'signed'
  }
  assert.equal(await holds(bytes), true)
  for (let at = 0; at < bytes.length; at++) {
    const altered = bytes.slice()
    altered[at]! ^= 1 << (at % 8)
    assert.equal(await holds(altered), false, `byte ${at}`)
    assert.equal(await holds(bytes.subarray(0, at)), false, `first ${at} bytes`)
  }
})

function nobody(did: string): ReturnType<Signatures['resolver']['resolve']> {
  return fail(new DidUnresolved(did, 'absent', 'none'))
}

test('as many groups go into a batch as fit, and one that is larger alone', async () => {
  const entry = new Uint8Array(1022)
  const fitting = BATCH_PAYLOAD_BYTES_MAX / 1024
  const groups = Array.from({ length: fitting + 2 }, () => [entry])
  assert.equal(fittingGroups(groups), fitting)
  const batch = decodeBatch(await makeBatch(says, groups.slice(0, fitting), keys)).ok!
  assert.equal(batch.payload.length, BATCH_PAYLOAD_BYTES_MAX)
  await assert.rejects(makeBatch(says, groups.slice(0, fitting + 1), keys), RangeError)
  assert.equal(fittingGroups(groups.slice(0, 3)), 3)
  const small = Array.from({ length: 70_000 }, () => [new Uint8Array(1)])
  assert.equal(fittingGroups(small), 65_535)
})

test('names in a batch have their bounds', async () => {
  const group = [[new Uint8Array(1)]]
  const longest = {
    source: 'd'.repeat(BATCH_DID_CHARS_MAX),
    audience: 'd'.repeat(BATCH_DID_CHARS_MAX),
    journal: 'j'.repeat(BATCH_JOURNAL_CHARS_MAX),
  }
  assert.ok(decodeBatch(await makeBatch({ ...says, ...longest }, group, keys)).ok)
  for (const name of ['source', 'audience', 'journal'] as const) {
    const longer = { ...says, [name]: `${longest[name]}x` }
    await assert.rejects(makeBatch(longer, group, keys), RangeError)
  }
})

test('an answer comes out as it was made, reasons cut', async () => {
  const verdict = fc.oneof(
    fc.constantFrom<InboxVerdict>({ kind: 'counted' }, { kind: 'seen' }),
    fc.record({
      kind: fc.constant<'refused'>('refused'),
      reason: fc.string({ unit: 'grapheme', maxLength: 300 }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(verdict, { maxLength: 30 }), async (verdicts) => {
      const ack = { by: home.did, source: edge.did, batch: new Uint8Array(32).fill(9), verdicts }
      const { ok: signed } = decodeAck(await makeAck(ack, home))
      assert.ok(
        testVerifier.verify(
          { kind: 'ed25519', bytes: home.publicKey },
          signed!.body,
          signed!.signature,
        ),
      )
      assert.deepEqual(signed!.ack, {
        ...ack,
        verdicts: verdicts.map((one) =>
          one.kind === 'refused'
            ? { ...one, reason: one.reason.slice(0, REFUSAL_CHARS_MAX).toWellFormed() }
            : one,
        ),
      })
    }),
    { numRuns: 100 },
  )
})

test('the longest answer there can be fits, with the reasons that are told', async () => {
  const reason = '\u{1f600}'.repeat(REFUSAL_CHARS_MAX / 2)
  const verdicts = Array.from({ length: FRAME_ENTRIES_MAX }, () => ({
    kind: 'refused' as const,
    reason,
  }))
  const did = 'd'.repeat(BATCH_DID_CHARS_MAX)
  const ack = { by: did, source: did, batch: new Uint8Array(32), verdicts }
  const { ok: signed } = decodeAck(await makeAck(ack, home))
  const told = signed!.ack.verdicts.filter((one) => one.kind === 'refused' && one.reason === reason)
  assert.deepEqual(
    [signed!.ack.verdicts.length, told.length],
    [FRAME_ENTRIES_MAX, REFUSALS_TOLD_MAX],
  )
})

test('what is no answer is refused', async () => {
  const ack = { by: home.did, source: edge.did, batch: new Uint8Array(32), verdicts: [] }
  const good = await makeAck(ack, home)
  for (let length = 0; length < good.length - 64; length++)
    assert.equal(decodeAck(good.subarray(0, length)).error?.name, 'InvalidAck')
  const code = await makeAck({ ...ack, verdicts: [{ kind: 'counted' }] }, home)
  code[code.length - 64 - 2] = 9
  assert.equal(decodeAck(code).error?.name, 'InvalidAck')
  assert.equal(decodeAck(new Uint8Array(ACK_BYTES_MAX + 1)).error?.name, 'InvalidAck')
})

test('a DID signs by any of its Ed25519 keys, and nobody else for it', async () => {
  const message = new Uint8Array([1, 2, 3])
  const signature = await home.sign(message)
  const signatures = (keysOf: readonly KeyDid[]): Signatures => ({
    verifier: testVerifier,
    resolver: { resolve: () => ok({ keys: keysOf, ttlMs: undefined }) },
  })
  const how = (did: string, of: Signatures): Promise<string> =>
    signedBy(did, message, signature, of, never)
  const none = signatures([])
  assert.equal(await how(home.did, none), 'signed')
  assert.equal(await how(edge.did, none), 'forged')
  assert.equal(await how('did:key:zNonsense', none), 'forged')
  assert.equal(await how('did:web:a.example', signatures([edge.did, home.did])), 'signed')
  assert.equal(await how('did:web:a.example', signatures([edge.did])), 'forged')
  for (const [fault, expected] of [
    ['unavailable', 'unknown'],
    ['absent', 'forged'],
    ['unsupported', 'forged'],
  ] as const) {
    const resolve = (did: string): ReturnType<typeof nobody> =>
      fail(new DidUnresolved(did, fault, 'none'))
    const away: Signatures = { verifier: testVerifier, resolver: { resolve } }
    assert.equal(await how('did:web:a.example', away), expected)
  }
})

test('keys of late FETCH entries differ by read and provider; others have none', () => {
  const id = new Uint8Array(16)
  const fetchOf = (provider: string, first: number): string => {
    id[0] = first
    const entry = { id, provider, bytes: 1n, requests: 1, failed: 0 }
    return Buffer.from(groupKey(decodeEntry(encodeFetch(entry)).ok!, testHasher)!).toString('hex')
  }
  const all = [fetchOf('a', 1), fetchOf('a', 2), fetchOf('b', 1), fetchOf('b', 2)]
  assert.equal(new Set(all).size, 4)
  assert.equal(fetchOf('a', 1), all[0])
  const voided = { id, ts: 1, index: 1, leaf: new Uint8Array(32), reason: 0 }
  assert.equal(groupKey({ kind: 'void', entry: voided }, testHasher), undefined)
})

interface Vectors {
  readonly seeds: { readonly source: number; readonly audience: number }
  readonly batch: {
    readonly header: typeof says
    readonly groups: readonly (readonly string[])[]
    readonly keys: readonly string[]
    readonly hex: string
  }
  readonly ack: { readonly verdicts: readonly InboxVerdict[]; readonly hex: string }
}

test('batch and answer are the bytes of the vectors', async () => {
  const file = new URL('../../../../vectors/log/journal-batch.json', import.meta.url)
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors
  const { batch, ack, seeds } = vectors
  const signer = testKey(seeds.source)
  const groups = batch.groups.map((group) => group.map((hex) => fromHex(hex)))
  const bytes = await makeBatch(batch.header, groups, { signer, hasher: testHasher })
  assert.equal(Buffer.from(bytes).toString('hex'), batch.hex)
  const found = groups.map((group) => groupKey(decodeEntry(group[0]!).ok!, testHasher)!)
  assert.deepEqual(
    found.map((key) => Buffer.from(key).toString('hex')),
    batch.keys,
  )
  const { source, audience: by } = batch.header
  const hash = testHasher.sha256(decodeBatch(bytes).ok!.headerBytes)
  const answer = await makeAck(
    { by, source, batch: hash, verdicts: ack.verdicts },
    testKey(seeds.audience),
  )
  assert.equal(Buffer.from(answer).toString('hex'), ack.hex)
})

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
