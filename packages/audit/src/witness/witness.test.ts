import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeBase64 } from '../base64.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { formatNote, NOTE_BYTES_MAX, parseCheckpoint, parseNote, standingOf } from '../note.ts'
import type { NoteKey } from '../note.ts'
import type { WatchedLog } from './judge.ts'
import {
  BadRequest,
  formatAddCheckpoint,
  parseAddCheckpoint,
  WITNESS_PROOF_HASHES_MAX,
} from './request.ts'
import { TestLog } from './testing/log.ts'
import { Witness, WITNESS_QUEUE_MAX, type WitnessDeps } from './witness.ts'

const secret = generateKeyPairSync('ed25519').privateKey
const publicKey = new Uint8Array(Buffer.from(secret.export({ format: 'jwk' }).x!, 'base64url'))
const key: NoteKey = { name: 'witness.example/w1', kind: 'witness', publicKey }
const NOW_MS = 1_768_307_128_500

/** A witness whose memory is a variable. */
function witnessOf(
  logs: readonly TestLog[],
  more: Partial<WitnessDeps> = {},
): { witness: Witness; kept: () => readonly WatchedLog[] } {
  let kept: readonly WatchedLog[] = logs.map((log) => ({ key: log.key, latest: undefined }))
  const witness = new Witness({
    key,
    sign: (message) => new Uint8Array(sign(null, message, secret)),
    logs: kept,
    async persist(now) {
      kept = now
    },
    nowMs: () => NOW_MS,
    crypto: nodeCrypto,
    ...more,
  })
  return { witness, kept: () => kept }
}

test('a checkpoint that goes on from the last is cosigned, and kept before', async () => {
  const log = new TestLog('log.example/1').grow(5)
  const { witness, kept } = witnessOf([log])
  for (const [old, size] of [
    [0, 2],
    [2, 2],
    [2, 5],
  ] as const) {
    const { status, body } = await witness.addCheckpoint(log.request(old, size))
    assert.equal(status, 200)
    const note = parseNote(formatNote(log.checkpoint(size)) + body)
    const seconds = Math.floor(NOW_MS / 1000)
    assert.deepEqual(standingOf(note, key, nodeCrypto), { kind: 'signed', seconds })
    const latest = kept()[0]!.latest!
    assert.equal(parseCheckpoint(latest.text).size, size)
    assert.equal(witness.latest(log.key.name), formatNote(latest))
  }
})

test('each refusal has the status that the protocol gives it', async () => {
  const log = new TestLog('log.example/1').grow(5)
  const { witness, kept } = witnessOf([log])
  await witness.addCheckpoint(log.request(0, 3))
  const before = kept()
  const stranger = new TestLog('log.example/1').grow(5)
  const wrong = log.request(3, 5)
  wrong[wrong.indexOf(10) + 1]! ^= 2
  const said = async (body: Uint8Array): Promise<unknown[]> => {
    const { status, type, body: text } = await witness.addCheckpoint(body)
    return status === 409 && type === 'text/x.tlog.size' ? [status, text] : [status]
  }
  assert.deepEqual(await said(new TestLog('other.example').grow(1).request(0)), [404])
  assert.deepEqual(await said(stranger.request(3, 5)), [403])
  assert.deepEqual(await said(log.request(0, 5)), [409, '3\n'])
  assert.deepEqual(await said(log.request(4, 5)), [409, '3\n'])
  const note = log.checkpoint(2)
  const backwards = formatAddCheckpoint({ oldSize: 3, proof: [], note })
  assert.deepEqual(await said(backwards), [400])
  assert.deepEqual(await said(log.request(2, 2)), [409, '3\n'])
  assert.deepEqual(await said(wrong), [422])
  assert.deepEqual(await said(log.forkAt(2).request(3, 5)), [422])
  assert.deepEqual(await said(log.forkAt(2).request(3, 3)), [409])
  assert.deepEqual(await said(Buffer.from('old 3\n')), [400])
  assert.equal(kept(), before)
})

test('a log that says two things of one size is accused by its own signatures', async () => {
  const log = new TestLog('log.example/1').grow(4)
  const accused: string[] = []
  const { witness } = witnessOf([log], {
    async accuse({ name }, notes) {
      accused.push(name, ...notes.map(formatNote))
    },
  })
  await witness.addCheckpoint(log.request(0, 4))
  const first = witness.latest(log.key.name)!
  const fork = log.forkAt(3)
  await witness.addCheckpoint(fork.request(4, 4))
  assert.deepEqual(accused, [log.key.name, first, formatNote(fork.checkpoint(4))])
})

test('an empty log has one root', async () => {
  const log = new TestLog('log.example/1')
  const { witness } = witnessOf([log])
  const other = log.sign(`${log.key.name}\n0\n${encodeBase64(new Uint8Array(32))}\n`)
  const request = formatAddCheckpoint({ oldSize: 0, proof: [], note: other })
  assert.equal((await witness.addCheckpoint(request)).status, 409)
  assert.equal((await witness.addCheckpoint(log.request(0, 0))).status, 200)
})

