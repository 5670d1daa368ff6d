import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { newFolder, turnpike } from './testing/commands.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')
const month = new Date().toISOString().slice(0, '2026-11'.length)

test('a draft is printed, written as a page, and has the digest of its JSON', async (t) => {
  const data = newFolder(t)
  await turnpike('add', site, '--data', data)
  const statement = (...words: string[]) => turnpike('statement', ...words, '--data', data)
  const { json } = await statement('--period', month, '--json')
  assert.deepEqual([json.status, json.egressBytes, json.reads], ['draft', 0, 0])
  const printed = await statement('--period', month, '--format', 'json')
  assert.equal(createHash('sha256').update(printed.stdout).digest('hex'), json.digest)
  const all = await statement('--period', month)
  const [head, ...rows] = all.stdout.split('\n')
  assert.match(head!, /^Statements of \d{4}-\d\d \(draft, after 0 log entries\)$/)
  assert.match(rows[0]!, /^ {2}did:mailto:example\.com:demo {2}0 reads {2}0 bytes.* due$/)
  assert.ok(all.stdout.includes(`SHA-256 of its JSON ${String(json.digest)}`))
  const own = await statement('--period', month, '--customer', 'demo@example.com')
  assert.match(own.stdout, /^Statement of did:mailto:example\.com:demo, .*\n {2}Reads +0\n/)
  assert.match(own.stdout, /\n {2}Due +0\.00/)
  const out = join(data, 'page.html')
  const words = ['--customer', 'demo@example.com', '--format', 'html', '--out', out]
  const written = await statement('--period', month, ...words)
  const page = readFileSync(out, 'utf8')
  assert.match(page, /did:mailto:example\.com:demo/)
  assert.ok(page.includes(/[0-9a-f]{64}/.exec(written.stdout)![0]))
  const csv = await statement('--period', month, '--customer', 'suspense', '--format', 'csv')
  assert.match(csv.stdout, /^account,space,hour,billed,egress_bytes,/)
  for (const [refused, code] of [
    [['--period', '2026-13'], 2],
    [['--period', month, '--customer', 'nobody@example.com'], 3],
  ] as const)
    assert.equal((await statement(...refused)).code, code, refused.join(' '))
})

test('log and ledger are reconciled without Stripe, too; customers are mapped', async (t) => {
  const data = newFolder(t)
  await turnpike('add', site, '--data', data)
  const { code, json } = await turnpike('reconcile', '--data', data, '--json')
  assert.deepEqual([code, json.isEqual, json.differences], [0, true, []])
  const map = (id: string) => turnpike('stripe', 'map', 'demo@example.com', id, '--data', data)
  assert.equal((await map('acct_1')).code, 2)
  assert.equal((await map('cus_NciAYcXfLnqBoz')).code, 0)
  const status = await turnpike('stripe', 'status', '--data', data)
  assert.match(status.stdout, /did:mailto:example\.com:demo {2}cus_NciAYcXfLnqBoz/)
  assert.match(status.stdout, /0 sent, 0 waiting, 0 failed/)
})
