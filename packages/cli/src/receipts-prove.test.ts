import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { type NoteKey, parseKey } from '@turnpike/audit/note'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { checkTlogProof, parseTlogProof } from '@turnpike/audit/tlog-proof'
import { entryTarget } from './entry-target.ts'
import { UsageRefused } from './verb.ts'
import { newFolder, running, turnpike } from './testing/commands.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')

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
    assert.ok(!holds(key, proof.extra!.with(-1, proof.extra!.at(-1)! ^ 1)))
    assert.ok(!holds({ ...key, publicKey: new Uint8Array(32) }))
    assert.ok(!holds({ ...key, name: 'other.example/log' }))
  }
})

test('what is to be proven is a receipt or an index', () => {
  const receipt = '0f'.repeat(16)
  assert.deepEqual(entryTarget(receipt.toUpperCase()), { receipt })
  assert.deepEqual(entryTarget('1042'), { index: 1042 })
  for (const wrong of ['', 'x', '-1', '1e3', receipt.slice(1), `${receipt}0`, '1'.repeat(16)])
    assert.throws(() => entryTarget(wrong), UsageRefused, wrong)
})