test('of requests at once that disagree one is cosigned', async () => {
  const log = new TestLog('log.example/1').grow(9)
  const { witness, kept } = witnessOf([log])
  await witness.addCheckpoint(log.request(0, 4))
  const answers = await Promise.all([
    witness.addCheckpoint(log.request(4, 9)),
    witness.addCheckpoint(log.forkAt(5).request(4, 9)),
    witness.addCheckpoint(log.request(4, 6)),
  ])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 409, 409],
  )
  assert.equal(parseCheckpoint(kept()[0]!.latest!.text).size, 9)
})

test('what can not be kept is not said, and nothing after it', async () => {
  const log = new TestLog('log.example/1').grow(5)
  const { witness } = witnessOf([log], { persist: () => Promise.reject(new Error('disk full')) })
  await assert.rejects(witness.addCheckpoint(log.request(0, 5)), /disk full/)
  assert.equal(witness.latest(log.key.name), undefined)
  assert.equal((await witness.addCheckpoint(log.request(0, 5))).status, 500)
})

test('logs wait for their turn up to a bound, and strangers never', async () => {
  const log = new TestLog('log.example/1').grow(1)
  let goOn = (): void => {}
  const held = new Promise<void>((resolve) => (goOn = resolve))
  const { witness } = witnessOf([log], { persist: () => held })
  const waiting = Array.from({ length: WITNESS_QUEUE_MAX }, () =>
    witness.addCheckpoint(log.request(0, 1)),
  )
  assert.equal((await witness.addCheckpoint(log.request(0, 1))).status, 503)
  const stranger = new TestLog('other.example').grow(1)
  assert.equal((await witness.addCheckpoint(stranger.request(0, 1))).status, 404)
  goOn()
  const [first, ...others] = (await Promise.all(waiting)).map(({ status }) => status)
  assert.equal(first, 200)
  assert.ok(others.every((status) => status === 409))
  assert.equal((await witness.addCheckpoint(log.request(1, 1))).status, 200)
})

test('requests are read in one form only, up to their bounds', () => {
  const log = new TestLog('log.example/1').grow(3)
  const good = Buffer.from(log.request(2, 3)).toString()
  const { oldSize, proof, note } = parseAddCheckpoint(Buffer.from(good))
  assert.equal(Buffer.from(formatAddCheckpoint({ oldSize, proof, note })).toString(), good)
  for (const bad of [
    '',
    good.replace('old 2', 'old 02'),
    good.replace('old 2', 'old -2'),
    good.replace('old 2', 'old 9007199254740992'),
    good.replace('old 2', 'new 2'),
    good.replace('old 2\n', 'old 2\n\n'),
    good.replace('old 2\n', 'old 2\nAQ==\n'),
    good.replace('old 2\n', 'old 2\r\n'),
    good.slice(0, -1),
  ])
    assert.throws(() => parseAddCheckpoint(Buffer.from(bad)), BadRequest, bad)
  const hashes = (count: number): Uint8Array =>
    formatAddCheckpoint({ oldSize: 2, proof: Array(count).fill(new Uint8Array(32)), note })
  assert.equal(
    parseAddCheckpoint(hashes(WITNESS_PROOF_HASHES_MAX)).proof.length,
    WITNESS_PROOF_HASHES_MAX,
  )
  assert.throws(() => parseAddCheckpoint(hashes(WITNESS_PROOF_HASHES_MAX + 1)), /<= 63 hashes/)
  const large = Buffer.concat([Buffer.from(good), Buffer.alloc(NOTE_BYTES_MAX)])
  assert.throws(() => parseAddCheckpoint(large), BadRequest)
  assert.throws(() => parseAddCheckpoint(Uint8Array.of(0xff)), /UTF-8/)
})

test('whatever is asked in whatever order, what is cosigned is one history', async () => {
  const branch = fc.record({
    old: fc.nat(12),
    size: fc.nat(12),
    fork: fc.option(fc.nat(12)),
    kept: fc.boolean(),
  })
  const log = new TestLog('log.example/1').grow(12)
  await fc.assert(
    fc.asyncProperty(fc.array(branch, { maxLength: 12 }), async (asked) => {
      const { witness, kept } = witnessOf([log])
      let signed: { size: number; root: string } = { size: 0, root: '' }
      for (const { old, size, fork } of asked) {
        if (old > size) continue
        const from = fork === null ? log : log.forkAt(fork, `history ${fork}`)
        const { status } = await witness.addCheckpoint(from.request(old, size))
        if (status !== 200) continue
        const at = parseCheckpoint(kept()[0]!.latest!.text)
        assert.ok(at.size >= signed.size)
        const before = from.checkpoint(signed.size).text.split('\n')[2]!
        if (signed.size > 0) assert.equal(before, signed.root, 'the new one begins with the old')
        signed = { size: at.size, root: encodeBase64(at.root) }
      }
    }),
    { numRuns: 60 },
  )
})
