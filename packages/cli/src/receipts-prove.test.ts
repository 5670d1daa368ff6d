import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import type { Trust } from '@turnpike/audit/bundle/context'
import { formatNote, keyIdOf, type NoteKey, parseKey } from '@turnpike/audit/note'
import { leafHash } from '@turnpike/audit/proof'
import { inclusionOf, rootOf } from '@turnpike/audit/testing/tree'
import { encodeRead } from '@turnpike/core/log/encode'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { checkTlogProof, parseTlogProof } from '@turnpike/audit/tlog-proof'
import { judgeTlogProof } from './judge-tlog-proof.ts'
import { Output } from './output.ts'
import { entryTarget } from './entry-target.ts'
import { UsageRefused } from './verb.ts'
import { newFolder, running, turnpike } from './testing/commands.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')

/** A file about a read of so many bytes, at an index of a log of one entry more; and keys. */
function proofOf(
  index: number,
  bytes: number,
): { readonly text: string; readonly key: NoteKey; readonly witness: NoteKey } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
  const key: NoteKey = { name: 'gateway.example/log', kind: 'log', publicKey: raw }
  const read = {
    ts: 0,
    started: 0,
    domain: 'site.example',
    space: 'did:key:alice',
    provider: 'did:key:gateway',
    region: '',
    cid: null,
    status: 200,
    bytes: BigInt(bytes),
    flags: 129,
    deny: 0,
    count: 1,
    grade: 1,
  }
  const entries = Array.from({ length: index + 1 }, (_, n) =>
    encodeRead({ ...read, id: new Uint8Array(16).fill(n) }),
  )
  const leaves = entries.map((entry) => leafHash(entry, nodeCrypto))
  const root = Buffer.from(rootOf(leaves)).toString('base64')
  const note = `${key.name}\n${leaves.length}\n${root}\n`
  const signature = new Uint8Array(sign(null, Buffer.from(note), privateKey))
  const signatures = [{ name: key.name, keyId: keyIdOf(key, nodeCrypto), signature }]
  const extra = Buffer.from(entries[index]!).toString('base64')
  const hashes = inclusionOf(index, leaves).map((hash) => Buffer.from(hash).toString('base64'))
  const head = ['c2sp.org/tlog-proof@v1', `extra ${extra}`, `index ${index}`, ...hashes]
  const text = `${head.join('\n')}\n\n${formatNote({ text: note, signatures })}`
  return { text, key, witness: { ...key, name: 'w.example', kind: 'witness' } }
}

test('receipts prove writes a file that others check', async (t) => {
  const data = newFolder(t)
  const added = await turnpike('add', site, '--data', data, '--json')
  const server = await running(t, ['serve', '--data', data])
  const response = await fetch(`${server.url}/ipfs/${String(added.json.cid)}/style.css`)
  const { byteLength } = await response.arrayBuffer()
  const receipt = response.headers.get('x-receipt-id')!
  const live = await turnpike('receipts', 'prove', receipt, '--data', data)
  assert.equal(live.code, 0, live.stderr)
  assert.match(live.stderr, new RegExp(`of \\d+: ${byteLength} bytes of did:key:`))
  assert.equal(await server.stop('SIGINT'), 0)
  const key = parseKey(readFileSync(`${data}/receipts/log.vkey`, 'utf8').trim(), nodeCrypto)
  const stopped = await turnpike('receipts', 'prove', '0', '--data', data, '--json')
  assert.equal(stopped.json.receipt, receipt)
  for (const text of [live.stdout, String(stopped.json.proof)]) {
    const proof = parseTlogProof(text)
    const holds = (log: NoteKey, entry?: Uint8Array): boolean =>
      checkTlogProof(proof, { crypto: nodeCrypto, key: log, entry }).holds
    assert.ok(holds(key))
    assert.ok(!holds(key, proof.extra!.with(0, proof.extra![0]! ^ 1)))
    assert.ok(!holds({ ...key, publicKey: new Uint8Array(32) }))
    assert.ok(!holds({ ...key, name: 'other.example/log' }))
  }
})

test('receipts verify says what a proof of a read proves', () => {
  const lines: string[] = []
  const sink = { write: (line: string) => lines.push(line) }
  const output = new Output({ stdout: sink, stderr: sink, env: {}, json: false })
  const { text, key, witness } = proofOf(3, 700)
  const judged = (words: string, trust: Trust): readonly [number, string] => {
    lines.length = 0
    return [judgeTlogProof(words, trust, output), lines.join('')]
  }
  assert.deepEqual(judged(text, { key }), [
    0,
    'Verified.\n  entry 3 of 4 in gateway.example/log\n' +
      '  a read of did:key:alice: 700 bytes, status 200\n',
  ])
  const more = judged(text.replace('index 3', 'index 2'), { key })
  assert.match(more[1], /^Refused\.[^]*FAIL entry 2 expected to lead to the root of 4 entries/)
  assert.equal(more[0], 1)
  const alone = judged(text, { key, witnesses: { keys: [witness], quorum: 1 } })
  assert.match(alone[1], /FAIL checkpoint expected the signatures of 1 witnesses, got 0/)
  assert.equal(judged(text.slice(0, 40), { key })[0], 1)
  const bare = text.replace(/^extra .*\n/m, '')
  assert.match(judged(bare, { key })[1], /FAIL proof expected to hold its entry/)
  assert.throws(() => judged(text, {}), UsageRefused)
})

test('what is to be proven is a receipt or an index', () => {
  const receipt = '0f'.repeat(16)
  assert.deepEqual(entryTarget(receipt.toUpperCase()), { receipt })
  assert.deepEqual(entryTarget('1042'), { index: 1042 })
  for (const wrong of ['', 'x', '-1', '1e3', receipt.slice(1), `${receipt}0`, '1'.repeat(16)])
    assert.throws(() => entryTarget(wrong), UsageRefused, wrong)
})
