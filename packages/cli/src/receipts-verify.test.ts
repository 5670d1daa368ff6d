/**
 * What `receipts verify` is asked to check with, and must not pass over.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { misbehaviour } from '@turnpike/audit/misbehaviour'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { formatKey, formatNote, keyIdOf } from '@turnpike/audit/note'
import type { NoteKey } from '@turnpike/audit/note'
import { Output } from './output.ts'
import { UsageRefused } from './verb.ts'
import { verify } from './verbs/receipts/verify.ts'

const NAME = 'gateway.example/log'

function newKey(kind: NoteKey['kind']) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
  const key = { name: NAME, kind, publicKey: raw } as const
  const head = (byte: number): string => {
    const text = `${NAME}\n5\n${Buffer.alloc(32, byte).toString('base64')}\n`
    const signature = new Uint8Array(sign(null, Buffer.from(text), privateKey))
    const keyId = keyIdOf(key, nodeCrypto)
    return formatNote({ text, signatures: [{ name: NAME, keyId, signature }] })
  }
  return { vkey: formatKey(key, nodeCrypto), head }
}

test('a proof against another log than the pinned one does not hold', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-verify-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'file')
  const lines: string[] = []
  const sink = { write: (text: string) => lines.push(text) }
  const output = new Output({ stdout: sink, stderr: sink, env: {}, json: false })
  const run = async (text: string, options: Readonly<Record<string, string>>): Promise<number> => {
    writeFileSync(path, text)
    return verify.run({ args: [path], options, output } as never) as Promise<number>
  }
  const { vkey, head } = newKey('log')
  const proof = misbehaviour('split-view', { key: vkey, checkpoints: [head(1), head(2)] })
  const text = JSON.stringify(proof)
  assert.equal(await run(text, {}), 0)
  assert.equal(await run(text, { vkey }), 0)
  assert.equal(await run(text, { vkey: newKey('log').vkey }), 1)
  assert.match(lines.join(''), /against another key than --vkey/)

  // What was asked for and can't be done is refused: nobody is to think that it was checked.
  const witness = newKey('witness').vkey
  const chain = { contract: `0x${'11'.repeat(20)}`, rpc: 'http://127.0.0.1:1' }
  for (const [file, options] of [
    ['{}', { quorum: '1' }],
    ['{}', { witnesses: `${witness},${witness}`, quorum: '2' }],
    ['{}', { witnesses: witness, quorum: '2' }],
    ['{}', { contract: chain.contract }],
    ['c2sp.org/tlog-proof@v1\n', { vkey, ...chain }],
  ] as const)
    await assert.rejects(run(file, options), UsageRefused, JSON.stringify(options))
})
