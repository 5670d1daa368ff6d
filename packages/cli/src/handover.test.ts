import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { newFolder, running, turnpike } from './testing/commands.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')

test('a read is voided by its receipt, with the server running and stopped', async (t) => {
  const data = newFolder(t)
  const added = await turnpike('add', site, '--data', data, '--json')
  const server = await running(t, ['serve', '--data', data])
  const response = await fetch(`${server.url}/ipfs/${String(added.json.cid)}/style.css`)
  const { byteLength } = await response.arrayBuffer()
  const receipt = response.headers.get('x-receipt-id')!
  const ask = (...args: string[]) => turnpike('void', ...args, '--data', data, '--json')
  for (const args of [[receipt], [receipt, '--reason', 'mood'], ['x', '--reason', 'fault']])
    assert.equal((await ask(...args)).code, 2)
  const first = await ask(receipt, '--reason', 'fault')
  assert.deepEqual([first.json.bytes, first.json.already], [byteLength, false], first.stderr)
  const told = await turnpike('void', receipt, '--reason', 'fault', '--data', data)
  assert.match(told.stdout, /^Entry \d+ was voided before: [\d,]+ bytes of did:key:/)
  assert.equal(await server.stop('SIGINT'), 0)
  const again = await ask(String(first.json.index), '--reason', 'duplicate')
  assert.deepEqual([again.json.index, again.json.already], [first.json.index, true], again.stderr)
  const usage = await turnpike('usage', '--data', data, '--json')
  assert.equal(usage.json.bytesVoided, byteLength, usage.stderr)
})

test('on a host whose reads another counts, usage says where to ask', async (t) => {
  const data = newFolder(t)
  await turnpike('add', site, '--data', data)
  const here = await turnpike('handover', '--data', data, '--json')
  assert.equal(here.json.to, null, here.stderr)
  const to = 'did:web:main.example=https://main.example'
  writeFileSync(`${data}/turnpike.json`, JSON.stringify({ handTo: to }))
  const handing = await turnpike('handover', '--data', data, '--json')
  assert.deepEqual(handing.json.to, { did: 'did:web:main.example', url: 'https://main.example' })
  const told = await turnpike('handover', '--data', data)
  assert.match(told.stdout, /counted by did:web:main.example at https:\/\/main.example/)
  const usage = await turnpike('usage', '--data', data, '--json')
  assert.notEqual(usage.code, 0)
  assert.match(usage.stderr, /did:web:main.example: ask at https:\/\/main.example/)
})
