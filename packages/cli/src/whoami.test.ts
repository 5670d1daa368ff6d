import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { newFolder, running, turnpike } from './testing/commands.ts'

test('whoami tells DID, keys and default space, with the server running and stopped', async (t) => {
  const data = newFolder(t)
  assert.equal((await turnpike('whoami', '--data', data)).code, 3)
  const server = await running(t, ['serve', '--data', data])
  const { json } = await turnpike('whoami', '--data', data, '--json')
  const key = String(json.key)
  assert.match(key, /^did:key:z6Mk/)
  assert.deepEqual([json.did, json.previous, json.publicUrl], [key, [], null])
  assert.match(String(json.defaultSpace), /^did:key:z6Mk/)
  assert.equal(await server.stop('SIGINT'), 0)
  renameSync(join(data, 'keys', 'gateway.key'), join(data, 'keys', 'gateway.previous.key'))
  const url = ['--public-url', 'https://gw.example']
  const named = ['--identity', 'did:web:gw.example', ...url]
  const after = await turnpike('whoami', '--data', data, '--json', ...named)
  assert.equal(after.json.did, 'did:web:gw.example')
  assert.notEqual(after.json.key, key)
  assert.deepEqual(after.json.previous, [key])
  assert.equal(after.json.publicUrl, 'https://gw.example')
  const shown = await turnpike('whoami', '--data', data, ...named)
  assert.match(shown.stdout, /^Gateway {8}did:web:gw\.example\nKey {12}did:key:/)
  assert.equal((await turnpike('whoami', '--data', data, '--identity', 'x')).code, 2)
})
